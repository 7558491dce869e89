"""A report on runs as HTML: a whole document with its pictures inside, or what a page shows.

The Jinja2 templates beside this file escape every value.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image, ImageOps

from textual_inversion.errors import DatasetError
from textual_inversion.images.files import open_image
from textual_inversion.runs.past.comparison import fact_rows, preview_rows, setting_rows
from textual_inversion.runs.past.curves import HEIGHT, WIDTH, loss_lines
from textual_inversion.runs.past.finding import PastRun

_PICTURE_PX = 384
_TEMPLATES = Path(__file__).with_name("templates")
Picture = Callable[[Path], str]


def report_html(runs: Sequence[PastRun]) -> str:
    """Write one HTML file on runs, for any browser, with smaller copies of the previews inside."""
    names = " and ".join(past.run.name or past.folder.name for past in runs)
    return whole_document(names, runs_html(runs, picture=data_url))


def whole_document(title: str, body: Markup) -> str:
    """Put what a report says into a whole HTML document, which needs no other file."""
    return render("document", title=title, body=body)


def runs_html(
    runs: Sequence[PastRun], *, picture: Picture, large: Picture = lambda _: ""
) -> Markup:
    """Draw one run, or several side by side, of whose settings only those that differ are listed.

    `picture` and `large` give a picture's URL and that of the picture it leads to; "": there is
    none.
    """
    previews = [
        (row.label, [[(picture(path), large(path)) for path in paths] for paths in row.pictures])
        for row in preview_rows(runs)
    ]
    return render(
        "runs",
        runs=runs,
        chart=loss_lines(runs),
        width=WIDTH,
        height=HEIGHT,
        facts=fact_rows(runs),
        settings=setting_rows(runs),
        previews=previews,
        warnings=[(past.key, past.run.warnings) for past in runs if past.run.warnings],
    )


def data_url(path: Path) -> str:
    """Return a picture as a data: URL of at most 384 pixels a side; "" when it cannot be read."""
    try:
        with open_image(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError, DatasetError):
        return ""
    upright.thumbnail((_PICTURE_PX, _PICTURE_PX))
    buffer = io.BytesIO()
    upright.save(buffer, "WEBP", quality=85)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def render(template: str, *, folder: Path = _TEMPLATES, **values: object) -> Markup:
    """Fill in a Jinja2 template of a folder; by default of those beside this file."""
    # Everything that is not Markup already was escaped by the template.
    return Markup(_environment(folder).get_template(f"{template}.html.jinja").render(values))


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""Data sets looked through, and trainings tried out, as jobs; and what they found, as HTML.

Whatever a user or a file has named goes through `html.escape` here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from preprocessing.checks.image_checks import Finding
from preprocessing.checks.report import Report, SizeCount, check_settings
from textual_inversion.events import Event, Finished
from textual_inversion.images.decoding import path_text
from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.jobs.runner import Job
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import Run
from textual_inversion.settings import CheckSettings, TrainSettings
from webui.caption_editor.rendering import thumbnail_html
from webui.jobs import warm

_MOST_THUMBNAILS = 12
_MOST_SIZES = 8


@dataclass
class Results:
    """What the newest jobs of this process found; events alone would not carry it."""

    report: Report | None = None
    estimate: str = ""


def checking(settings: CheckSettings, results: Results, device: DeviceLock) -> Job:
    """Make the job that looks through a data set."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.models.catalog import describe_model

        results.report = None
        model = describe_model(settings.model)
        warm(device)
        from textual_inversion.embeddings.create import count_tokens

        results.report = yield from check_settings(
            settings,
            size=model.size,
            count_tokens=lambda text: count_tokens(model, text),
            stop=control.stop,
        )
        yield _over(results.report)

    return job


def probing(settings: TrainSettings, results: Results) -> Job:
    """Make the job that takes a few steps of a training to tell what all will take."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.training.estimate import probe

        results.estimate = ""
        estimate = yield from probe(settings, control)
        results.estimate = estimate.sentence if estimate else ""
        yield _over(estimate)

    return job


def _over(result: object) -> Finished:
    return Finished(0, "finished" if result else "stopped")


def report_html(run: Run | None, results: Results) -> str:
    """Draw what a check found, once it is over."""
    report = results.report
    if run is None or run.is_active or report is None:
        return ""
    rows = "".join(_row(finding) for finding in report.findings)
    table = (
        f'<div class="ti-wide"><table class="ti-findings"><tbody>{rows}</tbody></table></div>'
        if rows
        else '<p class="ti-done">No problems found.</p>'
    )
    usable = f", {report.num_usable} usable" if report.num_usable < report.num_pictures else ""
    facts = (
        ("Folder", path_text(report.folder)),
        ("Pictures", f"{report.num_pictures}{usable}"),
        ("Trained at", f"{report.width} x {report.height}"),
        ("Sizes", _sizes(report.sizes)),
        ("Buckets, if each kept its shape", _sizes(report.buckets)),
    )
    told = "".join(f"<dt>{title}</dt><dd>{escape(text)}</dd>" for title, text in facts)
    return f'<dl class="ti-facts">{told}</dl>{table}{_shown_with(report)}'


def _shown_with(report: Report) -> str:
    """List the words with which each picture is trained, folded away."""
    rows = "".join(
        f"<dt>{escape(path_text(Path(one.path.name)))}</dt><dd>{escape(str(one))}</dd>"
        for one in report.picture_captions
    )
    if not rows:
        return ""
    title = "The words with which each picture is trained"
    return f'<details><summary>{title}</summary><dl class="ti-facts">{rows}</dl></details>'


def estimate_html(run: Run | None, results: Results) -> str:
    """Say what a probe found, once it is over."""
    if run is None or run.is_active or not results.estimate:
        return ""
    return f'<p class="ti-done">{escape(results.estimate)}</p>'


def _row(finding: Finding) -> str:
    pictures = finding.pictures[:_MOST_THUMBNAILS]
    cells = "".join(_thumbnail(path) for path in pictures)
    more = len(finding.pictures) - len(pictures)
    rest = f"<span>and {more} more</span>" if more else ""
    return (
        f"<tr><th>{escape(finding.kind)}</th><td><p>{escape(finding.message)}</p>"
        f'<div class="ti-thumbs">{cells}{rest}</div></td></tr>'
    )


def _thumbnail(path: Path) -> str:
    name = escape(path_text(Path(path.name)))
    picture = thumbnail_html(str(path))
    return f'<figure title="{name}">{picture}<figcaption>{name}</figcaption></figure>'


def _sizes(sizes: Sequence[SizeCount]) -> str:
    told = [f"{one.width} x {one.height} ({one.num_pictures})" for one in sizes[:_MOST_SIZES]]
    more = f" and {len(sizes) - _MOST_SIZES} more" if len(sizes) > _MOST_SIZES else ""
    return (", ".join(told) or "none") + more

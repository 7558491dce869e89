"""A picture to begin from, with a mask drawn on it, for img2img and inpainting."""

from __future__ import annotations

import os
import secrets
from io import BytesIO
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import FileData
from PIL import Image

_LABEL = "Initial picture"
_PLACEHOLDER = "Drop a picture here, or click to choose one\nPaint over what should be drawn anew"
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_NO_PICTURE = "This is no picture that can be begun from; save it as PNG or JPEG."
_BRUSH = "rgb(255, 255, 255)"
_OPACITY = 0.6


def draw_canvas() -> gr.ImageEditor:
    """Draw the editor: a picture dropped or pasted, and one layer to paint the mask on."""
    editor = gr.ImageEditor(
        type="pil",
        label=_LABEL,
        show_label=False,
        sources=["upload", "clipboard"],
        transforms=[],
        brush=gr.Brush(colors=[(_BRUSH, _OPACITY)], color_mode="fixed"),
        layers=gr.LayerOptions(allow_additional_layers=False, layers=["Mask"]),
        format="png",
        height=420,
        placeholder=_PLACEHOLDER,
        buttons=["fullscreen"],
        elem_id="generate-canvas",
    )
    _guard(editor)
    return editor


def _guard(editor: gr.ImageEditor) -> None:
    """Make the editor refuse what no browser makes of a picture.

    Some of Pillow's readers start other programs, and Gradio asks all of them. A subclass would do,
    too, but Gradio writes a stub file beside each.
    """
    read = editor.convert_and_format_image

    def checked(file: FileData | bytes | None, *args: Any, **options: Any) -> Any:
        if file is not None:
            _check_format(file)
        return read(file, *args, **options)

    setattr(editor, "convert_and_format_image", checked)  # noqa: B010


def _check_format(file: FileData | bytes) -> None:
    source = file.path if isinstance(file, FileData) else BytesIO(file)
    try:
        Image.open(source, formats=_FORMATS).close()
    except (OSError, ValueError, Image.DecompressionBombError):
        raise gr.Error(_NO_PICTURE, print_exception=False, title="Not done") from None


def with_picture(path: Path) -> dict[str, Any]:
    """Make the editor's value of a picture that was not painted on."""
    return {"background": str(path), "layers": [], "composite": str(path)}


def save_canvas(value: dict[str, Any] | None) -> dict[str, str]:
    """Write the editor's picture and mask beside the page's own files, as settings name them.

    Without a picture it is {}; what is not painted at all is no mask.
    """
    background = value.get("background") if value else None
    if background is None or not _shows_anything(background):
        return {}
    folder = Path(os.environ["GRADIO_TEMP_DIR"]) / "canvas"
    folder.mkdir(parents=True, exist_ok=True)
    name = secrets.token_hex(8)
    picture = folder / f"{name}.png"
    background.convert("RGB").save(picture)
    mask = _painted(value["layers"] if value else [], background.size)
    if mask.getbbox() is None:
        return {"init_image": str(picture)}
    painted = folder / f"{name}-mask.png"
    mask.save(painted)
    return {"init_image": str(picture), "mask": str(painted)}


def _shows_anything(background: Image.Image) -> bool:
    """Tell a picture from the empty canvas that somebody painted on, which is transparent."""
    return "A" not in background.getbands() or background.getchannel("A").getbbox() is not None


def _painted(layers: list[Image.Image], size: tuple[int, int]) -> Image.Image:
    """Join what is painted on all layers: any paint counts in full."""
    mask = Image.new("L", size)
    for layer in layers:
        alpha = layer.convert("RGBA").getchannel("A").resize(size)
        mask.paste(255, mask=alpha.point([255 * (value > 32) for value in range(256)]))
    return mask

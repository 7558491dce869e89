"""What can be done with a picture: read its settings, begin from it, hand it on, take it away."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from textual_inversion.generation.read_infotext import parse_infotext
from textual_inversion.images.files import read_infotext
from textual_inversion.jobs.runner import Runner
from textual_inversion.settings import GenerateSettings
from webui import choices
from webui.event_options import QUIET
from webui.form import Form
from webui.generate.canvas import with_picture
from webui.generate.history import known_picture, newest_pictures
from webui.layout import Tab

_NONE = "Choose a picture first: click one of the gallery or of the history."
_NO_SETTINGS = "This picture carries no settings; take one that was generated, as it was saved."
_OPENERS = {"win32": "explorer", "darwin": "open"}

ToPreviews = Callable[[dict[str, Any], str | None], dict[str, Any]]


class Actions:
    """The buttons below the pictures."""

    def __init__(self, runner: Runner, *, is_local: bool) -> None:
        self._runner = runner
        with gr.Row(elem_classes="ti-actions"):
            self.use = _button("Use its settings", "use-settings")
            self.begin = _button("Begin from it", "begin-from")
            self.preview = _button("Preview in Train", "to-train")
            self.prepare = _button("To Preprocess", "to-preprocess")
            self.zip = _button("Download all", "download-all")
            self.file = gr.DownloadButton(
                "Save", size="sm", visible=False, elem_id="generate-download-file-button"
            )
            self.folder = _button("Open folder", "open-folder", visible=is_local)
        with gr.Accordion("Read settings from a picture", open=False, elem_id="generate-read-part"):
            self.dropped = gr.File(
                label="A picture that was generated here, or by AUTOMATIC1111",
                file_types=[".png"],
                height=110,
                elem_id="generate-read-picture",
            )

    def connect(self, form: Form[GenerateSettings], chosen: gr.Textbox, canvas: Any) -> None:
        """Connect the buttons that stay on the tab."""
        placed: dict[str, Any] = {"outputs": form.controls, **QUIET}
        self.use.click(lambda path: self._place(form, self._picture(path)), chosen, **placed)
        self.dropped.upload(lambda path: self._place(form, Path(path)), self.dropped, **placed)
        self.begin.click(lambda path: with_picture(self._picture(path)), chosen, canvas, **QUIET)
        self.zip.click(self._zip, None, self.file, **QUIET)
        self.folder.click(lambda path: self._open_folder(path), chosen, **QUIET)

    def hand_on(
        self,
        chosen: gr.Textbox,
        training: Tab,
        preparing: Tab,
        tabs: gr.Tabs,
        *,
        to_previews: ToPreviews,
    ) -> None:
        """Connect the buttons that lead to other tabs."""
        self.preview.click(
            lambda path, name: [
                *training.form.updates(to_previews(self._all_settings(path), name)),
                _show("train"),
            ],
            [chosen, training.form.by_path["embedding"]],
            [*training.form.controls, tabs],
            **QUIET,
        )
        self.prepare.click(
            lambda path: (str(self._picture(path).parent), _show("preprocess")),
            chosen,
            [preparing.form.by_path["source"], tabs],
            **QUIET,
        )

    def _picture(self, path: str) -> Path:
        newest = newest_pictures(1)
        found = known_picture(self._runner, path or (str(newest[0]) if newest else ""))
        if found is None:
            raise gr.Error(_NONE, print_exception=False, title="Not done")
        return found

    def _place(self, form: Form[Any], path: Path) -> list[Any]:
        return form.updates(settings_of(path))

    def _all_settings(self, path: str) -> dict[str, Any]:
        fields = GenerateSettings.model_fields
        return {name: fields[name].default for name in fields} | settings_of(self._picture(path))

    def _zip(self) -> Any:
        run = self._runner.run("generate")
        paths = [Path(path) for path in run.files] if run is not None else []
        paths = [path for path in paths if path.is_file()] or newest_pictures()
        if not paths:
            raise gr.Error(_NONE, print_exception=False, title="Not done")
        archive = zip_pictures(paths)
        return gr.DownloadButton(f"Save {archive.name}", value=str(archive), visible=True)

    def _open_folder(self, path: str) -> None:
        folder = self._picture(path).parent
        opener = _OPENERS.get(sys.platform, "xdg-open")
        try:
            nothing = subprocess.DEVNULL
            subprocess.Popen([opener, str(folder)], stdout=nothing, stderr=nothing)
        except OSError:
            gr.Warning(f"There is no {opener} here to open it with; the folder is {folder}.")


def settings_of(path: Path) -> dict[str, Any]:
    """Read a picture's settings, its base model by the name that is chosen here."""
    values = parse_infotext(read_infotext(path))
    if not values:
        raise gr.Error(_NO_SETTINGS, print_exception=False, title="Not done")
    model = choices.listed_model(str(values.pop("model", "")))
    return {**values, **({"model": model} if model else {})}


def zip_pictures(paths: list[Path]) -> Path:
    """Pack pictures, as they are, into pictures.zip in the folder that the page serves."""
    folder = tempfile.mkdtemp(prefix="download-", dir=os.environ.get("GRADIO_TEMP_DIR"))
    archive = Path(folder) / "pictures.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for path in paths:
            packed.write(path, f"{path.parent.name}-{path.name}")
    return archive


def _show(tab: str) -> gr.Tabs:
    return gr.Tabs(selected=tab)


def _button(label: str, name: str, *, visible: bool = True) -> gr.Button:
    return gr.Button(
        label, size="sm", min_width=110, visible=visible, elem_id=f"generate-{name}-button"
    )

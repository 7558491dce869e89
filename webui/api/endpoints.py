"""What the API offers. Settings are those of the command line, by their names in a settings file.

An endpoint that starts a job returns at once; `status` tells how far it is. What is refused comes
back as the same sentence that the page and the command line show.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from preprocessing.files.received import add_pictures
from textual_inversion.errors import DatasetError, SettingsError, TextualInversionError
from textual_inversion.jobs.runner import Job, Kind, Runner
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.runs.state import Run
from textual_inversion.settings import (
    CreateSettings,
    GenerateSettings,
    PreprocessSettings,
    TrainSettings,
)
from webui import jobs
from webui.folders import uploads
from webui.folders.allowed import ALLOWED, shown
from webui.generate.waiting import Waiting
from webui.served_images import served

_TOLD = ("name", "state", "message", "step", "total", "seconds_left", "folder", "result")
_KINDS: tuple[Kind, ...] = ("preprocess", "train", "generate")


class Endpoints:
    """The functions behind the API, over the page's jobs, queue and waiting pictures."""

    def __init__(self, runner: Runner, worker: QueueWorker, drawings: Waiting) -> None:
        self._runner = runner
        self._worker = worker
        self._drawings = drawings

    def draw(self) -> None:
        """Add them to the page that is being built."""
        for function in (
            self.create,
            self.preprocess,
            self.train,
            self.generate,
            self.status,
            self.stop,
            self.upload,
            self.download,
        ):
            gr.api(function, api_name=function.__name__, queue=False)

    def create(self, settings: dict) -> dict:
        """Create an embedding; returns its name and a sentence about it.

        `settings` are those of `ti create`: {"name": "my-cat", "num_vectors": 2}.
        """
        from textual_inversion.embeddings.create import create_and_describe

        with _sentences():
            checked = CreateSettings.build(settings)
            return {"name": checked.name, "message": create_and_describe(checked)}

    def preprocess(self, settings: dict) -> dict:
        """Start preparing a folder of pictures, with the settings of `ti preprocess`."""
        with _sentences():
            checked = PreprocessSettings.build(settings)
            ALLOWED.refuse_foreign(checked.source, checked.destination)
            return self._start("preprocess", jobs.preprocessing(checked), checked.destination)

    def train(self, settings: dict, queue: bool = False) -> dict:  # noqa: FBT001, FBT002
        """Start a training, with the settings of `ti train`; with `queue` after those before it."""
        with _sentences():
            checked = TrainSettings.build(settings)
            ALLOWED.refuse_foreign(checked.dataset_dir)
            if not queue:
                return self._start("train", jobs.training(checked), checked.embedding)
            self._worker.queue.add_once(checked)
        self._worker.wake()
        return {"name": checked.embedding, "waiting": len(self._worker.queue.waiting())}

    def generate(self, settings: dict) -> dict:
        """Generate pictures, with the settings of `ti generate`, after those asked for before."""
        with _sentences():
            checked = GenerateSettings.build(settings)
            ALLOWED.refuse_foreign(checked.init_image, checked.mask)
            waiting = self._drawings.add(checked)
        begun = self.status().get("generate", {}) if not waiting else {"name": checked.prompt}
        return {**begun, "waiting": waiting}

    def status(self) -> dict:
        """Tell the newest job of each kind: its state, step, loss, time left, pictures, files."""
        waiting = len(self._drawings)  # before the runs: at 0 the newest run is the last one asked
        found = {kind: self._runner.run(kind) for kind in _KINDS}
        described = {kind: _describe(run) for kind, run in found.items() if run is not None}
        if "generate" in described:
            described["generate"]["waiting"] = waiting
        return described

    def stop(self, job: str) -> dict:
        """Ask a job, "preprocess", "train" or "generate", to stop; a training saves first."""
        with _sentences():
            if job not in _KINDS:
                raise SettingsError(f'There is no job "{job}"; jobs are: {", ".join(_KINDS)}.')
        self._runner.stop(_KINDS[_KINDS.index(job)])
        return self.status().get(job, {})

    def upload(self, files: list, name: str = "", add: bool = False) -> dict:  # noqa: FBT001, FBT002
        """Take pictures, captions and zips into the data set `name`, which may be trained on.

        `files` come from gradio_client.handle_file. Only with `add` do they join pictures that are
        there already.
        """
        with _sentences():
            received = uploads.uploaded([_path_and_name(file) for file in files])
            chosen = uploads.set_name(name, received)
            folder = uploads.set_folder(chosen)
            try:
                if not add and (there := uploads.num_pictures(folder)):
                    raise DatasetError(
                        f"The data set {chosen} has {there} pictures already; choose another name, "
                        "or set add to put these beside them."
                    )
                added = add_pictures(received, folder)
            finally:
                uploads.forget(received)
        return {
            "folder": shown(added.folder),
            "pictures": len(added.pictures),
            "captions": added.num_captions,
            "left_out": added.left_out,
        }

    def download(self, name: str, format: str = "safetensors") -> dict:
        """Return an embedding of the library as a file in one of the formats of `ti export`."""
        from textual_inversion.embeddings.formats.exports import FORMATS
        from webui.tabs.export import write_download

        with _sentences():
            if format not in FORMATS:
                listed = ", ".join(FORMATS)
                raise SettingsError(f'There is no format "{format}"; formats are: {listed}.')
            path = write_download(name, format)
        return gr.FileData(path=str(path), orig_name=path.name).model_dump()

    def _start(self, kind: Kind, job: Job, name: str) -> dict:
        return _describe(self._runner.start(kind, job, name=name))


def _path_and_name(file: Any) -> list[str]:
    """Read where an uploaded file lies and what it was called; [] for anything else."""
    if not isinstance(file, dict) or not isinstance(file.get("path"), str):
        return []
    return [file["path"], str(file.get("orig_name") or Path(file["path"]).name)]


@contextmanager
def _sentences() -> Iterator[None]:
    """Answer with the core's own sentence, as text."""
    try:
        yield
    except TextualInversionError as error:
        raise gr.Error(str(error), print_exception=False) from None


def _describe(run: Run) -> dict[str, Any]:
    """Describe a job in plain values; pictures as files that the client downloads."""
    described: dict[str, Any] = {name: getattr(run, name) for name in _TOLD}
    described["loss"] = run.losses[-1][1] if run.losses else None
    described["warnings"] = list(run.warnings)
    shown = run.files if run.kind == "generate" else [one.path for one in run.previews]
    copies = [served(path) for path in shown[-24:]]
    described["pictures"] = [gr.FileData(path=str(path)).model_dump() for path in copies if path]
    return described

"""TensorBoard, Weights & Biases or trackio beside a run, through accelerate's trackers.

A tracker only listens: when it fails, the run says so once and goes on without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from textual_inversion.errors import SettingsError
from textual_inversion.events import (
    Evaluated,
    Event,
    Measured,
    Previewed,
    Stepped,
    Throughput,
    Warned,
)
from textual_inversion.settings import TrainSettings

_PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "trackio": "trackio"}


class Tracker:
    """One outside log of a run: scalars, previews and the settings."""

    def __init__(self, settings: TrainSettings, folder: Path) -> None:
        self.kind = settings.report_to
        self._tracker: Any = _open(settings, folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tracker is not None:
            self._tracker.finish()

    def log(self, event: Event) -> Warned | None:
        """Log what the tracker takes of an event; return a warning when it has just failed."""
        if self._tracker is None:
            return None
        try:
            self._log(event)
        except Exception as error:  # noqa: BLE001
            # Somebody else's service: whatever it raises must not reach the training.
            self._tracker = None
            return Warned(f"{self.kind} failed and is not logged to any more: {error}.")
        return None

    def _log(self, event: Event) -> None:
        match event:
            case Stepped(step=step, loss=float(loss), learning_rate=rate):
                self._tracker.log({"loss": loss, "learning_rate": rate}, step=step)
            case Evaluated():
                bands = {"early": event.early, "middle": event.middle, "late": event.late}
                values = {f"fixed_batch/{name}": value for name, value in bands.items()}
                self._tracker.log({"fixed_batch/loss": event.loss, **values}, step=event.step)
            case Measured():
                norm = sum(event.norms) / len(event.norms)
                moved = sum(event.moved) / len(event.moved)
                values = {"vectors/norm": norm, "vectors/moved": moved}
                self._tracker.log(values, step=event.step)
            case Throughput():
                values = {
                    "pace/images_per_second": event.images_per_second,
                    "pace/memory_mb": event.memory_mb,
                }
                self._tracker.log(values, step=event.step)
            case Previewed() if hasattr(self._tracker, "log_images"):
                extra = {"dataformats": "NHWC"} if self.kind == "tensorboard" else {}
                pictures = {event.prompt: _pixels(event.path)}
                self._tracker.log_images(pictures, step=event.step, **extra)
            case _:
                pass


def _open(settings: TrainSettings, folder: Path) -> Any:
    if settings.report_to == "none":
        return None
    from accelerate import PartialState
    from accelerate.tracking import LOGGER_TYPE_TO_CLASS

    PartialState()  # accelerate's trackers ask it which process they are in
    kind = LOGGER_TYPE_TO_CLASS[settings.report_to]
    try:
        if kind.requires_logging_directory:
            tracker = kind(settings.embedding, str(folder / "logs"))
        else:
            tracker = kind(settings.embedding)
        tracker.start()
    except ImportError:
        package = _PACKAGES[settings.report_to]
        raise SettingsError(
            f"report_to {settings.report_to} needs the package {package}, which is not installed; "
            f"run pip install {package}, or choose none."
        ) from None
    plain = {key: value for key, value in settings.model_dump().items() if value is not None}
    tracker.store_init_configuration(plain)
    return tracker


def _pixels(path: str) -> Any:
    """Read a preview as trackers take it: uint8 (1, height, width, 3)."""
    import numpy as np
    from PIL import Image

    with Image.open(path, formats=["PNG"]) as picture:
        return np.asarray(picture.convert("RGB"))[None]

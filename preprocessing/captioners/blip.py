"""BLIP and BLIP-2, which caption a picture with a sentence; through transformers."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from PIL import Image

from preprocessing.captioners.base import captioning_errors, free_memory
from preprocessing.captioners.weights import Weights, fetch, find_weights
from textual_inversion.errors import ModelError
from textual_inversion.events import Event, Loading
from textual_inversion.settings import PreprocessSettings

NAME = "BLIP"
_MODEL_NAMES = {
    "base": "Salesforce/blip-image-captioning-base",
    "large": "Salesforce/blip-image-captioning-large",
    "blip2": "Salesforce/blip2-opt-2.7b",
}
_CLASSES = {"blip": "BlipForConditionalGeneration", "blip-2": "Blip2ForConditionalGeneration"}
_FILES = ("config.json",)
_PARTS = (
    ("*.safetensors",),
    ("preprocessor_config.json", "processor_config.json"),
    ("tokenizer.json", "vocab.txt", "vocab.json"),
)
_PATTERNS = ("*.json", "*.txt", "*.safetensors")


@dataclass(frozen=True)
class Lengths:
    """Minimum and maximum length of a caption in tokens, and the number of beams."""

    min_length: int
    max_length: int
    num_beams: int

    @classmethod
    def of(cls, settings: PreprocessSettings) -> Self:
        """Return the lengths in the settings."""
        max_length = settings.caption_max_length
        return cls(
            min(settings.caption_min_length, max_length), max_length, settings.caption_num_beams
        )


def check(settings: PreprocessSettings) -> None:
    """Raise a ModelError if files of the model are missing."""
    _weights(settings).check()


def describe(settings: PreprocessSettings) -> str:
    """Describe where the model is or will be downloaded from."""
    return str(_weights(settings))


def load(settings: PreprocessSettings, stop: threading.Event) -> Generator[Event, None, BLIP]:
    """Load the model that the settings name."""
    weights = _weights(settings)
    folder = yield from fetch(weights, _PATTERNS, stop=stop)
    yield Loading(f"{NAME} from {folder}")
    return BLIP(folder, Lengths.of(settings))


class BLIP:
    """A loaded model of the BLIP family."""

    def __init__(self, folder: Path, lengths: Lengths) -> None:
        import torch

        self._lengths = lengths
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._dtype = torch.float16 if self._device == "cuda" else torch.float32
        model, self._processor = _load(folder, self._dtype)
        self._model: Any = model.to(self._device).eval()

    def caption(self, pictures: Sequence[Image.Image]) -> list[str]:
        import torch

        with captioning_errors(NAME), torch.inference_mode():
            inputs = self._processor(images=list(pictures), return_tensors="pt")
            pixels = inputs["pixel_values"].to(self._device, self._dtype)  # (B, 3, H, W)
            tokens = self._model.generate(
                pixel_values=pixels,
                min_new_tokens=self._lengths.min_length,
                max_new_tokens=self._lengths.max_length,
                num_beams=self._lengths.num_beams,
                do_sample=False,
            )
            texts = self._processor.batch_decode(tokens, skip_special_tokens=True)
        return [" ".join(text.split()) for text in texts]

    def close(self) -> None:
        del self._model, self._processor
        free_memory()


def _load(folder: Path, dtype: Any) -> tuple[Any, Any]:
    import transformers

    from textual_inversion.models.loading import LOADING_ERRORS

    transformers.utils.logging.disable_progress_bar()
    model_class = getattr(transformers, _class_name(folder))
    try:
        model = model_class.from_pretrained(folder, local_files_only=True, dtype=dtype)
        processor = transformers.AutoProcessor.from_pretrained(folder, local_files_only=True)
    except (*LOADING_ERRORS, ImportError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{folder} cannot be loaded as a BLIP model: {reason}") from error
    return model, processor


def _class_name(folder: Path) -> str:
    try:
        kind = json.loads((folder / "config.json").read_text(encoding="utf-8"))["model_type"]
        return _CLASSES[kind]
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError(
            f"{folder / 'config.json'} does not describe a BLIP or BLIP-2 model; give the folder "
            "of one."
        ) from None


def _weights(settings: PreprocessSettings) -> Weights:
    name = _MODEL_NAMES.get(settings.blip_model, settings.blip_model)
    return find_weights(name, captioner=NAME, files=_FILES, parts=_PARTS)

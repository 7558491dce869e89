"""Image encoders that are on this machine: DINOv2, SigLIP and CLIP, through transformers.

Nothing is downloaded and nothing is unpickled: only safetensors are read.

B pictures or texts, F features.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from textual_inversion.devices.precision import best_device
from textual_inversion.errors import ModelError
from textual_inversion.models.hub import cached_file, client, is_hub_name
from textual_inversion.models.loading import LOADING_ERRORS
from textual_inversion.storage.paths import find_folder

# By config.json's model_type, the best one for likeness first.
_KINDS = {
    "dinov2": "DINOv2",
    "dinov2_with_registers": "DINOv2",
    "siglip": "SigLIP",
    "clip": "CLIP",
}
_WITH_TEXT = {"siglip", "clip"}
_MAX_CONFIG_BYTES = 2**20


@dataclass(frozen=True)
class EncoderFiles:
    """A folder with an encoder: `name` as a user knows it, `model_type` as its config says."""

    name: str
    folder: Path
    model_type: str

    @property
    def label(self) -> str:
        """What it is and where, as reports say it."""
        return f"{_KINDS[self.model_type]} ({self.name})"

    @property
    def reads_text(self) -> bool:
        """Whether it compares pictures with texts, too."""
        return self.model_type in _WITH_TEXT


def find_encoders(names: str) -> tuple[EncoderFiles, ...]:
    """Find the encoders that a setting names: "auto", "none", or names with commas between them.

    Of those that auto finds the first of each kind counts; the order is that of their use.

    Raises:
        ModelError: One that is named is not on this machine, or is none of these kinds.
    """
    given = [name.strip() for name in names.split(",") if name.strip()]
    if given in ([], ["none"]):
        return ()
    found = list(_on_this_machine()) if given == ["auto"] else [_named(name) for name in given]
    order = list(_KINDS)
    found.sort(key=lambda one: order.index(one.model_type))
    first: dict[str, EncoderFiles] = {}
    for one in found:
        first.setdefault(_KINDS[one.model_type], one)
    return tuple(first.values())


def _on_this_machine() -> Iterator[EncoderFiles]:
    for path in sorted(find_folder("models").glob("*/config.json")):
        yield from _read(path.parent.name, path.parent)
    client()
    from huggingface_hub import constants

    for folder in sorted(Path(constants.HF_HUB_CACHE).glob("models--*--*")):
        name = "/".join(folder.name.split("--")[1:])
        config = cached_file(name, "config.json") if is_hub_name(name) else None
        if config is not None:
            yield from _read(name, config.parent)


def _named(name: str) -> EncoderFiles:
    folder = next((p for p in (Path(name), find_folder("models") / name) if p.is_dir()), None)
    if folder is None and is_hub_name(name):
        config = cached_file(name, "config.json")
        folder = config.parent if config else None
    if folder is None:
        raise ModelError(
            f"The image encoder {name[:80]!r} is not on this machine; give a folder, or download "
            "it first (hf download NAME). Nothing is downloaded here."
        )
    found = next(iter(_read(name, folder)), None)
    if found is None:
        raise ModelError(
            f"{folder} holds no image encoder that can be used; it must be DINOv2, SigLIP or CLIP "
            "with a config.json, a preprocessor_config.json and safetensors."
        )
    return found


def _read(name: str, folder: Path) -> Iterator[EncoderFiles]:
    """Yield what a folder holds, if it is complete and of a known kind."""
    path = folder / "config.json"
    try:
        if path.stat().st_size > _MAX_CONFIG_BYTES:
            return
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return
    kind = str(config.get("model_type")) if isinstance(config, dict) else ""
    is_complete = (folder / "preprocessor_config.json").is_file() and any(
        folder.glob("*.safetensors")
    )
    if kind in _KINDS and is_complete:
        yield EncoderFiles(name, folder, kind)


class Encoder:
    """An opened encoder."""

    def __init__(self, files: EncoderFiles) -> None:
        """Open it.

        Raises:
            ModelError: Its files are damaged, or a library that it needs is missing.
        """
        import transformers

        transformers.utils.logging.disable_progress_bar()
        self.files = files
        local: dict[str, Any] = {"local_files_only": True}
        try:
            model = transformers.AutoModel.from_pretrained(
                str(files.folder), use_safetensors=True, dtype=torch.float32, **local
            )
            self._processor: Any = transformers.AutoImageProcessor.from_pretrained(
                str(files.folder), **local
            )
            self._tokenizer: Any = (
                transformers.AutoTokenizer.from_pretrained(str(files.folder), **local)
                if files.reads_text
                else None
            )
        except (*LOADING_ERRORS, ImportError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(
                f"The image encoder {files.folder} cannot be loaded: {reason} Choose others with "
                "encoders, or none."
            ) from error
        self._model: Any = model.to(best_device()).eval().requires_grad_(requires_grad=False)

    @torch.no_grad()
    def pictures(self, pictures: Sequence[Image.Image]) -> torch.Tensor:
        """Compute the features of pictures (B, F), on the CPU."""
        inputs = self._processor(images=list(pictures), return_tensors="pt")
        pixels = inputs["pixel_values"].to(self._model.device)
        if self.files.reads_text:
            return _pooled(self._model.get_image_features(pixel_values=pixels))
        return _pooled(self._model(pixel_values=pixels))

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Compute the features of texts (B, F), on the CPU; what is too long is cut off."""
        assert self._tokenizer is not None
        # SigLIP was trained with all texts padded to one length, and with no attention mask.
        tokens = self._tokenizer(
            list(texts),
            padding="max_length" if self.files.model_type == "siglip" else True,
            truncation=True,
            max_length=self._model.config.text_config.max_position_embeddings,
            return_tensors="pt",
        )
        given = {"input_ids": tokens["input_ids"].to(self._model.device)}
        if self.files.model_type == "clip":
            given["attention_mask"] = tokens["attention_mask"].to(self._model.device)
        return _pooled(self._model.get_text_features(**given))


def _pooled(output: Any) -> torch.Tensor:
    pooled = output if isinstance(output, torch.Tensor) else output.pooler_output
    return pooled.float().cpu()

"""Which formats an embedding can be exported to, and who reads them. Light: no torch.

Each format's writer puts its files into an empty folder and returns the one with the vectors; what
is written is read back before it takes its place (`export.py`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ExportFormat:
    """One layout of files that other programs read."""

    title: str
    file: str
    """The file with the vectors, below the output folder; {name} is the embedding's."""
    writer: str
    """The function that writes it, as module:function beside this one."""

    @property
    def is_named(self) -> bool:
        """Whether the file's own name is the embedding's, as in AUTOMATIC1111's folder."""
        return self.file.startswith("{name}.")

    @property
    def suffix(self) -> str:
        """The file's ending."""
        return self.file[self.file.rindex(".") :]


FORMATS: dict[str, ExportFormat] = {
    "a1111": ExportFormat("AUTOMATIC1111 (.pt)", "{name}.pt", "single_file:a1111"),
    "safetensors": ExportFormat(
        "emb_params, or SDXL's clip_l and clip_g (.safetensors)",
        "{name}.safetensors",
        "single_file:safetensors",
    ),
    "diffusers": ExportFormat(
        "diffusers (.safetensors)", "learned_embeds.safetensors", "single_file:diffusers"
    ),
    "diffusers-bin": ExportFormat(
        "diffusers (.bin)", "learned_embeds.bin", "single_file:diffusers_bin"
    ),
    "invokeai": ExportFormat(
        "InvokeAI's embeddings folder", "{name}/learned_embeds.bin", "folders:invokeai"
    ),
    "concept": ExportFormat(
        "concept library folder", "{name}/learned_embeds.bin", "folders:concept"
    ),
    "png": ExportFormat("picture (.png)", "{name}.png", "pictures:png_file"),
    "webp": ExportFormat("picture, lossless (.webp)", "{name}.webp", "pictures:webp_file"),
}
PICTURES = ("png", "webp")

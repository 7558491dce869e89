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
    "a1111": ExportFormat("AUTOMATIC1111's torch file", "{name}.pt", "single_file:a1111"),
    "safetensors": ExportFormat(
        "emb_params, of SDXL clip_l and clip_g",
        "{name}.safetensors",
        "single_file:safetensors",
    ),
    "diffusers": ExportFormat(
        "diffusers' file, whose key is the word",
        "learned_embeds.safetensors",
        "single_file:diffusers",
    ),
    "diffusers-bin": ExportFormat(
        "the same as a torch file", "learned_embeds.bin", "single_file:diffusers_bin"
    ),
    "invokeai": ExportFormat(
        "a folder of InvokeAI's embeddings/", "{name}/learned_embeds.bin", "folders:invokeai"
    ),
    "concept": ExportFormat(
        "sd-concepts-library's folder: token_identifier.txt, type_of_concept.txt, README.md",
        "{name}/learned_embeds.bin",
        "folders:concept",
    ),
    "png": ExportFormat(
        "AUTOMATIC1111's picture, with the vectors in a text chunk and in the pixels",
        "{name}.png",
        "pictures:png_file",
    ),
    "webp": ExportFormat(
        "the same without the chunk, lossless", "{name}.webp", "pictures:webp_file"
    ),
}
PICTURES = ("png", "webp")

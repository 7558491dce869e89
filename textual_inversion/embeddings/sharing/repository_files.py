"""Which files of a repository hold embeddings, whatever its layout. Names and sizes only."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from textual_inversion.embeddings import formats

MAX_FILE_BYTES = 64 * 2**20
MAX_FILES = 20
SIDECARS = ("token_identifier.txt", "type_of_concept.txt", "README.md")
"""What sd-concepts-library lays beside learned_embeds.bin."""

_LEARNED = re.compile(r"learned_embeds(_2)?\.(safetensors|bin)")
_STEPS = re.compile(r"learned_embeds(?:_2)?-steps-(\d+)\.(safetensors|bin)")
# Parts of a pipeline, checkpoints and logs, which diffusers' scripts upload beside the vectors.
_OTHER_FOLDERS = re.compile(
    r"(unet|vae|text_encoder|tokenizer|scheduler|safety_checker|feature_extractor|"
    r"checkpoint-|logs?$|runs?$|concept_images?$|images?$|validation$).*"
)
_OTHER_FILES = re.compile(
    r"(model|diffusion_pytorch_model|pytorch_model|pytorch_lora_weights|optimizer|scheduler|"
    r"training_args|random_states).*"
)


def choose_files(sizes: Mapping[str, int | None], asked: Sequence[str] = ()) -> list[str]:
    """Choose what to download, by the names of a repository's files and their bytes.

    All that may be embeddings, unless these are too many: then the finished learned_embeds. States
    of a training that is over are left out.

    Args:
        sizes: The files' bytes by their paths; None where the Hub does not say.
        asked: Patterns such as *.pt; empty for whatever there is.
    """
    small = [
        path for path, size in sizes.items() if _is_safe(path) and (size or 0) <= MAX_FILE_BYTES
    ]
    if asked:
        matching = [p for p in small if any(fnmatch.fnmatch(p, pattern) for pattern in asked)]
        return [p for p in matching if PurePosixPath(p).suffix.lower() in formats.READABLE]
    files = [path for path in small if _may_be_one(path)]
    finished = [path for path in files if not _STEPS.fullmatch(_name(path))]
    learned = [path for path in finished if _LEARNED.fullmatch(_name(path))]
    if len(finished) > MAX_FILES:
        return learned or finished
    return finished or _newest(files)


def sidecars_of(paths: Iterable[str], sizes: Mapping[str, int | None]) -> list[str]:
    """Return the word, the type and the card beside the learned_embeds among `paths`."""
    folders = {PurePosixPath(p).parent for p in paths if _name(p).startswith("learned_embeds")}
    beside = {str(folder / name) for folder in folders for name in SIDECARS}
    return [path for path in sizes if path in beside and (sizes[path] or 0) <= MAX_FILE_BYTES]


def _may_be_one(path: str) -> bool:
    pure = PurePosixPath(path)
    if pure.suffix.lower() not in (*formats.TORCH, *formats.SAFETENSORS):
        return False
    in_other = any(_OTHER_FOLDERS.fullmatch(part) for part in pure.parts[:-1])
    return not in_other and not _OTHER_FILES.fullmatch(pure.name)


def _newest(files: list[str]) -> list[str]:
    steps = {path: int(match[1]) for path in files if (match := _STEPS.fullmatch(_name(path)))}
    return [path for path, step in steps.items() if step == max(steps.values())]


def _is_safe(path: str) -> bool:
    """Whether a path stays in its folder on every system."""
    pure = PurePosixPath(path)
    bad = pure.is_absolute() or ".." in pure.parts or "\\" in path or ":" in path
    return not bad and path.isprintable()


def _name(path: str) -> str:
    return PurePosixPath(path).name

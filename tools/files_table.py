"""Write docs/files.md: which program loads which of our files, found by writing them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.compatibility import PROGRAMS, Verdict, judge
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports import FORMATS
from textual_inversion.embeddings.formats.exports.export import export
from textual_inversion.embeddings.formats.layout import read_layout
from textual_inversion.errors import EmbeddingError

PATH = Path(__file__).resolve().parents[1] / "docs" / "files.md"
# The widths of one model, or of several that programs treat alike, and a number of vectors.
KINDS = {
    "SD 1.x and 2.x, one vector": ([(768,), (1024,)], 1),
    "SD 1.x and 2.x, several vectors": ([(768,), (1024,)], 2),
    "SDXL": ([(768, 1280)], 2),
}
_HEAD = """# Embedding files

Which program loads what `ti export` and `ti convert` write. Written by `python -m
tools.files_table`; a test holds it against the other programs' rules, and diffusers' own loader.
`ti inspect FILE` says the same of any file, and why.

```bash
ti export my-pet --format safetensors --output shared
ti convert downloads/*.bin --format a1111 --output embeddings
ti inspect embeddings/my-pet.pt --base-model models/sd15
```

Each file is written beside its place, read back bit by bit and only then moved there; one that is
there already stays unless `--force` is given. `.safetensors` carry name, step, base model with
hash, number of vectors, initialization text, settings of the training and date in their metadata;
`.pt` and pictures for SD 1.x and 2.x carry the same in their dict. For SDXL they hold nothing but
tensors, because AUTOMATIC1111 and Forge detach every value of such a file. The word inside is in
lower case: of a word with capitals and several vectors, transformers 5 lets only the first into
diffusers' prompt.
"""
_FORMATS_HEAD = "\n## Formats\n\n| `--format` | files | what it is |\n|---|---|---|\n"
_USE_HEAD = (
    "\n## Where to put it, and what to type\n\nFor an embedding `my-pet` of SD 1.x or 2.x, as "
    "`--format safetensors`:\n\n| program | put it in | type |\n|---|---|---|\n"
)


def render() -> str:
    """Return the text of docs/files.md."""
    notes: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        tables = "".join(_table(kind, Path(folder), notes) for kind in KINDS)
        use = _use(Path(folder))
    listed = "".join(
        f"| `{name}` | `{form.file.format(name='NAME')}` | {form.title} |\n"
        for name, form in FORMATS.items()
    )
    numbered = "".join(f"{place}. {note}\n" for place, note in enumerate(notes, start=1))
    return (
        f"{_HEAD}{_FORMATS_HEAD}{listed}\n## Who loads what\n{tables}\n{numbered}{_USE_HEAD}{use}"
    )


def example(widths: tuple[int, ...], num_vectors: int) -> Embedding:
    """Make an embedding of these sizes."""
    seeded = torch.Generator().manual_seed(1)
    vectors = tuple(torch.randn(num_vectors, width, generator=seeded) / 50 for width in widths)
    return Embedding("my-pet", vectors, 500, "v1-5-pruned", "6ce0161689")


def _table(kind: str, folder: Path, notes: list[str]) -> str:
    head = " | ".join(PROGRAMS)
    rows = "".join(_row(kind, name, folder, notes) for name in FORMATS)
    return f"\n### {kind}\n\n| format | {head} |\n|---{'|---' * len(PROGRAMS)}|\n{rows}"


def _row(kind: str, name: str, folder: Path, notes: list[str]) -> str:
    try:
        verdicts = _verdicts(kind, name, folder)
    except EmbeddingError:
        return f"| `{name}` |{' not written |' * len(PROGRAMS)}\n"
    return f"| `{name}` | {' | '.join(_cell(verdict, notes) for verdict in verdicts)} |\n"


def _verdicts(kind: str, name: str, folder: Path) -> tuple[Verdict, ...]:
    models, num = KINDS[kind]
    found: list[tuple[Verdict, ...]] = []
    for widths in models:
        path = export(example(widths, num), name, folder / kind / name / str(widths))[0]
        found.append(judge(read_layout(path), formats.read(path)))
    assert all(verdicts == found[0] for verdicts in found)
    return found[0]


def _cell(verdict: Verdict, notes: list[str]) -> str:
    if verdict.loads:
        return "yes"
    if verdict.reason not in notes:
        notes.append(verdict.reason)
    return f"no ({notes.index(verdict.reason) + 1})"


def _use(folder: Path) -> str:
    verdicts = _verdicts("SD 1.x and 2.x, several vectors", "safetensors", folder / "use")
    return "".join(f"| {v.program} | {v.place} | `{v.prompt}` |\n" for v in verdicts)


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")

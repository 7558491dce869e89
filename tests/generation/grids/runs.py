"""A run folder with snapshots, for a model of tests/tiny.py."""

import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.settings import TrainSettings


def write_run(home, model, *, steps=(10, 20, 30), width=32, count=2, **settings):
    folder = home / "runs" / "2026-01-01" / "zyx"
    for step in steps:
        rows = torch.randn(count, width, generator=torch.Generator().manual_seed(step))
        name = f"zyx-{step}"
        formats.write(Embedding(name, (rows,), step=step), folder / "embeddings" / f"{name}.pt")
    chosen = {"embedding": "zyx", "dataset_dir": "x", "model": str(model), "preview_steps": 2}
    chosen |= {"preview_prompt": "a photo of [name]\nthe [name] on a house", "preview_seed": 5}
    written = TrainSettings.build(chosen, settings).to_json()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(written)
    return folder

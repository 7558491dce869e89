"""The bench: every cell is trained, drawn and kept once; the judge looks at all of it anew.

V vectors, D width of a word.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.judging.art import open_art
from benchmarks.judging.bank import weights_hash
from benchmarks.judging.verdicts import WEIGHTS, Jury, open_judge, white_pictures
from benchmarks.quality_bench import pace
from benchmarks.quality_bench.cells import Cells
from benchmarks.quality_bench.concepts import Subject
from benchmarks.quality_bench.drawing import Painter
from benchmarks.quality_bench.methods import Loop, Method, facts as method_facts, train
from benchmarks.quality_bench.metrics import Scores, score
from benchmarks.quality_bench.prompts import OTHERS, Asked
from textual_inversion.embeddings.norms import mean_norm
from textual_inversion.models.opening import open_model
from tools.pocket_model.data import STYLES


class Bench:
    """One model, one judge, and the folder of cells."""

    def __init__(self, model: Path, cache: Path, cells: Path) -> None:
        self.model, self.cache = model, cache
        self.art = open_art(cache)
        self.pictures = np.load(cache / "pictures.npy", mmap_mode="r")
        self.cells = Cells(cells / weights_hash(model))
        self.painter = Painter(model)

    @cached_property
    def jury(self) -> Jury:
        """The trained judge."""
        return open_judge(self.cache / WEIGHTS, self.art)

    @cached_property
    def word_norm(self) -> float:
        """The mean length of the model's words."""
        return mean_norm(open_model(str(self.model)).text.encoders[0].embedding.weight)

    @cached_property
    def word_size(self) -> float:
        """The root mean square of a word's numbers, which rates are scaled by."""
        return self.word_norm / open_model(str(self.model)).text.encoders[0].width ** 0.5

    def pace(self, subject: Subject) -> dict[Loop, float]:
        """Measure, or recall, what a step of each loop costs."""

        def measure() -> dict[str, np.ndarray]:
            with tempfile.TemporaryDirectory() as folder:
                self.write_pictures(subject, Path(folder))
                found = pace.measure(self.model, Path(folder), word=subject.word)
            return {name: np.array(seconds) for name, seconds in found.items()}

        kept = self.cells.get("pace", torch.get_num_threads(), measure)
        return {"ours": float(kept["ours"]), "script": float(kept["script"]),
                "rival": float(kept["rival"])}  # fmt: skip

    def learn(
        self, subject: Subject, method: Method, stops: Sequence[int]
    ) -> dict[int, np.ndarray]:
        """Train, or recall, the vectors (V, D) after each of `stops` steps."""

        def make() -> dict[str, np.ndarray]:
            with tempfile.TemporaryDirectory() as folder:
                self.write_pictures(subject, Path(folder))
                found = train(self.model, method, Path(folder), word=subject.word, stops=stops)
            return {str(step): vectors for step, vectors in found.items()}

        facts = (subject, method_facts(method), tuple(sorted(set(stops))))
        kept = self.cells.get(f"{subject.concept}-vectors".replace(" ", "-"), facts, make)
        return {int(step): vectors for step, vectors in kept.items()}

    def draw(self, name: str, asked: Sequence[Asked], word: str | np.ndarray) -> np.ndarray:
        """Draw, or recall, the pictures (N, 128, 128, 3) of a word or of vectors."""
        facts = (tuple(asked), word if isinstance(word, str) else word.tobytes())
        return self.cells.get(
            f"{name}-pictures".replace(" ", "-"),
            facts,
            lambda: {"pictures": self.painter.draw(asked, word)},
        )["pictures"]

    def judge(
        self, subject: Subject, asked: Sequence[Asked], pictures: np.ndarray, vectors: object = None
    ) -> Scores:
        """Score pictures as those of a subject; `vectors` are what they were drawn with."""
        shown = white_pictures(self.pictures, self.rows(subject))
        found = score(
            asked,
            self.jury.look(pictures),
            pictures,
            concept=self.jury.index(subject.concept),
            others={name: self.jury.index(name) for name in OTHERS},
            shown=self.jury.look(shown).embeddings,
            unseen_style=subject.unseen_style,
        )
        if not isinstance(vectors, np.ndarray):
            return found
        length = float(np.linalg.norm(vectors, axis=1).mean()) / self.word_norm
        return replace(found, length=length)

    def rows(self, subject: Subject) -> list[int]:
        """List the rows of the training pictures."""
        every = self.art.rows(subject.concept)
        return [every[STYLES.index(style)] for style in subject.shown_styles]

    def write_pictures(self, subject: Subject, folder: Path) -> None:
        """Write the training pictures, over white, one a style."""
        shown = white_pictures(self.pictures, self.rows(subject))
        for style, picture in zip(subject.shown_styles, shown, strict=True):
            Image.fromarray(picture).save(folder / f"{style}.png")

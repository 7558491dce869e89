"""The job that evaluates an embedding: every picture drawn and measured, then a report."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch
from PIL import Image

from textual_inversion.data.folder import Item, read_folder
from textual_inversion.data.resizing import Fit
from textual_inversion.embeddings.library import Library
from textual_inversion.evaluation.snapshots.base_features import BaseFeatures
from textual_inversion.evaluation.snapshots.drawing import Drawing, open_drawn
from textual_inversion.evaluation.snapshots.encoders import Encoder
from textual_inversion.evaluation.snapshots.keeping import MOST_TRAINING, keep, training_files
from textual_inversion.evaluation.snapshots.plan import Plan, make_plan
from textual_inversion.evaluation.snapshots.prompt_lists import PLACE
from textual_inversion.evaluation.snapshots.record import Evaluation
from textual_inversion.evaluation.snapshots.scoring import (
    Features,
    Scoring,
    texts_without_word,
)
from textual_inversion.events import Event, Finished, Loading, Progressed, Saved, Started
from textual_inversion.generation.grids.cache import CellCache
from textual_inversion.models.base import BaseModel
from textual_inversion.models.downloads.model import fetch_for_job
from textual_inversion.models.opening import open_model
from textual_inversion.runs.requests import Control
from textual_inversion.settings import EvaluateSettings
from textual_inversion.storage.paths import find_folder


def evaluate(
    settings: EvaluateSettings, control: Control
) -> Generator[Event, None, Evaluation | None]:
    """Evaluate an embedding and its snapshots; yields a Progressed for each picture.

    The generator returns what was found, and None when it was asked to stop: nothing is written
    then, and the pictures that were drawn are found again by the next evaluation.

    Raises:
        TextualInversionError: Something is wrong with the settings; one sentence.
    """
    library = Library(find_folder("embeddings"))
    plan = make_plan(settings, library)
    yield Loading("base model")
    info = yield from fetch_for_job(plan.shared.model, control)
    model = open_model(info, vae=plan.shared.vae, tokenizer=plan.shared.tokenizer)
    for one in plan.candidates:
        assert one.embedding is not None
        model.check_widths(one.embedding.widths, f"{plan.name}, {one.label}")
    extractor = yield from _open_features(plan, model)
    training = yield from _read_training(plan, model, extractor)
    output = find_folder(settings.output)
    drawing = Drawing(plan, model, library, CellCache(output / "grids" / "cache"), control)
    yield Started(plan.name, 0, plan.num_steps)
    drawn: list[_DrawnSubject] = []
    for subject in range(len(plan.subjects)):
        found = yield from _draw_all(drawing, extractor, subject)
        if found is None:
            yield Finished(drawing.done, "stopped")
            return None
        drawn.append(found)
    evaluation = _score(plan, extractor, training, drawn)
    report = keep(evaluation, output, training.pictures, [one.files for one in drawn])
    yield Saved(drawing.done, "evaluation", str(report))
    yield Finished(drawing.done, "finished", str(report))
    return evaluation


@dataclass(frozen=True)
class _DrawnSubject:
    """A subject's pictures in the order of prompts and seeds, and their features."""

    files: list[Path]
    features: dict[str, torch.Tensor]


@dataclass(frozen=True)
class _Training:
    """The first training pictures, and the features of all."""

    pictures: list[Image.Image]
    features: dict[str, torch.Tensor]


@dataclass(frozen=True)
class _Extractor:
    """All features of a picture: the base model's and those of the encoders."""

    base: BaseFeatures
    encoders: list[Encoder]

    def compute(self, picture: Image.Image) -> dict[str, torch.Tensor]:
        """Compute each kind (1, F)."""
        own = {one.files.label: one.pictures([picture]) for one in self.encoders}
        return {**own, **self.base.compute([picture])}


def _open_features(plan: Plan, model: BaseModel) -> Generator[Event, None, _Extractor]:
    encoders: list[Encoder] = []
    for files in plan.encoders:
        yield Loading(files.label)
        encoders.append(Encoder(files))
    return _Extractor(BaseFeatures(model), encoders)


def _read_training(
    plan: Plan, model: BaseModel, extractor: _Extractor
) -> Generator[Event, None, _Training]:
    """Read and measure the training pictures at the size of the drawn ones."""
    yield Loading(f"pictures of {plan.dataset}")
    size = model.info.size
    fit = Fit(plan.shared.width or size, plan.shared.height or size)
    pictures: list[Image.Image] = []
    rows: list[Features] = []
    for found in read_folder(plan.dataset, fit):
        if isinstance(found, Item):
            rows.append(extractor.compute(found.picture))
            pictures.append(found.picture)
            yield Loading(f"pictures of {plan.dataset} ({len(rows)})")
        else:
            yield found
    return _Training(pictures[:MOST_TRAINING], _joined(rows))


def _draw_all(
    drawing: Drawing, extractor: _Extractor, number: int
) -> Generator[Event, None, _DrawnSubject | None]:
    """Draw and measure all pictures of a subject; None when asked to stop."""
    plan = drawing.plan
    files: list[Path] = []
    rows: list[dict[str, torch.Tensor]] = []
    for prompt, image in product(plan.prompts, range(plan.num_images)):
        seed = (plan.shared.seed + image) % 2**32
        path = yield from drawing.draw(plan.subjects[number], prompt, seed)
        if path is None:
            return None
        rows.append(extractor.compute(open_drawn(path)))
        files.append(path)
        yield Progressed(drawing.done, plan.num_steps, str(path))
    return _DrawnSubject(files, _joined(rows))


def _score(
    plan: Plan,
    extractor: _Extractor,
    training: _Training,
    drawn: Sequence[_DrawnSubject],
) -> Evaluation:
    readers = [one for one in extractor.encoders if one.files.reads_text]
    texts = None
    if readers:
        words = texts_without_word(plan.prompts, PLACE)
        texts = readers[0].texts(words).repeat_interleave(plan.num_images, 0)
    scoring = Scoring(
        plan=plan,
        training=training.features,
        word=drawn[0].features,
        texts=texts,
        text_by=readers[0].files.label if readers else "",
        image_by=extractor.encoders[0].files.label if extractor.encoders else "",
    )
    word, *candidates = (
        scoring.subject(subject, one.features, number)
        for number, (subject, one) in enumerate(zip(plan.subjects, drawn, strict=True))
    )
    return scoring.evaluation(word, candidates, training_files(len(training.pictures)))


def _joined(rows: Sequence[Features]) -> dict[str, torch.Tensor]:
    return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}

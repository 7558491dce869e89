"""From the features of all pictures to what is known of each embedding. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch

from textual_inversion.evaluation.snapshots import measures
from textual_inversion.evaluation.snapshots.base_features import COLOURS, LATENTS, UNET
from textual_inversion.evaluation.snapshots.measures import Measured
from textual_inversion.evaluation.snapshots.plan import Candidate, Plan
from textual_inversion.evaluation.snapshots.record import Drawn, Evaluation, Subject
from textual_inversion.generation.infotext import vectors_hash

Features = Mapping[str, torch.Tensor]
"""Features by what they were computed with, each (pictures, F)."""
_BY_UNET = "the base model's UNet, a weak measure"
_BY_PICTURES = "the class word's pictures, in features of the base model's UNet"


@dataclass(frozen=True)
class Scoring:
    """What pictures are compared with: the training pictures, the class word's, and texts.

    `texts` (P * S, F) are features of the prompts by the encoder `text_by`, without the learned
    word; None where no encoder reads text.
    """

    plan: Plan
    training: Features
    word: Features
    texts: torch.Tensor | None
    text_by: str
    image_by: str
    """The encoder that likeness is measured by; empty where there is none."""

    def subject(self, subject: Candidate, drawn: Features, number: int) -> Subject:
        """Measure one subject's pictures; its `number` is in their files' names."""
        kind = self.image_by or UNET
        alike, obedient = self._likeness(kind, drawn), self._obedience(drawn)
        others = {name: self._likeness(name, drawn).all for name in self._others(drawn)}
        if self.text_by:
            others["concordance"] = self._concordance(drawn).all
        return Subject(
            label=subject.label,
            path=str(subject.path) if subject.embedding else "",
            vectors=vectors_hash(subject.embedding.vectors) if subject.embedding else "",
            step=subject.step,
            likeness=alike.all,
            obedience=obedient.all,
            balance=measures.balance(alike.all, obedient.all),
            diversity=measures.diversity(self._centred(kind, drawn[kind])),
            others=others,
            pictures=tuple(self._pictures(number, alike, obedient)),
        )

    def evaluation(
        self, word: Subject, candidates: Sequence[Subject], training: Sequence[str]
    ) -> Evaluation:
        """Put together what evaluation.json holds."""
        plan = self.plan
        return Evaluation(
            name=plan.name,
            model=plan.shared.model,
            run=str(plan.run.folder) if plan.run else "",
            dataset=str(plan.dataset),
            likeness_by=self.image_by or _BY_UNET,
            obedience_by=self.text_by or _BY_PICTURES,
            prompts=plan.prompts,
            training=tuple(training),
            word=word,
            candidates=tuple(candidates),
        )

    def _others(self, drawn: Features) -> list[str]:
        used = self.image_by or UNET
        return [name for name in drawn if name not in {used, LATENTS, COLOURS}] + [LATENTS, COLOURS]

    def _likeness(self, kind: str, drawn: Features) -> Measured:
        if kind == COLOURS:
            return measures.intersection(drawn[kind], self.training[kind])
        rows, training = self._centred(kind, drawn[kind]), self._centred(kind, self.training[kind])
        return measures.likeness(rows, training)

    def _centred(self, kind: str, rows: torch.Tensor) -> torch.Tensor:
        """Take the class word's mean off features of the base model, which have a common part."""
        return rows - self.word[kind].mean(0) if kind in {UNET, LATENTS} else rows

    def _obedience(self, drawn: Features) -> Measured:
        if self.texts is None:
            return self._concordance(drawn)
        return measures.text_agreement(drawn[self.text_by], self.texts)

    def _concordance(self, drawn: Features) -> Measured:
        shape = (len(self.plan.prompts), self.plan.num_images, -1)
        return measures.concordance(drawn[UNET].view(shape), self.word[UNET].view(shape))

    def _pictures(self, number: int, alike: Measured, obedient: Measured) -> list[Drawn]:
        places = product(range(len(self.plan.prompts)), range(self.plan.num_images))
        seed = self.plan.shared.seed
        return [
            Drawn(
                prompt,
                (seed + image) % 2**32,
                picture_file(number, prompt, image),
                float(a),
                float(b),
            )
            for (prompt, image), a, b in zip(places, alike.each, obedient.each, strict=True)
        ]


def picture_file(subject: int, prompt: int, image: int) -> str:
    """Name a picture's file below the folder of its evaluation."""
    return Path("pictures", f"{subject}-{prompt + 1}-{image + 1}.png").as_posix()


def texts_without_word(prompts: Sequence[str], place: str) -> list[str]:
    """Leave the learned word out of prompts, as sec. 5 of arXiv:2208.01618 does."""
    return [" ".join(prompt.replace(place, " ").split()) for prompt in prompts]

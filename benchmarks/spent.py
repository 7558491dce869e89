"""Where the processor's time of a drawing goes, by hooks on the modules that do the work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from textual_inversion.models.base import BaseModel

PARTS = ("UNet", "decoder", "text")


@dataclass(frozen=True)
class Turn:
    """Seconds by the clock and of the processor, all threads counted, and in each part."""

    clock: float
    processor: float
    parts: dict[str, float]

    @property
    def around(self) -> float:
        """Seconds of the processor outside of all parts."""
        return self.processor - sum(self.parts.values())

    @property
    def own(self) -> float:
        """Seconds of the processor that the program decides on: text, and what is around."""
        return self.parts["text"] + self.around


@dataclass
class Spent:
    """Adds up the processor's time within modules."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))

    @classmethod
    def of(cls, model: BaseModel, pipe: Any) -> Spent:
        """Watch the modules that a model and a pipeline share, and the text encoder of each."""
        spent = cls()
        modules = {
            "UNet": [model.unet],
            "decoder": [model.vae.decoder],
            "text": [model.text.encoders[0].model, pipe.text_encoder],
        }
        for part, watched in modules.items():
            for module in watched:
                spent._watch(part, module)
        return spent

    def turn(self, work: Callable[[], Any]) -> Turn:
        """Do the work and tell what it took."""
        self.seconds = dict.fromkeys(PARTS, 0.0)
        clock, processor = time.perf_counter(), time.process_time()
        work()
        return Turn(
            time.perf_counter() - clock, time.process_time() - processor, dict(self.seconds)
        )

    def _watch(self, part: str, module: Any) -> None:
        began = 0.0

        def before(*_: Any) -> None:
            nonlocal began
            began = time.process_time()

        def after(*_: Any) -> None:
            self.seconds[part] += time.process_time() - began

        module.register_forward_pre_hook(before)
        module.register_forward_hook(after)

"""The files that diffusers' scripts leave in the output folder, written as a run's events come."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

from commandline.compat.checkpoints import checkpoints
from commandline.compat.hub import LICENSE
from commandline.compat.mapping import Options
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports.card import Card, word_of
from textual_inversion.embeddings.formats.exports.extras import Extras
from textual_inversion.embeddings.formats.exports.folders import write_concept_notes
from textual_inversion.embeddings.formats.exports.learned import STEMS, write_learned
from textual_inversion.events import Event, Finished, Previewed, Saved
from textual_inversion.models.catalog import describe_model
from textual_inversion.storage.atomic import write_whole


class Outputs:
    """The output folder of one run."""

    def __init__(self, options: Options, repository: str = "") -> None:
        self.options, self.repository = options, repository
        self.folder = options.output
        self.embedding: Embedding | None = None
        style = options["learnable_property"] == "style"
        self.extras = Extras(concept_type="style" if style else "object", word=options.word)
        self.suffix = ".bin" if options["no_safe_serialization"] else ".safetensors"

    def handle(self, event: Event) -> Iterator[Event]:
        """Write what belongs to an event."""
        match event:
            case Saved(step=step, kind="snapshot", path=path):
                if step % self.options["save_steps"] == 0:
                    yield from self._vectors(step, Path(path), f"-steps-{step}")
            case Saved(step=step, kind="checkpoint", path=path):
                yield from self._checkpoint(step, Path(path))
            case Saved(step=step, kind="embedding", path=path):
                yield from self._vectors(step, Path(path), "")
                self.embedding = self._read(Path(path))
                self._notes()
            case Previewed(step=step, path=path, without=False):
                self._picture(step, Path(path))
            case Finished():
                self._pipeline()
                self._notes()
            case _:
                pass

    @property
    def main(self) -> Path:
        """The file with the vectors of the first text encoder."""
        return self.folder / f"learned_embeds{self.suffix}"

    def _read(self, path: Path) -> Embedding:
        return dataclasses.replace(formats.read(path), name=self.options.name)

    def _vectors(self, step: int, path: Path, ending: str) -> Iterator[Event]:
        """Write learned_embeds, and SDXL's learned_embeds_2."""
        embedding = self._read(path)
        word = word_of(embedding, self.extras)
        files = write_learned(embedding, self.folder, word, suffix=self.suffix, ending=ending)
        yield from (Saved(step, "learned_embeds", str(file)) for file in files)

    def _notes(self) -> None:
        """Write the word, the type and the card; one that is published shows pictures."""
        if self.embedding is None:
            return
        validation = self.folder / "validation"
        newest = sorted(validation.glob("step-*.png"), key=lambda file: file.stat().st_mtime)
        shown = newest[-self.options["num_validation_images"] :] if self.repository else ()
        card = Card(
            self.main.name,
            repository=self.repository,
            license=LICENSE if self.repository else "",
            pictures=tuple(f"{validation.name}/{file.name}" for file in shown),
        )
        write_concept_notes(self.folder, self.embedding, self.extras, card)

    def _checkpoint(self, step: int, path: Path) -> Iterator[Event]:
        """Copy a checkpoint to checkpoint-N, except that of a run which ends as planned."""
        is_interval = step % self.options["checkpointing_steps"] == 0
        if not is_interval and step >= self.options["max_train_steps"]:
            return
        target = self.folder / f"checkpoint-{step}" / path.name
        write_whole(target, path.read_bytes())
        yield Saved(step, "checkpoint", str(target.parent))
        if limit := self.options["checkpoints_total_limit"]:
            others = [old for old in checkpoints(self.folder) if old != target.parent]
            for old in others[: max(0, len(others) + 1 - limit)]:
                shutil.rmtree(old)

    def _picture(self, step: int, path: Path) -> None:
        number = path.stem.removeprefix(f"{self.options.name}-{step}") or "-1"
        write_whole(self.folder / "validation" / f"step-{step}{number}.png", path.read_bytes())

    def _pipeline(self) -> None:
        if not self.options["save_as_full_pipeline"]:
            return
        from textual_inversion.models.full_pipeline import save_pipeline

        info = describe_model(self.options.model)
        files = [self.folder / f"{stem}{self.suffix}" for stem in STEMS[: len(info.widths)]]
        tokenizer = self.options["tokenizer_name"] or ""
        save_pipeline(info, files, self.options.word.lower(), self.folder, tokenizer=tokenizer)

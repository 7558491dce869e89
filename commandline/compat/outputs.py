"""The files that diffusers' scripts leave in the output folder, written as a run's events come."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

from commandline.compat.checkpoints import checkpoints
from commandline.compat.mapping import Options
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports.export import export
from textual_inversion.embeddings.formats.exports.extras import Extras
from textual_inversion.embeddings.formats.exports.folders import write_concept_notes
from textual_inversion.events import Event, Finished, Previewed, Saved
from textual_inversion.models.catalog import describe_model
from textual_inversion.storage.atomic import write_whole


class Outputs:
    """The output folder of one run."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.folder = options.output
        style = options["learnable_property"] == "style"
        self.extras = Extras(concept_type="style" if style else "object", word=options.word)
        self.format = "diffusers-bin" if options["no_safe_serialization"] else "diffusers"

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
                write_concept_notes(
                    self.folder, self._read(Path(path)), self.extras, self.main.name
                )
            case Previewed(step=step, path=path, without=False):
                self._picture(step, Path(path))
            case Finished():
                self._pipeline()
            case _:
                pass

    @property
    def _suffix(self) -> str:
        return ".bin" if self.format == "diffusers-bin" else ".safetensors"

    @property
    def main(self) -> Path:
        """The file with the vectors of the first text encoder."""
        return self.folder / f"learned_embeds{self._suffix}"

    def _read(self, path: Path) -> Embedding:
        return dataclasses.replace(formats.read(path), name=self.options.name)

    def _vectors(self, step: int, path: Path, ending: str) -> Iterator[Event]:
        """Write a file for each text encoder: learned_embeds, and SDXL's learned_embeds_2."""
        embedding = self._read(path)
        for number, vectors in enumerate(embedding.vectors, start=1):
            part = dataclasses.replace(embedding, vectors=(vectors,))
            stem = "learned_embeds" if number == 1 else f"learned_embeds_{number}"
            target = self.folder / f"{stem}{ending}{self._suffix}"
            export(part, self.format, target, extras=self.extras, force=True)
            yield Saved(step, "learned_embeds", str(target))

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

        info = describe_model(self.options["pretrained_model_name_or_path"])
        stems = ("learned_embeds", "learned_embeds_2")[: len(info.widths)]
        files = [self.folder / f"{stem}{self._suffix}" for stem in stems]
        save_pipeline(info, files, self.options.word.lower(), self.folder)

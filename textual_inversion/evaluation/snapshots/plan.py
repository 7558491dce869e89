"""From settings to what is drawn: everything is read and checked before a model opens."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual_inversion.data.folder import list_pictures
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import SettingsError, TrainingError
from textual_inversion.evaluation.snapshots.encoders import EncoderFiles, find_encoders
from textual_inversion.evaluation.snapshots.prompt_lists import PLACE, read_prompts
from textual_inversion.generation.grids.run_folder import RunFolder, open_run
from textual_inversion.generation.infotext import vectors_hash
from textual_inversion.models.catalog import native_size
from textual_inversion.models.hub import find_cached, is_hub_name
from textual_inversion.names import strip_brackets
from textual_inversion.runs.downsampling import thin
from textual_inversion.settings import AUTO, EvaluateSettings, GenerateSettings
from textual_inversion.storage.paths import find_folder

_NO_WORDS = {"", "*"}
_LARGE_PX = 512


@dataclass(frozen=True, eq=False)
class Candidate:
    """An embedding to measure: its file, and `label` as reports call it; without, the class word.

    `embedding` is None for the class word.
    """

    label: str
    path: Path
    embedding: Embedding | None

    @property
    def step(self) -> int:
        """How many steps its vectors were trained."""
        return self.embedding.step if self.embedding else 0


@dataclass(frozen=True)
class Plan:
    """All that is drawn: the class word and each candidate, for all prompts and seeds."""

    name: str
    run: RunFolder | None
    class_word: str
    candidates: tuple[Candidate, ...]
    prompts: tuple[str, ...]
    dataset: Path
    encoders: tuple[EncoderFiles, ...]
    shared: GenerateSettings
    """What all pictures have in common; its prompt stands for each prompt."""
    num_images: int

    @property
    def subjects(self) -> tuple[Candidate, ...]:
        """The class word and the candidates."""
        return (Candidate(self.class_word, Path(), None), *self.candidates)

    @property
    def num_pictures(self) -> int:
        """How many pictures there are of each."""
        return len(self.prompts) * self.num_images

    @property
    def num_steps(self) -> int:
        """The sampling steps of all pictures."""
        return len(self.subjects) * self.num_pictures * self.shared.steps

    def text(self, subject: Candidate, prompt: str) -> str:
        """Fill in a prompt."""
        return prompt.replace(PLACE, f"<{self.name}>" if subject.embedding else self.class_word)


def make_plan(settings: EvaluateSettings, library: Library) -> Plan:
    """Lay out an evaluation.

    Raises:
        TextualInversionError: The embedding, its run, pictures, prompts or encoders are not there;
            one sentence.
    """
    embedding, path = library.load(settings.embedding), library.path_of(settings.embedding)
    name = strip_brackets(embedding.name)
    run = _find_run(settings, name)
    dataset, shared = _find_pictures(settings, run, name), _shared(settings, run)
    return Plan(
        name=name,
        run=run,
        class_word=_class_word(settings, embedding),
        candidates=tuple(_candidates(embedding, path, run, settings.num_snapshots)),
        prompts=read_prompts(_prompt_list(settings, shared.model), settings.num_prompts),
        dataset=dataset,
        encoders=find_encoders(settings.encoders),
        shared=shared,
        num_images=settings.num_images,
    )


def _find_run(settings: EvaluateSettings, name: str) -> RunFolder | None:
    if settings.run.strip():
        return open_run(settings.run, with_snapshots=False)
    with suppress(TrainingError):  # an embedding from elsewhere has none
        return open_run(name, with_snapshots=False)
    return None


def _find_pictures(settings: EvaluateSettings, run: RunFolder | None, name: str) -> Path:
    given = settings.dataset_dir or (run.settings.dataset_dir if run else "")
    if not given:
        raise SettingsError(
            f"dataset_dir is empty, and no run in {find_folder('runs')} tells which pictures "
            f"{name} was trained on; give their folder."
        )
    folder = Path(given).expanduser()
    folder = folder if folder.exists() else find_folder(given)
    list_pictures(folder)  # says what is wrong with it
    return folder


def _prompt_list(settings: EvaluateSettings, model: str) -> str:
    """Choose a list where the settings leave it open: small models know little but plain things."""
    if settings.prompts != AUTO:
        return settings.prompts
    is_here = not is_hub_name(model) or find_cached(model) is not None
    return "simple" if is_here and native_size(model) < _LARGE_PX else "objects"


def _class_word(settings: EvaluateSettings, embedding: Embedding) -> str:
    word = settings.class_word.strip() or (embedding.initialization_text or "").strip()
    if word in _NO_WORDS:
        raise SettingsError(
            f"class_word is empty, and {embedding.name} does not tell which words its vectors "
            "began with; give what it is one of, such as dog."
        )
    return word


def _candidates(
    embedding: Embedding, path: Path, run: RunFolder | None, most: int
) -> list[Candidate]:
    """List some snapshots by their steps, the best one, and last the embedding as it is now.

    Those of equal vectors are one.
    """
    files: list[tuple[str, Path]] = []
    if run and most:
        steps = list(run.snapshots)
        steps = thin(steps, most) if most > 1 else steps[-1:]
        files = [(f"step {step}", run.snapshots[step]) for step in steps]
        files += [("lowest loss", run.best)] if run.best else []
    found = [Candidate(label, file, formats.read(file)) for label, file in files]
    found = [one for one in found if one.embedding and one.embedding.widths == embedding.widths]
    merged: dict[str, Candidate] = {}
    for one in [*found, Candidate("as it is now", path, embedding)]:
        assert one.embedding is not None
        key = vectors_hash(one.embedding.vectors)
        before = merged.get(key)
        label = f"{before.label}, {one.label}" if before else one.label
        merged[key] = Candidate(label, one.path, one.embedding)
    return list(merged.values())


def _shared(settings: EvaluateSettings, run: RunFolder | None) -> GenerateSettings:
    """Collect what all pictures share; what was not chosen is as in the run's previews."""
    own = set(EvaluateSettings.model_fields) & set(GenerateSettings.model_fields)
    own.remove("num_images")  # each is drawn by itself
    given: dict[str, Any] = settings.model_dump(include=own)
    if run:
        trained = run.settings.model_dump(include={"vae", "tokenizer"})
        defaults = {**trained, **run.defaults()}
        chosen = settings.model_fields_set
        given |= {k: v for k, v in defaults.items() if k in own and k not in chosen}
    return GenerateSettings.build(given, {"prompt": PLACE, "seed": max(given["seed"], 0)})

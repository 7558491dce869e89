"""evaluation.json: what an evaluation found, so that it can be looked at long after. Light.

<output>/evaluations/<YYYY-MM-DD>/<embedding>/
    evaluation.json  report.html  training/<number>.png  pictures/<subject>-<prompt>-<image>.png
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from textual_inversion.errors import StorageError
from textual_inversion.storage.paths import by_day

NAME = "evaluation.json"
REPORT = "report.html"
_VERSION = 1
Goal = Literal["likeness", "balance", "obedience"]
GOALS: tuple[Goal, ...] = ("likeness", "balance", "obedience")


@dataclass(frozen=True)
class Drawn:
    """One picture: its prompt by number, its file below the folder, and its own measures."""

    prompt: int
    seed: int
    file: str
    likeness: float
    obedience: float


@dataclass(frozen=True)
class Subject:
    """What was drawn and measured: an embedding's file and steps; of the class word no file.

    `vectors` is the short hash of the vectors, `balance` the harmonic mean of likeness and
    obedience; `others` are further measures by name.
    """

    label: str
    path: str
    vectors: str
    step: int
    likeness: float
    obedience: float
    balance: float
    diversity: float
    others: Mapping[str, float]
    pictures: tuple[Drawn, ...]


@dataclass(frozen=True)
class Evaluation:
    """An evaluation: `word` is the class word; the candidates come by their steps.

    `likeness_by` and `obedience_by` say what was measured by; `training` are files below the
    folder, `prompts` have [name] in them.
    """

    name: str
    model: str
    run: str
    dataset: str
    likeness_by: str
    obedience_by: str
    prompts: tuple[str, ...]
    training: tuple[str, ...]
    word: Subject
    candidates: tuple[Subject, ...]

    def best(self, goal: Goal) -> Subject:
        """Find the candidate with the highest measure, the first of equals."""
        return max(self.candidates, key=lambda one: getattr(one, goal))

    def to_dict(self) -> dict[str, Any]:
        """Convert to what evaluation.json and `--json` hold; "best" has the files' labels."""
        best = {goal: self.best(goal).label for goal in GOALS}
        return {"version": _VERSION, "best": best, **asdict(self)}


def to_json(evaluation: Evaluation) -> bytes:
    """Write evaluation.json."""
    return json.dumps(evaluation.to_dict(), indent=1, ensure_ascii=False).encode()


def read_evaluation(folder: Path) -> Evaluation:
    """Read a folder's evaluation.json.

    Raises:
        StorageError: There is none, or it is not one that this program wrote.
    """
    path = folder / NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        found = Evaluation(
            word=_subject(data["word"]),
            candidates=tuple(map(_subject, data["candidates"])),
            prompts=tuple(map(str, data["prompts"])),
            training=tuple(map(_file, data["training"])),
            **{key: str(data[key]) for key in _TEXTS},
        )
        _check(found)
    except OSError as error:
        raise StorageError(f"The evaluation {path} cannot be read: {error.strerror}.") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StorageError(
            f"{path} does not describe an evaluation ({type(error).__name__}); evaluate again."
        ) from None
    return found


def evaluations(output: Path) -> Iterator[Path]:
    """Find the folders of evaluations below an output folder, lazily, the newest first."""
    found = by_day(output / "evaluations", NAME)
    return (folder for folder in found if not folder.name.startswith("."))


_TEXTS = ("name", "model", "run", "dataset", "likeness_by", "obedience_by")


def _subject(data: dict[str, Any]) -> Subject:
    pictures = tuple(_drawn(one) for one in data["pictures"])
    others = {str(name): float(value) for name, value in data["others"].items()}
    numbers = {key: float(data[key]) for key in ("likeness", "obedience", "balance", "diversity")}
    return Subject(
        label=str(data["label"]),
        path=str(data["path"]),
        vectors=str(data["vectors"]),
        step=int(data["step"]),
        others=others,
        pictures=pictures,
        **numbers,
    )


def _drawn(data: dict[str, Any]) -> Drawn:
    return Drawn(
        int(data["prompt"]),
        int(data["seed"]),
        _file(data["file"]),
        float(data["likeness"]),
        float(data["obedience"]),
    )


def _file(text: Any) -> str:
    """Refuse what is not a file in one of the folder's own two."""
    path = Path(str(text))
    if len(path.parts) != 2 or path.parts[0] not in {"training", "pictures"}:
        raise ValueError(text)
    if path.suffix != ".png" or ".." in path.parts:
        raise ValueError(text)
    return str(text)


def _check(found: Evaluation) -> None:
    """Raise a ValueError where there is no candidate, or a picture of no prompt."""
    pictures = [one for subject in (found.word, *found.candidates) for one in subject.pictures]
    if not found.candidates or not all(0 <= one.prompt < len(found.prompts) for one in pictures):
        raise ValueError(NAME)

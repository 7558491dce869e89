"""An evaluation as HTML: a whole document with its pictures inside, or what a page shows. Light.

The Jinja2 template beside this file escapes every value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from textual_inversion.evaluation.snapshots.record import GOALS, Evaluation, Goal, Subject
from textual_inversion.runs.past.report import data_url, render, whole_document

_TEMPLATES = Path(__file__).with_name("templates")
_MOST_SHOWN = 6
Picture = Callable[[Path], str]


@dataclass(frozen=True)
class Choice:
    """The candidate that is best for a goal."""

    goal: Goal
    subject: Subject
    pictures: tuple[tuple[str, str], ...]
    """Some of its pictures as (URL, prompt)."""
    number: int
    """Its place among the candidates."""


@dataclass(frozen=True)
class Row:
    """A prompt, with the pictures of every subject as lists of (URL, title)."""

    prompt: str
    cells: tuple[tuple[tuple[str, str], ...], ...]


def report_html(evaluation: Evaluation, folder: Path) -> str:
    """Write one HTML file on an evaluation, for any browser, with smaller pictures inside."""
    body = evaluation_html(evaluation, folder, picture=data_url)
    return whole_document(f"{evaluation.name}, evaluated", body)


def evaluation_html(
    evaluation: Evaluation, folder: Path, *, picture: Picture, button: str = "", key: str = ""
) -> Markup:
    """Draw an evaluation whose files are in `folder`.

    `picture` gives a picture's URL; "": it cannot be shown. `button` is what the button beside each
    choice says; without, there is none. `key` names the evaluation to what hears that button.
    """
    shown = _Shown(evaluation, folder, picture)
    return render(
        "evaluation",
        folder=_TEMPLATES,
        evaluation=evaluation,
        button=button,
        key=key,
        choices=[shown.choice(goal) for goal in GOALS],
        best={goal: evaluation.best(goal).label for goal in GOALS},
        others=list(evaluation.word.others),
        subjects=[evaluation.word, *evaluation.candidates],
        training=[url for file in evaluation.training if (url := shown.url(file))],
        rows=shown.rows(),
    )


class _Shown:
    """Finds the URLs of an evaluation's pictures; each is asked for once."""

    def __init__(self, evaluation: Evaluation, folder: Path, picture: Picture) -> None:
        self._evaluation = evaluation
        self._folder = folder
        self._picture = picture
        self._urls: dict[str, str] = {}

    def url(self, file: str) -> str:
        """Return the URL of a file below the folder."""
        if file not in self._urls:
            self._urls[file] = self._picture(self._folder / file)
        return self._urls[file]

    def choice(self, goal: Goal) -> Choice:
        """Find the best for a goal, with some pictures evenly chosen."""
        found = self._evaluation.best(goal)
        every = max(len(found.pictures) // _MOST_SHOWN, 1)
        some = found.pictures[::every][:_MOST_SHOWN]
        pictures = tuple((self.url(one.file), self._prompt(one.prompt)) for one in some)
        return Choice(goal, found, pictures, self._evaluation.candidates.index(found))

    def rows(self) -> list[Row]:
        """List the prompts, each with the pictures of all subjects beside one another."""
        subjects = [self._evaluation.word, *self._evaluation.candidates]
        return [
            Row(prompt, tuple(self._cell(subject, number) for subject in subjects))
            for number, prompt in enumerate(self._evaluation.prompts)
        ]

    def _cell(self, subject: Subject, prompt: int) -> tuple[tuple[str, str], ...]:
        return tuple(
            (
                self.url(one.file),
                f"{subject.label}, {self._prompt(prompt)}: likeness {one.likeness:.2f}, obedience "
                f"{one.obedience:.2f}",
            )
            for one in subject.pictures
            if one.prompt == prompt
        )

    def _prompt(self, number: int) -> str:
        name = self._evaluation.name
        return self._evaluation.prompts[number].replace("[name]", f"<{name}>")

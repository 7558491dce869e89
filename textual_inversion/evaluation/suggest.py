"""Words for the initialization text: ranked by the base model's own loss on the user's pictures.

The word under which a frozen model denoises a picture best describes it best: the classifier of
arXiv:2303.16203, with many classes. All words see the same noise, which takes most of the chance
out of their differences, and words far behind after few draws are dropped (successive halving,
arXiv:1502.07943).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from textual_inversion.data.folder import Item, read_folder
from textual_inversion.data.resizing import Fit
from textual_inversion.errors import SettingsError
from textual_inversion.evaluation.candidates import list_words, read_words
from textual_inversion.evaluation.word_loss import Draws, text_losses
from textual_inversion.events import Event, Loading, Progressed, Started
from textual_inversion.models.base import BaseModel
from textual_inversion.models.downloads.model import fetch_for_job
from textual_inversion.models.opening import open_model
from textual_inversion.runs.requests import Control
from textual_inversion.settings import SuggestSettings
from textual_inversion.settings.base import PROMPT_TOKENS
from textual_inversion.storage.paths import find_folder

NUM_SHOWN = 10
_PLACE = "[name]"
_FIRST_DRAWS = 4
_MORE_DRAWS = 4  # times as many in each round
_KEPT = 1 / 6
_FEWEST = 24
# Large models see fewer pictures at once.
_LARGE_PX = 256
_AT_ONCE = {False: 16, True: 4}


@dataclass(frozen=True)
class Suggestion:
    """A word and its mean loss; `gain` is by what share the loss is lower than without a word."""

    word: str
    loss: float
    gain: float


@dataclass(frozen=True)
class Round:
    """Draws to add for each word, and how many of the best words stay afterwards."""

    draws: range
    num_words: int


def plan_rounds(num_words: int, num_draws: int) -> list[Round]:
    """Lay out the rounds; `num_words` of each is how many it begins with."""
    rounds: list[Round] = []
    done = 0
    while done < num_draws:
        target = min(num_draws, done * _MORE_DRAWS if done else _FIRST_DRAWS)
        rounds.append(Round(range(done, target), num_words))
        done = target
        num_words = min(num_words, max(_FEWEST, int(num_words * _KEPT)))
    return rounds


def suggest_words(
    settings: SuggestSettings, control: Control
) -> Generator[Event, None, list[Suggestion]]:
    """Rank words; the generator returns the best ones, and none when it was asked to stop.

    Raises:
        SettingsError: The prompt has no [name].
        DatasetError: The folder has no pictures that can be used.
        ModelError: The base model cannot be opened.
    """
    if _PLACE not in settings.prompt:
        raise SettingsError(
            f"The prompt {settings.prompt[:80]!r} has no {_PLACE}; write it where the word is to "
            "stand."
        )
    given = read_words(settings.words) if settings.words.strip() else []
    yield Loading("base model")
    model = open_model((yield from fetch_for_job(settings.model, control)))
    words = given or list_words(model.text.encoders[0].tokenizer, settings.most_words)
    _check_length(settings.prompt, given or words[:1], model)
    latents = yield from _encode(settings, model, control)
    if latents is None:
        return []
    rounds = plan_rounds(len(words), settings.draws)
    total = sum(len(one.draws) * one.num_words for one in rounds)
    yield Started("words", 0, total)
    ranking = _Ranking(settings, model, Draws.make(model, latents, settings.draws), words)
    for event in ranking.run(rounds, total):
        yield event
        if control.stopping:
            return []
    return ranking.best()


def _check_length(prompt: str, words: list[str], model: BaseModel) -> None:
    """Refuse texts of more than one chunk: what each word costs grows with their length."""
    for word in words:
        if model.text.num_chunks(_in_prompt(word, prompt), {}) > 1:
            raise SettingsError(
                f"The prompt {prompt[:80]!r} takes more than {PROMPT_TOKENS} tokens with the word "
                f"{word[:80]!r}; shorten the longer one."
            )


def _in_prompt(word: str, prompt: str) -> str:
    return " ".join(prompt.replace(_PLACE, word).split())


def _encode(
    settings: SuggestSettings, model: BaseModel, control: Control
) -> Generator[Event, None, torch.Tensor | None]:
    """Encode the pictures one by one: (N, C, H, W), scaled; None when asked to stop."""
    folder = Path(settings.folder)
    folder = folder if folder.exists() else find_folder(settings.folder)
    yield Loading(f"pictures of {folder}")
    rows: list[torch.Tensor] = []
    for found in read_folder(folder, Fit(model.info.size, model.info.size)):
        if isinstance(found, Item):
            rows.append(model.scale_latents(model.encode_pictures([found.picture]).mean).cpu())
            yield Loading(f"pictures ({len(rows)})")
        else:
            yield found
        if control.stopping:
            return None
    return torch.cat(rows)


class _Ranking:
    """The losses of words, summed over the draws so far."""

    def __init__(
        self, settings: SuggestSettings, model: BaseModel, draws: Draws, words: list[str]
    ) -> None:
        self.settings = settings
        self.model = model
        self.draws = draws
        self.words = words
        self.sums = torch.zeros(len(words), dtype=torch.float64)
        self.left = list(range(len(words)))
        self.without = 0.0
        self.num_draws = 0
        self.done = 0

    def run(self, rounds: list[Round], total: int) -> Iterator[Event]:
        """Score the words that are left on more draws, round after round."""
        for one in rounds:
            if one.num_words < len(self.left):
                order = self.sums[self.left].argsort()[: one.num_words].tolist()
                self.left = [self.left[index] for index in order]
            words = [*(self.words[index] for index in self.left), ""]
            texts = [_in_prompt(word, self.settings.prompt) for word in words]
            yield from self._score(texts, one.draws, total)
            self.num_draws += len(one.draws)

    def best(self) -> list[Suggestion]:
        """Return the best words, the one of lowest loss first."""
        without = self.without / self.num_draws
        order = sorted(self.left, key=lambda index: float(self.sums[index]))
        means = [(self.words[i], float(self.sums[i]) / self.num_draws) for i in order[:NUM_SHOWN]]
        return [Suggestion(word, mean, 1 - mean / without) for word, mean in means]

    def _score(self, texts: list[str], which: range, total: int) -> Iterator[Event]:
        """Add the losses of the words that are left, and last of the text without a word."""
        large = self.model.info.size > _LARGE_PX
        at_once = self.settings.pictures_at_once or _AT_ONCE[large]
        for index, losses in text_losses(self.model, texts, self.draws, which, at_once):
            if index < 0:
                yield Progressed(min(self.done, total), total)
            elif index < len(self.left):
                self.sums[self.left[index]] += float(losses.double().sum())
                self.done += len(which)
            else:
                self.without += float(losses.double().sum())
        yield Progressed(self.done, total)

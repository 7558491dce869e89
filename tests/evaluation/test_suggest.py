import pytest
import torch
from PIL import Image

from tests.generators import drained
from textual_inversion.errors import DatasetError, SettingsError
from textual_inversion.evaluation.suggest import plan_rounds, suggest_words
from textual_inversion.evaluation.word_loss import Draws, text_losses
from textual_inversion.events import Progressed
from textual_inversion.models.opening import open_model
from textual_inversion.runs.requests import Control
from textual_inversion.settings import SuggestSettings


@pytest.fixture
def chosen(home, stacks):
    (home / "photos").mkdir()
    Image.new("RGB", (64, 64), "red").save(home / "photos" / "red.png")
    return {"folder": "photos", "model": str(stacks["sd1"]), "draws": 8}


def suggest(control=None, **settings):
    job = suggest_words(SuggestSettings.build(settings), control or Control())
    events, found = drained(job)
    return found, events


def test_rounds_begin_with_all_words_and_end_with_all_draws():
    rounds = plan_rounds(2660, 64)
    assert [(len(one.draws), one.num_words) for one in rounds] == [(4, 2660), (12, 443), (48, 73)]
    assert [one.draws.start for one in rounds] == [0, 4, 16]
    assert [(len(one.draws), one.num_words) for one in plan_rounds(3, 2)] == [(2, 3)]


def test_any_first_draws_are_spread_over_the_timesteps(stacks):
    model = open_model(str(stacks["sd1"]))
    latents = torch.randn(3, 4, 8, 8)
    timesteps = Draws.make(model, latents, 8).timesteps
    assert sorted(step // 250 for step in timesteps[:4].tolist()) == [0, 1, 2, 3]
    assert Draws.make(model, latents, 4).timesteps.equal(timesteps[:4])


@pytest.mark.parametrize("count", [2, 4, 5])
def test_every_picture_is_seen_with_much_noise_and_with_little(stacks, count):
    model = open_model(str(stacks["sd1"]))
    latents = torch.arange(count).float().view(-1, 1, 1, 1).expand(-1, 4, 8, 8)
    draws = Draws.make(model, latents, 32)
    noise = Draws.make(model, torch.zeros(1, 4, 8, 8), 32).noisy
    scale = model.alphas_cumprod[draws.timesteps].sqrt().view(-1, 1, 1, 1)
    shown = ((draws.noisy - noise) / scale).mean((1, 2, 3)).round().int()
    late = draws.timesteps >= 500
    assert set(shown[late].tolist()) == set(shown[~late].tolist()) == set(range(count))


def test_the_loss_of_a_text_does_not_depend_on_those_beside_it(stacks):
    model = open_model(str(stacks["sd1"]))
    draws = Draws.make(model, torch.randn(2, 4, 8, 8), 3)

    def losses(texts, at_once):
        found = text_losses(model, texts, draws, range(3), at_once)
        return {texts[place]: row for place, row in found if place >= 0}

    together, alone = losses(["a cat", "a dog"], 4), losses(["a dog"], 1)
    assert torch.allclose(together["a dog"], alone["a dog"], rtol=1e-4)
    assert not torch.allclose(together["a dog"], together["a cat"], rtol=1e-4)


@pytest.mark.slow
def test_the_words_come_by_their_losses_with_what_they_gain(chosen):
    found, events = suggest(**chosen)
    assert {one.word for one in found} == {"photo", "cat", "dog", "red", "blue", "house"}
    assert [one.loss for one in found] == sorted(one.loss for one in found)
    without = {round(one.loss / (1 - one.gain), 6) for one in found}
    assert len(without) == 1
    last = events[-1]
    assert isinstance(last, Progressed)
    assert (last.done, last.total) == (48, 48)


def test_words_given_by_hand_are_ranked_alone(chosen):
    found, _ = suggest(**chosen, words="red house, cat")
    assert {one.word for one in found} == {"red house", "cat"}


def test_a_stop_gives_nothing(chosen):
    control = Control()
    control.stop.set()
    assert suggest(control, **chosen)[0] == []


@pytest.mark.parametrize(
    "given",
    [{"prompt": "cat " * 25_000 + "[name]"}, {"words": "red, " + "cat " * 100}],
)
def test_a_text_of_more_than_one_chunk_is_refused(chosen, given):
    with pytest.raises(SettingsError, match=r"takes more than 75 tokens .* shorten the longer"):
        suggest(**chosen | given)


@pytest.mark.parametrize("prompt", ["a (([name] [dog", "([name]:abc) ]", "a \0 [name]"])
def test_brackets_are_text_in_the_prompt_that_words_are_tried_in(chosen, prompt):
    found, _ = suggest(**chosen | {"prompt": prompt, "words": "cat, dog", "draws": 1})
    assert {one.word for one in found} == {"cat", "dog"}


def test_what_is_missing_is_said(chosen):
    with pytest.raises(SettingsError, match=r"The prompt 'a cat' has no \[name\]"):
        suggest(**{**chosen, "prompt": "a cat"})
    with pytest.raises(DatasetError, match="There is no folder nowhere"):
        suggest(**{**chosen, "folder": "nowhere"})

"""What the preview scrubber is given of a run's previews."""

import pytest
from PIL import Image

from textual_inversion.events import Previewed
from textual_inversion.runs.state import Run
from webui.train.scrubber import previews_html, shown


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Draws a run with previews, each (step, prompt, without)."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "page"))

    def make(*previews, beside="start"):
        made = Run(kind="train", folder=str(tmp_path))
        (tmp_path / "settings.json").write_text(f'{{"preview_beside": "{beside}"}}')
        for at, (step, prompt, without) in enumerate(previews):
            path = tmp_path / f"{at}.png"
            Image.new("RGB", (8, 8), (at, 0, 0)).save(path)
            made.apply(Previewed(step, str(path), prompt, without))
        return made

    return make


def test_previews_lie_by_prompt_and_step(run):
    found = shown(run((2, "a cat", False), (2, "a dog", False), (4, "a cat", False)))
    assert (found["steps"], found["beside"]) == ([2, 4], "")
    cat, dog = found["prompts"]
    assert (cat["text"], [len(cat["at"][step]) for step in (2, 4)]) == ("a cat", [1, 1])
    assert [len(dog["at"][step]) for step in (2, 4)] == [1, 0]
    full, small = cat["at"][4][0]
    assert full.endswith(".png")
    assert small.endswith(".webp")


def test_what_is_drawn_without_stands_with_its_prompt_though_its_words_differ(run):
    previews = [(0, "a toy", True), (0, "toy style", True), (2, "a <x>", False), (2, "<x>", False)]
    found = shown(run(*previews))
    assert found["beside"] == "start"
    assert all(len(prompt["beside"]) == 1 for prompt in found["prompts"])
    assert found["prompts"][0]["beside"] != found["prompts"][1]["beside"]


def test_of_many_steps_the_first_and_the_newest_stay(run):
    found = shown(run(*((step, "a cat", False) for step in range(1, 101))))
    assert (len(found["steps"]), found["steps"][0], found["steps"][-1]) == (40, 1, 100)


def test_several_pictures_of_a_prompt_are_kept_apart(run):
    found = shown(run((2, "a cat", False), (2, "a cat", False)))
    assert len(found["prompts"][0]["at"][2]) == 2


def test_a_prompt_stays_text(run):
    drawn = previews_html(run((2, '"><script>x</script>', False)))
    assert "<script>" not in drawn


def test_without_previews_it_says_when_they_come():
    assert "Previews appear here" in previews_html(None)

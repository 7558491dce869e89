from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.quality_bench.metrics import diversity, harmonic, score
from benchmarks.quality_bench.prompts import Asked, all_asked, few_asked

ASKED = [
    Asked("plain", "a *"),
    Asked("plain", "a *"),
    Asked("background", "a *, on blue", "blue"),
    Asked("background", "a *, on red", "red"),
    Asked("style", "a *, 3d style", "3d"),
    Asked("two", "two *"),
    Asked("beside", "a * beside a lion", "lion"),
]


def verdicts(subject=0.5, lion=0.4, **changed):
    concepts = np.tile([subject, 0.1], (len(ASKED), 1))
    concepts[-1] = [0.3, lion]
    said = {
        "concepts": concepts,
        "styles": ["flat"] * 4 + ["3d"] + ["flat"] * 2,
        "backgrounds": ["white", "white", "blue", "green", "white", "white", "white"],
        "counts": np.array([1, 1, 1, 1, 1, 2, 1]),
        "embeddings": np.tile([1.0, 0.0], (len(ASKED), 1)),
    }
    return SimpleNamespace(**{**said, **changed})


def scores(said, unseen_style="3d"):
    pictures = np.zeros((len(ASKED), 2, 2, 3), dtype=np.uint8)
    pictures[1] = 51
    return score(
        ASKED, said, pictures, concept=0, others={"lion": 1},
        shown=np.array([[1.0, 0.0], [0.0, 1.0]]), unseen_style=unseen_style,
    )  # fmt: skip


def test_each_score_is_read_from_its_own_prompts():
    found = scores(verdicts())
    assert (found.likeness, found.unseen_style) == (0.5, 0.5)
    assert (found.background, found.style, found.two) == (0.5, 1.0, 1.0)
    assert found.beside == pytest.approx(0.8)
    assert found.cosine == pytest.approx(0.5**0.5)
    assert found.diversity == pytest.approx(0.2)


def test_the_other_thing_counts_once_however_sure_the_judge_is():
    assert scores(verdicts(lion=0.7)).beside == 1.0


def test_obedience_and_likeness_are_both_needed():
    found = scores(verdicts())
    assert found.obedience == pytest.approx((0.5 + 1.0 + 0.8) / 3)
    assert found.harmonic == pytest.approx(harmonic(0.5, found.obedience))
    assert scores(verdicts(subject=0.0)).harmonic == 0.0


def test_a_style_that_was_not_asked_for_has_no_score():
    assert np.isnan(scores(verdicts(), unseen_style="sticker").unseen_style)


def test_equal_pictures_have_no_diversity():
    assert diversity(np.full((3, 2, 2, 3), 9, dtype=np.uint8)) == 0.0


def test_what_is_asked_covers_all_kinds_and_the_few_are_among_all():
    kinds = [asked.kind for asked in all_asked()]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "plain": 4, "background": 6, "style": 5, "two": 2, "beside": 3
    }  # fmt: skip
    assert set(few_asked()) <= set(all_asked())

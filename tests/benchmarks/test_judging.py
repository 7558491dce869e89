import pytest
import torch

from benchmarks.judging.art import SIDE, Art, training_rows, unseen_pairs
from benchmarks.judging.augment import NAMES, NO_NAME, draw_backgrounds, draw_pairs, draw_singles
from benchmarks.judging.checks import Check
from benchmarks.judging.network import Look
from tools.pocket_model.data import BACKGROUNDS, STYLES, Item

NAMED = torch.tensor(list(BACKGROUNDS.values())).float()


@pytest.fixture(scope="module")
def art():
    """Forty concepts in five styles: magenta squares."""
    names = [
        f"{group} {i}" for group in ("animals", "food", "objects", "travel") for i in range(10)
    ]
    pairs = [(name, style) for name in names for style in STYLES]
    items = [Item(i, name, style, name.split()[0], ()) for i, (name, style) in enumerate(pairs)]
    pixels = torch.zeros(len(items), 4, SIDE, SIDE, dtype=torch.uint8)
    pixels[:, [0, 2, 3], 20:44, 20:44] = 255
    concepts = torch.arange(len(names)).repeat_interleave(len(STYLES))
    return Art(pixels, items, names, concepts, torch.arange(len(STYLES)).repeat(len(names)))


def furthest(kind):
    colours, labels = draw_backgrounds(300, torch.Generator().manual_seed(0), kind)
    off = (colours[:, :, 0, 0] * 255 - NAMED[labels]).abs()
    # At the ends of the scale a colour cannot be further off.
    inside = (NAMED[labels] >= 24) & (NAMED[labels] <= 231)
    return off[inside].min().round().item(), off[inside].max().round().item()


def test_colours_that_are_checked_are_never_trained_on():
    assert furthest("training") == (0, 16)
    assert furthest("checking") == (17, 24)


def test_strange_backgrounds_are_far_from_all_names():
    colours, labels = draw_backgrounds(100, torch.Generator().manual_seed(0), "strange")
    assert (labels == NO_NAME).all()
    assert torch.cdist(colours[:, :, 0, 0] * 255, NAMED).min() > 60


def test_unseen_styles_are_not_trained_on_and_judged_concepts_keep_all(art):
    unseen, rows = unseen_pairs(art.items), set(training_rows(art.items))
    missing = {(one.concept, one.style) for one in art.items if one.index not in rows}
    assert missing == set(unseen.items())
    assert len(missing) == 1  # of the ten that are not judged, one in eight


def test_a_lone_thing_stands_on_its_background_and_is_labelled(art):
    sample = draw_singles(art, [0, 7], torch.Generator().manual_seed(1), "training")
    assert sample.concepts.tolist() == [[0, 0], [1, 1]]
    assert sample.styles.tolist() == [0, 2]
    assert sample.counts.tolist() == [0, 0]
    corner = (sample.pixels[:, :, 0, 0] + 1) * 127.5
    assert (corner - NAMED[sample.backgrounds]).abs().max() < 50
    assert sample.pixels.abs().max() <= 1


def test_two_things_leave_the_middle_free(art):
    draw = torch.Generator().manual_seed(1)
    sample = draw_pairs(art, [0], [9], draw, "training")
    assert (sample.concepts.tolist(), sample.counts.tolist()) == ([[0, 1]], [1])
    across = (sample.pixels[0] - sample.pixels[0, :, :1, :1]).abs().sum(0).amax(0) > 0.3
    left, right = across.split(SIDE // 2)
    assert [left.any().item(), right.any().item(), left[-1].item()] == [True, True, False]


def test_a_pair_is_right_when_both_are_the_likeliest(art):
    draw = torch.Generator().manual_seed(1)
    sample = draw_pairs(art, [0, 0, 0], [9, 9, 3], draw, "training")
    concepts = torch.zeros(3, len(art.names))
    concepts[0, :2] = torch.tensor([1.0, 2.0])
    concepts[1, [0, 5]] = 1.0
    concepts[2, 0] = 1.0
    rest = torch.zeros(3, len(NAMES))
    look = Look(concepts, rest[:, :5], rest, rest[:, :2], rest)
    assert Check("", sample, look).hits.tolist() == [True, False, True]

import numpy as np
import pytest
from PIL import Image

from textual_inversion.embeddings.formats.png_overlay import caption

GREY = Image.new("RGB", (300, 200), (128, 128, 128))
NOTHING = ("", "", "")


def white(picture, *, left, top, right, bottom):
    return bool((np.asarray(picture)[top:bottom, left:right].min(axis=2) > 250).any())


def test_without_words_only_the_gradient_darkens_the_picture():
    found = np.asarray(caption(GREY, "", NOTHING))
    column = found[:, 0, 0].astype(int)
    assert (found == column[:, None, None]).all()
    assert [column[0], column[100] > 80, column[199] < 20] == [0, True, True]


def test_the_title_is_at_the_top_and_the_footers_share_the_last_line():
    found = caption(GREY, "<cat>", ("left", "[middle]", "8v 500s"))
    corners = [(0, 60), (120, 180), (240, 300)]
    assert [white(found, left=a, top=170, right=b, bottom=200) for a, b in corners] == [True] * 3
    assert white(found, left=0, top=0, right=60, bottom=80)
    assert not white(found, left=0, top=90, right=300, bottom=165)


@pytest.mark.parametrize("text", ["<" + "long" * 40 + ">", "two\nlines", "猫"])
def test_any_text_stays_inside(text):
    found = caption(GREY, text, (text, text, text))
    assert (found.mode, found.size) == ("RGB", GREY.size)


def test_the_given_picture_is_left_as_it_was():
    before = GREY.tobytes()
    caption(GREY, "<cat>", ("a", "b", "c"))
    assert GREY.tobytes() == before

import pytest
from hypothesis import given, strategies as st

from textual_inversion.images.file_names import words_of_file_name


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("00012-0-2girls", "2girls"),
        ("2girls", "2girls"),
        ("000001-1-a man in suit", "a man in suit"),
        ("00000-0-01-cat", "cat"),
        ("01 - cat", "cat"),
        ("7_red cat", "red cat"),
        ("3d-cat", "3d-cat"),
        ("00", ""),
        ("00012-0-00", ""),
        ("00012-0", ""),
        (" cat ", "cat"),
    ],
)
def test_only_counting_is_taken_off_a_file_name(stem, words):
    assert words_of_file_name(stem) == words


@given(st.text("aé1-_ .,", min_size=1))
def test_a_prepared_picture_keeps_the_words_of_its_source(words):
    assert words_of_file_name(f"00003-1-{words}") == words_of_file_name(words)


@pytest.mark.parametrize(
    "stem",
    ["IMG_20230603_112233", "00000-0-IMG_1234", "DSC01234", "_DSC0042", "P1010023", "GX010123",
     "PXL_20230603_112233445.MP", "IMG-20230603-WA0012", "20230603_112233", "image (3)", "photo1",
     "frame_0012", "Untitled-1", "Screenshot 2023-06-03 112233", "a3f5c9e0b1d2",
     "WhatsApp Image 2023-06-03 at 11.22.33", "d41d8cd98f00b204e9800998ecf8427e",
     "550e8400-e29b-41d4-a716-446655440000", "DSC_0042 (1)"],
)  # fmt: skip
def test_cameras_counters_and_hashes_give_no_words(stem):
    assert words_of_file_name(stem) == ""


@pytest.mark.parametrize(
    "stem",
    ["a photo of a dog", "2girls, smile", "a_red_house", "boeing 747", "half-life 2", "t-shirt",
     "mp3 player", "r2d2", "dog's house", "猫", "красный дом 2", "sam"],
)  # fmt: skip
def test_words_stay_as_they_are_written(stem):
    assert words_of_file_name(stem) == stem


@pytest.mark.parametrize(
    ("stem", "words"),
    [("IMG_1234 red cat", "red cat"), ("cat_03", "cat"), ("cat (3)", "cat"), ("dog1", "dog"),
     ("2girls, IMG_1234, smile", "2girls, smile")],
)  # fmt: skip
def test_what_only_counts_is_left_out_beside_words(stem, words):
    assert words_of_file_name(stem) == words

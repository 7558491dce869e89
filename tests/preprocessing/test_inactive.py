import pytest

from preprocessing.inactive import inactive_choices, without_inactive
from textual_inversion.settings import PreprocessSettings


def asked(**choices):
    return PreprocessSettings(source="a", destination="b", **choices)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({}, []),
        ({"split_oversized": True, "split_overlap": 0.5}, []),
        (
            {"split_overlap": 0.5},
            ["Split image overlap ratio has no effect while Split oversized images is off."],
        ),
        (
            {"output_format": "captions", "flipped_copies": "both", "existing_captions": "copy"},
            ["Create flipped copies has no effect while only captions are written."],
        ),
        (
            {"keep_original_size": True, "width": 64},
            ["Width has no effect while pictures keep their original size."],
        ),
        ({"keep_original_size": True, "width": 64, "split_oversized": True}, []),
        ({"caption": ("blip",), "caption_num_beams": 3}, []),
        (
            {"caption_batch": 2},
            ["Pictures captioned at once has no effect while Captioners is empty."],
        ),
        (
            {"caption": ("wd14",), "caption_num_beams": 3},
            ["Number of beams has no effect while Captioners has no blip or lavis."],
        ),
        (
            {"keep_alpha": True, "output_format": "jpeg"},
            ["JPEG files have no transparency to keep; choose PNG or WebP for it."],
        ),
    ],
)
def test_a_choice_without_effect_is_said(choices, said):
    assert list(inactive_choices(asked(**choices))) == said


def test_what_has_no_effect_makes_no_difference():
    assert without_inactive(asked(auto_size_min=64, focal_crop_debug=True)) == asked()
    assert without_inactive(asked(auto_sized_crop=True, auto_size_min=64)).auto_size_min == 64

from PIL import Image

from preprocessing.cropping.border_colors import without_border_colors


def picture(*, subject="red"):
    """A grey ground with a lighter stripe from rim to rim, and a subject in the middle."""
    image = Image.new("RGB", (96, 64), (90, 90, 90))
    image.paste((200, 200, 200), (0, 10, 96, 20))
    image.paste(subject, (40, 30, 60, 50))
    return image


def test_only_points_of_the_subject_are_kept():
    assert without_border_colors([(5, 5), (50, 40), (48, 15), (45, 35)], picture()) == [
        (50, 40),
        (45, 35),
    ]


def test_a_subject_in_the_colours_of_the_ground_loses_no_point():
    points = [(5, 5), (50, 40), (95, 63)]
    assert without_border_colors(points, picture(subject=(200, 200, 200))) == points


def test_no_points_and_the_smallest_picture_are_borne():
    assert without_border_colors([], picture()) == []
    assert without_border_colors([(1, 1)], Image.new("RGB", (1, 1))) == [(1, 1)]

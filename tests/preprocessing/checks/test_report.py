import threading

import pytest
from PIL import Image

from preprocessing.checks.image_checks import Finding
from preprocessing.checks.report import Purpose, SizeCount, check, check_settings
from tests.generators import drained
from textual_inversion.data.folder import read_folder
from textual_inversion.data.resizing import Fit
from textual_inversion.errors import DatasetError
from textual_inversion.events import Progressed, Started
from textual_inversion.settings import CheckSettings

CAPTIONS = ("a red house by the sea", "a dog with a house", "my house at night")


@pytest.fixture
def folder(tmp_path):
    """Three sharp, different pictures with captions."""
    for k, caption in enumerate(CAPTIONS):
        picture = Image.effect_noise((64, 64), 90).convert("RGB")
        picture.paste(("red", "green", "blue")[k], (k * 16, 0, k * 16 + 32, 40))
        picture.save(tmp_path / f"{k}.png")
        (tmp_path / f"{k}.txt").write_text(caption)
    return tmp_path


def returned(events):
    return drained(events)[1]


def report_of(folder, *, size=32, **choices):
    return returned(check(folder, Purpose(size, size, **choices)))


def found(folder, *, kind=None, **choices):
    """The findings of a kind, or all kinds that were found."""
    findings = report_of(folder, **choices).findings
    return [f for f in findings if f.kind == kind] if kind else [f.kind for f in findings]


def paint(folder, name, *, size=(64, 64), mode="RGB"):
    Image.effect_noise(size, 90).convert(mode).save(folder / name)
    (folder / name).with_suffix(".txt").touch()
    return folder / name


def test_a_good_folder_has_nothing_but_what_all_captions_say(folder):
    report = report_of(folder)
    assert (report.num_pictures, report.num_usable) == (3, 3)
    assert report.sizes == (SizeCount(64, 64, 3),)
    assert [(f.kind, f.pictures) for f in report.findings] == [("shared words", ())]
    assert report.findings[0].message.startswith(
        "Every caption contains house: the embedding will not"
    )


def test_a_word_that_one_caption_lacks_is_learned(folder):
    (folder / "1.txt").write_text("a dog")
    assert found(folder) == []


def test_an_unreadable_picture_is_named_with_its_reason(folder):
    (folder / "9.png").touch()
    path = folder / "9.png"
    reason = f"Picture {path} is an empty file; replace or remove it."
    assert found(folder, kind="unreadable") == [Finding("unreadable", reason, (path,))]


def test_a_small_picture_is_named_once(folder):
    small = paint(folder, "small.png", size=(31, 40))
    assert found(folder) == ["too small"]
    assert found(folder, kind="too small")[0].pictures == (small,)


def test_a_blurred_picture_is_named(folder):
    path = paint(folder, "soft.png")
    Image.linear_gradient("L").save(path)
    assert [f.pictures for f in found(folder, kind="blurred")] == [(path,)]


def test_near_duplicates_are_named_together(folder):
    with Image.open(folder / "1.png") as image:
        image.resize((60, 60)).save(folder / "copy.png")
    alike = found(folder, kind="near-duplicates")
    assert [f.pictures for f in alike] == [(folder / "1.png", folder / "copy.png")]


def test_an_extreme_shape_is_named(folder):
    path = paint(folder, "long.png", size=(300, 64))
    assert [f.pictures for f in found(folder, kind="extreme aspect")] == [(path,)]


@pytest.mark.parametrize(("alpha", "named"), [(255, False), (0, True)])
def test_only_what_can_be_seen_through_is_transparent(folder, alpha, named):
    path = paint(folder, "clear.png")
    with Image.open(path) as image:
        image.putalpha(alpha)
        image.save(path)
    assert bool(found(folder, kind="transparent")) is named


def test_a_missing_caption_is_named(folder):
    (folder / "1.txt").unlink()
    assert [f.pictures for f in found(folder, kind="no caption")] == [(folder / "1.png",)]
    assert found(folder, template_lines=["a [name]"]) == []


def test_what_each_picture_is_trained_with_is_said(folder):
    (folder / "1.txt").unlink()
    for name in ("IMG_20230603_112233.png", "a red cat.png"):
        paint(folder, name)
        (folder / name).with_suffix(".txt").unlink()
    (folder / "2.txt").write_text("")
    lines = list(report_of(folder).lines())
    told = lines[lines.index("Each picture is trained with these words:") + 1 :]
    assert [line.rpartition("/")[2] for line in told] == [
        '0.png: "a red house by the sea"',
        "1.png: no words",
        "2.png: no words (an empty caption)",
        'a red cat.png: "a red cat" (of its file name)',
        "IMG_20230603_112233.png: no words",
    ]
    (finding,) = found(folder, kind="no caption")
    assert "3 of 5 pictures have no caption" in finding.message
    assert "and 2 of them have no words" in finding.message
    assert report_of(folder, template_lines=["a [name]"]).picture_captions == ()


def test_a_caption_with_the_name_is_named(folder):
    findings = found(folder, kind="name in caption", name="Dog")
    assert [f.pictures for f in findings] == [(folder / "1.png",)]
    assert "(Dog) is already in 1 caption," in findings[0].message


def test_a_caption_that_is_too_long_with_its_template_is_named(folder):
    (folder / "2.txt").write_text("word " * 74)
    lines = ["[filewords]", "a photo of [name], [filewords]"]
    measure = {"count_tokens": lambda text: len(text.split())}
    long = found(folder, kind="long caption", name="x", template_lines=lines, **measure)
    assert [f.pictures for f in long] == [(folder / "2.png",)]
    assert found(folder, kind="long caption", **measure) == []


def test_a_template_without_the_name_is_named(folder):
    findings = found(folder, kind="template", template_lines=["# about", "a [name]", "a photo", ""])
    assert [f.message for f in findings] == [
        "1 of the template's 2 lines have no [name], so the embedding would learn nothing from "
        'them: "a photo".'
    ]


def test_a_long_caption_is_found_beside_longer_lines_without_it(folder):
    (folder / "2.txt").write_text("word " * 74)
    lines = ["a [name] " + "word " * 60, "a photo of [name], [filewords]"]
    measure = {"count_tokens": lambda text: len(text.split())}
    long = found(folder, kind="long caption", name="x", template_lines=lines, **measure)
    assert [f.pictures for f in long] == [(folder / "2.png",)]


def test_too_few_pictures_are_said(folder):
    (folder / "0.png").unlink()
    (said,) = found(folder, kind="few pictures")
    assert said.message.startswith("Only 2 pictures are usable; from so few")


def test_every_picture_is_told_of_and_a_stop_ends_it(folder):
    told = list(check(folder, Purpose(32, 32)))
    paths = [str(folder / f"{k}.png") for k in range(3)]
    done = [Progressed(k, 3, source=path) for k, path in enumerate(paths, start=1)]
    assert told == [Started(str(folder), 0, 3), *done]
    stop = threading.Event()
    stop.set()
    assert list(check(folder, Purpose(32, 32), stop=stop)) == told[:1]


@pytest.mark.parametrize("name", ["samples/mammoth", "~nobody-at-all"])
def test_a_folder_is_found_as_training_finds_it(home, name):
    events = check_settings(CheckSettings(folder=name), size=32)
    if name == "samples/mammoth":
        assert returned(events).num_pictures == 5
    else:
        with pytest.raises(DatasetError, match="There is no folder ~nobody"):
            returned(events)


@pytest.mark.slow
def test_buckets_keep_the_shapes(folder):
    paint(folder, "wide.png", size=(600, 300))
    assert report_of(folder, size=512).buckets == (
        SizeCount(512, 512, 3),
        SizeCount(704, 320, 1),
    )


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1920, 1080), (600, 300), (100, 900), (333, 500)])
def test_the_buckets_are_those_that_training_uses(tmp_path, size):
    paint(tmp_path, "one.png", size=size)
    *_, item = read_folder(tmp_path, Fit(512, 512, sizes="buckets"))
    assert report_of(tmp_path, size=512).buckets == (SizeCount(*item.size, 1),)


def test_a_folder_without_pictures_is_said(tmp_path):
    with pytest.raises(DatasetError, match="holds no pictures"):
        report_of(tmp_path)


def test_the_settings_say_what_to_check(folder, tmp_path):
    (tmp_path / "bad.txt").write_text("a photo")
    asked = CheckSettings(folder=str(folder), template=str(tmp_path / "bad.txt"), height=64)
    report = returned(check_settings(asked, size=32))
    assert (report.width, report.height) == (32, 64)
    assert "No line of bad.txt has [name]" in report.findings[-1].message


def test_a_report_is_written_line_by_line(folder):
    for k in range(7):
        (folder / f"empty{k}.png").touch()
        paint(folder, f"thin{k}.png", size=(20, 64))
    lines = list(report_of(folder).lines())
    assert lines[0] == f"{folder}: 17 pictures, 10 usable, to be trained at 32 x 32"
    assert lines[1] == "Sizes: 20 x 64 (7), 64 x 64 (3)"
    assert f"    {folder / 'thin0.png'}" in lines
    assert "    and 2 more" in lines

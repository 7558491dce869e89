import pytest

from preprocessing.files.manifest import NAME, Entry, Manifest, fingerprint


@pytest.fixture
def picture(tmp_path):
    (tmp_path / "a.png").write_bytes(b"pixels")
    return tmp_path / "a.png"


def test_a_manifest_survives_its_file(tmp_path, picture):
    manifest = Manifest(tmp_path)
    manifest.add(picture, Entry("m", 3, ("00003-0-a.png", "00003-0-a.txt")))
    manifest.save()
    assert Manifest.read(tmp_path).entries == manifest.entries


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pictures": {"a": {"mark": 1}}}'])
def test_a_damaged_manifest_counts_as_empty(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    assert Manifest.read(tmp_path).entries == {}


def test_only_the_same_content_with_all_its_files_is_done(tmp_path, picture):
    manifest = Manifest(tmp_path)
    entry = Entry("m", 0, ("made.png",))
    manifest.add(picture, entry)
    assert manifest.done(picture, "m") is None
    (tmp_path / "made.png").touch()
    assert manifest.done(picture, "m") == entry
    assert manifest.done(picture, "other") is None
    assert manifest.done(tmp_path / "b.png", "m") is None


def test_numbers_stay_and_new_ones_fill_the_gaps(tmp_path):
    manifest = Manifest(tmp_path)
    for name, number in (("a", 0), ("c", 2)):
        manifest.add(tmp_path / name, Entry("m", number, ()))
    assert [manifest.number(tmp_path / name) for name in "abc"] == [0, 1, 2]


def test_what_was_not_replaced_is_told(tmp_path, picture):
    manifest = Manifest(tmp_path)
    assert manifest.add(picture, Entry("m", 0, ("0.png", "1.png"))) == set()
    assert manifest.add(picture, Entry("n", 0, ("0.png",))) == {"1.png"}


def test_a_mark_depends_on_pixels_words_and_settings(picture):
    marks = [fingerprint(picture, settings="s"), fingerprint(picture, settings="t")]
    picture.with_suffix(".txt").touch()
    marks.append(fingerprint(picture, settings="s"))
    picture.write_bytes(b"other pixels")
    marks.append(fingerprint(picture, settings="s"))
    assert len(set(marks)) == 4
    assert fingerprint(picture, settings="s") == marks[-1]


def test_a_file_that_cannot_be_read_has_no_mark(tmp_path):
    assert fingerprint(tmp_path / "gone.png", settings="s") == ""
    assert (
        Manifest(tmp_path, {str(tmp_path / "a"): Entry("", 0, ())}).done(tmp_path / "a", "") is None
    )

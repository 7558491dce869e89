"""What a browser sends becomes a data set, whole or not at all."""

import zipfile

import pytest
from PIL import Image

from preprocessing.files.received import Received, add_pictures
from textual_inversion.errors import DatasetError, StorageError


@pytest.fixture
def sent(tmp_path):
    """Make files as they arrive: each in a place of its own, under the name the browser told."""
    counts = iter(range(100))

    def make(name, data=None):
        path = tmp_path / f"upload{next(counts)}"
        if data is None:
            Image.new("RGB", (8, 8), "teal").save(path, "PNG")
        else:
            path.write_bytes(data)
        return Received(path, name)

    return make


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return Received(path, options.get("name", "cats.zip"))


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def nothing_remains(folder):
    return not folder.exists() and list(folder.parent.iterdir()) == []


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets" / "cats"


def test_pictures_captions_and_masks_keep_their_names(sent, folder):
    files = [sent("a.png"), sent("a.txt", b"a cat"), sent("a.mask.png"), sent("b.JPG")]
    added = add_pictures(files, folder)
    assert names(folder) == ["a.mask.png", "a.png", "a.txt", "b.jpg"]
    assert ([path.name for path in added.pictures], added.num_captions) == (["a.png", "b.jpg"], 1)
    assert list(folder.parent.iterdir()) == [folder]


def test_a_folder_is_laid_flat_but_for_repeats(sent, folder):
    sides = ["cats/front/1.png", "cats/side/1.png", "cats/3_tail/1.png"]
    add_pictures([sent(name) for name in [*sides, "cats/.hidden/2.png"]], folder)
    assert names(folder) == ["1-2.png", "1.png", "3_tail/1.png"]


def test_a_taken_name_is_not_replaced_and_its_caption_follows(sent, folder):
    add_pictures([sent("a.png"), sent("a.txt", b"old")], folder)
    add_pictures([sent("A.png"), sent("A.txt", b"new")], folder)
    assert names(folder) == ["A-2.png", "A-2.txt", "a.png", "a.txt"]
    assert (folder / "a.txt").read_bytes() == b"old"


def test_what_is_no_picture_is_left_out_and_named(sent, folder):
    files = [sent("a.png"), sent("b.png", b"no picture"), sent("notes.txt", b"x"), sent("c.exe")]
    assert sorted(add_pictures(files, folder).left_out) == ["b.png", "c.exe", "notes.txt"]
    assert names(folder) == ["a.png"]


def test_without_any_picture_nothing_is_made(sent, folder):
    with pytest.raises(DatasetError, match=r"No picture that can be read .*\(a.png and 1 more\)"):
        add_pictures([sent("a.png", b"x"), sent("b.txt", b"x")], folder)
    assert nothing_remains(folder)


def test_a_zip_is_unpacked(tmp_path, sent, folder):
    picture = sent("x").path.read_bytes()
    archive = zipped(tmp_path / "z", {"cats/a.png": picture, "cats/a.txt": b"x", "cats/": b""})
    assert len(add_pictures([archive], folder).pictures) == 1
    assert names(folder) == ["a.png", "a.txt"]


@pytest.mark.parametrize("member", ["../a.png", "/etc/a.png", "..\\a.png", "C:/a.png"])
def test_a_zip_that_names_a_place_outside_is_refused(tmp_path, sent, folder, member):
    picture = sent("x").path.read_bytes()
    archive = zipped(tmp_path / "z", {"good.png": picture, member: picture})
    with pytest.raises(DatasetError, match="a place outside of it; nothing was taken from it"):
        add_pictures([archive], folder)
    assert nothing_remains(folder)


@pytest.mark.slow
def test_a_bomb_is_stopped_before_it_is_unpacked(tmp_path, folder):
    archive = zipped(tmp_path / "z", {"a.png": bytes(30_000_000)})
    with pytest.raises(DatasetError, match="larger, all together, than what is taken at once"):
        add_pictures([archive], folder, max_bytes=10_000_000)
    assert archive.path.stat().st_size < 100_000
    assert nothing_remains(folder)


@pytest.mark.slow
def test_a_zip_of_100_000_files_is_refused_by_its_list(tmp_path, folder):
    archive = zipped(tmp_path / "z", {f"{number}.png": b"" for number in range(100_000)})
    with pytest.raises(DatasetError, match="holds 100,000 files, more than the 10,000"):
        add_pictures([archive], folder)
    assert nothing_remains(folder)


def test_too_many_files_are_refused(sent, folder):
    with pytest.raises(DatasetError, match="too many files; add them in smaller parts"):
        add_pictures([sent(f"{number}.png") for number in range(4)], folder, max_files=3)
    assert nothing_remains(folder)


@pytest.mark.parametrize("damage", [b"", b"PK\x05\x06", b"PK\x03\x04" + bytes(100)])
def test_a_damaged_zip_is_one_sentence(sent, folder, damage):
    with pytest.raises(DatasetError, match=r"The zip cats\.zip is damaged \(.*\); make it anew"):
        add_pictures([sent("cats.zip", damage)], folder)
    assert nothing_remains(folder)


def test_an_encrypted_zip_is_one_sentence(tmp_path, sent, folder):
    archive = zipped(tmp_path / "z", {"a.png": b"x"})
    data = bytearray(archive.path.read_bytes())
    data[data.index(b"PK\x03\x04") + 6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DatasetError, match=r"The zip cats\.zip is encrypted; unpack it first"):
        add_pictures([sent("cats.zip", bytes(data))], folder)


def test_a_failure_half_way_takes_back_what_was_moved(sent, folder, monkeypatch):
    add_pictures([sent("old.png")], folder)
    (folder / "b.png").mkdir()  # in the way of the second picture
    with pytest.raises(StorageError, match="Could not write"):
        add_pictures([sent("a.png"), sent("b.png")], folder)
    assert names(folder) == ["old.png"]
    assert [path.name for path in folder.parent.iterdir()] == ["cats"]


@pytest.mark.parametrize("name", ["../../x.png", "/x.png", "a\nb.png", "..png", "C:\\x.png", "."])
def test_no_name_leads_out_of_the_folder(sent, folder, name):
    add_pictures([sent("plain.png"), sent(name)], folder)
    assert all("\n" not in path.name for path in folder.iterdir())
    assert list(folder.parent.iterdir()) == [folder]

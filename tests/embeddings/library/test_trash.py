"""What is deleted comes back as it was, and nothing is overwritten by it."""

import json
import shutil

import pytest

from tests.embeddings.formats.samples import facts, sd1
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError, StorageError


@pytest.fixture
def folder(tmp_path):
    formats.write(sd1(), tmp_path / "animals" / "cat.pt")
    (tmp_path / "animals" / "cat.preview.png").write_bytes(b"picture")
    return tmp_path


@pytest.fixture
def library(folder):
    return Library(folder)


def shown(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.glob("[!.]*/*"))


def test_deleting_takes_the_picture_along_and_undoing_brings_both_back(library, folder):
    before = shown(folder)
    library.delete("cat")
    assert (library.list(), shown(folder)) == ([], [])
    assert library.undelete() == folder / "animals" / "cat.pt"
    assert shown(folder) == before
    assert facts(library.load("cat")) == facts(sd1())
    assert library.deleted() == []


def test_what_has_taken_the_place_stays(library, folder):
    library.delete("cat")
    formats.write(sd1("cat", 1), folder / "animals" / "cat.pt")
    assert library.undelete("cat") == folder / "animals" / "cat-2.pt"
    assert [(e.name, e.num_vectors) for e in library.list()] == [("cat", 1), ("cat-2", 2)]
    assert (folder / "animals" / "cat-2.preview.png").is_file()


def test_the_last_or_the_one_of_a_name_comes_back(library, folder):
    for name in ("dog", "owl"):
        formats.write(sd1(name), folder / f"{name}.pt")
    for name in ("cat", "dog", "owl"):
        library.delete(name)
    assert [one.name for one in library.deleted()] == ["owl", "dog", "cat"]
    assert library.undelete("<dog>").name == "dog.pt"
    assert library.undelete().name == "owl.pt"


def test_a_shared_picture_stays_with_the_other_file(library, folder):
    formats.write(sd1(), folder / "animals" / "cat.safetensors")
    library.delete("cat.safetensors")
    assert shown(folder) == ["animals/cat.preview.png", "animals/cat.pt"]


def test_nothing_to_undo_is_said(library):
    with pytest.raises(EmbeddingError, match=r"Nothing was deleted from .*; there is nothing"):
        library.undelete()
    library.delete("cat")
    with pytest.raises(EmbeddingError, match=r"Nothing called 'cta' .*; choose cat\."):
        library.undelete("cta")


@pytest.mark.parametrize("place", ["..", "/tmp", "a/../../b"])
def test_a_note_that_leads_out_of_the_folder_is_not_followed(library, place):
    note = library.delete("cat").folder / "deleted.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "place": place}))
    assert library.deleted() == []


def test_a_file_that_cannot_be_moved_leaves_all_as_it_was(library, folder, monkeypatch):
    before, move = shown(folder), shutil.move

    def failing(source, target):
        if str(source).endswith("animals/cat.preview.png"):
            raise OSError(28, "No space left on device")
        return move(source, target)

    monkeypatch.setattr(shutil, "move", failing)
    with pytest.raises(StorageError, match="Could not delete .* Free some space"):
        library.delete("cat")
    assert (shown(folder), library.deleted()) == (before, [])

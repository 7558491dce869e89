"""What files hold is remembered on disk, and never believed against the files."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.embeddings.formats.samples import sd1, sdxl
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library, index


@pytest.fixture
def folder(tmp_path):
    formats.write(sd1(), tmp_path / "embeddings" / "cat.pt")
    (tmp_path / "embeddings" / "bad.pt").write_bytes(b"bad")
    return tmp_path / "embeddings"


@pytest.fixture
def read(monkeypatch):
    """The names of the files that were read."""
    names, read_content = [], index.read_content

    def noting(path):
        names.append(path.name)
        return read_content(path)

    monkeypatch.setattr(index, "read_content", noting)
    return names


def test_another_program_reads_only_what_has_changed(folder, read):
    before = Library(folder).list()
    assert Library(folder).list() == before
    formats.write(sd1("dog"), folder / "dog.pt")
    formats.write(sdxl(), folder / "cat.pt")
    listed = [(entry.name, entry.widths) for entry in Library(folder).list()]
    assert listed == [("bad", ()), ("cat", (8, 12)), ("dog", (8,))]
    assert sorted(read) == ["bad.pt", "cat.pt", "cat.pt", "dog.pt"]


def test_what_was_removed_is_forgotten(folder):
    Library(folder).list()
    (folder / "bad.pt").unlink()
    assert [entry.name for entry in Library(folder).list()] == ["cat"]
    assert list(json.loads((folder / index.FILE).read_bytes())["files"]) == ["cat.pt"]


def test_a_change_that_keeps_size_and_time_is_seen(folder):
    library = Library(folder)
    library.list()
    path = folder / "cat.pt"
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    changed = path.read_bytes()[:-1] + b"\0"
    path.write_bytes(b"x" * len(changed))
    os.utime(path, ns=times)
    assert Library(folder).find("cat").problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{" * 10_000,
        '{"readers": 1, "files": {}}',
        '{"readers": "x", "files": {"cat.pt": [[1], [{"name": 3}]]}}',
    ],
)
def test_a_damaged_memory_is_not_used(folder, text):
    expected = Library(folder).list()
    (folder / index.FILE).write_text(text)
    assert Library(folder).list() == expected


def test_what_other_readers_said_is_not_believed(folder, read):
    Library(folder).list()
    stored = (folder / index.FILE).read_text().replace(index._readers(), "older")
    (folder / index.FILE).write_text(stored)
    Library(folder).list()
    assert sorted(read) == ["bad.pt", "bad.pt", "cat.pt", "cat.pt"]


def test_a_problem_names_the_place_where_the_folder_is_now(folder):
    Library(folder).list()
    moved = folder.with_name("moved")
    folder.rename(moved)
    said = Library(moved).find("bad").problem
    assert said.startswith(f"{moved / 'bad.pt'} is damaged")


def test_a_folder_that_cannot_be_written_to_is_listed_all_the_same(folder):
    (folder / ".library").write_text("no folder")
    assert [entry.name for entry in Library(folder).list()] == ["bad", "cat"]


def test_the_word_beside_a_concepts_file_is_seen_to_change(folder):
    formats.write(sd1("learned_embeds"), folder / "toy" / "learned_embeds.bin")
    library = Library(folder)
    assert [e.name for e in library.list()] == ["bad", "cat", "toy"]
    (folder / "toy" / "token_identifier.txt").write_text("<owl>")
    assert [e.name for e in library.list()] == ["bad", "cat", "owl"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_utf8_is_listed_with_the_others(folder):
    Path(os.fsdecode(bytes(folder) + b"/b\xffrd.pt")).write_bytes(b"bad")
    names = [entry.name for entry in Library(folder).list()]
    assert names == ["b\\udcffrd", "bad", "cat"]
    assert [entry.name for entry in Library(folder).list()] == names

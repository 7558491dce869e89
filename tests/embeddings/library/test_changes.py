"""Files come in, are copied and renamed; nothing is overwritten, and pictures follow."""

import pytest
import torch

from tests.embeddings.formats.samples import facts, sd1, sdxl
from tests.embeddings.formats.test_png import picture
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats import png
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError


@pytest.fixture
def folder(tmp_path):
    formats.write(sd1(), tmp_path / "embeddings" / "cat.pt")
    return tmp_path / "embeddings"


@pytest.fixture
def library(folder):
    return Library(folder)


def added(library, path):
    return [(entry.name, entry.path.name) for entry in library.add(path)]


def test_a_file_keeps_its_bytes_and_gets_a_free_name(library, folder, tmp_path):
    formats.write(sdxl("cat"), tmp_path / "cat.safetensors")
    assert added(library, tmp_path / "cat.safetensors") == [("cat-2", "cat-2.safetensors")]
    written = (folder / "cat-2.safetensors").read_bytes()
    assert written == (tmp_path / "cat.safetensors").read_bytes()
    assert facts(library.load("cat")) == facts(sd1())


def test_the_same_file_twice_is_one(library, folder, tmp_path):
    (tmp_path / "cat.pt").write_bytes((folder / "cat.pt").read_bytes())
    assert added(library, tmp_path / "cat.pt") == [("cat", "cat.pt")]


def test_a_name_that_will_not_do_is_made_fit(library, tmp_path):
    formats.write(sd1(), tmp_path / "what? (new).pt")
    torch.save({"<dog toy>": torch.ones(1, 8)}, tmp_path / "learned_embeds.bin")
    png.write(tmp_path / "00012.PNG", picture(), sd1("owl"))
    assert added(library, tmp_path / "what? (new).pt") == [("what- -new", "what- -new.pt")]
    assert added(library, tmp_path / "learned_embeds.bin") == [("dog toy", "dog toy.bin")]
    assert added(library, tmp_path / "00012.PNG") == [("owl", "00012.png")]


def test_what_is_no_embedding_is_refused_and_leaves_nothing(library, folder, tmp_path):
    (tmp_path / "bad.pt").write_bytes(b"bad")
    with pytest.raises(EmbeddingError, match="is damaged"):
        library.add(tmp_path / "bad.pt")
    assert [path.name for path in folder.glob("[!.]*")] == ["cat.pt"]


def test_a_copy_has_a_name_of_its_own_and_its_picture(library, folder):
    (folder / "cat.png").write_bytes(b"picture")
    assert library.duplicate("cat") == folder / "cat-copy.pt"
    assert library.duplicate("cat") == folder / "cat-copy-2.pt"
    assert library.duplicate("cat", "<dog>") == folder / "dog.pt"
    assert facts(library.load("dog"))[1:] == facts(sd1())[1:]
    assert (folder / "dog.png").is_file()
    with pytest.raises(EmbeddingError, match="already"):
        library.duplicate("cat", "dog")


def test_a_copy_of_a_picture_is_a_plain_file(library, folder):
    png.write(folder / "00012.png", picture(), sd1("owl"))
    assert library.duplicate("owl", "barn owl") == folder / "barn owl.pt"
    assert library.load("barn owl").num_vectors == 2


def test_renaming_takes_pictures_and_notes_along(library, folder):
    for name in ("cat.preview.png", "cat.txt", "catwalk.txt"):
        (folder / name).write_text("x")
    library.rename("cat", "dog")
    assert sorted(path.name for path in folder.glob("[!.]*")) == [
        *("catwalk.txt", "dog.preview.png", "dog.pt", "dog.txt")
    ]


def test_renaming_leaves_a_picture_that_is_an_embedding_itself(library, folder):
    png.write(folder / "cat.png", picture(), sd1("owl"))
    library.rename("cat", "dog")
    assert sorted(path.name for path in folder.glob("[!.]*")) == ["cat.png", "dog.pt"]

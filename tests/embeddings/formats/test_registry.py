import subprocess
import sys

import pytest
import torch

from tests.embeddings.formats.samples import bare, facts, sd1, sdxl
from tests.embeddings.formats.test_png import picture
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats import png
from textual_inversion.errors import EmbeddingError

VECTORS = sd1().vectors[0]


@pytest.mark.parametrize("extension", [".pt", ".safetensors", ".PT", ".SafeTensors"])
@pytest.mark.parametrize("embedding", [sd1(), sdxl()])
def test_the_extension_says_how_to_write_and_read(tmp_path, extension, embedding):
    path = tmp_path / f"cat{extension}"
    formats.write(embedding, path)
    has_labels = extension.lower() == ".safetensors"
    assert facts(formats.read(path)) == facts(embedding if has_labels else bare(embedding))


@pytest.mark.parametrize("name", ["dog.pt", "dog.safetensors", "dog.v2.pt"])
def test_the_file_names_the_embedding(tmp_path, name):
    formats.write(sd1("cat"), tmp_path / name)
    assert formats.read(tmp_path / name).name == (tmp_path / name).stem


def test_a_picture_names_its_embedding_itself(tmp_path):
    png.write(tmp_path / "00012-preview.png", picture(), sd1("cat-500"))
    assert formats.read(tmp_path / "00012-preview.png").name == "cat-500"


def test_a_learned_embeds_file_names_its_embedding_itself(tmp_path):
    torch.save({"<cat-toy>": VECTORS}, tmp_path / "learned_embeds-steps-500.bin")
    assert formats.read(tmp_path / "learned_embeds-steps-500.bin").name == "cat-toy"


@pytest.mark.parametrize("stored", ["../../etc/cat", "a\x00b", "a>b", "CON"])
def test_a_stored_name_that_will_not_do_gives_way_to_the_files(tmp_path, stored):
    png.write(tmp_path / "kept.png", picture(), sd1(stored))
    assert formats.read(tmp_path / "kept.png").name == "kept"


def test_every_extension_has_its_reader_and_its_writer():
    readers = [formats._module(extension).read for extension in formats.READABLE]
    writers = [formats._module(extension).write for extension in formats.WRITABLE]
    assert all(map(callable, [*readers, *writers]))
    assert {*formats.WRITABLE} < {*formats.READABLE}


@pytest.mark.parametrize("extension", formats.READABLE)
def test_an_empty_file_is_called_empty(tmp_path, extension):
    path = tmp_path / f"cat{extension}"
    path.touch()
    with pytest.raises(EmbeddingError) as caught:
        formats.read(path)
    assert str(caught.value) == f"{path} is empty; download or save it again."


@pytest.mark.parametrize("extension", formats.READABLE)
def test_a_web_page_saved_in_its_place_is_one_clear_error(tmp_path, extension):
    path = tmp_path / f"cat{extension}"
    path.write_text("<!DOCTYPE html><html><head><title>404</title></head></html>" * 9)
    with pytest.raises(EmbeddingError, match=str(path)):
        formats.read(path)


def test_a_missing_file_and_a_folder_are_clear_errors(tmp_path):
    (tmp_path / "folder.pt").mkdir()
    with pytest.raises(EmbeddingError, match="is a folder without a learned_embeds file"):
        formats.read(tmp_path / "folder.pt")
    for name in ("none.pt", "none.safetensors", "none.png"):
        with pytest.raises(EmbeddingError, match=f"Could not read .*{name}"):
            formats.read(tmp_path / name)


def test_other_extensions_are_refused(tmp_path):
    (tmp_path / "cat.txt").write_text("cat")
    with pytest.raises(EmbeddingError, match=r"use one of \.pt, \.safetensors"):
        formats.read(tmp_path / "cat.txt")
    with pytest.raises(EmbeddingError, match=r"cat\.png: use \.pt, \.bin.* or \.\w+\."):
        formats.write(sd1(), tmp_path / "cat.png")


def test_importing_the_package_loads_neither_torch_nor_pillow():
    code = "import sys, textual_inversion.storage.atomic; print({'torch', 'PIL'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"

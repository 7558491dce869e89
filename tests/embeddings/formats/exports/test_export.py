"""Each format is written whole, read back bit by bit, and never over a file in silence."""

import dataclasses
import json
from pathlib import Path

import pytest
import safetensors
import torch
from PIL import Image

from tests.embeddings.formats.samples import sd1, sdxl
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats import pt
from textual_inversion.embeddings.formats.exports import FORMATS
from textual_inversion.embeddings.formats.exports.export import export
from textual_inversion.embeddings.formats.exports.extras import Extras
from textual_inversion.errors import EmbeddingError
from textual_inversion.settings import TrainSettings

FILES = {
    "a1111": ["cat.pt"],
    "safetensors": ["cat.safetensors"],
    "diffusers": ["learned_embeds.safetensors"],
    "diffusers-bin": ["learned_embeds.bin"],
    "invokeai": ["cat/learned_embeds.bin"],
    "concept": [
        "cat/learned_embeds.bin",
        "cat/README.md",
        "cat/token_identifier.txt",
        "cat/type_of_concept.txt",
    ],
    "png": ["cat.png"],
    "webp": ["cat.webp"],
}
ONE_ENCODER = ("diffusers", "diffusers-bin", "concept")


def awkward(width=8):
    """Numbers that a decimal text or a narrower type would change."""
    rows = torch.randn(3, width, generator=torch.Generator().manual_seed(3)) / 3
    rows[0, :4] = torch.tensor([0.1, -0.0, 1e-45, 3.4e38])
    return rows


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("form", list(FORMATS))
def test_an_export_holds_the_same_bits(tmp_path, form):
    cat = dataclasses.replace(sd1(), vectors=(awkward(),))
    main = export(cat, form, tmp_path)[0]
    assert names(tmp_path) == sorted(FILES[form])
    (read,) = formats.read(main).vectors
    assert torch.equal(read.view(torch.int32), awkward().view(torch.int32))


@pytest.mark.parametrize("form", list(FORMATS))
def test_sdxl_is_written_where_there_is_room_for_two_encoders(tmp_path, form):
    if form in ONE_ENCODER:
        with pytest.raises(EmbeddingError, match="is for SDXL"):
            export(sdxl(), form, tmp_path)
        assert names(tmp_path) == []
        return
    main = export(sdxl(), form, tmp_path)[0]
    pairs = zip(formats.read(main).vectors, sdxl().vectors, strict=True)
    assert all(torch.equal(read, written) for read, written in pairs)


@pytest.mark.slow
@pytest.mark.parametrize("form", list(FORMATS))
def test_a_file_that_is_there_is_kept_unless_asked(tmp_path, form):
    first = export(sd1(), form, tmp_path)
    before = [path.read_bytes() for path in first]
    other = dataclasses.replace(sd1(), vectors=(awkward(),))
    with pytest.raises(EmbeddingError, match=r"exists already; .*--force"):
        export(other, form, tmp_path)
    assert [path.read_bytes() for path in first] == before
    export(other, form, tmp_path, force=True)
    assert torch.equal(formats.read(first[0]).vectors[0], awkward())


@pytest.mark.parametrize("form", list(FORMATS))
def test_what_cannot_be_read_back_is_not_kept(tmp_path, form, monkeypatch):
    monkeypatch.setattr(formats, "read", lambda path: sd1("cat", 3))
    with pytest.raises(EmbeddingError, match="read back other vectors"):
        export(sd1(), form, tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(("form", "file"), [("a1111", "dog.PT"), ("png", "dog.png")])
def test_an_output_that_names_a_file_names_the_embedding(tmp_path, form, file):
    assert export(sd1(), form, tmp_path / file) == [tmp_path / file]
    assert formats.read(tmp_path / file).name == "dog"


def test_a_file_of_another_ending_is_refused(tmp_path):
    with pytest.raises(EmbeddingError, match=r"ends in \.pt; name it so or give a folder"):
        export(sd1(), "a1111", tmp_path / "cat.safetensors")


LABELS = {
    "initialization_text": "orange cat",
    "settings": '{"max_steps": 500}',
    "date": "2026-11-24",
}


def test_safetensors_carry_all_labels(tmp_path):
    (path,) = export(dataclasses.replace(sd1(), **LABELS), "safetensors", tmp_path)
    with safetensors.safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    expected = {"name": "cat", "step": "500", "base_model": "v1-5-pruned", "num_vectors": "2"}
    assert metadata.items() >= {**expected, **LABELS, "base_model_hash": "6ce0161689"}.items()


@pytest.mark.parametrize("form", ["a1111", "safetensors", "png", "webp"])
def test_labels_are_read_again(tmp_path, form):
    cat = dataclasses.replace(sd1(), **LABELS)
    read = formats.read(export(cat, form, tmp_path)[0])
    assert {key: getattr(read, key) for key in LABELS} == LABELS
    assert (read.step, read.base_model, read.base_model_hash) == (500, "v1-5-pruned", "6ce0161689")


def test_an_sdxl_pt_holds_tensors_only(tmp_path):
    (path,) = export(dataclasses.replace(sdxl(), **LABELS), "a1111", tmp_path)
    assert {type(value) for value in torch.load(path).values()} == {torch.Tensor}


@pytest.mark.parametrize("labels", [{"settings": 5, "date": ["x"]}, {"settings": "x" * 10**6}])
def test_labels_that_make_no_sense_are_left_out(tmp_path, labels):
    content = {"string_to_param": {"*": awkward()}, **labels}
    (tmp_path / "cat.pt").write_bytes(pt.dumps(content))
    read = formats.read(tmp_path / "cat.pt")
    assert [getattr(read, key) for key in LABELS] == [None] * 3


def test_invokeai_gets_several_vectors_in_the_layout_whose_width_it_finds(tmp_path):
    one = torch.load(export(sd1("one", 1), "invokeai", tmp_path)[0])
    several = torch.load(export(sd1("several", 2), "invokeai", tmp_path)[0])
    assert {key: value.shape for key, value in one.items()} == {"<one>": (8,)}
    assert several["string_to_param"]["*"].shape == (2, 8)
    assert "string_to_token" in several


def test_a_concept_folder_says_its_word_and_type(tmp_path):
    cat = dataclasses.replace(sd1("Cat-Toy"), **LABELS)
    export(cat, "concept", tmp_path, extras=Extras(concept_type="style"))
    folder = tmp_path / "Cat-Toy"
    assert (folder / "token_identifier.txt").read_text() == "<cat-toy>"
    assert (folder / "type_of_concept.txt").read_text() == "style"
    card = (folder / "README.md").read_text()
    assert "| base model | v1-5-pruned [6ce0161689] |" in card
    assert "| initialization text | orange cat |" in card
    assert 'pipeline("a house in <cat-toy> style")' in card


@pytest.mark.slow
@pytest.mark.parametrize("form", ["png", "webp"])
def test_a_picture_is_shown_and_cut_to_what_can_be_read_again(tmp_path, form):
    red = Image.new("RGB", (4000, 1000), "red")
    path = export(sd1(), form, tmp_path, extras=Extras(red))[0]
    with Image.open(path) as picture:
        assert picture.height == 512
        red_, green, blue = picture.convert("RGB").getpixel((picture.width // 2, 256))
    assert red_ > 100
    assert (green, blue) == (1, 1)  # pure black is left to the margins


def test_the_settings_of_a_run_go_along_without_paths():
    from textual_inversion.embeddings.provenance import describe_settings

    usual = TrainSettings.model_fields["batch_size"].default
    own = {"dataset_dir": "/home/me/pictures", "batch_size": usual, "unknown": 3}
    run = {"max_steps": 77, **own}
    assert json.loads(describe_settings(run)) == {"max_steps": 77}


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    Path(tmp_path / "file").write_text("x")
    with pytest.raises(Exception, match=r"Could not write .*file") as caught:
        export(sd1(), "a1111", tmp_path / "file" / "deeper")
    assert type(caught.value).__name__ == "StorageError"

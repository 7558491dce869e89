"""`ti export` and `ti convert`: flags, files, sentences."""

import json

import pytest
import safetensors
import torch
from PIL import Image

from commandline.main import main, make_parser
from tests.cats import run
from textual_inversion.embeddings import formats

FLAGS = "--format --output --name --picture --concept-type --force"


@pytest.mark.parametrize("command", ["export", "convert"])
def test_the_flags_are_these(command):
    """Scripts depend on them: a change here is a change of the contract."""
    parser = make_parser()._subparsers._group_actions[0].choices[command]
    names = [action.option_strings[0] for action in parser._actions if action.option_strings]
    assert " ".join(name for name in names if name != "-h") == FLAGS


@pytest.mark.slow
def test_a_trained_embedding_is_exported_with_where_it_comes_from(cat, home, capsys):
    small = {"max_steps": 2, "save_image_every": 2, "template": "style.txt"}
    run(cat, **small)
    assert main(["export", "<cat-x>", "--format", "safetensors", "--output", "out"]) == 0
    assert capsys.readouterr().out == "out/cat-x.safetensors\n"
    with safetensors.safe_open("out/cat-x.safetensors", framework="pt") as file:
        metadata = file.metadata()
    assert metadata["initialization_text"] == "red cat"
    assert json.loads(metadata["settings"])["max_steps"] == 2
    assert len(metadata["date"]) == 10
    assert main(["export", "cat-x", "--format", "concept", "--output", "out"]) == 0
    assert (home / "out" / "cat-x" / "type_of_concept.txt").read_text() == "style"
    ours = formats.read(home / "embeddings" / "cat-x.pt")
    again = formats.read(home / "out" / "cat-x" / "learned_embeds.bin")
    assert torch.equal(ours.vectors[0], again.vectors[0])


@pytest.mark.slow
def test_a_picture_shows_the_newest_preview_or_the_one_given(cat, home):
    run(cat, max_steps=2, save_image_every=2)
    assert main(["export", "cat-x", "--format", "png", "--output", "out"]) == 0
    Image.new("RGB", (40, 200), "red").save(home / "red.png")
    argv = ["export", "cat-x", "--format", "webp", "--output", "out", "--picture", "red.png"]
    assert main(argv) == 0
    assert [height(home / "out" / f"cat-x.{end}") for end in ("png", "webp")] == [64, 200]


def height(path):
    with Image.open(path) as picture:
        return picture.height


@pytest.fixture
def theirs(home):
    content = {"<a>": torch.randn(768), "<b>": torch.randn(2, 768)}
    torch.save(content, home / "two.bin")
    torch.save({"emb_params": torch.randn(1, 768)}, home / "odd (2).pt")
    return home


def test_each_embedding_of_a_file_is_converted(theirs, capsys):
    (theirs / "more.pt").write_bytes((theirs / "odd (2).pt").read_bytes())
    argv = ["convert", "two.bin", "more.pt", "--format", "a1111", "--output", "out"]
    assert main(argv) == 0
    written = ["out/a.pt", "out/b.pt", "out/more.pt"]
    assert capsys.readouterr().out.splitlines() == written
    assert formats.read(theirs / "out" / "b.pt").num_vectors == 2


def test_a_converted_file_may_be_renamed(theirs, capsys):
    argv = ["convert", "odd (2).pt", "--format", "diffusers", "--output", "out"]
    assert main(argv) == 1
    assert "contains '('" in capsys.readouterr().err
    assert main([*argv, "--name", "odd"]) == 0
    assert formats.read(theirs / "out" / "learned_embeds.safetensors").key == "<odd>"


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["export", "gone", "--format", "a1111"], 1, "no embedding called 'gone'"),
        (["convert", "gone.pt", "--format", "a1111"], 1, "Could not read gone.pt"),
        (["convert", "two.bin", "--format", "a1111", "--name", "x"], 2, "--name is for one"),
        (["convert", "two.bin", "--format", "a1111", "--picture", "x"], 2, "--picture is for png"),
        (["convert", "two.bin", "--format", "png", "--concept-type", "style"], 2, "leave it out"),
        (["convert", "two.bin", "--format", "png", "--picture", "two.bin"], 1, "two.bin"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(theirs, capsys, argv, code, words):
    assert main(argv) == code
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert words in said


@pytest.mark.parametrize("form", ["a1111", "concept", "png"])
def test_of_several_files_none_is_written_where_one_is_bad(theirs, capsys, form):
    torch.save({"emb_params": torch.full((2, 768), torch.nan)}, theirs / "nan.pt")
    (theirs / "good.pt").write_bytes((theirs / "odd (2).pt").read_bytes())
    argv = ["convert", "good.pt", "nan.pt", "good.pt", "--format", form, "--output", "out"]
    assert main(argv) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("ti: nan.pt is broken: its vectors contain NaN")
    assert not (theirs / "out").exists()


def test_of_several_files_none_is_written_where_one_has_no_room_in_the_format(theirs, capsys):
    sdxl = {"clip_l": torch.ones(1, 768), "clip_g": torch.ones(1, 1280)}
    torch.save(sdxl, theirs / "sdxl.pt")
    argv = ["convert", "two.bin", "sdxl.pt", "--format", "concept", "--output", "out"]
    assert main(argv) == 1
    assert "sdxl is for SDXL" in capsys.readouterr().err
    assert not (theirs / "out").exists()


@pytest.mark.parametrize("more", [[], ["--force"]])
def test_two_embeddings_are_never_written_to_one_file(theirs, capsys, more):
    argv = ["convert", "two.bin", "--format", "diffusers", "--output", "out", *more]
    assert main(argv) == 1
    said = capsys.readouterr().err
    assert "Several embeddings would be written to out/learned_embeds.safetensors" in said
    assert not (theirs / "out").exists()


def test_a_file_that_is_there_keeps_all_of_several_from_being_written(theirs, capsys):
    (theirs / "b.pt").write_bytes(b"mine")
    assert main(["convert", "two.bin", "--format", "a1111"]) == 1
    assert "b.pt exists already" in capsys.readouterr().err
    assert not (theirs / "a.pt").exists()
    assert (theirs / "b.pt").read_bytes() == b"mine"

import pytest
import safetensors.torch
import torch

from tests.embeddings.formats.samples import bare, facts, sd1, sdxl
from tests.embeddings.formats.test_png import picture
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats import png, pt
from textual_inversion.embeddings.library import Entry, Library
from textual_inversion.errors import EmbeddingError, StorageError


def imported(path, key):
    """Put a file of diffusers' there, which holds one tensor under its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {key: sd1(num_vectors=1).vectors[0]}
    if path.suffix == ".safetensors":
        safetensors.torch.save_file(tensors, path)
    else:
        torch.save(tensors, path)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "embeddings"


@pytest.fixture
def library(folder):
    return Library(folder)


def test_a_folder_that_does_not_exist_is_an_empty_library(library):
    assert (library.list(), library.find("cat")) == ([], None)


def test_what_is_saved_is_listed_and_loaded(library, folder):
    library.save(sd1("dog"))
    library.save(sdxl("Cat 2"))
    assert library.list() == [
        Entry("Cat 2", folder / "Cat 2.safetensors", 2, (8, 12), 70, word="Cat 2"),
        Entry("dog", folder / "dog.pt", 2, (8,), 500, "v1-5-pruned", word="dog"),
    ]
    assert facts(library.load("dog")) == facts(sd1("dog"))


def test_sub_folders_are_listed_and_hidden_files_are_not(library, folder):
    formats.write(sd1(), folder / "animals" / "cat.safetensors")
    formats.write(sd1(), folder / ".hidden" / "dog.pt")
    formats.write(sd1(), folder / ".bird.pt")
    (folder / "notes.txt").write_text("cat")
    assert [entry.path for entry in library.list()] == [folder / "animals" / "cat.safetensors"]


def test_links_that_turn_in_a_circle_end(library, folder):
    library.save(sd1())
    (folder / "again").symlink_to(folder)
    (folder / "nowhere").symlink_to(folder / "gone")
    (folder / "lost.pt").symlink_to(folder / "gone.pt")
    found = [(entry.name, entry.problem is None) for entry in library.list()]
    assert found == [("cat", True), ("lost", False)]


def test_links_to_folders_and_files_elsewhere_are_followed(library, folder, tmp_path):
    formats.write(sd1(), tmp_path / "elsewhere" / "cat.pt")
    formats.write(sd1(), tmp_path / "kept" / "0815.pt")
    folder.mkdir()
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    (folder / "dog.pt").symlink_to(tmp_path / "kept" / "0815.pt")
    found = [(entry.name, entry.path, entry.problem) for entry in library.list()]
    assert found == [
        ("cat", folder / "more" / "cat.pt", None), ("dog", folder / "dog.pt", None),
    ]  # fmt: skip


def test_a_bad_file_is_listed_with_its_problem(library, folder):
    library.save(sd1())
    (folder / "bad.pt").write_bytes(b"bad")
    (folder / "empty.safetensors").touch()
    problems = {entry.name: entry.problem for entry in library.list()}
    assert problems == {
        "bad": f"{folder / 'bad.pt'} is damaged or was not written by torch; "
        "download or save it again.",
        "cat": None,
        "empty": f"{folder / 'empty.safetensors'} is empty; download or save it again.",
    }
    with pytest.raises(EmbeddingError, match="is damaged"):
        library.load("bad")


def test_pictures_are_listed_if_they_are_embeddings(library, folder):
    folder.mkdir()
    png.write(folder / "00012.png", picture(), sd1("cat"))
    png.write(folder / "dog.preview.png", picture(), sd1("dog"))
    picture().save(folder / "cat.png")
    assert [(entry.name, entry.path.name) for entry in library.list()] == [("cat", "00012.png")]


def test_two_files_that_differ_by_their_ending_are_both_used(library, folder):
    formats.write(sd1(), folder / "cat.pt")
    formats.write(sdxl(), folder / "cat.safetensors")
    imported(folder / "cat.bin", "<cat>")
    assert [(e.name, e.word, e.path.suffix, e.problem) for e in library.list()] == [
        ("cat", "cat", ".pt", None),
        ("cat.safetensors", "cat.safetensors", ".safetensors", None),
        ("cat.bin", "<cat.bin>", ".bin", None),
    ]
    assert facts(library.load("cat")) == facts(sd1())
    assert library.load("<cat.safetensors>").widths == sdxl().widths
    assert library.load("Cat.bin").name == "cat.bin"


def test_one_of_two_with_the_same_name_is_saved_renamed_and_deleted_by_itself(library, folder):
    formats.write(sd1(), folder / "cat.pt")
    formats.write(sd1(num_vectors=1), folder / "cat.safetensors")
    trained = sd1("cat.safetensors", 1, width=4)
    assert library.save(trained, overwrite=True) == folder / "cat.safetensors"
    with safetensors.safe_open(folder / "cat.safetensors", framework="pt") as file:
        assert file.metadata()["name"] == "cat"
    assert library.load("cat.safetensors").widths == (4,)
    assert library.rename("cat.safetensors", "dog") == folder / "dog.safetensors"
    formats.write(sd1(), folder / "cat.safetensors")
    library.delete("cat.safetensors")
    assert sorted(path.name for path in folder.glob("[!.]*")) == ["cat.pt", "dog.safetensors"]


def test_of_two_files_with_one_name_and_ending_the_second_says_so(library, folder):
    first, second = folder / "a" / "cat.pt", folder / "b" / "cat.pt"
    third = folder / "c" / "cat.pt"
    for path in (first, second, third):
        formats.write(sd1(), path)
    listed = [(entry.name, entry.path, entry.problem) for entry in library.list()]
    assert listed == [
        ("cat", first, None),
        ("cat.pt", second, None),
        ("cat", third, f"{third} has the same name as {first}, which is used; rename one of them."),
    ]
    assert facts(library.load("cat")) == facts(sd1())


def test_a_broken_file_does_not_keep_a_good_one_from_its_name(library, folder):
    (folder / "sub").mkdir(parents=True)
    (folder / "cat.pt").write_bytes(b"bad")
    formats.write(sd1(), folder / "sub" / "cat.pt")
    assert facts(library.load("cat")) == facts(sd1())


def test_a_name_is_found_in_any_capitals_but_the_same_ones_first(library):
    for name in ("Cat", "cat", "Dog"):
        formats.write(sd1(name), library.folder / f"{name}.pt")
    asked = ["cat", "Cat", "CAT", "<dog>", " dog ", "bird"]
    found = [entry and entry.name for entry in map(library.find, asked)]
    assert found == ["cat", "Cat", "Cat", "Dog", "Dog", None]


def test_an_unknown_name_is_one_clear_error(library, folder):
    with pytest.raises(EmbeddingError) as caught:
        library.load("<cat>")
    expected = "check the name or put its file there."
    assert str(caught.value) == f"There is no embedding called 'cat' in {folder}; {expected}"


def test_a_file_is_read_again_only_when_it_changed(library, folder):
    library.save(sd1())
    first = library.load("cat")
    assert library.load("cat") is first
    changed = sd1(num_vectors=2)
    changed.vectors[0].zero_()
    formats.write(changed, folder / "cat.pt")
    assert torch.equal(library.load("cat").vectors[0], torch.zeros(2, 8))


def test_saving_over_a_name_needs_leave(library, folder):
    library.save(sd1())
    with pytest.raises(EmbeddingError) as caught:
        library.save(sd1("CAT"))
    assert str(caught.value) == (
        f"There is already an embedding called 'CAT' at {folder / 'cat.pt'}; "
        "choose another name or allow it to be overwritten."
    )
    assert library.save(sdxl(), overwrite=True) == folder / "cat.pt"
    assert facts(library.load("cat")) == facts(bare(sdxl()))


def test_saving_keeps_to_the_file_that_has_the_name(library, folder):
    formats.write(sd1(), folder / "animals" / "cat.safetensors")
    assert library.save(sdxl(), overwrite=True) == folder / "animals" / "cat.safetensors"
    assert [facts(library.load(entry.name)) for entry in library.list()] == [facts(sdxl())]


@pytest.mark.parametrize("key", ["<terence>", "terence"])
@pytest.mark.parametrize("kind", ["bin", "safetensors", "pt"])
def test_saving_keeps_to_a_diffusers_file_and_its_key(library, folder, kind, key):
    path = folder / "terence" / f"learned_embeds.{kind}"
    imported(path, key)
    trained = sd1("terence", num_vectors=3)
    assert library.save(trained, overwrite=True) == path
    assert [(entry.path, entry.problem) for entry in library.list()] == [(path, None)]
    assert (library.load("terence").key, library.list()[0].word) == (key, key)
    assert torch.equal(library.load("terence").vectors[0], trained.vectors[0])


def test_a_bin_file_that_holds_what_a1111_writes_stays_so(library, folder):
    folder.mkdir()
    pt.write(folder / "cat.bin", sd1("cat"))
    trained = sd1("cat", num_vectors=3)
    assert library.save(trained, overwrite=True) == folder / "cat.bin"
    assert facts(library.load("cat")) == facts(trained)


def test_renaming_renames_the_key_as_well(library, folder):
    imported(folder / "dog.bin", "<dog>")
    assert library.rename("<dog>", "<cat>") == folder / "cat.bin"
    assert list(torch.load(folder / "cat.bin", weights_only=True)) == ["<cat>"]


def test_a_name_that_is_misspelled_is_told_with_the_nearest(library):
    library.save(sd1("terence"))
    library.save(sd1("zyx"))
    with pytest.raises(EmbeddingError, match="called 'terrence' in .*; choose terence or put its"):
        library.load("<terrence>")


def test_saving_over_a_picture_leaves_it_and_takes_its_name(library, folder):
    folder.mkdir()
    png.write(folder / "a.png", picture(), sd1("cat"))
    assert library.save(sdxl("cat"), overwrite=True) == folder / "cat.safetensors"
    assert (folder / "a.png").exists()
    assert facts(library.load("cat")) == facts(sdxl("cat"))


@pytest.mark.parametrize("name", ["../cat", "", "a/b", "con"])
def test_a_name_that_will_not_do_is_not_saved(library, folder, name):
    with pytest.raises(EmbeddingError):
        library.save(sd1(name), overwrite=True)
    assert not folder.exists()


def test_renaming_changes_the_file_and_the_name_inside(library, folder):
    formats.write(sd1("old"), folder / "sub" / "old.pt")
    assert library.rename("old", "new") == folder / "sub" / "new.pt"
    inside = torch.load(folder / "sub" / "new.pt", weights_only=True)["name"]
    assert (inside, [entry.name for entry in library.list()]) == ("new", ["new"])


def test_renaming_may_change_capitals_only(library):
    library.save(sd1("cat"))
    library.rename("cat", "Cat")
    assert [entry.name for entry in library.list()] == ["Cat"]


def test_renaming_takes_no_name_that_is_taken_or_will_not_do(library, folder):
    library.save(sd1("cat"))
    library.save(sd1("dog"))
    png.write(folder / "bird.png", picture(), sd1("bird"))
    wrong = [("cat", "dog", "already"), ("cat", "a/b", "contains"), ("fish", "x", "no embedding")]
    for name, new_name, complaint in (*wrong, ("bird", "x", "Cannot rename")):
        with pytest.raises(EmbeddingError, match=complaint):
            library.rename(name, new_name)
    assert [entry.name for entry in library.list()] == ["bird", "cat", "dog"]


def test_deleting_removes_one_file(library):
    library.save(sd1("cat"))
    library.save(sd1("dog"))
    library.delete("<cat>")
    assert [entry.name for entry in library.list()] == ["dog"]
    with pytest.raises(EmbeddingError, match="no embedding called 'cat'"):
        library.delete("cat")


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="Could not write"):
        Library(tmp_path / "file").save(sd1())

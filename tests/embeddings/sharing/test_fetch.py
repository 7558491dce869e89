"""Concepts of the Hub come into the library, whatever the layout of their repository."""

import pytest
import torch

from tests.hubserver import SHA
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import pt, safetensors_file
from textual_inversion.embeddings.formats.exports.learned import write_learned
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.sharing.fetch import fetch_concept, parse_repository
from textual_inversion.errors import EmbeddingError, HubError, SettingsError

CAT = "sd-concepts-library/cat-toy"


def rows(n=1, width=768, seed=1):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed))


def safe(tensors, **labels):
    return safetensors_file.dumps(tensors, labels)


def concept(vectors):
    return {
        ".gitattributes": b"",
        "README.md": b"# cat",
        "concept_images/0.jpeg": b"a training picture",
        "learned_embeds.bin": pt.dumps({"<cat-toy>": vectors}),
        "token_identifier.txt": b"<cat-toy>",
        "type_of_concept.txt": b"object",
    }


@pytest.mark.slow
def test_a_concept_comes_with_its_word_its_type_and_its_card(hub, home):
    hub.add(CAT, concept(rows(2)))
    (path,) = fetch_concept(CAT, home / "embeddings")
    assert path == home / "embeddings/cat-toy/learned_embeds.bin"
    files = {file.name for file in path.parent.iterdir()}
    notes = {"README.md", "token_identifier.txt", "type_of_concept.txt"}
    assert files == {"learned_embeds.bin", *notes}
    found = Library(home / "embeddings").load("cat-toy")
    assert torch.equal(found.vectors[0], rows(2))
    hidden = {path.name for path in (home / "embeddings").glob(".*")}
    assert hidden <= {".library"}  # what the library remembers


LAYOUTS = {
    "one tensor, 1-D": {"learned_embeds.bin": pt.dumps({"<x>": rows()[0]})},
    "safetensors": {"learned_embeds.safetensors": safe({"<x>": rows()})},
    "a key that names nothing": {"learned_embeds.bin": pt.dumps({"*": rows()})},
    "a named file": {"x.pt": pt.dumps({"string_to_param": {"*": rows()}, "name": "other"})},
    "in a folder": {"embeddings/x.safetensors": safe({"emb_params": rows()})},
    "a whole pipeline": {
        "model_index.json": b"{}",
        "unet/diffusion_pytorch_model.safetensors": b"weights",
        "text_encoder/model.safetensors": b"weights",
        "checkpoint-500/optimizer.bin": b"weights",
        "learned_embeds.safetensors": safe({"<x>": rows()}),
        "learned_embeds-steps-500.safetensors": safe({"<x>": rows(seed=2)}),
        "token_identifier.txt": b"<x>",
    },
    "a training that never ended": {
        "learned_embeds-steps-500.bin": pt.dumps({"<x>": rows(seed=2)}),
        "learned_embeds-steps-1000.bin": pt.dumps({"<x>": rows()}),
    },
    "both formats": {
        "learned_embeds.bin": pt.dumps({"<x>": rows()}),
        "learned_embeds.safetensors": safe({"<x>": rows()}),
    },
    "beside what is none": {"x.safetensors": safe({"emb_params": rows()}), "y.bin": b"no pickle"},
}


@pytest.mark.slow
@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_each_layout_gives_the_one_embedding(hub, home, layout):
    hub.add("mia/x", LAYOUTS[layout])
    assert len(fetch_concept("mia/x", home / "embeddings")) == 1
    library = Library(home / "embeddings")
    assert [entry.name for entry in library.list()] == ["x"]
    assert torch.equal(library.load("x").vectors[0], rows())
    assert not [line for line in hub.requests if "resolve" in line and "/unet/" in line]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_the_two_files_of_sdxl_become_one(hub, home, suffix):
    xl = Embedding("style-x", (rows(2), rows(2, 1280)))
    paths = write_learned(xl, home, "<style-x>", suffix=suffix)
    files = {path.name: path.read_bytes() for path in paths}
    hub.add("mia/any", files | {"token_identifier.txt": b"<style-x>"})
    (path,) = fetch_concept("mia/any", home / "embeddings")
    assert path == home / "embeddings" / "style-x.safetensors"
    assert all(map(torch.equal, formats.read(path).vectors, xl.vectors))


@pytest.mark.slow
def test_several_embeddings_keep_their_places(hub, home):
    files = {f"{name}.pt": pt.dumps({"emb_params": rows(seed=at)}) for at, name in enumerate("abc")}
    hub.add("mia/pack", files)
    found = fetch_concept("mia/pack", home / "embeddings")
    assert found == [home / "embeddings/pack" / f"{name}.pt" for name in "abc"]
    (one,) = fetch_concept("mia/pack", home / "embeddings", files=["b.*"])
    assert one == home / "embeddings" / "b.pt"


@pytest.mark.slow
def test_of_equal_vectors_the_file_that_names_its_base_model_is_kept(hub, home):
    labels = {"base_model": "v1-5", "step": "7"}
    hub.add("mia/x", {
        "learned_embeds.safetensors": safe({"<x>": rows()[0]}),
        "x.safetensors": safe({"emb_params": rows()}, **labels),
    })  # fmt: skip
    (path,) = fetch_concept("mia/x", home / "embeddings")
    assert (path.name, formats.read(path).step) == ("x.safetensors", 7)


@pytest.mark.slow
def test_a_file_that_is_there_stays_unless_force(hub, home):
    hub.add(CAT, concept(rows()))
    (path,) = fetch_concept(CAT, home / "embeddings")
    fetch_concept(CAT, home / "embeddings")  # the same bytes
    path.write_bytes(b"mine")
    with pytest.raises(EmbeddingError, match=r"is there already and is another file; .* --force"):
        fetch_concept(CAT, home / "embeddings")
    assert path.read_bytes() == b"mine"
    fetch_concept(CAT, home / "embeddings", force=True)
    assert torch.equal(formats.read(path).vectors[0], rows())


@pytest.mark.slow
def test_a_revision_is_asked_for_by_name(hub, home):
    hub.add(CAT, concept(rows()), revisions=("main", "v1", SHA))
    fetch_concept(CAT, home / "embeddings", revision="v1")
    assert f"GET /api/models/{CAT}/revision/v1" in hub.requests
    with pytest.raises(HubError, match='"sd-concepts-library/cat-toy" has no revision "v2"'):
        fetch_concept(CAT, home / "embeddings", revision="v2")


@pytest.mark.slow
def test_the_address_of_a_page_is_a_repository(hub):
    assert parse_repository(f"https://huggingface.co/{CAT}") == (CAT, None)
    assert parse_repository(f"{hub.url}/{CAT}/tree/v1") == (CAT, "v1")
    for wrong in ("cat-toy", "https://elsewhere.org/a/b", "a/b/c", "models/pocket"):
        with pytest.raises(SettingsError, match="write OWNER/NAME"):
            parse_repository(wrong)


def said(**options):
    with pytest.raises((HubError, EmbeddingError)) as told:
        fetch_concept(CAT, **options)
    text = str(told.value)
    assert "\n" not in text
    return text


@pytest.mark.slow
def test_what_cannot_be_had_is_said(hub, home):
    folder = {"folder": home / "embeddings"}
    assert f'There is no repository "{CAT}" at {hub.url}, or it is private; check' in said(**folder)
    hub.add(CAT, {"README.md": b"", "model.safetensors": b""})
    assert "has no file that may be an embedding; look at" in said(**folder)
    assert "has no file called *.pt that may be" in said(**folder, files=["*.pt"])
    hub.add(CAT, concept(rows()), gated=True)
    assert f"is gated: accept its conditions at {hub.url}/{CAT}, then log in" in said(**folder)
    hub.add(CAT, {"learned_embeds.bin": b"torn"})
    assert "learned_embeds.bin" in said(**folder)
    hub.add(CAT, {f"{at}.pt": b"" for at in range(21)})
    assert "has 21 files that may be embeddings, and at most 20" in said(**folder)
    assert list((home / "embeddings").iterdir()) == []


@pytest.mark.slow
def test_without_a_connection_it_is_said(hub, home, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    told = said(folder=home / "embeddings")
    assert told.startswith("http://127.0.0.1:9 cannot be reached (")
    assert told.endswith("check the connection, and HF_ENDPOINT if it is set, then try again.")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert said(folder=home / "embeddings").startswith("HF_HUB_OFFLINE forbids asking")


@pytest.mark.slow
@pytest.mark.parametrize("path", ["../x.pt", "/etc/x.pt", "a\\x.pt", "c:x.pt"])
def test_no_file_leaves_its_folder(hub, home, path):
    hub.add(CAT, {path: pt.dumps({"emb_params": rows()})})
    assert "has no file that may be an embedding" in said(folder=home / "embeddings")

"""What is said of a file and what other programs do with it are the same, file by file."""

import pytest
import torch

from tests.embeddings.formats import theirs
from tests.embeddings.formats.test_formats import ONE, forms, rows, save
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.compatibility import FAMILIES, PROGRAMS, judge
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports import FORMATS
from textual_inversion.embeddings.formats.exports.export import export
from textual_inversion.embeddings.formats.layout import read_layout
from textual_inversion.errors import EmbeddingError

L, G = rows(768), rows(1280)
LABELS = {"initialization_text": "a cat", "settings": "{}", "date": "2026-11-24"}
SDXL_WITH_LABELS = {"clip_l": L, "clip_g": G, "name": "cat", "step": 5}
ODD = {
    "without a name": ({"string_to_param": {"*": L}, "string_to_token": {"*": 265}}, [L]),
    "a name of its own": ({"string_to_param": {"cat": L}, "string_to_token": {"*": 265}}, [L]),
    "SDXL with labels": (SDXL_WITH_LABELS, [L, G]),
    "width of no model": ({"emb_params": rows(192)}, [rows(192)]),
    "a vector with labels": ({"<cat>": L[0], "name": "cat"}, [L[:1]]),
}


def made(widths, num):
    tensors = tuple(rows(width, num, seed=width) for width in widths)
    return Embedding("cat", tensors, 5, "v1-5-pruned", "6ce0161689", **LABELS)


def verdicts(path, embedding):
    """Compare what is said with what their rules do, and give what is said."""
    said = {verdict.program: verdict for verdict in judge(read_layout(path), embedding)}
    for program in PROGRAMS:
        found = theirs.reads(program, path, embedding.widths)
        bits = found and {w: t.view(torch.int32).tolist() for w, t in found.items()}
        ours = {t.shape[1]: t.view(torch.int32).tolist() for t in embedding.vectors}
        assert said[program].loads == (bits == ours), (program, said[program], found)
    return said


@pytest.mark.slow
@pytest.mark.parametrize("num", [1, 3])
@pytest.mark.parametrize("widths", FAMILIES)
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_and_every_program_bit_by_bit(tmp_path, form, widths, num):
    embedding = made(widths, num)
    if len(widths) > 1 and form in {"diffusers", "diffusers-bin", "concept"}:
        with pytest.raises(EmbeddingError, match="is for SDXL"):
            export(embedding, form, tmp_path)
        return
    path = export(embedding, form, tmp_path)[0]
    said = verdicts(path, embedding)
    assert said["AUTOMATIC1111"].loads
    assert said["Forge"].loads


@pytest.mark.slow
@pytest.mark.parametrize(("content", "expected", "extension"), list(forms(ONE | ODD)))
def test_what_others_wrote_is_judged_as_it_is_read(tmp_path, content, expected, extension):
    path = save(content, tmp_path / f"cat{extension}")
    verdicts(path, formats.read(path))


def reasons(tmp_path, content, file):
    path = save(content, tmp_path / file)
    said = judge(read_layout(path), formats.read(path))
    return {verdict.program: verdict.reason for verdict in said}


def test_the_reason_names_what_is_wrong(tmp_path):
    old = reasons(tmp_path, {"<cat>": L}, "cat.pt")
    assert old["AUTOMATIC1111"].startswith("Its safety check refuses torch files with .")
    assert old["InvokeAI"].startswith("It finds the token dimension 2;")
    assert old["SD.Next"] == "In a .pt it looks for * under string_to_param."
    labels = reasons(tmp_path, SDXL_WITH_LABELS, "sdxl.bin")
    assert labels["Forge"] == "It detaches every value of an SDXL file, and name is no tensor."


def test_what_to_type_is_the_files_name_where_a_program_goes_by_it(tmp_path):
    path = export(made((768,), 1), "a1111", tmp_path / "Tom.pt")[0]
    said = {v.program: (v.place, v.prompt) for v in judge(read_layout(path), formats.read(path))}
    assert said == {
        "AUTOMATIC1111": ("embeddings/", "Tom"),
        "Forge": ("embeddings/", "Tom"),
        "ComfyUI": ("models/embeddings/", "embedding:Tom"),
        "InvokeAI": ("anywhere; add its path in the Model Manager", "<Tom>"),
        "SD.Next": ("models/embeddings/", "Tom"),
        "diffusers": (
            "anywhere",
            '<tom> after pipe.load_textual_inversion("Tom.pt", token="<tom>")',
        ),
    }


def test_a_learned_embeds_file_is_renamed_where_programs_go_by_its_name(tmp_path):
    path = export(made((768,), 1), "concept", tmp_path)[0]
    said = {v.program: (v.place, v.prompt) for v in judge(read_layout(path), formats.read(path))}
    assert said["AUTOMATIC1111"] == ("embeddings/cat.bin", "cat")


def test_sdxl_is_handed_to_diffusers_one_text_encoder_at_a_time(tmp_path):
    path = export(made((768, 1280), 1), "safetensors", tmp_path)[0]
    (said,) = [v for v in judge(read_layout(path), formats.read(path)) if v.program == "diffusers"]
    assert (
        'state = load_file("cat.safetensors"); pipe.load_textual_inversion(state["clip_l"], '
        in (said.prompt)
    )
    assert "text_encoder=pipe.text_encoder_2, tokenizer=pipe.tokenizer_2)" in said.prompt

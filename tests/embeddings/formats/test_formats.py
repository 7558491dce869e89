"""Every layout that people have is read."""

import pytest
import torch
from safetensors.torch import save_file

from tests.embeddings.formats.samples import sd1
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError


def rows(width, num=2, seed=1):
    return torch.randn(num, width, generator=torch.Generator().manual_seed(seed))


L, G, H, T5 = rows(768), rows(1280), rows(1024), rows(4096)
Parameters = torch.nn.ParameterDict
# What a file holds, and the vectors it should give for each text encoder.
ONE = {
    "any key under string_to_param": ({"string_to_param": {"cat": L}, "name": "x"}, [L]),
    "a ParameterDict": ({"string_to_param": Parameters({"*": torch.nn.Parameter(L)})}, [L]),
    "a tensor": (L, [L]),
    "a list of vectors": ([L[0], L[1]], [L]),
    "a list of dicts": ([{"emb": L[:1], "emb2": G[:1]}, {"emb": L[1:], "emb2": G[1:]}], [L, G]),
    "emb_params": ({"emb_params": L, "emb_params_out": L}, [L]),
    "emp_params": ({"emp_params": H, "emp_params_out": H}, [H]),
    "one vector": ({"<cat>": L[0]}, [L[:1]]),
    "several keys": ({"<cat>": L[0], "<cat>_1": L[1]}, [L]),
    "several words": ({"<a>": L[0], "<b>": L[1]}, [L]),
    "twelve keys": (
        {f"<cat>_{n}" if n else "<cat>": row for n, row in enumerate(rows(768, 12))},
        [rows(768, 12)],
    ),
    "SDXL": ({"clip_g": G, "clip_l": L}, [L, G]),
    "SDXL with outputs": ({"clip_g": G, "clip_l": L, "clip_g_out": G, "clip_l_out": L}, [L, G]),
    "CLIP-L under clip_g": ({"clip_g": L}, [L]),
    "pivotal tuning": ({"text_encoders_0": L, "text_encoders_1": G}, [L, G]),
    "emb and emb2": ({"emb": L, "emb2": G}, [L, G]),
    "fp16": ({"emb_params": L.half()}, [L.half().float()]),
    "bf16": ({"emb_params": L.bfloat16()}, [L.bfloat16().float()]),
    "fp8 e4m3": ({"a": L.to(torch.float8_e4m3fn)}, [L.to(torch.float8_e4m3fn).float()]),
    "fp8 e5m2": ({"a": L.to(torch.float8_e5m2)}, [L.to(torch.float8_e5m2).float()]),
}
# What a file holds, and the embeddings in it: their names and widths.
SEVERAL = {
    "two tries": ({"28017_v0": L, "28017_v1": L + 1}, {"28017_v0": (768,), "28017_v1": (768,)}),
    "two models": ({"a": L, "b": H}, {"x-sd1": (768,), "x-sd2": (1024,)}),
    "a LoRA's": (
        {
            "lora_unet_x.lora_up.weight": rows(4),
            "bundle_emb.cat.string_to_param.*": L,
            "bundle_emb.dog.clip_l": L,
            "bundle_emb.dog.clip_g": G,
        },
        {"cat": (768,), "dog": (768, 1280)},
    ),
    "a LoRA's one": ({"a.lora_up.weight": L, "bundle_emb.cat.emb_params": L}, {"cat": (768,)}),
}
ELSEWHERE = {
    "FLUX": ({"clip_l": L, "t5": T5}, "FLUX"),
    "FLUX of 2024": ({"clip_g": L, "t5": T5}, "FLUX"),
    "SD3": ({"clip_l": L, "clip_g": G, "t5xxl": T5}, "Stable Diffusion 3"),
    "T5": ({"t5xxl": T5}, "T5"),
    "T5 under any key": ({"emb_params": T5}, "T5"),
    "SDXL under swapped keys": ({"clip_g": L, "clip_l": G}, "clip_l has width 1280, .* exchange"),
    "half of SDXL": ({"clip_g": G}, "width 1280 .* only"),
    "unequal": ({"clip_l": L, "clip_g": G[:1]}, "unequal numbers"),
    "a layer": ({"weight": L, "bias": L[0]}, "holds 2 tensors"),
}


def save(content, path):
    if path.suffix == ".safetensors":
        save_file({key: value.contiguous().clone() for key, value in content.items()}, path)
    else:
        torch.save(content, path, _use_new_zipfile_serialization=path.suffix == ".pt")
    return path


def forms(table):
    """Each content as a zip, as torch's legacy form and, where it is plain, as .safetensors."""
    for name, (content, expected) in table.items():
        for extension in (".pt", ".bin", ".safetensors"):
            flat = isinstance(content, dict) and all(map(torch.is_tensor, content.values()))
            is_beyond_torch = name.startswith("fp8") and extension == ".bin"
            if (flat or extension != ".safetensors") and not is_beyond_torch:
                yield pytest.param(content, expected, extension, id=f"{name}{extension}")


@pytest.mark.parametrize(("content", "expected", "extension"), list(forms(ONE)))
def test_a_file_of_one_embedding_is_read(tmp_path, content, expected, extension):
    found = formats.read(save(content, tmp_path / f"x{extension}"))
    assert found.name == "x"
    assert [tensor.tolist() for tensor in found.vectors] == [t.tolist() for t in expected]


@pytest.mark.parametrize(("content", "expected", "extension"), list(forms(SEVERAL)))
def test_a_file_of_several_is_listed_as_several(tmp_path, content, expected, extension):
    path = save(content, tmp_path / f"x{extension}")
    library = Library(tmp_path)
    assert {entry.name: entry.widths for entry in library.list()} == expected
    assert [entry.problem for entry in library.list()] == [None] * len(expected)
    assert {name: library.load(name).widths for name in expected} == expected
    if len(expected) > 1:
        with pytest.raises(EmbeddingError, match="holds 2 embeddings"):
            formats.read(path)


def test_saving_over_one_of_several_leaves_the_others(tmp_path):
    path = save({"28017_v0": L, "28017_v1": L + 1}, tmp_path / "x.pt")
    before = path.read_bytes()
    library = Library(tmp_path)
    with pytest.raises(EmbeddingError, match="Cannot rename"):
        library.rename("28017_v0", "cat")
    assert library.save(sd1("28017_v0"), overwrite=True) == tmp_path / "28017_v0.pt"
    assert path.read_bytes() == before


@pytest.mark.parametrize(("content", "expected", "extension"), list(forms(ELSEWHERE)))
def test_what_works_elsewhere_or_not_at_all_is_named(tmp_path, content, expected, extension):
    with pytest.raises(EmbeddingError, match=expected):
        formats.read(save(content, tmp_path / f"x{extension}"))


@pytest.mark.parametrize(
    ("key", "token", "expected"),
    [("*", None, "cat-toy"), ("<dog>", None, "dog"), ("*", "<bird>", "bird"), ("<a>", "/", "a")],
)
def test_a_concepts_folder_names_what_its_file_does_not(tmp_path, key, token, expected):
    folder = tmp_path / "cat-toy"
    folder.mkdir()
    save({key: L}, folder / "learned_embeds.bin")
    if token:
        (folder / "token_identifier.txt").write_text(token + "\n")
    assert [entry.name for entry in Library(tmp_path).list()] == [expected]


def test_names_and_keys_that_steer_a_terminal_are_escaped(tmp_path):
    evil = "\x1b[31mred\n\u202e"
    save({evil: L.int()}, tmp_path / f"{evil}.pt")
    save({evil: L}, tmp_path / f"good{evil}.pt")
    save({evil: L, "b": rows(5)}, tmp_path / "keys.pt")
    told = [(entry.name, entry.problem or "") for entry in Library(tmp_path).list()]
    assert len(told) == 3
    assert all(name.isprintable() and problem.isprintable() for name, problem in told)
    save({"string_to_param": {"*": L}, "sd_checkpoint_name": evil}, tmp_path / "base.pt")
    assert formats.read(tmp_path / "base.pt").base_model == "\\x1b[31mred \\u202e"
    assert Library(tmp_path).load("good\\x1b[31mred\\n\\u202e").num_vectors == 2


@pytest.mark.filterwarnings("error")
def test_the_libraries_warnings_do_not_leak(tmp_path):
    import pickle

    (tmp_path / "x.pt").write_bytes(pickle.dumps({"a": 1}, 4))
    with pytest.raises(EmbeddingError):
        formats.read(tmp_path / "x.pt")

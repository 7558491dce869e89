"""Other programs' rules for what an embedding file is, said again as checks of our own.

Each takes a file and the widths of the model that is open, and gives the vectors by width as that
program would put them into a prompt, or raises.
"""

from __future__ import annotations

import base64
import json
import pickle
import zipfile

import safetensors.torch
import torch
from PIL import Image

from tests.embeddings.formats import pixels

PICTURES = (".png", ".webp")
COMFYUI_KEYS = {768: "clip_l", 1280: "clip_g", 1024: "clip_h"}
INVOKEAI_BASES = {768: (768,), 1024: (1024,), 1280: (768, 1280)}


class RefusedError(Exception):
    """The program does not load the file, or not all of it."""


def check(claim, why="not taken"):
    if not claim:
        raise RefusedError(why)


def a1111(path, widths):
    """Look into a torch file's zip first; unpickle with permissions of its own; then as Forge."""
    if path.suffix in (".pt", ".bin") and zipfile.is_zipfile(path):
        inside = {name.split("/", 1)[1] for name in zipfile.ZipFile(path).namelist()}
        known = {"data.pkl", "version", "byteorder", ".data/serialization_id"}
        strange = {name for name in inside if not (name in known or name[:5] == "data/")}
        check(not strange, "bad file inside")
    return forge(path, widths)


def forge(path, widths):
    """One entry under string_to_param; clip_g and clip_l, each value detached; or one tensor."""
    data = _everything(path)
    check(isinstance(data, dict), "not a dict")
    if "string_to_param" in data:
        params = data["string_to_param"]
        params = getattr(params, "_parameters", params)
        check(len(params) == 1, "multiple terms")
        return _by_width(params.values(), widths)
    if "clip_g" in data and "clip_l" in data:
        detached = {key: value.detach() for key, value in data.items()}
        check((detached["clip_l"].shape[-1], detached["clip_g"].shape[-1]) == widths)
        return _by_width([detached["clip_l"], detached["clip_g"]], widths)
    check(isinstance(next(iter(data.values())), torch.Tensor), "neither")
    check(len(data) == 1, "multiple terms")
    return _by_width(data.values(), widths)


def comfyui(path, widths):
    """By the text encoder's key; else the first value, or the first under string_to_param."""
    check(path.suffix in (".safetensors", ".pt", ".bin"), "does not exist, ignoring")
    data = _plainly(path)
    found = []
    for width in widths:
        check(width in COMFYUI_KEYS, "no such model")
        if isinstance(data, list):
            parts = [t.reshape(-1, t.shape[-1]) for item in data for t in item.values()]
            taken = torch.cat([part for part in parts if part.shape[-1] == width])
        elif "string_to_param" in data:
            taken = next(iter(data["string_to_param"].values()))
        elif COMFYUI_KEYS[width] in data:
            taken = data[COMFYUI_KEYS[width]]
        else:
            bundled = [v for k, v in data.items() if k.startswith("bundle_emb.")]
            ends = (".string_to_param.*", "." + COMFYUI_KEYS[width])
            keys = [k for k in data if k.startswith("bundle_emb.") and k.endswith(ends)]
            taken = torch.cat([data[k] for k in keys]) if keys and bundled else None
            taken = next(iter(data.values())) if taken is None else taken
        check(taken.shape[-1] == width, "shape mismatch, embedding will be ignored")
        found.append(taken)
    return _by_width(found, widths)


def invokeai(path, widths):
    """Type the file first, by a width that is an unknown key's number of rows."""
    check(path.suffix in (".safetensors", ".pt", ".bin"), "Unrecognized model extension")
    data = _plainly(path)
    check(isinstance(data, dict), "unable to determine token dimension")
    small = len(data) < 10 and all(isinstance(v, torch.Tensor) for v in data.values())
    check(small or {"string_to_param", "emb_params", "clip_g"} & set(data), "does not look like it")
    if "string_to_token" in data:
        width = next(iter(data["string_to_param"].values())).shape[-1]
    elif "emb_params" in data:
        width = data["emb_params"].shape[-1]
    elif "clip_g" in data:
        width = data["clip_g"].shape[-1]
    else:
        width = getattr(next(iter(data.values())), "shape", [None])[0]
    check(width in INVOKEAI_BASES, f"unrecognized token dimension {width}")
    check(INVOKEAI_BASES[width] == widths, "base is another")
    if "string_to_param" in data:
        return _by_width([next(iter(data["string_to_param"].values()))], widths)
    if "emb_params" in data:
        return _by_width([data["emb_params"]], widths)
    if "clip_g" in data and "clip_l" in data:
        return _by_width([data["clip_l"], data["clip_g"]], widths)
    return _by_width([next(iter(data.values()))], widths)


def sdnext(path, widths):
    """Every tensor of a .safetensors by its width; of a .pt what is called * ."""
    check(path.suffix in (".safetensors", ".pt"), "not listed")
    data = _plainly(path)
    if path.suffix == ".pt":
        check("string_to_param" in data and "*" in data["string_to_param"], "skipped")
        return _by_width([data["string_to_param"]["*"]], widths)
    check(all(value.dim() == 2 for value in data.values()), "one word a number")
    check(all(value.shape[-1] in widths for value in data.values()), "skipped")
    check(len(data) == len(widths), "skipped")
    return _by_width(data.values(), widths)


def diffusers(path, widths):
    """Its own code; of SDXL's pair its documentation has the caller hand over one at a time."""
    from diffusers.loaders.textual_inversion import (
        TextualInversionLoaderMixin,
        load_textual_inversion_state_dicts,
    )

    class NoWords:
        def get_vocab(self):
            return {}

    try:
        states = load_textual_inversion_state_dicts([str(path)])
        if len(widths) > 1 and isinstance(states[0], dict):
            states = [states[0]["clip_l"], states[0]["clip_g"]]
        take = TextualInversionLoaderMixin._retrieve_tokens_and_embeddings
        tokens = [f"<{number}>" for number in range(len(states))]
        return _by_width(take(tokens, states, tokenizer=NoWords())[1], widths)
    except (OSError, ValueError, LookupError) as error:
        raise RefusedError(str(error)) from None


READERS = {
    "AUTOMATIC1111": a1111,
    "Forge": forge,
    "ComfyUI": comfyui,
    "InvokeAI": invokeai,
    "SD.Next": sdnext,
    "diffusers": diffusers,
}


def reads(program, path, widths):
    """Give the vectors by width, or None where the program does not take the file."""
    try:
        return READERS[program](path, widths)
    except (RefusedError, AttributeError, TypeError, LookupError, RuntimeError, StopIteration):
        return None


def _everything(path):
    """Load as A1111 and Forge do, which allow more than torch does by itself, and pictures."""
    if path.suffix in PICTURES:
        with Image.open(path) as picture:
            chunk = getattr(picture, "text", {}).get("sd-ti-embedding")
            data = base64.b64decode(chunk) if chunk else pixels.data_in(picture)
        return json.loads(data, object_hook=_tensors)
    if path.suffix == ".safetensors":
        return safetensors.torch.load_file(path)
    # They unpickle anything that is allowed by name; here only what the tests wrote.
    return torch.load(path, map_location="cpu", weights_only=False)


def _plainly(path):
    """Load as torch and safetensors do by themselves."""
    if path.suffix == ".safetensors":
        return safetensors.torch.load_file(path)
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise RefusedError("weights only") from error


def _tensors(value):
    return torch.tensor(value["TORCHTENSOR"]) if "TORCHTENSOR" in value else value


def _by_width(tensors, widths):
    found = {t.shape[-1]: t.detach().float().reshape(-1, t.shape[-1]) for t in tensors}
    check(tuple(sorted(found)) == tuple(sorted(widths)), "another width")
    return found

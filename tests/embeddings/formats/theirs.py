"""Other programs' rules for what an embedding file is, said again as checks of our own.

Each takes a file's content as its library loads it and gives the vectors by width, or raises.
"""

from __future__ import annotations

import base64
import json

import safetensors.torch
import torch
from PIL import Image

OF_WIDTH = {"clip_l": 768, "clip_g": 1280, "clip_h": 1024}


def content(path):
    """Load a file as these programs do."""
    if path.suffix == ".safetensors":
        return safetensors.torch.load_file(path)
    if path.suffix == ".png":
        with Image.open(path) as picture:
            data = base64.b64decode(picture.info["sd-ti-embedding"])
        return json.loads(data, object_hook=_tensors)
    return torch.load(path, map_location="cpu", weights_only=True)


def _tensors(value):
    return torch.tensor(value["TORCHTENSOR"]) if "TORCHTENSOR" in value else value


def a1111(data):
    """One entry under string_to_param; or clip_g and clip_l, each value detached; or one tensor."""
    if "string_to_param" in data:
        (vectors,) = data["string_to_param"].values()
        return by_width([vectors])
    if "clip_g" in data and "clip_l" in data:
        return by_width([value.detach().to(torch.float32) for value in data.values()])
    assert isinstance(next(iter(data.values())), torch.Tensor)
    (vectors,) = data.values()
    return by_width([vectors])


def comfyui(data):
    """By the text encoder's key; else the first value, or the first under string_to_param."""
    found = {}
    for key, width in OF_WIDTH.items():
        values = data.get("string_to_param", data)
        vectors = data.get(key, next(iter(values.values())))
        if vectors.shape[-1] == width:
            found |= by_width([vectors])
    assert found
    return found


def invokeai(data):
    """Type the file first, by a width that is an unknown key's number of rows."""
    if "string_to_param" in data and "string_to_token" in data:
        width = next(iter(data["string_to_param"].values())).shape[-1]
    elif "emb_params" in data:
        width = data["emb_params"].shape[-1]
    elif "clip_g" in data:
        width = data["clip_g"].shape[-1]
    else:
        width = next(iter(data.values())).shape[0]
    assert width in OF_WIDTH.values(), f"unrecognized token dimension {width}"
    tensors = data.get("string_to_param", data).values()
    return by_width([value for value in tensors if isinstance(value, torch.Tensor)])


def sdnext(data):
    """By width; in a .pt under string_to_param, only what is called *."""
    if "string_to_param" in data:
        return by_width([data["string_to_param"]["*"]])
    found = by_width(data.values())
    assert set(found) <= set(OF_WIDTH.values())
    return found


def diffusers(data):
    """Rules of `load_textual_inversion` for one state, as its own code applies them."""
    from diffusers.loaders.textual_inversion import TextualInversionLoaderMixin

    class NoWords:
        def get_vocab(self):
            return {}

    split = [data]
    if "clip_l" in data:  # its documentation has the caller hand over one encoder's at a time
        split = [{"<a>": data["clip_l"]}, {"<b>": data["clip_g"]}]
    take = TextualInversionLoaderMixin._retrieve_tokens_and_embeddings
    _, vectors = take([None] * len(split), split, tokenizer=NoWords())
    return by_width(vectors)


READERS = {
    "A1111, Forge": a1111,
    "ComfyUI": comfyui,
    "InvokeAI": invokeai,
    "SD.Next": sdnext,
    "diffusers": diffusers,
}


def by_width(tensors):
    return {tensor.shape[-1]: tensor.float().reshape(-1, tensor.shape[-1]) for tensor in tensors}

"""Pictures drawn by `generate`, and read back."""

import numpy as np
import torch
from PIL import Image

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.events import Progressed
from textual_inversion.generation.generate import generate
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GenerateSettings

PROMPT = "a photo of <zyx> house"


def embedding(width, count=2, name="zyx"):
    rows = torch.randn(count, width, generator=torch.Generator().manual_seed(1))
    return Embedding(name, (rows,), step=5)


def run(prompt=PROMPT, *, control=None, **changes):
    settings = GenerateSettings.build({"prompt": prompt, "steps": 4, "seed": 3}, changes)
    return list(generate(settings, control or Control()))


def pictures(events):
    made = []
    for event in events:
        if isinstance(event, Progressed):
            with Image.open(event.path) as picture:
                picture.load()
            made.append(picture)
    return made


def asked():
    """What `run` asks for, in diffusers' words."""
    seed = torch.Generator().manual_seed(3)
    words = {"negative_prompt": "red", "num_inference_steps": 4, "guidance_scale": 4}
    return {**words, "generator": seed}


def drawn(prompt, model, **changes):
    (picture,) = pictures(run(prompt, model=model, **changes))
    return np.asarray(picture, int)


def infotext(path):
    with Image.open(path) as picture:
        return picture.info["parameters"]


def infotext_of(prompt, model, **changes):
    (event,) = [e for e in run(prompt, model=model, **changes) if isinstance(e, Progressed)]
    return infotext(event.path)

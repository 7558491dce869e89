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
KARRAS = {"use_karras_sigmas": True}

SDE = {"algorithm_type": "sde-dpmsolver++"}

DIFFUSERS = {
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "DDIM": ("DDIMScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "PNDM": ("PNDMScheduler", {}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", SDE),
    "DPM++ 2M SDE Karras": ("DPMSolverMultistepScheduler", SDE | KARRAS),
    "DPM++ SDE": ("DPMSolverSDEScheduler", {"noise_sampler_seed": 3}),
    "DPM++ SDE Karras": ("DPMSolverSDEScheduler", {"noise_sampler_seed": 3} | KARRAS),
    "LMS": ("LMSDiscreteScheduler", {}),
    "LMS Karras": ("LMSDiscreteScheduler", KARRAS),
    "DPM2": ("KDPM2DiscreteScheduler", {}),
    "DPM2 Karras": ("KDPM2DiscreteScheduler", KARRAS),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
    "LCM": ("LCMScheduler", {}),
}


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


def scene(path, size=(64, 64), seed=5):
    """Save a picture of coarse coloured patches."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(path)
    return str(path)


def mask_of(path, box, size=(64, 64)):
    """Save a mask that is white within a box."""
    mask = Image.new("L", size)
    mask.paste(255, box)
    mask.save(path)
    return str(path)


def pipeline(kind, model, sampler):
    """Open one of diffusers' pipelines with a sampler."""
    import diffusers

    pipe = getattr(diffusers, kind).from_pretrained(model)
    name, extra = DIFFUSERS[sampler]
    pipe.scheduler = getattr(diffusers, name).from_config(pipe.scheduler.config, **extra)
    pipe.set_progress_bar_config(disable=True)
    return pipe

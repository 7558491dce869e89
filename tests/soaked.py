"""Imports, once for all forked trainings, what each of them needs."""

import pkgutil

for _name in (
    "commandline.main",
    "textual_inversion.training.run",
    "transformers:CLIPTokenizer",
    "transformers:CLIPTextModel",
    "diffusers:AutoencoderKL",
    "diffusers:DPMSolverMultistepScheduler",
    "diffusers:UNet2DConditionModel",
):
    pkgutil.resolve_name(_name)

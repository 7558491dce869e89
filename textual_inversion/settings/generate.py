"""The choices of `ti generate`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from textual_inversion.settings.base import (
    DEFAULT_MODEL,
    FolderPath,
    PixelSize,
    PromptText,
    Settings,
)
from textual_inversion.settings.markers import Positional, Ui

Sampler = Literal[
    "DPM++ 2M", "DPM++ 2M Karras", "DPM++ 2M SDE", "DPM++ 2M SDE Karras", "DPM++ SDE",
    "DPM++ SDE Karras", "DPM++ 2S a", "Euler", "Euler a", "DDIM", "UniPC", "Heun", "LMS",
    "LMS Karras", "DPM2", "DPM2 Karras", "DPM2 a", "PNDM", "LCM",
]  # fmt: skip
Emphasis = Literal["original", "no norm", "ignore", "none"]
HiresUpscaler = Literal["Latent", "Latent (nearest-exact)", "Lanczos", "Nearest"]
ResizeMode = Literal["just resize", "crop and resize", "resize and fill"]
MaskedContent = Literal["original", "fill", "latent noise", "latent nothing"]
InpaintArea = Literal["whole picture", "only masked"]
VaeTiling = Literal["auto", "on", "off"]


class GenerateSettings(Settings):
    """Generate pictures; name an embedding in the prompt, as <name> or just name."""

    prompt: Annotated[PromptText, Positional(), Ui("Prompt", "area")]
    """What to show. Write <name> or name where an embedding's subject should be. AUTOMATIC1111's
    syntax works: (more), [less], (word:1.3), [from:to:0.5], [one|other], AND, BREAK."""
    negative_prompt: Annotated[PromptText, Ui("Negative prompt")] = ""
    """What not to show; embeddings work here too."""
    sampler: Annotated[Sampler, Ui("Sampler", row="sampling")] = "DPM++ 2M"
    """The method that turns noise into a picture."""
    steps: Annotated[int, Field(ge=1, le=150), Ui("Steps", "slider", row="sampling", step=1)] = 20
    """More steps take longer and settle the picture; 20 to 30 is enough for most samplers."""
    cfg_scale: Annotated[
        float, Field(ge=1, le=30), Ui("CFG scale", "slider", row="sampling", step=0.5)
    ] = 4.0
    """How strongly the picture follows the prompt; 1 is not at all, 7 suits SD 1.x, 3 to 4 the
    pocket model."""
    width: Annotated[PixelSize, Ui("Width", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    height: Annotated[PixelSize, Ui("Height", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    batch_count: Annotated[int, Field(ge=1, le=100), Ui("Batch count", row="batch")] = 1
    """So many times the number of images, one batch after the other; it costs no memory."""
    num_images: Annotated[int, Field(ge=1, le=64), Ui("Number of images", row="batch")] = 1
    """Pictures made together; picture k has the seed plus k."""
    seed: Annotated[int, Field(ge=-1, lt=2**32), Ui("Seed", row="batch")] = -1
    """The start of the noise; -1 draws a new one, which the picture's info tells."""
    hires_fix: Annotated[bool, Ui("High-res fix", group="High-res fix")] = False
    """Draws at the size above, enlarges the picture, and draws it once more: sizes that the model
    was not trained on keep their composition."""
    hires_scale: Annotated[
        float,
        Field(ge=1, le=4),
        Ui("Upscale by", "slider", row="hires-size", step=0.05, group="High-res fix"),
    ] = 2.0
    """How many times as wide and as high; the result is cut to a multiple of 8 pixels."""
    hires_strength: Annotated[
        float,
        Field(ge=0.05, le=1),
        Ui("Denoising strength", "slider", row="hires-size", step=0.01, group="High-res fix"),
    ] = 0.7
    """How much of the enlarged picture is drawn anew; with Latent at least 0.5 to be sharp."""
    hires_steps: Annotated[
        int, Field(ge=0, le=150), Ui("Second steps", row="hires-how", group="High-res fix")
    ] = 0
    """Steps of the second pass; 0 takes as many as in the first."""
    hires_upscaler: Annotated[
        HiresUpscaler, Ui("Upscaler", row="hires-how", group="High-res fix")
    ] = "Latent"
    """Latent enlarges what the UNet has drawn; Lanczos and Nearest enlarge the decoded picture."""
    init_image: Annotated[str, Ui("Initial picture", "file", group="Image to image")] = ""
    """A picture to begin from instead of noise; empty begins from noise."""
    mask: Annotated[str, Ui("Mask", "file", group="Image to image")] = ""
    """A picture as large as the initial one, white where it is painted anew; empty paints all."""
    strength: Annotated[
        float,
        Field(ge=0, le=1),
        Ui("Denoising strength", "slider", step=0.01, group="Image to image"),
    ] = 0.75
    """How much of the initial picture is drawn anew: 0 leaves nearly everything, 1 nothing. It also
    is the share of the steps that is taken."""
    resize_mode: Annotated[ResizeMode, Ui("Resize mode", group="Image to image")] = (
        "crop and resize"
    )
    """How the initial picture comes to the width and height."""
    inpaint_area: Annotated[
        InpaintArea, Ui("Inpaint area", row="inpaint", group="Image to image")
    ] = "whole picture"
    """only masked draws what is around the mask at the full width and height, and puts it back into
    the initial picture, which keeps its size."""
    masked_content: Annotated[
        MaskedContent, Ui("Masked content", row="inpaint", group="Image to image")
    ] = "original"
    """What stands under the mask at the beginning; fill are the colours around it."""
    mask_blur: Annotated[
        int, Field(ge=0, le=64), Ui("Mask blur", row="mask", group="Image to image")
    ] = 4
    """How softly the mask ends: the deviation of a Gaussian blur in pixels."""
    inpaint_padding: Annotated[
        int, Field(ge=0, le=256), Ui("Padding", row="mask", group="Image to image")
    ] = 32
    """Pixels around the mask that are drawn along with only masked."""
    invert_mask: Annotated[bool, Ui("Paint what is not masked", group="Image to image")] = False
    """Draws everything but the mask anew."""
    clip_skip: Annotated[int, Field(ge=1, le=12), Ui("Clip skip", group="Advanced")] = 1
    """Which of the text encoder's last layers is read: 1 is the last, 2 suits models that were
    trained so. SDXL always reads its own layer."""
    cfg_rescale: Annotated[
        float, Field(ge=0, le=1), Ui("CFG rescale", "slider", step=0.05, group="Advanced")
    ] = 0.0
    """Takes back the brightness that a high CFG scale adds; 0.7 suits v-prediction models."""
    eta: Annotated[float, Field(ge=0, le=1), Ui("Eta", "slider", step=0.05, group="Advanced")] = 0.0
    """Noise that DDIM adds at each step; 0 adds none, 1 as much as DDPM."""
    variation_seed: Annotated[
        int, Field(ge=-1, lt=2**32), Ui("Variation seed", row="variation", group="Advanced")
    ] = -1
    """Another seed to move towards; -1 draws a new one."""
    variation_strength: Annotated[
        float,
        Field(ge=0, le=1),
        Ui("Variation strength", "slider", row="variation", step=0.01, group="Advanced"),
    ] = 0.0
    """How far to go from the seed's picture to the variation seed's; all pictures then begin from
    the same seed and differ in their variation seeds."""
    emphasis: Annotated[Emphasis, Ui("Emphasis", group="Advanced")] = "original"
    """What brackets mean. original weighs the words and keeps the mean, as AUTOMATIC1111's web UI;
    no norm leaves the mean to change; ignore drops the weights, none takes brackets as text."""
    vae_tiling: Annotated[VaeTiling, Ui("VAE tiling", group="Advanced")] = "auto"
    """Decodes pictures in tiles that overlap, which needs less memory; auto does so above 1024 x
    1024 pixels. Several pictures are decoded together only up to 512 x 512 pixels in all."""
    vae: Annotated[str, Ui("VAE", "vae", group="Advanced")] = ""
    """Another autoencoder than the base model's own: a diffusers folder or a .safetensors, .ckpt or
    .pt file, by path or by its name under models/. Empty uses the model's own."""
    tokenizer: Annotated[str, Ui("Tokenizer", group="Advanced")] = ""
    """Another tokenizer than the base model's own: a folder with a vocab.json and a merges.txt, a
    model's folder, or a name on the Hugging Face Hub. Empty uses the model's own."""
    output: Annotated[FolderPath, Ui("Output directory", group="Advanced")] = "outputs"
    """Where the PNG files go, each with its settings in a text chunk."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The Stable Diffusion model to draw with: a diffusers folder or a .safetensors or .ckpt file,
    by path or by its name under models/, or a name on the Hugging Face Hub."""

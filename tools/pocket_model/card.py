"""Write the model card from the measured figures: words here, numbers from figures.json."""

from __future__ import annotations

from pathlib import Path

from data import SIMPLE_OBJECTS, Item, held_out_style

ART = (
    ("cartoon", "Noto Emoji", "`@svgmoji/noto`", "Google", "Apache-2.0"),
    ("sticker", "Twemoji", "`@twemoji/svg`", "Twitter, Inc. and other contributors", "CC BY 4.0"),
    ("flat", "Fluent Emoji, flat", "`fluentui-emoji`", "Microsoft Corporation", "MIT"),
    ("modern", "Fluent Emoji, modern", "`fluentui-emoji`", "Microsoft Corporation", "MIT"),
    ("3d", "Fluent Emoji, 3D", "`@lobehub/fluent-emoji-3d`", "Microsoft Corporation", "MIT"),
)
INTRO = """# The pocket model

A tiny Stable Diffusion, made from scratch for this project: 128x128 pixels, {size:.0f} MB, real in
every part (autoencoder, UNet, CLIP text encoder, CLIP tokenizer) and opened by plain diffusers:

```python
from diffusers import StableDiffusionPipeline

pipe = StableDiffusionPipeline.from_pretrained("models/pocket")
pipe("a photo of a lion, 3d style, on a blue background", num_inference_steps=20, guidance_scale=3)
```

It is meant for learning and for tests: emoji-like things on plain backgrounds and nothing else; see
[what limits it](#what-limits-it). Guidance 3 suits it; 5 and more over-saturates.

![Known concepts in five styles and over five colours](samples.webp)
"""

LIMITS = """## What limits it

It knows what it was shown and little else: single things in the middle of a plain background.
Shapes and colors are right, and faces have their eyes; the smallest parts are not: a penguin's eyes
and a guitar's strings smear, since 16x16 latents hold about as much as a thumbnail and the training
was {minutes:.0f} minutes of two CPU cores. The styles *modern* and *3d* differ little at this
size. A color that the thing itself has may bleed into a background asked for. What is left is a
matter of training: the loss still fell when the time was over, and `train_unet.py` goes on.
"""


def write(path: Path, figures: dict, items: list[Item], unseen: set[str]) -> None:
    """Write the card for a model that was taught `items`."""
    size = sum(file.stat().st_size for file in path.parent.rglob("*.safetensors")) / 1e6
    parts = [
        INTRO.format(size=size),
        _figures(figures),
        LIMITS.format(minutes=figures["training"]["unet"]["seconds"] / 60),
        _making(items, figures["training"]),
        _data(),
        _held_out(items, unseen),
    ]
    path.write_text("\n".join(parts))


def _figures(figures: dict) -> str:
    lines = [
        "## Figures",
        "",
        "All by `tools/pocket_model/evaluate.py`; the bars are those for a model trained on a CPU.",
        "",
        "| what | measured | bar | by chance |",
        "|---|---|---|---|",
    ]
    for name, rows in (
        ("vae", _vae_row),
        ("fidelity", _fidelity_rows),
        ("backgrounds", _background_rows),
        ("inversion", _inversion_row),
        ("timings", _timing_rows),
    ):
        if name in figures:
            lines += rows(figures[name])
    return "\n".join([*lines, "", *_notes(figures), ""])


def _vae_row(got: dict) -> list[str]:
    return [f"| autoencoder, PSNR on {got['pictures']} held-out pictures "
            f"| {got['psnr_db']:.1f} dB | ≥ 26 dB | - |"]  # fmt: skip


def _fidelity_rows(got: dict) -> list[str]:
    return [
        f"| nearest training picture has the label asked for ({got['pairs']} pictures: 100 labels "
        f"x styles; of {got['bank']} pictures of {got['labels']} labels) "
        f"| {got['label']:.0%} | ≥ 25 % | {got['label_chance']:.1%} |",
        f"| … and the style asked for | {got['style']:.0%} | ≥ 60 % | {got['style_chance']:.0%} |",
        f"| the label, where the style was never shown ({got['hidden_pairs']} pictures) "
        f"| {got['hidden_label']:.0%} | - | {got['label_chance']:.1%} |",
    ]


def _background_rows(got: dict) -> list[str]:
    return [
        f"| background colour as asked, known wordings | {got['known']:.0%} | ≥ 90 % "
        f"| {got['chance']:.0%} |",
        f"| … new wordings | {got['new']:.0%} | ≥ 90 % | {got['chance']:.0%} |",
    ]


def _inversion_row(got: dict) -> list[str]:
    return [
        f"| textual inversion: pictures nearer to the held-out one than the init word's "
        f"| {got['nearer']} of {got['of']} | ≥ 7 of 10 | 5 of 10 |",
        f"| … time to learn one concept, the slowest | {got['slowest_seconds']:.0f} s "
        "| ≤ 300 s | - |",
    ]


def _timing_rows(got: dict) -> list[str]:
    return [
        f"| one picture, 20 steps, {got['threads']} threads | {got['picture_seconds']:.2f} s "
        "| < 3 s | - |",
        f"| one training step of an embedding, batch 4 | {got['step_seconds']:.2f} s "
        "| < 0.5 s | - |",
    ]


def _notes(figures: dict) -> list[str]:
    return [
        "How: pictures are sampled with DPM++ 2M, 20 steps, guidance 3. *Nearest* is by Euclidean",
        "distance of the autoencoder's latents to all training pictures over white; the background",
        "is the median of the four corners, matched to the eleven colours. Inversion: 4 vectors,",
        "300 steps of AdamW from 0.005 down to nothing, batch 4, four pictures over white, the",
        "fifth style held out; then eight pictures each from equal noise, compared by root mean",
        "squared distance.",
        "",
        *_inversion_table(figures.get("inversion")),
        "![Held-out pictures and their reconstructions](vae.webp)",
        "",
        "![Textual inversion of ten held-out concepts](inversion.webp)",
    ]


def _inversion_table(got: dict | None) -> list[str]:
    if not got:
        return []
    lines = ["| held-out concept | held-out style | from the word | distance before | after |"]
    lines.append("|---|---|---|---|---|")
    for concept, row in got["concepts"].items():
        lines.append(
            f"| {concept} | {row['style']} | {row['word']} | {row['before']:.3f} "
            f"| {row['after']:.3f} |"
        )
    return [*lines, ""]


def _making(items: list[Item], training: dict) -> str:
    vae, unet, text = training["vae"], training["unet"], training["text"]
    return f"""## How it was made

On a machine of two CPU cores (AMD Zen 4, no GPU), shared with other work, by
`tools/pocket_model/` (see its README):

- Autoencoder: AutoencoderKL, f = 8, 4 latent channels, 6.0 M parameters; {vae["step"]:,} steps of
  16 random 64x64 crops. Its latents are brought to mean 0 and one deviation in each channel by
  folding a shift and a scale into the 1x1 convolutions around them.
- Text encoder (2.2 M, 192 wide): first {text["steps"]:,} steps of 128 captions and their pictures'
  latents, each to find the other (CLIP's objective), so that the UNet has something to listen to.
- UNet (12.4 M) and text encoder, trained jointly: {unet["step"]:,} steps,
  {unet["samples"]:,} samples, {unet["seconds"] / 60:.0f} minutes; {len(items):,} pictures of
  {len({item.concept for item in items})} concepts over white and four other colours each; SD 1's
  schedule, a tenth of the captions empty, EMA weights. It predicts
  {"velocity (v-prediction)" if unet["target"] == "velocity" else "noise (epsilon)"}, as the
  scheduler's configuration says.
- Tokenizer: byte-pair encoding learned from the captions, 4,515 entries, 77 positions.
"""


def _data() -> str:
    rows = "\n".join(f"| {s} | {art} | {p} | {who} | {lic} |" for s, art, p, who, lic in ART)
    return f"""## Data, licences and attribution

Emoji art with names, from npm packages; labels and tags from `emojibase-data` (MIT). The art was
rasterised to 128x128 pixels and laid over plain colours; nothing else was changed.

| style in prompts | art | package | by | licence |
|---|---|---|---|---|
{rows}

Twemoji is used under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). Noto Emoji is used
under the [Apache License 2.0](https://www.apache.org/licenses/LICENSE-2.0).
"""


def _held_out(items: list[Item], unseen: set[str]) -> str:
    concepts = sorted({item.concept for item in items})
    hidden = [(concept, held_out_style(concept)) for concept in concepts]
    listed = ", ".join(f"{concept} ({style})" for concept, style in hidden if style)
    return f"""## What it has seen

{len(concepts)} concepts: all animals and plants and all food and drink of the data set, and of the
objects {", ".join(sorted(SIMPLE_OBJECTS))}.

Never seen by the UNet in any style ({len(unseen)}, for textual inversion):
{", ".join(sorted(unseen))}.

Never seen in one style: {listed}.
"""

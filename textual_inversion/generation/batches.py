"""From settings to batches: nothing is left open, and what has no effect is named."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import NamedTuple

from textual_inversion.errors import SettingsError
from textual_inversion.events import Warned
from textual_inversion.generation.params import Hires, InitImage, SamplingParams
from textual_inversion.models.base import BaseModel
from textual_inversion.settings import GenerateSettings

_MOST_PX = 4096


def make_batches(settings: GenerateSettings, model: BaseModel) -> list[SamplingParams]:
    """Resolve the defaults in the settings: size 0 is the model's, seed -1 a random one.

    As in A1111, each picture has the next seed; where they vary one, each has the next variation
    seed instead.

    Raises:
        SettingsError: The model cannot draw pictures of that size.
    """
    seed, other = (
        given if given >= 0 else secrets.randbelow(2**32)
        for given in (settings.seed, settings.variation_seed)
    )
    varies = settings.variation_strength > 0
    size = settings.num_images
    width, height = settings.width or model.info.size, settings.height or model.info.size
    _check_size(width, height, model)
    return [
        SamplingParams(
            prompt=settings.prompt,
            negative_prompt=settings.negative_prompt,
            sampler=settings.sampler,
            steps=settings.steps,
            cfg_scale=settings.cfg_scale,
            width=width,
            height=height,
            seeds=_seeds(seed, first, size) if not varies else (seed,) * size,
            emphasis=settings.emphasis,
            clip_skip=settings.clip_skip,
            cfg_rescale=settings.cfg_rescale,
            eta=settings.eta,
            variation_seeds=_seeds(other, first, size) if varies else (),
            variation_strength=settings.variation_strength,
            hires=_hires(settings, width, height),
            init=_init_image(settings),
            vae_tiling=settings.vae_tiling,
        )
        for first in range(0, settings.batch_count * size, size)
    ]


def _seeds(seed: int, first: int, count: int) -> tuple[int, ...]:
    return tuple((seed + index) % 2**32 for index in range(first, first + count))


def _check_size(width: int, height: int, model: BaseModel) -> None:
    factor = model.info.vae_scale_factor
    for name, side in (("width", width), ("height", height)):
        if side % factor:
            raise SettingsError(
                f"{name} must be a multiple of {factor} with {model.info.name} (got {side}); try "
                f"{max(factor, side // factor * factor)}."
            )


def _hires(settings: GenerateSettings, width: int, height: int) -> Hires | None:
    if not settings.hires_fix or settings.init_image:
        return None
    larger = [int(side * settings.hires_scale) // 8 * 8 for side in (width, height)]
    if max(larger) > _MOST_PX:
        raise SettingsError(
            f"hires_scale {settings.hires_scale:g} would make pictures of {larger[0]} x "
            f"{larger[1]} pixels; neither side may be more than {_MOST_PX}."
        )
    return Hires(
        width=larger[0],
        height=larger[1],
        scale=settings.hires_scale,
        upscaler=settings.hires_upscaler,
        strength=settings.hires_strength,
        steps=settings.hires_steps,
    )


def _init_image(settings: GenerateSettings) -> InitImage | None:
    if not settings.init_image:
        return None
    return InitImage(
        path=settings.init_image,
        mask=settings.mask,
        strength=settings.strength,
        resize_mode=settings.resize_mode,
        area=settings.inpaint_area,
        content=settings.masked_content,
        blur=settings.mask_blur,
        padding=settings.inpaint_padding,
        invert=settings.invert_mask,
    )


class _Rule(NamedTuple):
    fields: tuple[str, ...]
    matters: Callable[[GenerateSettings], bool]
    when: str


_RULES = (
    _Rule(("eta",), lambda s: s.sampler == "DDIM", "with the DDIM sampler"),
    _Rule(("cfg_rescale",), lambda s: s.cfg_scale > 1, "with a CFG scale above 1"),
    _Rule(
        ("hires_scale", "hires_upscaler", "hires_steps", "hires_strength"),
        lambda s: s.hires_fix and not s.init_image,
        "with the high-res fix",
    ),
    _Rule(("hires_fix",), lambda s: not s.init_image, "without an initial picture"),
    _Rule(
        ("mask", "strength", "resize_mode"),
        lambda s: bool(s.init_image),
        "with an initial picture",
    ),
    _Rule(
        ("invert_mask", "mask_blur", "masked_content", "inpaint_area"),
        lambda s: bool(s.init_image and s.mask),
        "with an initial picture and a mask",
    ),
    _Rule(
        ("inpaint_padding",),
        lambda s: bool(s.init_image and s.mask) and s.inpaint_area == "only masked",
        "with a mask where only masked is drawn",
    ),
)


def warn_of_no_effect(settings: GenerateSettings, model: BaseModel) -> Iterator[Warned]:
    """Name each setting that was changed and has no effect beside the others."""
    fields = type(settings).model_fields
    for rule in _RULES:
        for name in rule.fields:
            if getattr(settings, name) != fields[name].default and not rule.matters(settings):
                yield Warned(f"{name} has no effect here; it only counts {rule.when}.")
    if settings.variation_seed >= 0 and settings.variation_strength == 0:
        yield Warned("variation_seed has no effect here; set a variation strength above 0.")
    if settings.clip_skip > 1 and not model.info.family.has_clip_skip:
        yield Warned(
            f"clip_skip has no effect here; {model.info.family.title} reads its own layer."
        )

"""The choices of `ti train` about the data set: sizes, crops, captions and cached latents."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from textual_inversion.settings.basics import BasicTrainSettings
from textual_inversion.settings.markers import PICTURES, Ui


def _is_regex(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f'"{text}" is no regular expression: {error}') from None
    return text


class DatasetSettings(BasicTrainSettings):
    """How the pictures of a folder become what is learned from."""

    picture_sizes: Annotated[
        Literal["one", "buckets", "own"], Ui("Picture sizes", row="sizes", group=PICTURES)
    ] = "one"
    """"one" brings all pictures to width x height; "buckets" keeps each one's shape, at about that
    area; "own" does not resize and cuts sides to multiples of 8. A batch holds one size."""
    crop: Annotated[
        Literal["centre", "random", "squash"], Ui("Crop", row="sizes", group=PICTURES)
    ] = "centre"
    """Keep a picture's middle, another part of it each time it is shown, or all of it, squashed to
    the size. "random" keeps the autoencoder at work while training."""
    resampling: Annotated[Literal["lanczos", "bicubic"], Ui("Resampling", group=PICTURES)] = (
        "lanczos"
    )
    """The filter that resizes pictures: Lanczos is sharper; bicubic is that of diffusers' scripts,
    and cuts at whole pixels as they do."""
    filename_word_regex: Annotated[
        str, AfterValidator(_is_regex), Ui("Filename word regex", row="file names", group=PICTURES)
    ] = ""
    """For pictures without a caption file: take only what this regular expression finds in the file
    name, such as \\w+. Empty takes its words; a camera's name, a hash or a counter gives none."""
    filename_join_string: Annotated[
        str, Ui("Filename join string", row="file names", group=PICTURES)
    ] = " "
    """What stands between the words that the regular expression found."""
    latent_cache: Annotated[Literal["memory", "disk"], Ui("Latent cache", group=PICTURES)] = (
        "memory"
    )
    """Where the autoencoder's view of the pictures is kept: in memory for the run, or also in the
    folder .latents of the data set, where later runs find it. That folder may be deleted."""

"""The choices of `ti preprocess`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from textual_inversion.settings.base import DEFAULT_MODEL, Listed, PixelSize, Settings
from textual_inversion.settings.markers import OnlyWith, Positional, Ui

CaptionerName = Literal["blip", "deepdanbooru", "wd14", "lavis"]
_SENTENCES = OnlyWith("caption", ("blip", "lavis"))
_TAGS = OnlyWith("caption", ("deepdanbooru", "wd14"))
_SENTENCES_GROUP = "Captions in sentences"
_TAGS_GROUP = "Captions in tags"


class PreprocessSettings(Settings):
    """Prepare a folder of pictures for training."""

    source: Annotated[str, Positional(), Ui("Source directory", "folder")]
    """The folder with your pictures; it is only read."""
    destination: Annotated[str, Positional(), Ui("Destination directory", "folder")]
    """The folder to write to; made when missing, never emptied, and different from the source."""
    width: Annotated[PixelSize, Ui("Width", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size (512 for SD 1.x)."""
    height: Annotated[PixelSize, Ui("Height", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size (512 for SD 1.x)."""
    keep_original_size: Annotated[bool, Ui("Keep original size")] = False
    """Neither scale nor crop, whatever else is chosen below; training crops each picture to its own
    size then. Oversized ones are still split where that is asked for."""
    flipped_copies: Annotated[
        Literal["none", "horizontal", "vertical", "both"], Ui("Create flipped copies")
    ] = "none"
    """Write mirrored copies too, which doubles a small set; leave it for subjects that are not
    the same mirrored, such as lettering or a parting."""
    split_oversized: Annotated[bool, Ui("Split oversized images")] = False
    """Cut a picture that is much longer than the target into overlapping pieces of width x height,
    instead of cropping it to one."""
    split_threshold: Annotated[
        float, Field(ge=0, le=1), OnlyWith("split_oversized"),
        Ui("Split image threshold", "slider", row="split", step=0.05, group="Splitting"),
    ] = 0.5  # fmt: skip
    """A picture is split when a crop to the target's shape would keep at most this share of it."""
    split_overlap: Annotated[
        float, Field(ge=0, le=1), OnlyWith("split_oversized"),
        Ui("Split image overlap ratio", "slider", row="split", step=0.05, group="Splitting"),
    ] = 0.2  # fmt: skip
    """The least share of a piece that its neighbour shows as well; more than 0.9 counts as 0.9."""
    focal_crop: Annotated[bool, Ui("Auto focal point crop")] = False
    """Crop around what is worth seeing, found by faces, edges and entropy, instead of around the
    middle."""
    focal_face_weight: Annotated[
        float, Field(ge=0, le=1), OnlyWith("focal_crop"),
        Ui("Face weight", "slider", row="focal", step=0.05, group="Focal point crop"),
    ] = 0.9  # fmt: skip
    """How much faces count; they are found by OpenCV's own detectors (Haar cascades). 0 does not
    look for them."""
    focal_entropy_weight: Annotated[
        float, Field(ge=0, le=1), OnlyWith("focal_crop"),
        Ui("Entropy weight", "slider", row="focal", step=0.05, group="Focal point crop"),
    ] = 0.15  # fmt: skip
    """How much the part counts where light and dark mix most; 0 is off."""
    focal_edges_weight: Annotated[
        float, Field(ge=0, le=1), OnlyWith("focal_crop"),
        Ui("Edges weight", "slider", row="focal", step=0.05, group="Focal point crop"),
    ] = 0.5  # fmt: skip
    """How much strong corners count; 0 is off."""
    focal_crop_debug: Annotated[
        bool, OnlyWith("focal_crop"), Ui("Create debug image", group="Focal point crop")
    ] = False
    """Draw for each picture how its crop was found, into a folder of its own beside the
    destination: <destination>-debug."""
    auto_sized_crop: Annotated[bool, Ui("Auto-sized crop")] = False
    """Choose for each picture the size that suits its shape, in steps of 64 pixels, instead of
    width x height; the picture is left out when none suits."""
    auto_size_min: Annotated[
        int, Field(ge=0, le=2048), OnlyWith("auto_sized_crop"),
        Ui("Dimension lower bound", "slider", row="auto-edges", step=8, group="Auto-sized crop"),
    ] = 384  # fmt: skip
    """The shortest edge to choose, in pixels; rounded up to a multiple of 8."""
    auto_size_max: Annotated[
        int, Field(ge=0, le=2048), OnlyWith("auto_sized_crop"),
        Ui("Dimension upper bound", "slider", row="auto-edges", step=8, group="Auto-sized crop"),
    ] = 768  # fmt: skip
    """The longest edge to choose, in pixels."""
    auto_area_min: Annotated[
        int, Field(ge=1, le=2048 * 2048), OnlyWith("auto_sized_crop"),
        Ui("Area lower bound", row="auto-areas", group="Auto-sized crop"),
    ] = 64 * 64  # fmt: skip
    """The least width x height to choose."""
    auto_area_max: Annotated[
        int, Field(ge=1, le=2048 * 2048), OnlyWith("auto_sized_crop"),
        Ui("Area upper bound", row="auto-areas", group="Auto-sized crop"),
    ] = 640 * 640  # fmt: skip
    """The greatest width x height to choose; it decides how much memory training takes."""
    auto_size_objective: Annotated[
        Literal["maximize-area", "minimize-error"], OnlyWith("auto_sized_crop"),
        Ui("Resizing objective", row="auto-choice", group="Auto-sized crop"),
    ] = "maximize-area"  # fmt: skip
    """Take the largest size that suits, or the one that cuts away least."""
    auto_size_error: Annotated[
        float, Field(ge=0, le=1), OnlyWith("auto_sized_crop"),
        Ui("Error threshold", "slider", row="auto-choice", step=0.01, group="Auto-sized crop"),
    ] = 0.1  # fmt: skip
    """A size suits when at most this share of the picture is cut away."""
    caption: Annotated[tuple[CaptionerName, ...], Listed, Ui("Captioners")] = ()
    """Have new captions written by these, joined by ", " in the order chosen: BLIP and LAVIS write
    sentences, DeepDanbooru and WD14 tags. Each needs a package and weights of its own;
    `ti captioners` says which are ready."""
    existing_captions: Annotated[
        Literal["ignore", "copy", "prepend", "append"], Ui("Existing captions")
    ] = "copy"
    """What to do with a .txt beside a picture: ignore it, copy it, or put it before or after a
    new caption."""
    caption_batch: Annotated[
        int, Field(ge=1, le=64), OnlyWith("caption"),
        Ui("Pictures captioned at once", "slider", step=1, group="Files"),
    ] = 4  # fmt: skip
    """More is faster on a GPU and takes more memory; the captions stay the same."""
    caption_joiner: Annotated[str, Ui("Caption joiner", group="Files")] = ", "
    """What stands between an existing caption and a new one."""
    blip_model: Annotated[
        str, OnlyWith("caption", ("blip",)), Ui("BLIP model", group=_SENTENCES_GROUP)
    ] = "base"
    """"base", "large" or "blip2", or a folder with such a model, or its name on the Hugging Face
    Hub. What is not on this machine is downloaded once: 1, 2 and 15 GB."""
    lavis_model: Annotated[
        str, OnlyWith("caption", ("lavis",)), Ui("LAVIS model", group=_SENTENCES_GROUP)
    ] = "blip_caption/large_coco"
    """Name and type from LAVIS's list of models, such as blip_caption/base_coco. It runs in an
    environment of its own, which `ti captioners install lavis` makes."""
    caption_min_length: Annotated[
        int, Field(ge=0, le=256), _SENTENCES,
        Ui("Minimum description length", "slider", row="length", step=1, group=_SENTENCES_GROUP),
    ] = 24  # fmt: skip
    """The least number of tokens in a sentence; more than the maximum counts as the maximum. A
    high one makes a model ramble, 0 lets it end when it is done."""
    caption_max_length: Annotated[
        int, Field(ge=1, le=256), _SENTENCES,
        Ui("Maximum description length", "slider", row="length", step=1, group=_SENTENCES_GROUP),
    ] = 48  # fmt: skip
    """The greatest number of tokens in a sentence; what comes after is cut off."""
    caption_num_beams: Annotated[
        int, Field(ge=1, le=16), _SENTENCES,
        Ui("Number of beams", "slider", step=1, group=_SENTENCES_GROUP),
    ] = 1  # fmt: skip
    """How many beginnings of a sentence are followed at once; more takes that much longer and finds
    likelier, plainer sentences."""
    deepdanbooru_model: Annotated[
        str, OnlyWith("caption", ("deepdanbooru",)), Ui("DeepDanbooru model", group=_TAGS_GROUP)
    ] = "models/deepdanbooru"
    """A project folder of DeepDanbooru (project.json, tags.txt and a Keras model), or the PyTorch
    port model-resnet_custom_v3.pt, or a folder with that. It is never downloaded."""
    deepdanbooru_threshold: Annotated[
        float, Field(ge=0, le=1), OnlyWith("caption", ("deepdanbooru",)),
        Ui("DeepDanbooru score threshold", "slider", step=0.01, group=_TAGS_GROUP),
    ] = 0.5  # fmt: skip
    """Tags that score less are left out; 0.5 is usual."""
    wd14_model: Annotated[
        str, OnlyWith("caption", ("wd14",)), Ui("WD14 tagger", group=_TAGS_GROUP)
    ] = "SmilingWolf/wd-vit-tagger-v3"
    """A folder with model.onnx and selected_tags.csv, or its name on the Hugging Face Hub, from
    where it is downloaded once: 0.4 GB."""
    wd14_threshold: Annotated[
        float, Field(ge=0, le=1), OnlyWith("caption", ("wd14",)),
        Ui("WD14 general threshold", "slider", row="wd14", step=0.01, group=_TAGS_GROUP),
    ] = 0.35  # fmt: skip
    """General tags that score less are left out; 0.35 is usual."""
    wd14_character_threshold: Annotated[
        float, Field(ge=0, le=1), OnlyWith("caption", ("wd14",)),
        Ui("WD14 character threshold", "slider", row="wd14", step=0.01, group=_TAGS_GROUP),
    ] = 0.85  # fmt: skip
    """Names of characters that score less are left out; 1 leaves out nearly all of them."""
    tags_alphabetical: Annotated[
        bool, _TAGS, Ui("Sort tags alphabetically", row="tags", group=_TAGS_GROUP)
    ] = True
    """Otherwise the surest tag comes first, which counts where training drops tags from the end."""
    tags_spaces: Annotated[bool, _TAGS, Ui("Use spaces in tags", row="tags", group=_TAGS_GROUP)] = (
        True
    )
    """Write "long hair" for long_hair, as Stable Diffusion reads it; faces such as ^_^ stay."""
    tags_escape: Annotated[
        bool, _TAGS, Ui("Escape (\\) brackets", row="tags", group=_TAGS_GROUP)
    ] = True
    """Put a backslash before brackets and backslashes in tags, so that they are not taken for the
    marks of emphasis."""
    tags_filter: Annotated[str, _TAGS, Ui("Filter out those tags", "area", group=_TAGS_GROUP)] = ""
    """Tags never to be written, separated by commas, with spaces or underscores; put here what
    belongs to the subject that is to be learned."""
    output_format: Annotated[Literal["png", "jpeg", "webp", "captions"], Ui("Output format")] = (
        "png"
    )
    """PNG keeps every pixel, JPEG and WebP are a third of the size. "captions" writes only the .txt
    files, named like the pictures, and no pictures."""
    keep_alpha: Annotated[bool, Ui("Keep transparency", row="files", group="Files")] = False
    """Keep the alpha channel, as a mask for training, instead of putting white behind it; JPEG
    has none."""
    recursive: Annotated[bool, Ui("Include subfolders", row="files", group="Files")] = False
    """Take the pictures of all folders below the source as well; hidden ones are left out."""
    model: Annotated[str, Ui("Base model", "model", group="Files")] = DEFAULT_MODEL
    """Whose picture size is taken when width or height is 0."""

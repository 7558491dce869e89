"""Which prompts are drawn to measure an embedding: a list of three, or a file of one's own. Light.

Two of the lists ask for what the evaluation of DreamBooth asks for (arXiv:2208.12242, supplementary
material): places, things below and behind the subject, clothes for what lives, other properties.
The wording is this project's own.
"""

from __future__ import annotations

from pathlib import Path

from textual_inversion.errors import SettingsError
from textual_inversion.prompts.template import parse_template
from textual_inversion.runs.downsampling import thin

PLACE = "[name]"
_ANYWHERE = (
    "a [name] in the jungle",
    "a [name] on a beach",
    "a [name] in deep snow",
    "a [name] on a cobblestone street",
    "a [name] lying on pink cloth",
    "a [name] on a wooden floor",
    "a [name] in front of a city",
    "a [name] in front of a mountain",
    "a [name] in front of a blue house",
    "a [name] on a purple rug in the woods",
)
_PROPERTIES = (
    "a red [name]",
    "a purple [name]",
    "a shiny [name]",
    "a wet [name]",
    "a square [name]",
)
_COLOURS = ("red", "yellow", "green", "blue", "purple", "black")
_STYLES = ("cartoon", "sticker", "flat", "modern", "3d")
OBJECTS = (
    *_ANYWHERE,
    "a [name] in front of a field of wheat",
    "a [name] below a tree in autumn",
    "a [name] in front of the Eiffel Tower",
    "a [name] floating on water",
    "a [name] in a sea of milk",
    "a [name] among sunflowers",
    "a [name] on a mirror",
    "a [name] on the pavement of a busy street",
    "a [name] on a dirt road",
    "a [name] on a white rug",
    *_PROPERTIES,
)
LIVE = (
    *_ANYWHERE,
    "a [name] with a red hat",
    "a [name] with a Santa hat",
    "a [name] with a rainbow scarf",
    "a [name] with a top hat and a monocle",
    "a [name] dressed as a cook",
    "a [name] dressed as a firefighter",
    "a [name] in a police uniform",
    "a [name] with pink glasses",
    "a [name] in a yellow shirt",
    "a [name] in a purple wizard's robe",
    *_PROPERTIES,
)
# What the pocket model knows: single things on plain backgrounds, in five styles.
SIMPLE = (
    "a photo of a [name]",
    *(f"a photo of a [name], on a {colour} background" for colour in _COLOURS),
    *(f"a photo of a [name], {style} style, on a white background" for style in _STYLES),
)
LISTS = {"objects": OBJECTS, "live": LIVE, "simple": SIMPLE}


def read_prompts(name: str, count: int) -> tuple[str, ...]:
    """Read a list by its name or a file by its path, and choose `count` evenly; 0 takes all.

    Raises:
        SettingsError: There is no such list or file, or a line has no [name].
    """
    prompts = LISTS.get(name.strip().casefold()) or _read_file(name.strip())
    prompts = tuple(dict.fromkeys(prompts))
    if len(prompts) < 2 or count == 1:
        raise SettingsError(
            "prompts holds only one prompt, and obedience is how pictures change from prompt to "
            "prompt; take at least two."
        )
    return tuple(prompts[at] for at in thin(range(len(prompts)), count or len(prompts)))


def _read_file(name: str) -> tuple[str, ...]:
    path = Path(name).expanduser()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(
            f"Prompts {name} is not plain text in UTF-8; save it in that encoding."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"prompts {name[:80]!r} is none of {', '.join(LISTS)}, and cannot be read as a file: "
            f"{reason}."
        ) from None
    return parse_template(text, source=path.name)

"""Build the pocket model's data set: emoji art in five styles, with names.

The art comes from npm packages (see README.md for the licences); it is downloaded into a cache
folder outside the repository and never committed. The result, also in the cache folder, is

    pictures.npy    uint8 (N, 128, 128, 4), RGBA, straight alpha
    items.json      one entry a picture: concept, style, group, tags

and the captions are drawn anew at every use by `caption`.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

SIZE_PX = 128
DEFAULT_CACHE = Path.home() / ".cache" / "textual-inversion-webui" / "pocket-model"
PACKAGES = (
    "@svgmoji/noto@3.2.0",
    "@twemoji/svg@15.0.0",
    "fluentui-emoji@1.3.0",
    "@lobehub/fluent-emoji-3d@1.1.0",
    "emojibase-data@17.0.0",
)
# emojibase group number -> its name, for the groups that show things.
GROUPS = {0: "smileys", 3: "animals", 4: "food", 5: "travel", 6: "activities", 7: "objects"}
STYLES = ("cartoon", "sticker", "flat", "modern", "3d")
BACKGROUNDS = {
    "white": (255, 255, 255),
    "red": (220, 50, 47),
    "orange": (245, 140, 40),
    "yellow": (250, 220, 70),
    "green": (70, 170, 80),
    "blue": (60, 120, 220),
    "purple": (130, 80, 190),
    "pink": (245, 160, 195),
    "brown": (130, 85, 55),
    "grey": (150, 150, 150),
    "black": (20, 20, 20),
}
SUBJECT_LINES = (
    "a photo of a {}",
    "a picture of a {}",
    "a photo of the {}",
    "a close view of a {}",
    "a clean image of a {}",
    "a drawing of a {}",
    "an illustration of a {}",
    "a rendering of a {}",
    "a good picture of the {}",
    "a small {} in the middle",
    "one {}",
    "{}",
)
BACKGROUND_PHRASES = ("on a {} background", "{} background", "on {}", "in front of a {} wall")
BACKGROUND_WEIGHTS = (7, 1.5, 1, 0.5)
# Objects that a model trained on a CPU learns beside all animals and all food: things to wear,
# musical instruments and a few of plain, telling shape.
SIMPLE_OBJECTS = frozenset(
    name
    for line in (
        "glasses, sunglasses, goggles, necktie, t-shirt, jeans, scarf, gloves, coat, socks, dress",
        "kimono, bikini, shorts, handbag, backpack, running shoe, hiking boot, high-heeled shoe",
        "ballet shoes, crown, top hat, graduation cap, billed cap, military helmet, lipstick, ring",
        "gem stone, bell, saxophone, trumpet, accordion, guitar, violin, banjo, drum, camera",
        "television, candle, light bulb, closed book, key, hammer, axe, scissors, magnet, bomb",
        "shield, bed, chair, toilet, bucket, broom, pencil, paintbrush",
    )
    for name in line.split(", ")
)
CPU_GROUPS = ("animals", "food", "objects")


@dataclass(frozen=True)
class Item:
    """One picture of the data set: row `index` of pictures.npy."""

    index: int
    concept: str
    style: str
    group: str
    tags: tuple[str, ...]


def caption(
    item: Item, background: str, draw: random.Random, *, say_style: float = 0.85, tags: float = 0.1
) -> str:
    """Write a prompt for `item`: its subject, then style, tags and background, each at random."""
    line = "{}" if draw.random() < 0.35 else draw.choice(SUBJECT_LINES)
    parts = [line.format(item.concept)]
    if draw.random() < say_style:
        parts.append(f"{item.style} style")
    if item.tags and draw.random() < tags:
        parts += draw.sample(item.tags, k=min(2, len(item.tags)))
    # White is what one gets without asking; every other colour is always said.
    if background != "white" or draw.random() < 0.3:
        (phrase,) = draw.choices(BACKGROUND_PHRASES, BACKGROUND_WEIGHTS)
        parts.append(phrase.format(background))
    return ", ".join(parts)


def over(rgba: np.ndarray, background: str) -> np.ndarray:
    """Composite uint8 (..., 4) pictures over a plain background; uint8 (..., 3) comes back."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    colour = np.asarray(BACKGROUNDS[background], dtype=np.float32)
    return (rgba[..., :3] * alpha + colour * (1 - alpha) + 0.5).astype(np.uint8)


def load(cache: Path = DEFAULT_CACHE) -> tuple[np.ndarray, list[Item]]:
    """Open what `build` wrote: the pictures (memory-mapped) and their items."""
    items = [
        Item(**{**row, "tags": tuple(row["tags"])})
        for row in json.loads((cache / "items.json").read_text())
    ]
    return np.load(cache / "pictures.npy", mmap_mode="r"), items


def held_out_concepts(items: list[Item], groups: tuple[str, ...], count: int = 30) -> list[str]:
    """Choose `count` concepts, evenly over `groups`, that the UNet never sees (seeded)."""
    draw = random.Random(30)
    chosen: list[str] = []
    for group_index, group in enumerate(groups):
        names = sorted({item.concept for item in items if item.group == group})
        share = count // len(groups) + (group_index < count % len(groups))
        chosen += draw.sample(names, k=share)
    return sorted(chosen)


def held_out_style(concept: str) -> str | None:
    """Return the style in which a third of the concepts is never shown; None for the rest."""
    draw = random.Random(f"style of {concept}")
    return draw.choice(STYLES) if draw.random() < 1 / 3 else None


def is_taught(item: Item, held_out: set[str], *, everything: bool = False) -> bool:
    """Whether the UNet is trained on `item`: concept and style not held out, and in the subset."""
    if item.concept in held_out or item.style == held_out_style(item.concept):
        return False
    return everything or item.group in ("animals", "food") or item.concept in SIMPLE_OBJECTS


def build(cache: Path = DEFAULT_CACHE) -> None:
    """Download the packages if they are missing, rasterise everything and write the data set."""
    modules = install(cache)
    pictures, items = [], []
    for concept, group, tags, sources in concepts(modules):
        for style, source in sources.items():
            items.append(Item(len(items), concept, style, group, tags))
            pictures.append(rasterise(source))
    np.save(cache / "pictures.npy", np.stack(pictures))
    (cache / "items.json").write_text(json.dumps([asdict(item) for item in items]))
    print(f"{len(items)} pictures of {len({i.concept for i in items})} concepts in {cache}")


def install(cache: Path) -> Path:
    """Download the packages unless they are there; give their folder."""
    cache.mkdir(parents=True, exist_ok=True)
    modules = cache / "node_modules"
    if not (modules / "emojibase-data").exists():
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(cache), *PACKAGES]
        subprocess.run(command, check=True)
    return modules


def concepts(
    modules: Path,
) -> Iterator[tuple[str, str, tuple[str, ...], dict[str, str | bytes]]]:
    """Yield label, group, tags and art by style of every concept that has all five styles."""
    noto = _noto_sprites(modules / "@svgmoji" / "noto" / "sprites" / "all.svg")
    for entry in json.loads((modules / "emojibase-data" / "en" / "data.json").read_text()):
        group = GROUPS.get(entry.get("group"))
        if group is None:
            continue
        label = entry["label"].lower()
        sources = _sources(entry["hexcode"], label, modules, noto)
        if len(sources) == len(STYLES):
            tags = tuple(tag for tag in entry.get("tags", []) if tag not in label)
            yield label, group, tags, sources


def _sources(
    hexcode: str, label: str, modules: Path, noto: dict[str, str]
) -> dict[str, str | bytes]:
    """Find the same emoji in the five styles; names come with and without the FE0F selector."""
    codes = [hexcode, hexcode.replace("-FE0F", ""), f"{hexcode}-FE0F"]
    slug = re.sub(r"[^a-z0-9]+", "-", label).strip("-")
    found: dict[str, str | bytes] = {}
    for code in codes:
        if code in noto:
            found.setdefault("cartoon", noto[code])
        twemoji = modules / "@twemoji" / "svg" / f"{code.lower()}.svg"
        if twemoji.exists():
            found.setdefault("sticker", twemoji.read_text())
        webp = modules / "@lobehub" / "fluent-emoji-3d" / "assets" / f"{code.lower()}.webp"
        if webp.exists():
            found.setdefault("3d", webp.read_bytes())
    for style in ("flat", "modern"):
        path = modules / "fluentui-emoji" / "icons" / style / f"{slug}.svg"
        if path.exists():
            found[style] = path.read_text()
    return found


def _noto_sprites(path: Path) -> dict[str, str]:
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ElementTree.parse(path).getroot()
    return {
        child.attrib["id"]: ElementTree.tostring(child, encoding="unicode")
        for child in root
        if "id" in child.attrib
    }


def rasterise(source: str | bytes, size_px: int = SIZE_PX) -> np.ndarray:
    """Draw an SVG text or an image file's bytes, centred in a square: uint8 (S, S, 4)."""
    import resvg_py

    data = source
    if isinstance(source, str):
        data = bytes(resvg_py.svg_to_bytes(svg_string=source, width=size_px))
    picture = Image.open(io.BytesIO(data)).convert("RGBA")
    picture.thumbnail((size_px, size_px), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (size_px, size_px), (255, 255, 255, 0))
    square.paste(picture, ((size_px - picture.width) // 2, (size_px - picture.height) // 2))
    return np.asarray(square)


def main() -> None:
    """Build the data set from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    build(parser.parse_args().cache)


if __name__ == "__main__":
    main()

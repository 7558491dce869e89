"""Write the two sample data sets: held-out concepts, five pictures each, ready to be learned.

A picture's `.txt` says what shall *not* be learned of it: its style and its background.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from card import ART
from data import DEFAULT_CACHE, STYLES, concepts, install, over, rasterise
from PIL import Image

SAMPLES = Path(__file__).parents[2] / "samples"
CONCEPTS = ("dolphin", "mammoth")
SIZE_PX = 256
INTRO = """# Where these pictures come from

Emoji art, drawn at {size}x{size} pixels over white and otherwise unchanged. The pocket model
has never seen these concepts, so they are what an embedding can be trained on.

| picture | art | by | licence |
|---|---|---|---|
{rows}

Twemoji: [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/). Noto Emoji:
[Apache License 2.0](https://www.apache.org/licenses/LICENSE-2.0).
"""


def write(folder: Path, cache: Path) -> None:
    """Draw the pictures and write captions and attribution beside them."""
    for label, _, _, sources in concepts(install(cache)):
        if label not in CONCEPTS:
            continue
        concept_folder = folder / label.replace(" ", "-")
        concept_folder.mkdir(parents=True, exist_ok=True)
        for style in STYLES:
            picture = over(rasterise(sources[style], SIZE_PX), "white")
            Image.fromarray(picture).save(concept_folder / f"{style}.png", optimize=True)
            (concept_folder / f"{style}.txt").write_text(f"{style} style, on a white background\n")
    rows = [f"| `{style}.png` | {art} | {who} | {licence} |" for style, art, _, who, licence in ART]
    text = INTRO.format(size=SIZE_PX, rows="\n".join(rows))
    (folder / "ATTRIBUTION.md").write_text(text)


def main() -> None:
    """Write them from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--out", type=Path, default=SAMPLES)
    args = parser.parse_args()
    write(args.out, args.cache)


if __name__ == "__main__":
    main()

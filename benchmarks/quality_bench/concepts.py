"""Which concepts are judged: those that the pocket model never saw, in an order fixed before."""

from __future__ import annotations

from dataclasses import dataclass

from tools.pocket_model.data import STYLES

# Held-out concept -> the known word that one would start from. Animals, food and objects by turns.
_WORDS = {
    "mammoth": "elephant",
    "waffle": "cookie",
    "telescope": "trumpet",
    "dolphin": "whale",
    "rabbit": "mouse",
    "tomato": "apple",
    "microscope": "camera",
    "unicorn": "horse",
    "grapes": "blueberries",
    "kangaroo": "deer",
    "mirror": "ring",
    "bacon": "pancakes",
    "boar": "pig",
    "amphora": "bucket",
    "coconut": "kiwi",
    "bird": "dove",
    "soap": "ice",
    "bento box": "sushi",
    "pig face": "pig",
    "funeral urn": "teapot",
    "candy": "lollipop",
    "triangular ruler": "pencil",
    "steaming bowl": "oden",
    "speaker medium volume": "bell",
    "page with curl": "book",
}
# What the rival's rate is tuned on, and nothing else.
_TUNING_WORDS = {
    "goat": "ewe",
    "hot pepper": "carrot",
    "headphone": "camera",
    "cherry blossom": "tulip",
    "notebook": "book",
}
# Concepts that the model knows: what it makes of its own words is the most one can hope for.
KNOWN = ("lion", "hamburger", "guitar", "penguin", "pizza", "trumpet", "tulip", "camera")


@dataclass(frozen=True)
class Subject:
    """A concept to be learned from all styles but one, which is asked for afterwards."""

    concept: str
    word: str
    unseen_style: str

    @property
    def shown_styles(self) -> tuple[str, ...]:
        """The styles of the training pictures."""
        return tuple(style for style in STYLES if style != self.unseen_style)


def subjects() -> list[Subject]:
    """List the 25 concepts to be judged."""
    return _with_styles(_WORDS)


def tuning_subjects() -> list[Subject]:
    """List the five concepts to tune on."""
    return _with_styles(_TUNING_WORDS)


def _with_styles(words: dict[str, str]) -> list[Subject]:
    return [
        Subject(concept, word, STYLES[index % len(STYLES)])
        for index, (concept, word) in enumerate(words.items())
    ]

"""The words of a picture's file name: none where a camera, a program or a counter named it. Pure.

"00012-0-2girls, smile" has words; "IMG_20230603_112233", "DSC01234", "image (3)" and a hash have
none, and would teach that the subject goes with them.
"""

from __future__ import annotations

import re

_PIECE = re.compile(r"[^\s_.()\[\]+~@-]+|[^\W\d]+(?:-[^\W\d]+)+")
# What cameras and telephones put before a number.
_CAMERAS = frozenset((
    "burst", "cimg", "dcim", "dji", "dsc", "dscf", "dscn", "gopr", "imag", "img", "imgp", "kimg",
    "mov", "mvi", "mvimg", "pano", "pict", "pxl", "sam", "vid", "wa",
))  # fmt: skip
# What programs call any picture; words like others beside other words.
_FILLERS = frozenset((
    "at", "bild", "bildschirmfoto", "copy", "download", "dsc", "edited", "fb", "file", "foto",
    "frame", "image", "images", "img", "kopie", "mp", "new", "of", "photo", "photos", "pic",
    "picture", "pictures", "scan", "screen", "screenshot", "shot", "signal", "telegram", "tmp",
    "um", "unnamed", "untitled", "whatsapp",
))  # fmt: skip
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHORTEST_HASH = 6


def without_counter(stem: str) -> str:
    """Strip the numbers that preprocessing puts first: "00012-0-2girls" becomes "2girls"."""
    return re.sub(r"^[-_\s]*([0-9]+([-_\s]+|$))*", "", stem).strip()


def words_of_file_name(stem: str) -> str:
    """Return the words of a file name; "" where it has only numbers, labels and hashes."""
    tags = (_words_of_tag(tag) for tag in without_counter(stem).split(","))
    return ", ".join(tag for tag in tags if tag)


def _words_of_tag(tag: str) -> str:
    pieces = _PIECE.findall(_UUID.sub(" ", tag))
    has_number = any(piece[0].isdecimal() for piece in pieces)
    labels = _CAMERAS if has_number else frozenset[str]()  # without a number Sam is a name
    words = [word for piece in pieces if piece.casefold() not in labels and (word := _word(piece))]
    # A number is part of a name such as "boeing 747", not of "cat_747" or "cat (3)".
    remaining = [word for word in words if not word.isdecimal() or f" {word}" in f" {tag}"]
    if all(word.casefold() in _FILLERS or word.isdecimal() for word in remaining):
        return ""
    return tag.strip() if remaining == _PIECE.findall(tag) else " ".join(remaining)


def _word(piece: str) -> str:
    """Return the word in a piece, without its counter; "" when it has none."""
    if piece.isdecimal():
        return "" if piece.startswith("0") or len(piece) > 4 else piece
    numbered = re.fullmatch(r"([^\W\d]+)(\d+)", piece)
    if numbered:
        letters, digits = numbered.groups()
        if letters.casefold() in _CAMERAS or (len(letters) < 3 and len(digits) > 2):
            return ""
        return letters if len(letters) > 2 else piece
    return "" if _is_hash(piece) else piece


def _is_hash(piece: str) -> bool:
    """Whether letters and digits are mixed as in a hash; "2girls" is a word."""
    if len(piece) < _SHORTEST_HASH or re.fullmatch(r"\d{1,3}[^\W\d]+", piece):
        return False
    return len(re.findall(r"\d+", piece)) > 1 or bool(re.fullmatch(r"\d{4,}[^\W\d]+\w*", piece))

"""Pictures received from a browser, brought into a data set: all of them, or none at all.

What comes in is believed in nothing: not its names, not what a zip says of its sizes, and not that
a file called .png is a picture. It is laid out in a folder beside the data set, which takes its
name, or whose files move into it, when all is read.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path, PurePosixPath

from PIL import Image

from preprocessing.files.archives import Budget, Stream, copy_within, members
from preprocessing.files.writer import safe_stem
from textual_inversion.errors import DatasetError, StorageError, printable
from textual_inversion.images.color import DECODING_ERRORS
from textual_inversion.images.decoding import MAX_PIXELS
from textual_inversion.images.files import MAX_TEXT_BYTES, open_image
from textual_inversion.images.folder import EXTENSIONS, MASKS, REPEATED_FOLDER
from textual_inversion.storage.atomic import explain

MAX_FILES = 10_000
MAX_BYTES = 8_000_000_000
_CAPTION = ".txt"


@dataclass(frozen=True)
class Received:
    """A file from a browser; `name` may begin with folders, as in "cats/3_side/a.png"."""

    path: Path
    name: str


@dataclass
class Added:
    """What has come into a data set, and the names of what was no picture."""

    folder: Path
    pictures: list[Path] = field(default_factory=list)
    num_captions: int = 0
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    """A file laid out under a name of our own, with the path that it came by."""

    path: Path
    origin: PurePosixPath


def add_pictures(
    received: Sequence[Received],
    folder: Path,
    *,
    max_files: int = MAX_FILES,
    max_bytes: int = MAX_BYTES,
) -> Added:
    """Bring pictures, their captions and masks into `folder`, which is made if it is missing.

    A picture keeps its name, or has a number put behind it where the name is taken; its caption and
    mask go with it. Folders are left, but those like 3_NAME, whose pictures come three times.

    Raises:
        DatasetError: There is no picture, there is too much, or a zip is not to be trusted.
        StorageError: The disk is full, or the like. In each case nothing was added.
    """
    budget = Budget(max_files, max_bytes)
    with _workplace(folder) as place:
        found = list(_lay_out(received, place, budget))
        added = Added(folder)
        targets = _targets(found, added)
        if not targets:
            raise DatasetError(_no_picture(added))
        _move_in(targets, folder)
        return added


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """Make a hidden folder beside `folder`, on the same disk, which is gone afterwards."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=folder.parent))
    except OSError as error:
        raise StorageError(explain(folder, error, doing="make the folder")) from None
    try:
        yield place
    except OSError as error:
        raise StorageError(explain(folder, error)) from None
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _lay_out(received: Sequence[Received], place: Path, budget: Budget) -> Iterator[_Found]:
    """Copy what may be a picture or a caption, from zips as well; the others keep no file."""
    number = 0
    for one in received:
        with _streams(one, budget) as streams:
            for origin, stream in streams:
                if _is_hidden(origin):
                    continue
                budget.take_file()
                ending = origin.suffix.lower() if _is_wanted(origin) else ""
                target = place / f"{number:06d}{ending}"
                number += 1
                if ending:
                    copy_within(stream, target, budget)
                yield _Found(target, origin)


@contextmanager
def _streams(one: Received, budget: Budget) -> Iterator[Iterable[Stream]]:
    name = PurePosixPath(one.name.replace("\\", "/"))
    if name.suffix.lower() == ".zip":
        with closing(members(one.path, name.name, budget)) as streams:
            yield streams
        return
    parts = [part for part in name.parts if part not in {"/", ".."}]
    with one.path.open("rb") as stream:
        yield [(PurePosixPath(*parts), stream)]


def _is_hidden(origin: PurePosixPath) -> bool:
    """Whether it is what systems leave in folders and zips by themselves."""
    dotted = any(part.startswith(".") or part == "__MACOSX" for part in origin.parts)
    return dotted or not origin.name or origin.name in {"Thumbs.db", "desktop.ini"}


def _is_wanted(origin: PurePosixPath) -> bool:
    return origin.suffix.lower() in EXTENSIONS | {_CAPTION}


def _targets(found: list[_Found], added: Added) -> dict[Path, Path]:
    """Choose where each file goes, as {target: file}; what is no picture goes to `left_out`."""
    groups: dict[PurePosixPath, list[_Found]] = {}
    for one in found:
        if _is_caption(one) or _opens_as_picture(one):
            groups.setdefault(one.origin.with_name(_stem(one)), []).append(one)
        else:
            added.left_out.append(one.origin.name)
    taken = _stems_in(added.folder)
    targets: dict[Path, Path] = {}
    for origin, group in groups.items():
        if all(_is_caption(one) for one in group):
            added.left_out += [one.origin.name for one in group]
        else:
            stem = _free_stem(origin, added.folder, taken)
            targets |= {stem.with_name(stem.name + _ending(one)): one.path for one in group}
    added.pictures = sorted(path for path in targets if _is_shown(path))
    added.num_captions = sum(path.suffix == _CAPTION for path in targets)
    return targets


def _is_caption(one: _Found) -> bool:
    return one.path.suffix == _CAPTION and one.path.stat().st_size <= MAX_TEXT_BYTES


def _is_shown(path: Path) -> bool:
    return path.suffix != _CAPTION and not path.name.endswith(MASKS)


def _opens_as_picture(one: _Found) -> bool:
    if one.path.suffix not in EXTENSIONS:
        return False
    try:
        with open_image(one.path) as image:
            return image.width * image.height <= MAX_PIXELS
    except (*DECODING_ERRORS, Image.DecompressionBombError, DatasetError):
        return False


def _ending(one: _Found) -> str:
    """Return what follows the name that a picture shares with its caption and mask."""
    mask = next((ending for ending in MASKS if one.origin.name.endswith(ending)), "")
    return mask or one.path.suffix


def _stem(one: _Found) -> str:
    return one.origin.name[: -len(_ending(one))] or "picture"


def _stems_in(folder: Path) -> set[str]:
    """List what is there already, by folder and name without ending, in lower case."""
    below = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {str(path.with_name(path.name.partition(".")[0])).casefold() for path in below}


def _free_stem(origin: PurePosixPath, folder: Path, taken: set[str]) -> Path:
    repeated = REPEATED_FOLDER.match(origin.parent.name)
    below = Path(safe_stem(origin.parent.name) if repeated else "")
    # A dot would make the rest look like an ending.
    plain = safe_stem(origin.name).strip(" .").replace(".", "_") or "picture"
    numbered = (f"{plain}-{number}" for number in count(2))
    stem = next(
        below / name
        for name in chain([plain], numbered)
        if str(below / name).casefold() not in taken
    )
    taken.add(str(stem).casefold())
    return folder / stem


def _move_in(targets: dict[Path, Path], folder: Path) -> None:
    """Move all files to their targets, or none."""
    is_new = not folder.exists()
    moved: list[Path] = []
    try:
        for target, path in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            moved.append(target)
    except BaseException:  # whatever ends it, an interrupt too: nothing half-added remains
        for target in moved:
            target.unlink(missing_ok=True)
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _no_picture(added: Added) -> str:
    if not added.left_out:
        return "There are no files in it; drop pictures, a zip or a folder of them."
    first = printable(added.left_out[0])
    more = f" and {len(added.left_out) - 1} more" if len(added.left_out) > 1 else ""
    return f"No picture that can be read is among the files ({first}{more}); nothing was added."

"""The pictures that are chosen: what is prepared of them, where it goes, and taking one out.

A set under datasets/ holds the page's own copies, so what is taken out moves to a hidden folder in
there; any other folder is only read, and its other pictures are copied to a set of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from pathlib import Path

from preprocessing.cropping.opencv import import_opencv
from preprocessing.files.folder_walk import find_recursively
from preprocessing.files.manifest import Crop, Manifest
from preprocessing.files.received import Received, add_pictures
from preprocessing.plan import plan
from textual_inversion.errors import DatasetError, SettingsError, TextualInversionError
from textual_inversion.images.decoding import open_picture
from textual_inversion.images.folder import MASKS, REPEATED_FOLDER, find_pictures
from textual_inversion.settings import PreprocessSettings, StartSettings
from textual_inversion.storage.paths import find_folder
from webui.folders import uploads
from webui.folders.allowed import real, shown

SAMPLES = "samples"
_REMOVED = ".removed"


@dataclass(frozen=True)
class PictureSet:
    """A folder and its pictures; `recursive` where they lie in folders such as 3_NAME."""

    folder: Path
    pictures: tuple[Path, ...]
    recursive: bool

    @property
    def is_own(self) -> bool:
        """Whether the folder holds copies that the page made."""
        return self.folder.is_relative_to(real(str(uploads.set_folder(""))))


def read_set(name: str) -> PictureSet:
    """List a folder's pictures; DatasetError when it has none or cannot be read."""
    folder = real(name)
    recursive = folder.is_dir() and any(
        REPEATED_FOLDER.match(path.name) and path.is_dir() for path in folder.iterdir()
    )
    found = find_recursively(folder).pictures if recursive else find_pictures(folder)
    return PictureSet(folder, tuple(found), recursive)


def sample_sets() -> list[tuple[str, Path]]:
    """List the sets that ship with the project, each with its first picture."""
    sets: list[tuple[str, Path]] = []
    for folder in sorted(find_folder(SAMPLES).glob("*/")):
        try:
            sets.append((shown(folder.resolve()), find_pictures(folder)[0]))
        except DatasetError:
            continue
    return sets


def preparing(settings: StartSettings) -> PreprocessSettings:
    """Say how the pictures are prepared, and into a folder in which no others lie.

    Raises:
        TextualInversionError: The folder has no pictures, or cannot be read.
    """
    chosen = read_set(settings.folder)
    for destination in _destinations(chosen.folder.name or "pictures"):
        prepared = settings.preparing(
            destination, focal_crop=_finds_focus(), recursive=chosen.recursive
        )
        is_source = real(destination) == chosen.folder
        if not is_source and not plan(prepared, size=8).num_foreign:
            return prepared
    raise AssertionError("the numbers of folders do not end")


def crop_of(picture: Path, prepared: PreprocessSettings, size: int) -> Crop | None:
    """Return the part of a picture that is kept, as shares of it; None when it cannot be read."""
    by_hand = Manifest.read(Path(prepared.destination)).crop_of(picture)
    if by_hand:
        return by_hand
    try:
        modified = picture.stat().st_mtime_ns
        return _crop(picture, modified, size, is_focal=prepared.focal_crop)
    except (OSError, TextualInversionError):
        return None


def take_out(chosen: PictureSet, name: str) -> tuple[str, str]:
    """Take a picture out; return the folder of the set from now on, and what was done.

    Raises:
        DatasetError: There is no such picture, or no other.
        StorageError: The others cannot be copied.
    """
    picture = next((one for one in chosen.pictures if _key(chosen, one) == name), None)
    if picture is None:
        raise DatasetError("This picture is not here any more; choose the folder again.")
    if len(chosen.pictures) == 1:
        raise DatasetError("This is the only picture; add others first.")
    if chosen.is_own:
        _move_out(chosen.folder, _with_companions(chosen, picture))
        return shown(chosen.folder), f"{picture.name} was taken out."
    others = [one for one in chosen.pictures if one != picture]
    target = _copied(chosen, others)
    return target, f"That folder is only read, so the others were copied to {target}."


def put_back(chosen: PictureSet) -> str:
    """Put the picture back that was taken out last; return what was done.

    Raises:
        DatasetError: None was taken out of this set.
    """
    kept = _removals(chosen.folder) if chosen.is_own else []
    if not kept:
        raise DatasetError("No picture was taken out of this set.")
    for file in [path for path in kept[-1].rglob("*") if path.is_file()]:
        target = chosen.folder / file.relative_to(kept[-1])
        if not target.exists():
            file.replace(target)
    _remove_empty(kept[-1])
    return "The picture is back."


def num_taken_out(chosen: PictureSet) -> int:
    """Count the pictures that can be put back."""
    return len(_removals(chosen.folder)) if chosen.is_own else 0


@lru_cache(maxsize=512)
def _crop(picture: Path, modified: int, size: int, *, is_focal: bool) -> Crop:
    """Compute what `preprocess` will keep; `modified` makes a changed file another one."""
    del modified
    from preprocessing.cropping.focal_crop import find_focus
    from preprocessing.cropping.focal_point import Weights, crop_around

    image = open_picture(picture, min_size=(size, size))
    if is_focal:
        settings = PreprocessSettings.build({"source": "any", "destination": "other"})
        box = find_focus(image, (size, size), Weights.of_settings(settings)).box
    else:
        middle = (image.width / 2, image.height / 2)
        box = crop_around(middle, size=image.size, target=(size, size))
    left, top, right, bottom = box
    return (
        left / image.width,
        top / image.height,
        (right - left) / image.width,
        (bottom - top) / image.height,
    )


def _finds_focus() -> bool:
    """Whether the package is here that finds what is worth seeing."""
    try:
        import_opencv()
    except SettingsError:
        return False
    return True


def _destinations(name: str) -> Iterator[str]:
    yield f"prepared/{name}"
    yield from (f"prepared/{name}-{number}" for number in count(2))


def _key(chosen: PictureSet, picture: Path) -> str:
    return str(picture.relative_to(chosen.folder))


def _with_companions(chosen: PictureSet, picture: Path) -> list[Path]:
    """List a picture with its caption and masks, unless another picture shares them."""
    shared = sum(one.with_suffix("") == picture.with_suffix("") for one in chosen.pictures) > 1
    beside = [] if shared else [picture.with_name(picture.stem + end) for end in (".txt", *MASKS)]
    return [picture, *(path for path in beside if path.is_file())]


def _move_out(folder: Path, files: list[Path]) -> None:
    number = max((int(one.name) for one in _removals(folder)), default=0) + 1
    for file in files:
        target = folder / _REMOVED / str(number) / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)


def _removals(folder: Path) -> list[Path]:
    """List the folders of what was taken out, the last one last."""
    found = [path for path in (folder / _REMOVED).glob("*") if path.name.isdecimal()]
    return sorted(found, key=lambda path: int(path.name))


def _remove_empty(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if not any(folder.iterdir()):
        folder.rmdir()


def _copied(chosen: PictureSet, pictures: list[Path]) -> str:
    """Copy pictures with what belongs to them to a set that is made for them."""
    files = [file for one in pictures for file in _with_companions(chosen, one)]
    received = [Received(file, _key(chosen, file)) for file in files]
    name = chosen.folder.name
    free = uploads.free_name(name) if uploads.set_folder(name).exists() else name
    return shown(add_pictures(received, uploads.set_folder(free)).folder)

"""The job itself: every picture of a folder, prepared and written to another folder.

The source is only read. Pictures are prepared a few ahead on all cores, but numbered and written
in the order of the folder, one whole file after another.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

from PIL import Image

from preprocessing.captions import Policy, merge
from preprocessing.lookahead import ahead
from preprocessing.operations import Operation, apply, chosen
from textual_inversion.errors import DatasetError, StorageError
from textual_inversion.events import Event, Finished, Progressed, Started, Warned
from textual_inversion.files.storage import explain, write_whole
from textual_inversion.pictures import find_pictures, open_picture, smallness, text_beside
from textual_inversion.settings import PreprocessSettings

_LONGEST_STEM = 200  # bytes; most file systems take 255 for the whole name


@dataclass(frozen=True)
class Prepared:
    """A picture ready to be written: the bytes of its PNG file, and its caption if any."""

    png: bytes
    caption: str


@dataclass(frozen=True)
class Made:
    """All that one picture becomes, and what the user should know of it, if anything."""

    pictures: list[Prepared]
    note: str | None


def preprocess(
    settings: PreprocessSettings, *, size: int, stop: threading.Event | None = None
) -> Iterator[Event]:
    """Prepare the pictures of a folder for training.

    Args:
        settings: What to do.
        size: What a width or height of 0 stands for: the base model's own size.
        stop: When set, the job ends before the next picture.

    Raises:
        DatasetError: The source has no usable picture, or is the destination as well.
        StorageError: Something could not be written; what was written before is whole.
    """
    source = _folder(settings.source, role="source")
    destination = _folder(settings.destination, role="destination")
    pictures = find_pictures(source)
    num_present = _make(destination, source=source)
    yield Started(str(source), 0, len(pictures), str(destination))
    if num_present:
        yield Warned(
            f"{destination} already holds files ({num_present}); those of the same name are "
            "replaced, the others stay and would be trained on, too."
        )
    work = _work(settings, width=settings.width or size, height=settings.height or size)
    finished = yield from _run(work, pictures, destination, stop or threading.Event())
    if finished.reason == "done" and not finished.step:
        raise DatasetError(
            f"None of the pictures in {source} ({len(pictures)}) could be read; save them as PNG "
            "or JPEG."
        )
    yield finished


def prepare(
    picture: Path, *, operations: Sequence[Operation], at_least: tuple[int, int], policy: Policy
) -> Made:
    """Make what a picture becomes, in the order of its sub-numbers; nothing is written."""
    existing = "" if policy == "ignore" else text_beside(picture) or ""
    image = open_picture(picture, at_least=at_least)
    note = smallness(picture, image, *at_least)
    caption = merge(existing, "", policy=policy)
    return Made([Prepared(_png(one), caption) for one in apply(operations, image)], note)


def _work(settings: PreprocessSettings, *, width: int, height: int) -> Callable[[Path], Made]:
    return partial(
        prepare,
        operations=chosen(settings, width=width, height=height),
        at_least=(width, height),
        policy=settings.existing_captions,
    )


def _run(
    work: Callable[[Path], Made],
    pictures: Sequence[Path],
    destination: Path,
    stop: threading.Event,
) -> Generator[Event, None, Finished]:
    index = num_written = 0
    with closing(ahead(work, pictures)) as begun:
        for done, (picture, future) in enumerate(begun, start=1):
            if stop.is_set():
                return Finished(num_written, "stopped", str(destination))
            written: list[Path] = []
            try:
                made = future.result()
                written = _write(made.pictures, destination, index=index, stem=picture.stem)
                index += 1
                if made.note:
                    yield Warned(made.note)
            except DatasetError as error:
                yield Warned(str(error))
            num_written += len(written)
            path = str(written[0]) if written else ""
            yield Progressed(done, len(pictures), path=path, source=str(picture))
    return Finished(num_written, "done", str(destination))


def _write(made: Sequence[Prepared], destination: Path, *, index: int, stem: str) -> list[Path]:
    stem = stem.encode(errors="ignore")[:_LONGEST_STEM].decode(errors="ignore")
    paths = [destination / f"{index:05d}-{sub}-{stem}.png" for sub in range(len(made))]
    for path, one in zip(paths, made, strict=True):
        write_whole(path, one.png)
        if one.caption:
            _write_caption(one.caption, picture=path)
    return paths


def _write_caption(caption: str, *, picture: Path) -> None:
    try:
        write_whole(picture.with_suffix(".txt"), f"{caption}\n".encode())
    except StorageError:
        # Without its caption a picture would be trained on with the wrong words.
        picture.unlink(missing_ok=True)
        raise


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _folder(text: str, *, role: str) -> Path:
    if not text.strip():
        raise DatasetError(f"The {role} directory is empty; name a folder.")
    try:
        return Path(text).expanduser()
    except RuntimeError:  # "~nobody" is no one's home
        return Path(text)


def _make(destination: Path, *, source: Path) -> int:
    """Make the destination if missing; count the files it already has."""
    try:
        if destination.is_dir() and destination.samefile(source):
            raise DatasetError(
                f"Source and destination are the same folder, {source}; choose another destination."
            )
        destination.mkdir(parents=True, exist_ok=True)
        return sum(not entry.name.startswith(".") for entry in destination.iterdir())
    except (FileExistsError, NotADirectoryError):
        raise StorageError(f"{destination} is or lies under a file; name a folder.") from None
    except OSError as error:
        raise StorageError(explain(destination, error, doing="make the folder")) from error
    except ValueError as error:
        raise StorageError(f"The destination is no usable path: {error}.") from None

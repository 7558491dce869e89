"""The job itself: every picture of a folder, prepared and written to another folder.

The source is only read. Pictures are prepared a few ahead on all cores, but numbered and written
in the order of the folder, one whole file after another. What an earlier run with the same settings
made of the same content is left as it is.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from preprocessing.idle import idle_choices, without_idle
from preprocessing.lookahead import ahead
from preprocessing.manifest import Entry, Manifest, mark
from preprocessing.output import Output
from preprocessing.recipe import Made, Recipe
from preprocessing.tree import Tree, find_below
from textual_inversion.errors import DatasetError, StorageError
from textual_inversion.events import Event, Finished, Progressed, Started, Warned
from textual_inversion.pictures import find_pictures, shown
from textual_inversion.settings import PreprocessSettings

_SAVE_SECONDS = 2.0  # at most so much is done again after a power cut
_NOT_PIXELS = {"source", "destination", "recursive", "model", "width", "height", "caption_batch"}


@dataclass(frozen=True)
class Worked:
    """What a worker found: the mark of a picture, and what it became, or that it is done."""

    mark: str
    made: Made | None = None
    entry: Entry | None = None


@dataclass
class Job:
    """One job at work: where it writes, and what there is to say at its end."""

    output: Output
    manifest: Manifest
    work: Callable[[Path], Worked]
    num_skipped: int = 0
    failures: list[str] = field(default_factory=list)
    stale: set[str] = field(default_factory=set)


def preprocess(
    settings: PreprocessSettings, *, size: int, stop: threading.Event | None = None
) -> Iterator[Event]:
    """Prepare the pictures of a folder for training.

    Args:
        settings: What to do.
        size: What a width or height of 0 stands for: the base model's own size.
        stop: When set, the job ends before the next picture.

    Raises:
        SettingsError: What was asked cannot be done with any picture.
        DatasetError: The source has no usable picture, or is the destination as well.
        StorageError: Something could not be written; what was written before is whole.
    """
    source = _folder(settings.source, role="source")
    output = Output(_folder(settings.destination, role="destination"), source)
    tree = _find(source, output, recursive=settings.recursive)
    width, height = settings.width or size, settings.height or size
    recipe = Recipe.of(settings, width=width, height=height)
    present = output.make()
    manifest = Manifest.read(output.destination)
    yield Started(str(source), 0, len(tree.pictures), str(output.destination))
    for said in (*idle_choices(settings), *tree.complaints):
        yield Warned(said)
    if foreign := present - manifest.files_of(tree.pictures):
        yield Warned(
            f"{output.destination} already holds files ({len(foreign)}); those of the same name "
            "are replaced, the others stay and would be trained on, too."
        )
    worker = _worker(settings, recipe, manifest, sizes=f"{width} x {height}")
    job = Job(output, manifest, worker)
    finished = yield from _run(job, tree.pictures, stop or threading.Event())
    yield from _closing_words(job, finished, total=len(tree.pictures))
    yield finished


def _find(source: Path, output: Output, *, recursive: bool) -> Tree:
    if not recursive:
        return Tree(find_pictures(source))
    return find_below(source, leave_out=(output.destination, output.drawings))


def _worker(
    settings: PreprocessSettings, recipe: Recipe, manifest: Manifest, *, sizes: str
) -> Callable[[Path], Worked]:
    meaning = f"{sizes} {without_idle(settings).model_dump_json(exclude=_NOT_PIXELS)}"

    def work(picture: Path) -> Worked:
        content = mark(picture, settings=meaning)
        entry = manifest.done(picture, content)
        return Worked(content, entry=entry) if entry else Worked(content, recipe.prepare(picture))

    return work


def _run(job: Job, pictures: list[Path], stop: threading.Event) -> Generator[Event, None, Finished]:
    num_files = 0
    saved = time.perf_counter()
    with _saved_at_the_end(job.manifest), closing(ahead(job.work, pictures)) as begun:
        for done, (picture, future) in enumerate(begun, start=1):
            if stop.is_set():
                return Finished(num_files, "stopped", str(job.output.destination))
            files: tuple[str, ...] = ()
            try:
                files = yield from _finish(job, picture, future.result())
            except DatasetError as error:
                job.failures.append(str(error))
                yield Warned(str(error))
            # Captions count only where no pictures are written.
            num_files += sum(not name.endswith(".txt") for name in files) or len(files)
            path = str(job.output.destination / files[0]) if files else ""
            yield Progressed(done, len(pictures), path=path, source=str(picture))
            if time.perf_counter() - saved > _SAVE_SECONDS:
                job.manifest.save()
                saved = time.perf_counter()
    return Finished(num_files, "done", str(job.output.destination))


def _finish(job: Job, picture: Path, worked: Worked) -> Generator[Event, None, tuple[str, ...]]:
    """Write one picture's results, unless they are there; give the names of its files."""
    if worked.entry:
        job.num_skipped += 1
        return worked.entry.files
    assert worked.made
    number = job.manifest.number(picture)
    files = job.output.write(worked.made, number=number, picture=picture)
    job.stale |= job.manifest.add(picture, Entry(worked.mark, number, files))
    if worked.made.note:
        yield Warned(worked.made.note)
    return files


def _closing_words(job: Job, finished: Finished, *, total: int) -> Iterator[Event]:
    source, destination = job.output.source, job.output.destination
    if len(job.failures) == total:
        raise DatasetError(
            f"None of the pictures in {shown(source)} ({total}) could be used. {job.failures[0]}"
        )
    if job.num_skipped:
        yield Warned(
            f"{job.num_skipped} of {total} pictures were prepared already with these settings, and "
            "are left as they are."
        )
    stale = sorted(name for name in job.stale if (destination / name).exists())
    if stale:
        yield Warned(
            f"{destination} still holds files ({len(stale)}) that other settings made, such as "
            f"{stale[0]}; remove them if they should not be trained on."
        )
    if finished.reason == "done" and not finished.step:
        yield Warned(f"There was nothing to write: no picture in {shown(source)} has a caption.")


@contextlib.contextmanager
def _saved_at_the_end(manifest: Manifest) -> Iterator[None]:
    try:
        yield
    except BaseException:
        # What ends the job, such as a full disk, is to be heard; this would only say it again.
        with contextlib.suppress(StorageError):
            manifest.save()
        raise
    manifest.save()


def _folder(text: str, *, role: str) -> Path:
    if not text.strip():
        raise DatasetError(f"The {role} directory is empty; name a folder.")
    try:
        return Path(text).expanduser()
    except RuntimeError:  # "~nobody" is no one's home
        return Path(text)

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

from preprocessing.captions.writing import Scribe
from preprocessing.files.folder_walk import Tree, find_below
from preprocessing.files.manifest import Entry, Manifest, mark
from preprocessing.files.prefetch import ahead
from preprocessing.files.result import Outcome
from preprocessing.files.writer import Output
from preprocessing.inactive import idle_choices, without_idle
from preprocessing.recipe import Recipe
from textual_inversion.errors import DatasetError, StorageError
from textual_inversion.events import Event, Finished, Progressed, Started, Warned
from textual_inversion.images.decoding import path_text
from textual_inversion.images.folder import find_mask, find_pictures
from textual_inversion.settings import PreprocessSettings

_SAVE_SECONDS = 2.0  # at most so much is done again after a power cut
_NOT_PIXELS = {"source", "destination", "recursive", "model", "width", "height", "caption_batch"}


@dataclass
class Job:
    """One job at work: where it writes, and what there is to say at its end."""

    output: Output
    manifest: Manifest
    work: Callable[[Path], Outcome]
    scribe: Scribe
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
    stop = stop or threading.Event()
    scribe = Scribe.of(settings, stop)
    present = output.make()
    manifest = Manifest.read(output.destination)
    yield Started(str(source), 0, len(tree.pictures), str(output.destination))
    for said in (*idle_choices(settings), *tree.complaints, *_masks_left(settings, tree)):
        yield Warned(said)
    if foreign := present - manifest.files_of(tree.pictures):
        yield Warned(
            f"{output.destination} already holds files ({len(foreign)}); those of the same name "
            "are replaced, the others stay and would be trained on, too."
        )
    worker = _worker(settings, recipe, manifest, sizes=f"{width} x {height}")
    job = Job(output, manifest, worker, scribe)
    finished = yield from _run(job, tree.pictures, stop)
    yield from _closing_words(job, finished, total=len(tree.pictures))
    yield finished


def _find(source: Path, output: Output, *, recursive: bool) -> Tree:
    if not recursive:
        return Tree(find_pictures(source))
    return find_below(source, leave_out=(output.destination, output.drawings))


def _masks_left(settings: PreprocessSettings, tree: Tree) -> Iterator[str]:
    """Say that mask files stay where they are: a crop would no longer match them."""
    masks = [mask for mask in map(find_mask, tree.pictures) if mask]
    if masks and settings.output_format != "captions":
        yield (
            f"Mask files ({len(masks)}, such as {path_text(masks[0])}) are not prepared along; put "
            "them into their pictures' transparency and choose to keep it."
        )


def _worker(
    settings: PreprocessSettings, recipe: Recipe, manifest: Manifest, *, sizes: str
) -> Callable[[Path], Outcome]:
    meaning = f"{sizes} {without_idle(settings).model_dump_json(exclude=_NOT_PIXELS)}"

    def work(picture: Path) -> Outcome:
        content = mark(picture, settings=meaning)
        entry = manifest.done(picture, content)
        if entry:
            return Outcome(picture, content, entry=entry)
        try:
            return Outcome(picture, content, made=recipe.prepare(picture))
        except DatasetError as error:
            return Outcome(picture, content, complaint=str(error))

    return work


def _run(job: Job, pictures: list[Path], stop: threading.Event) -> Generator[Event, None, Finished]:
    num_files = done = 0
    saved = time.perf_counter()
    with (
        _saved_at_the_end(job.manifest),
        closing(ahead(job.work, pictures)) as begun,
        closing(job.scribe.captioned(future.result() for _, future in begun)) as news,
    ):
        for item in news:
            if stop.is_set():
                break
            if not isinstance(item, Outcome):
                yield item
                continue
            done += 1
            files = yield from _finish(job, item)
            # Captions count only where no pictures are written.
            written = sum(not name.endswith(".txt") for name in files) or len(files)
            num_files += written
            path = str(job.output.destination / files[0]) if files else ""
            yield Progressed(done, len(pictures), path, str(item.picture), written or 1)
            if time.perf_counter() - saved > _SAVE_SECONDS:
                job.manifest.save()
                saved = time.perf_counter()
    reason = "finished" if done == len(pictures) else "stopped"
    return Finished(num_files, reason, str(job.output.destination))


def _finish(job: Job, outcome: Outcome) -> Generator[Event, None, tuple[str, ...]]:
    """Write one picture's results, unless they are there; give the names of its files."""
    if outcome.complaint:
        job.failures.append(outcome.complaint)
        yield Warned(outcome.complaint)
        return ()
    if outcome.entry:
        job.num_skipped += 1
        return outcome.entry.files
    assert outcome.made
    number = job.manifest.number(outcome.picture)
    files = job.output.write(outcome.made, number=number, picture=outcome.picture)
    job.stale |= job.manifest.add(outcome.picture, Entry(outcome.mark, number, files))
    if outcome.made.note:
        yield Warned(outcome.made.note)
    return files


def _closing_words(job: Job, finished: Finished, *, total: int) -> Iterator[Event]:
    source, destination = job.output.source, job.output.destination
    if len(job.failures) == total:
        raise DatasetError(
            f"None of the pictures in {path_text(source)} ({total}) could be used. "
            f"{job.failures[0]}"
        )
    if job.num_skipped:
        yield Warned(
            f"{job.num_skipped} of {total} pictures were prepared already with these settings, and "
            "are left as they are."
        )
    if job.scribe.num_kept:
        yield Warned(
            f"{job.scribe.num_kept} of {total} pictures kept the caption they had, because "
            "existing captions are copied; prepend, append or ignore them to have new ones written."
        )
    stale = sorted(name for name in job.stale if (destination / name).exists())
    if stale:
        yield Warned(
            f"{destination} still holds files ({len(stale)}) that other settings made, such as "
            f"{stale[0]}; remove them if they should not be trained on."
        )
    if finished.reason == "finished" and not finished.step:
        yield Warned(
            f"There was nothing to write: no picture in {path_text(source)} has a caption."
        )


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

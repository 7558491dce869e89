"""The preprocessing job: prepare every picture of a folder and write it to another folder.

The source is only read. Pictures are prepared a few ahead on all cores, but numbered and written
in the order of the folder, each file atomically. The results of an earlier job with the same
settings for the same content are kept.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from preprocessing.captions.writing import CaptionWriter
from preprocessing.files.folder_walk import Tree, find_recursively
from preprocessing.files.manifest import Entry, Manifest, fingerprint
from preprocessing.files.prefetch import prefetch
from preprocessing.files.result import Outcome
from preprocessing.files.writer import Output
from preprocessing.inactive import inactive_choices, without_inactive
from preprocessing.recipe import Recipe
from textual_inversion.errors import DatasetError, StorageError
from textual_inversion.events import Event, Finished, Progressed, Started, Warned
from textual_inversion.images.decoding import path_text
from textual_inversion.images.folder import find_mask, find_pictures
from textual_inversion.settings import PreprocessSettings

_SAVE_SECONDS = 2.0  # at most this much work is repeated after a power failure
_IRRELEVANT_TO_FILES = {
    "source",
    "destination",
    "recursive",
    "model",
    "width",
    "height",
    "caption_batch",
}


@dataclass
class Job:
    """The state of a running job: its output, and what is reported at its end."""

    output: Output
    manifest: Manifest
    work: Callable[[Path], Outcome]
    caption_writer: CaptionWriter
    num_unchanged: int = 0
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
        SettingsError: The settings cannot be applied to any picture.
        DatasetError: The source has no usable picture, or is also the destination.
        StorageError: A file could not be written; files written before are complete.
    """
    source = _folder(settings.source, role="source")
    output = Output(_folder(settings.destination, role="destination"), source)
    tree = _find(source, output, recursive=settings.recursive)
    width, height = settings.width or size, settings.height or size
    recipe = Recipe.of(settings, width=width, height=height)
    stop = stop or threading.Event()
    caption_writer = CaptionWriter.of(settings, stop)
    present = output.make()
    manifest = Manifest.read(output.destination)
    yield Started(str(source), 0, len(tree.pictures), str(output.destination))
    for message in (*inactive_choices(settings), *tree.problems, *_mask_warnings(settings, tree)):
        yield Warned(message)
    if foreign := present - manifest.files_of(tree.pictures):
        yield Warned(
            f"{output.destination} already holds files ({len(foreign)}); those of the same name "
            "are replaced, the others stay and will be trained on too, unless you remove them."
        )
    worker = _worker(settings, recipe, manifest, sizes=f"{width} x {height}")
    job = Job(output, manifest, worker, caption_writer)
    finished = yield from _run(job, tree.pictures, stop)
    yield from _final_warnings(job, finished, total=len(tree.pictures))
    yield finished


def _find(source: Path, output: Output, *, recursive: bool) -> Tree:
    if not recursive:
        return Tree(find_pictures(source))
    return find_recursively(source, leave_out=(output.destination, output.debug_folder))


def _mask_warnings(settings: PreprocessSettings, tree: Tree) -> Iterator[str]:
    """Warn that mask files are not processed: they would no longer match a crop."""
    masks = [mask for mask in map(find_mask, tree.pictures) if mask]
    if masks and settings.output_format != "captions":
        yield (
            f"Mask files ({len(masks)}, such as {path_text(masks[0])}) are not preprocessed; put "
            "them into their pictures' alpha channel and keep the transparency."
        )


def _worker(
    settings: PreprocessSettings, recipe: Recipe, manifest: Manifest, *, sizes: str
) -> Callable[[Path], Outcome]:
    settings_text = (
        f"{sizes} {without_inactive(settings).model_dump_json(exclude=_IRRELEVANT_TO_FILES)}"
    )

    def work(picture: Path) -> Outcome:
        crop = manifest.crop_of(picture) if settings.output_format != "captions" else None
        text = f"{settings_text} crop {crop}" if crop else settings_text
        content = fingerprint(picture, settings=text)
        entry = manifest.done(picture, content)
        if entry:
            return Outcome(picture, content, entry=entry)
        try:
            return Outcome(picture, content, prepared=recipe.prepare(picture, crop))
        except DatasetError as error:
            return Outcome(picture, content, problem=str(error))

    return work


def _run(job: Job, pictures: list[Path], stop: threading.Event) -> Generator[Event, None, Finished]:
    num_files = done = 0
    saved_at = time.perf_counter()
    with (
        _saved_at_the_end(job.manifest),
        closing(prefetch(job.work, pictures)) as futures,
        closing(
            job.caption_writer.with_captions(future.result() for _, future in futures)
        ) as outcomes,
    ):
        for item in outcomes:
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
            others = [name for name in files[1:] if not name.endswith(".txt")]
            yield Progressed(
                done,
                len(pictures),
                path,
                str(item.picture),
                written or 1,
                tuple(str(job.output.destination / name) for name in others),
            )
            if time.perf_counter() - saved_at > _SAVE_SECONDS:
                job.manifest.save()
                saved_at = time.perf_counter()
    reason = "finished" if done == len(pictures) else "stopped"
    return Finished(num_files, reason, str(job.output.destination))


def _finish(job: Job, outcome: Outcome) -> Generator[Event, None, tuple[str, ...]]:
    """Write a picture's results unless they exist already; return the names of its files."""
    if outcome.problem:
        job.failures.append(outcome.problem)
        yield Warned(outcome.problem)
        return ()
    if outcome.entry:
        job.num_unchanged += 1
        return outcome.entry.files
    assert outcome.prepared
    number = job.manifest.number(outcome.picture)
    files = job.output.write(outcome.prepared, number=number, picture=outcome.picture)
    job.stale |= job.manifest.add(outcome.picture, Entry(outcome.mark, number, files))
    if outcome.prepared.note:
        yield Warned(outcome.prepared.note)
    return files


def _final_warnings(job: Job, finished: Finished, *, total: int) -> Iterator[Event]:
    source, destination = job.output.source, job.output.destination
    if len(job.failures) == total:
        raise DatasetError(
            f"None of the pictures in {path_text(source)} ({total}) could be used. "
            f"{job.failures[0]}"
        )
    if job.num_unchanged:
        yield Warned(
            f"{job.num_unchanged} of {total} pictures were already prepared with these settings "
            "and are left unchanged."
        )
    if job.caption_writer.num_copied:
        yield Warned(
            f"{job.caption_writer.num_copied} of {total} pictures kept the caption they had, "
            "because existing captions are copied; prepend, append or ignore them to have new "
            "ones written."
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
        # The original error, such as a full disk, is reported, not a second one from saving.
        with contextlib.suppress(StorageError):
            manifest.save()
        raise
    manifest.save()


def _folder(text: str, *, role: str) -> Path:
    if not text.strip():
        raise DatasetError(f"No {role} directory is given; choose a folder.")
    try:
        return Path(text).expanduser()
    except RuntimeError:  # "~nobody" has no home directory
        return Path(text)

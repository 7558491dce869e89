"""Report a data set's sizes and problems before training."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from preprocessing.checks.caption_checks import (
    CountTokens,
    check_captions,
    check_lengths,
    check_template,
)
from preprocessing.checks.image_checks import Finding, check_number, check_pictures
from preprocessing.checks.measurements import Measurements, Unusable, measure
from preprocessing.files.folder_walk import dataset_folder
from preprocessing.files.prefetch import prefetch
from textual_inversion.data.resizing import Size, list_buckets, nearest_bucket
from textual_inversion.errors import SettingsError
from textual_inversion.events import Event, Progressed, Started
from textual_inversion.images.decoding import path_text
from textual_inversion.images.folder import find_pictures
from textual_inversion.prompts.template import read_template
from textual_inversion.settings import CheckSettings

_MAX_NAMES = 5


@dataclass(frozen=True)
class SizeCount:
    """A size and the number of pictures that have it."""

    width: int
    height: int
    num_pictures: int


@dataclass(frozen=True)
class PictureCaption:
    """The words a picture is trained with, and whether they are from its file name."""

    path: Path
    words: str
    from_name: bool

    def __str__(self) -> str:
        """Return the words and their origin."""
        if not self.words:
            return "no words (an empty caption)" if not self.from_name else "no words"
        return f'"{self.words}"' + (" (of its file name)" if self.from_name else "")


@dataclass(frozen=True)
class Report:
    """The report on a folder; `buckets` are those that training with buckets would use."""

    folder: Path
    width: int
    height: int
    num_pictures: int
    num_usable: int
    sizes: tuple[SizeCount, ...]
    buckets: tuple[SizeCount, ...]
    findings: tuple[Finding, ...]
    picture_captions: tuple[PictureCaption, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the report's lines for a terminal."""
        yield (
            f"{path_text(self.folder)}: {self.num_pictures} pictures, {self.num_usable} usable, to "
            f"be trained at {self.width} x {self.height}"
        )
        yield f"Sizes: {_counts(self.sizes)}"
        yield f"Buckets, if each kept its shape: {_counts(self.buckets)}"
        for finding in self.findings:
            yield f"- {finding.message}"
            yield from _names(finding)
        if not self.findings:
            yield "No problems found."
        if self.picture_captions:
            yield "Each picture is trained with these words:"
        for one in self.picture_captions:
            yield f"    {path_text(one.path)}: {one}"


@dataclass(frozen=True)
class Purpose:
    """What a data set will be used for.

    Args:
        width: What the pictures are cropped to.
        height: What the pictures are cropped to.
        name: The embedding's name; empty if it is not known yet.
        template_lines: The template's prompts; empty if they are not known yet.
        count_tokens: Counts a prompt's tokens, without begin and end; None skips that check.
    """

    width: int
    height: int
    name: str = ""
    template_lines: Sequence[str] = ()
    count_tokens: CountTokens | None = None


def check(
    folder: Path, purpose: Purpose, *, stop: threading.Event | None = None
) -> Generator[Event, None, Report | None]:
    """Check a folder of pictures and captions, which are only read.

    The generator returns the report; None when `stop` was set before the last picture.

    Raises:
        DatasetError: There is no folder, or no picture in it.
    """
    paths = find_pictures(folder)
    yield Started(str(folder), 0, len(paths))
    results: list[Measurements | Unusable] = []
    size = {"width": purpose.width, "height": purpose.height}
    with closing(prefetch(lambda path: measure(path, **size), paths)) as futures:
        for path, future in futures:
            if stop and stop.is_set():
                return None
            results.append(future.result())
            yield Progressed(len(results), len(paths), source=str(path))
    return _report(folder, purpose, results)


def check_settings(
    settings: CheckSettings,
    *,
    size: int,
    count_tokens: CountTokens | None = None,
    stop: threading.Event | None = None,
) -> Generator[Event, None, Report | None]:
    """Check a folder by the settings of `ti check`; `size` replaces a width or height of 0."""
    lines: tuple[str, ...] = ()
    wrong: tuple[Finding, ...] = ()
    if settings.template.strip():
        try:
            lines = read_template(settings.template)
        except SettingsError as error:
            wrong = (Finding("template", str(error)),)
    purpose = Purpose(
        width=settings.width or size,
        height=settings.height or size,
        name=settings.name.strip(),
        template_lines=lines,
        count_tokens=count_tokens,
    )
    report = yield from check(dataset_folder(settings.folder), purpose, stop=stop)
    return replace(report, findings=report.findings + wrong) if report else None


def _report(folder: Path, purpose: Purpose, results: Sequence[Measurements | Unusable]) -> Report:
    measured = [picture for picture in results if isinstance(picture, Measurements)]
    sizes = [(picture.width, picture.height) for picture in measured]
    buckets = list_buckets(purpose.width, purpose.height)
    return Report(
        folder=folder,
        width=purpose.width,
        height=purpose.height,
        num_pictures=len(results),
        num_usable=len(measured),
        sizes=_counted(sizes),
        buckets=_counted(nearest_bucket(size, buckets) for size in sizes),
        findings=tuple(_findings(purpose, measured, results)),
        picture_captions=tuple(_captions(purpose, measured)),
    )


def _captions(purpose: Purpose, measured: Sequence[Measurements]) -> Iterator[PictureCaption]:
    """Yield the words of each picture; nothing where the template does not use them."""
    if purpose.template_lines and not any("[filewords]" in one for one in purpose.template_lines):
        return
    for one in measured:
        yield PictureCaption(one.path, " ".join(one.words.split()), from_name=one.caption is None)


def _findings(
    purpose: Purpose, measured: Sequence[Measurements], results: Sequence[Measurements | Unusable]
) -> Iterator[Finding]:
    name, lines = purpose.name, purpose.template_lines
    for picture in results:
        if isinstance(picture, Unusable):
            yield Finding("unreadable", picture.reason, (picture.path,))
    yield from check_number(len(measured))
    yield from check_pictures(measured, width=purpose.width, height=purpose.height)
    yield from check_captions(measured, name=name, template_lines=lines)
    if purpose.count_tokens:
        yield from check_lengths(
            measured, name=name, template_lines=lines, count_tokens=purpose.count_tokens
        )
    yield from check_template(lines)


def _counted(sizes: Iterable[Size]) -> tuple[SizeCount, ...]:
    common = Counter(sizes).most_common()
    return tuple(SizeCount(*size, count) for size, count in common)


def _counts(sizes: Sequence[SizeCount]) -> str:
    shown_sizes = [f"{one.width} x {one.height} ({one.num_pictures})" for one in sizes[:8]]
    more = f" and {len(sizes) - 8} more" if len(sizes) > 8 else ""
    return (", ".join(shown_sizes) or "none") + more


def _names(finding: Finding) -> Iterator[str]:
    for path in finding.pictures[:_MAX_NAMES]:
        yield f"    {path_text(path)}"
    if len(finding.pictures) > _MAX_NAMES:
        yield f"    and {len(finding.pictures) - _MAX_NAMES} more"

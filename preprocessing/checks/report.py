"""What a data set is like before it is trained on: its sizes, and what may be wrong with it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from preprocessing.checks.caption_checks import CountTokens, in_captions, in_lengths, in_template
from preprocessing.checks.image_checks import Finding, in_number, in_pictures
from preprocessing.checks.measurements import Look, Unusable, look_at
from preprocessing.files.folder_walk import dataset_folder
from preprocessing.files.prefetch import ahead
from textual_inversion.data.resizing import Size, list_buckets, nearest_bucket
from textual_inversion.errors import SettingsError
from textual_inversion.events import Event, Progressed, Started
from textual_inversion.images.decoding import path_text
from textual_inversion.images.folder import find_pictures
from textual_inversion.prompts.template import read_template
from textual_inversion.settings import CheckSettings

_MOST_NAMES = 5


@dataclass(frozen=True)
class SizeCount:
    """How many pictures have a size."""

    width: int
    height: int
    num_pictures: int


@dataclass(frozen=True)
class ShownWith:
    """The words with which training shows a picture, and whether its file name gave them."""

    path: Path
    words: str
    from_name: bool

    def __str__(self) -> str:
        """Write the words and where they come from."""
        if not self.words:
            return "no words (an empty caption)" if not self.from_name else "no words"
        return f'"{self.words}"' + (" (of its file name)" if self.from_name else "")


@dataclass(frozen=True)
class Report:
    """What was seen in a folder; `buckets` are those that training with buckets would use."""

    folder: Path
    width: int
    height: int
    num_pictures: int
    num_usable: int
    sizes: tuple[SizeCount, ...]
    buckets: tuple[SizeCount, ...]
    findings: tuple[Finding, ...]
    shown_with: tuple[ShownWith, ...] = ()

    def lines(self) -> Iterator[str]:
        """Write the report for a terminal, line by line."""
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
            yield "Nothing to complain about."
        if self.shown_with:
            yield "Each picture is trained with:"
        for one in self.shown_with:
            yield f"    {path_text(one.path)}: {one}"


@dataclass(frozen=True)
class Purpose:
    """What a data set is for.

    Args:
        width: What the pictures are cropped to.
        height: What the pictures are cropped to.
        name: The embedding; empty when it is not known yet.
        template_lines: The prompts of the training; empty when they are not known yet.
        count_tokens: How many tokens a prompt has, without start and end; None does not count.
    """

    width: int
    height: int
    name: str = ""
    template_lines: Sequence[str] = ()
    count_tokens: CountTokens | None = None


def check(
    folder: Path, purpose: Purpose, *, stop: threading.Event | None = None
) -> Generator[Event, None, Report | None]:
    """Look through a folder of pictures and captions, which are only read.

    The generator returns the report; None when `stop` was set before the last picture.

    Raises:
        DatasetError: There is no folder, or no picture in it.
    """
    paths = find_pictures(folder)
    yield Started(str(folder), 0, len(paths))
    seen: list[Look | Unusable] = []
    size = {"width": purpose.width, "height": purpose.height}
    with closing(ahead(lambda path: look_at(path, **size), paths)) as begun:
        for path, future in begun:
            if stop and stop.is_set():
                return None
            seen.append(future.result())
            yield Progressed(len(seen), len(paths), source=str(path))
    return _report(folder, purpose, seen)


def check_settings(
    settings: CheckSettings,
    *,
    size: int,
    count_tokens: CountTokens | None = None,
    stop: threading.Event | None = None,
) -> Generator[Event, None, Report | None]:
    """Do what `ti check` asks; `size` is what a width or height of 0 stands for."""
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


def _report(folder: Path, purpose: Purpose, seen: Sequence[Look | Unusable]) -> Report:
    looks = [one for one in seen if isinstance(one, Look)]
    sizes = [(one.width, one.height) for one in looks]
    buckets = list_buckets(purpose.width, purpose.height)
    return Report(
        folder=folder,
        width=purpose.width,
        height=purpose.height,
        num_pictures=len(seen),
        num_usable=len(looks),
        sizes=_counted(sizes),
        buckets=_counted(nearest_bucket(size, buckets) for size in sizes),
        findings=tuple(_findings(purpose, looks, seen)),
        shown_with=tuple(_shown_with(purpose, looks)),
    )


def _shown_with(purpose: Purpose, looks: Sequence[Look]) -> Iterator[ShownWith]:
    """List the words of each picture; nothing where the template has no place for them."""
    if purpose.template_lines and not any("[filewords]" in one for one in purpose.template_lines):
        return
    for one in looks:
        yield ShownWith(one.path, " ".join(one.words.split()), from_name=one.caption is None)


def _findings(
    purpose: Purpose, looks: Sequence[Look], seen: Sequence[Look | Unusable]
) -> Iterator[Finding]:
    name, lines = purpose.name, purpose.template_lines
    for one in seen:
        if isinstance(one, Unusable):
            yield Finding("unreadable", one.reason, (one.path,))
    yield from in_number(len(looks))
    yield from in_pictures(looks, width=purpose.width, height=purpose.height)
    yield from in_captions(looks, name=name, template_lines=lines)
    if purpose.count_tokens:
        yield from in_lengths(
            looks, name=name, template_lines=lines, count_tokens=purpose.count_tokens
        )
    yield from in_template(lines)


def _counted(sizes: Iterable[Size]) -> tuple[SizeCount, ...]:
    common = Counter(sizes).most_common()
    return tuple(SizeCount(*size, count) for size, count in common)


def _counts(sizes: Sequence[SizeCount]) -> str:
    shown_sizes = [f"{one.width} x {one.height} ({one.num_pictures})" for one in sizes[:8]]
    more = f" and {len(sizes) - 8} more" if len(sizes) > 8 else ""
    return (", ".join(shown_sizes) or "none") + more


def _names(finding: Finding) -> Iterator[str]:
    for path in finding.pictures[:_MOST_NAMES]:
        yield f"    {path_text(path)}"
    if len(finding.pictures) > _MOST_NAMES:
        yield f"    and {len(finding.pictures) - _MOST_NAMES} more"

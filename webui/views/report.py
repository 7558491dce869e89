"""Data sets looked through, and trainings tried out, as jobs; and what they found, as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from preprocessing.checks.image_checks import Finding
from preprocessing.checks.report import Report, SizeCount, check_settings
from textual_inversion.events import Event, Finished
from textual_inversion.images.decoding import path_text
from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.jobs.runner import Job
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import Run
from textual_inversion.settings import CheckSettings, TrainSettings
from webui.html import paragraph, render
from webui.jobs import warm
from webui.served_images import thumbnail_url

_MOST_THUMBNAILS = 12
_MOST_SIZES = 8
_MOST_BADGED = 48


@dataclass
class Results:
    """What the newest jobs of this process found; events alone would not carry it."""

    report: Report | None = None
    estimate: str = ""


def checking(settings: CheckSettings, results: Results, device: DeviceLock) -> Job:
    """Make the job that looks through a data set."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.models.catalog import describe_model

        results.report = None
        model = describe_model(settings.model)
        warm(device)
        from textual_inversion.embeddings.create import count_tokens

        results.report = yield from check_settings(
            settings,
            size=model.size,
            count_tokens=lambda text: count_tokens(model, text, settings.tokenizer),
            stop=control.stop,
        )
        yield _over(results.report)

    return job


def probing(settings: TrainSettings, results: Results) -> Job:
    """Make the job that takes a few steps of a training to tell what all will take."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.training.estimate import probe

        results.estimate = ""
        estimate = yield from probe(settings, control)
        results.estimate = estimate.sentence if estimate else ""
        yield _over(estimate)

    return job


def _over(result: object) -> Finished:
    return Finished(0, "finished" if result else "stopped")


def report_html(run: Run | None, results: Results) -> Markup:
    """Draw what a check found, once it is over."""
    report = results.report
    if run is None or run.is_active or report is None:
        return Markup()
    return render(
        "views/report",
        rows=_facts(report),
        findings=[_finding(finding) for finding in report.findings],
        badged=_badged(report),
        captions=[(path_text(Path(one.path.name)), str(one)) for one in report.picture_captions],
    )


def estimate_html(run: Run | None, results: Results) -> Markup:
    """Draw what a probe found, once it is over."""
    if run is None or run.is_active or not results.estimate:
        return Markup()
    return paragraph(results.estimate, style="done")


def _facts(report: Report) -> list[tuple[str, str]]:
    usable = f", {report.num_usable} usable" if report.num_usable < report.num_pictures else ""
    return [
        ("Folder", path_text(report.folder)),
        ("Pictures", f"{report.num_pictures}{usable}"),
        ("Trained at", f"{report.width} x {report.height}"),
        ("Sizes", _sizes(report.sizes)),
        ("Buckets, if each kept its shape", _sizes(report.buckets)),
    ]


def _finding(finding: Finding) -> tuple[Finding, list[tuple[str, str]], int]:
    """Choose the pictures to show, each as (name, URL), and count the others."""
    paths = finding.pictures[:_MOST_THUMBNAILS]
    pictures = [(path_text(Path(path.name)), thumbnail_url(str(path))) for path in paths]
    return finding, pictures, len(finding.pictures) - len(paths)


def _badged(report: Report) -> list[tuple[str, str, list[str]]]:
    """Return each picture as (name, URL, badges), those with the most findings first."""
    kinds: dict[Path, list[str]] = {one.path: [] for one in report.picture_captions}
    for finding in report.findings:
        for path in finding.pictures:
            badges = kinds.setdefault(path, [])
            badges.extend([finding.kind] if finding.kind not in badges else [])
    worst = sorted(kinds.items(), key=lambda item: -len(item[1]))[:_MOST_BADGED]
    return [
        (path_text(Path(path.name)), thumbnail_url(str(path)), badges) for path, badges in worst
    ]


def _sizes(sizes: Sequence[SizeCount]) -> str:
    words = [f"{one.width} x {one.height} ({one.num_pictures})" for one in sizes[:_MOST_SIZES]]
    more = f" and {len(sizes) - _MOST_SIZES} more" if len(sizes) > _MOST_SIZES else ""
    return (", ".join(words) or "none") + more

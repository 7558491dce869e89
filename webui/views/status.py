"""What a job is doing, in words and as HTML: every state has a sentence. Pure."""

from __future__ import annotations

from typing import Literal

from markupsafe import Markup

from textual_inversion.runs.state import Run
from textual_inversion.runs.wording import best_words, duration, throughput_words
from textual_inversion.settings import (
    CheckSettings,
    EvaluateSettings,
    GenerateSettings,
    GridSettings,
    PreprocessSettings,
    Settings,
    SuggestSettings,
    SweepFormSettings,
    TrainSettings,
)
from textual_inversion.settings.workshop import PruneSettings
from webui.fields.wording import in_labels
from webui.html import render

Tone = Literal["idle", "busy", "good", "bad"]
_MOST_WARNINGS = 20
_NOUNS = {
    "preprocess": "picture",
    "check": "picture",
    "generate": "sampling step",
    "grid": "sampling step",
    "evaluate": "sampling step",
    "suggest": "noisy picture",
    "prune": "measured loss",
}
_SETTINGS: dict[str, type[Settings]] = {
    "train": TrainSettings,
    "sweep": SweepFormSettings,
    "probe": TrainSettings,
    "preprocess": PreprocessSettings,
    "check": CheckSettings,
    "generate": GenerateSettings,
    "grid": GridSettings,
    "evaluate": EvaluateSettings,
    "suggest": SuggestSettings,
    "prune": PruneSettings,
}


def sentence(run: Run | None, *, idle: str) -> str:
    """Describe in one sentence what the job is doing; `idle` when there is none."""
    if run is None:
        return idle
    match run.state:
        case "running":
            return _progress(run)
        case "finished" | "converged":
            return f"{run.state.capitalize()}: {_count(run)}.{_result(run)}"
        case "stopped":
            return f"Stopped at {_noun(run)} {run.step} of {run.total}.{_result(run)}"
        case "failed" | "killed":
            return f"{run.state.capitalize()}: {_in_labels(run.message, run)}"
        case _:
            return run.message


def tone(run: Run | None) -> Tone:
    """Choose the colour of a state."""
    if run is None:
        return "idle"
    if run.is_active:
        return "busy"
    return "bad" if run.state in {"failed", "killed"} else "good"


def status_html(run: Run | None, *, idle: str) -> Markup:
    """Draw the sentence with a progress bar."""
    return render(
        "views/status",
        tone=tone(run),
        name=run.name if run is not None and run.kind != "generate" else "",
        sentence=sentence(run, idle=idle),
        percent=_percent(run) if run is not None else None,
        is_loading=run is not None and run.state == "loading",
    )


def badge_html(run: Run | None) -> Markup:
    """Draw, for the head of every tab, that a training is running.

    Its data attributes are what `webui/head/job.py` makes the browser tab's title and the
    notification of.
    """
    if run is None:
        return Markup()
    time_left = duration(run.seconds_left) if run.seconds_left else ""
    title = f"{_percent(run):.0f} % {run.name}" if run.is_active else ""
    ended = "" if run.is_active else sentence(run, idle="")
    return render("views/badge", run=run, time_left=time_left, title=title, ended=ended)


def facts_html(run: Run | None) -> Markup:
    """List what else is known of a run: its prompt, files and warnings."""
    if run is None:
        return Markup()
    rows = [
        ("Current prompt", run.caption if run.is_active else ""),
        ("Pace", _pace(run)),
        ("Last saved", run.last_saved),
        ("Best", best_words(run)),
        ("Run folder", run.folder),
    ]
    known = [(term, text) for term, text in rows if text]
    return render("views/facts", rows=known, warnings=warnings_html(run))


def warnings_html(run: Run | None) -> Markup:
    """List a run's warnings, the newest twenty."""
    if run is None or not run.warnings:
        return Markup()
    newest = [_in_labels(text, run) for text in run.warnings[-_MOST_WARNINGS:]]
    return render("views/warnings", warnings=newest, num_older=len(run.warnings) - len(newest))


def _in_labels(text: str, run: Run) -> str:
    model = _SETTINGS.get(run.kind)
    return in_labels(text, model) if model else text


def _pace(run: Run) -> str:
    """Describe how fast pictures are trained, what takes the time, and the memory it needs."""
    if run.throughput is None:
        return ""
    throughput = run.throughput
    shares = {
        "UNet": throughput.unet,
        "text encoder": throughput.text,
        "data": throughput.data,
        "previews": throughput.previews,
        "saving and evaluating": throughput.other,
    }
    percents = ", ".join(f"{name} {share:.0%}" for name, share in shares.items() if share >= 0.005)
    return " · ".join([*throughput_words(throughput), *([percents] if percents else [])])


def _progress(run: Run) -> str:
    parts = [f"{_noun(run).capitalize()} {run.step} of {run.total}"]
    if run.steps_per_second:
        parts.append(_speed(run.steps_per_second))
    if run.seconds_left is not None and run.step < run.total:
        parts.append(f"{duration(run.seconds_left)} left")
    if run.losses:
        parts.append(f"loss {run.losses[-1][1]:.3f}")
    if run.learning_rate:
        parts.append(f"learning rate {run.learning_rate:.3g}")
    return " · ".join(parts)


def _speed(per_second: float) -> str:
    return f"{per_second:.1f} a second" if per_second >= 0.95 else f"{1 / per_second:.1f} s each"


def _noun(run: Run) -> str:
    return _NOUNS.get(run.kind, "step")


def _count(run: Run) -> str:
    if run.files:
        sources = len(run.files)
        count = f"{sources} picture{'s' if sources != 1 else ''}"
        return count if sources == run.num_files else f"{count}, {run.num_files} files"
    return f"{run.step} {_noun(run)}{'s' if run.step != 1 else ''}"


def _result(run: Run) -> str:
    return f" Saved in {run.result}." if run.result else ""


def _percent(run: Run) -> float:
    return 100 * run.step / run.total if run.total else 0.0

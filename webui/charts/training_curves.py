"""The two curves of the Train tab: the loss as it comes, and the learning rate as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from markupsafe import Markup

from textual_inversion.events import Evaluated
from textual_inversion.runs.downsampling import NUM_BUCKETS, Bucket, bucketed, smoothed
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.schedule import Schedule
from textual_inversion.training.optimization.learning_rate import (
    ScaledRates,
    is_relative,
    make_rates,
)
from webui.charts import svg
from webui.charts.svg import Axes, Curve
from webui.html import paragraph, render

# Much noise decides the layout, little the detail.
_BANDS: dict[str, Callable[[Evaluated], float]] = {
    "layout": lambda item: item.early,
    "shapes": lambda item: item.middle,
    "detail": lambda item: item.late,
}


def loss_chart(run: Run | None) -> Markup:
    """Draw the losses of a run: dots or a band of what was read, a smoothed line, the rate."""
    buckets = bucketed(run.losses) if run is not None else []
    if run is None or not buckets:
        return render("charts/loss_chart", parts=[], curves="")
    means = smoothed([bucket.mean for bucket in buckets])
    fixed = evaluations(run)
    first, last = min(step for step, *_ in [run.losses[0], *fixed]), buckets[-1].step
    axes = Axes(first, max(last, first + 1), *_range(buckets, fixed))
    curves = [
        _raw(axes, buckets, thin=len(run.losses) <= NUM_BUCKETS),
        _smooth(axes, buckets, means),
        *_fixed_and_converged(axes, fixed, run.converged_step),
    ]
    loss = svg.plot(
        axes,
        curves,
        label=f"Loss from step {first:g} to {last}, smoothed now {means[-1]:.4f}",
        height_px=220,
        hover_texts=[(bucket.step, _hover_text(bucket)) for bucket in buckets],
        below=False,
    )
    legend = _legend(means[-1], fixed, run.converged_step)
    parts = [legend, loss, *_bands_strip(axes, run), *_rate_strip(axes, buckets)]
    return render("charts/loss_chart", parts=parts, curves=_curves(axes, buckets))


def rate_chart(settings: TrainSettings, word_size: float | None = None) -> Markup:
    """Draw the learning rate that settings come to, and describe it in words.

    `word_size` is that of the base model's words, of which "auto" is a share; where it is not
    known, the share is told.
    """
    rates = make_rates(settings)
    schedule = rates.schedule
    factor = word_size if word_size and is_relative(settings) else 1.0
    points = [(step, factor * rate) for step, rate in _sampled(rates, settings.max_steps)]
    low, high = min(rate for _, rate in points), max(rate for _, rate in points)
    words = schedule_words(schedule, settings.max_steps)
    if is_relative(settings):
        words = _relative_words(low / factor, high / factor, word_size)
    elif any(rates.rate(step) != schedule.rate(step) for step, _ in points[:-1]):
        words += f" With scheduler, warm-up and scale it lies between {low:.3g} and {high:.3g}."
    elif len(schedule.segments) == 1 and schedule.end is None:
        return paragraph(words)
    axes = Axes(0, settings.max_steps, 0, 1.15 * high)
    stairs = svg.stairs(axes, points, "rate")
    plot = svg.plot(axes, [stairs], label="Learning rate by step", height_px=70)
    return plot + paragraph(words)


def _relative_words(low: float, high: float, word_size: float | None) -> str:
    """Describe rates that are shares of a word's size."""
    shares = f"{high:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
    share = f"{shares} of the size of the base model's words"
    if not word_size:
        return f"{share}."
    ends = [f"{word_size * end:.3g}" for end in dict.fromkeys([low, high])]
    return f"{' to '.join(ends)}, which is {share}."


def schedule_words(schedule: Schedule, max_steps: int) -> str:
    """Describe which rate holds for which updates, and what holds after a short schedule's end."""
    parts: list[str] = []
    start = 0
    for segment in schedule.segments:
        if start >= max_steps:
            break
        end = min(segment.end or max_steps, max_steps)
        parts.append(f"{segment.rate:g} for steps {start + 1} to {end}")
        start = end
    words = ", then ".join(parts) + "."
    if schedule.end is not None and schedule.end < max_steps:
        last = schedule.segments[-1].rate
        words += (
            f" The schedule runs out at step {schedule.end}; {last:g} is kept up to {max_steps}."
        )
    elif len(parts) < len(schedule.segments):
        words += f" What comes after step {max_steps} (max steps) is not used."
    return words


def _sampled(rates: ScaledRates, end: int) -> list[tuple[int, float]]:
    """Read rates often enough to draw them, and at every step where the schedule changes."""
    steps = {*range(0, end, -(-end // NUM_BUCKETS)), end - 1}
    steps |= {part.end for part in rates.schedule.segments if part.end and part.end < end}
    points = [(step, rates.rate(step)) for step in sorted(steps)]
    return [*points, (end, points[-1][1])]


def _curves(axes: Axes, buckets: list[Bucket]) -> str:
    """Write for the page's script what is smoothed, and between which ends it is drawn."""
    points = [(bucket.step, round(bucket.mean, 6)) for bucket in buckets]
    ends = (axes.x_low, axes.x_high, axes.y_low, axes.y_high)
    return json.dumps({"axes": ends, "points": points})


def evaluations(run: Run) -> list[tuple[float, float]]:
    """List (step, loss) of the fixed batch."""
    return [(float(item.step), item.loss) for item in _few_evaluations(run)]


def _few_evaluations(run: Run) -> list[Evaluated]:
    """Choose readings of the fixed batch, few enough to draw, the newest among them."""
    read = list(run.evaluations)
    stride = -(-len(read) // NUM_BUCKETS) or 1
    return read[::-1][::stride][::-1]


def _bands_strip(axes: Axes, run: Run) -> list[Markup]:
    """Draw the fixed batch's loss at much, medium and little noise, each as % of its start."""
    read = _few_evaluations(run)
    if len(read) < 2:
        return []
    first = run.evaluations[0]
    lines = {
        key: [(float(item.step), 100 * loss(item) / (loss(first) or 1)) for item in read]
        for key, loss in _BANDS.items()
    }
    values = [value for line in lines.values() for _, value in line]
    # What moves by less than a percent is drawn as what it is: nearly level.
    room = max(0.08 * (max(values) - min(values)), 0.5)
    strip = Axes(axes.x_low, axes.x_high, min(values) - room, max(values) + room)
    curves = [svg.line(strip, line, key) for key, line in lines.items()]
    keys = {key: f"{key} {line[-1][1]:.1f} %" for key, line in lines.items()}
    label = "The fixed batch by noise, in % of its first loss: " + ", ".join(keys.values())
    legend = svg.legend(keys, note="of the fixed batch's first loss")
    return [legend, svg.plot(strip, curves, label=label, height_px=90, below=False)]


def _range(buckets: list[Bucket], fixed: list[tuple[float, float]]) -> tuple[float, float]:
    """Start at 0, unless that would press the curve flat against the top."""
    evaluated = [loss for _, loss in fixed]
    low = min([*(bucket.low for bucket in buckets), *evaluated])
    high = max([*(bucket.high for bucket in buckets), *evaluated])
    room = 0.08 * (high - low) or 0.08 * high
    return (low - room if low > high / 2 else 0.0), high + room


def _raw(axes: Axes, buckets: list[Bucket], *, thin: bool) -> Curve:
    if thin:
        return svg.dots(axes, [(bucket.step, bucket.mean) for bucket in buckets], "raw")
    return svg.band(axes, [(b.step, b.low, b.high) for b in buckets], "band")


def _smooth(axes: Axes, buckets: list[Bucket], means: list[float]) -> Curve:
    steps = [bucket.step for bucket in buckets]
    return svg.line(axes, list(zip(steps, means, strict=True)), "smooth")


def _fixed_and_converged(
    axes: Axes, fixed: list[tuple[float, float]], converged_step: int | None
) -> Iterator[Curve]:
    if fixed:
        yield svg.line(axes, fixed, "fixed")
    if converged_step is not None:
        ends = [(float(converged_step), axes.y_low), (float(converged_step), axes.y_high)]
        yield svg.line(axes, ends, "converged")


def _rate_strip(axes: Axes, buckets: list[Bucket]) -> list[Markup]:
    high = max(bucket.rate for bucket in buckets) or 1
    strip = Axes(axes.x_low, axes.x_high, 0, 1.25 * high)
    stairs = svg.stairs(strip, [(bucket.step, bucket.rate) for bucket in buckets], "rate")
    label = f"learning rate, now {buckets[-1].rate:.3g}"
    return [svg.legend({"rate": label}), svg.plot(strip, [stairs], label=label, height_px=48)]


def _legend(loss: float, fixed: list[tuple[float, float]], converged_step: int | None) -> Markup:
    keys = {"raw": "loss as read", "smooth": f"smoothed, now {loss:.4f}"}
    if fixed:
        keys["fixed"] = f"fixed batch, now {fixed[-1][1]:.4f}"
    if converged_step is not None:
        keys["converged"] = f"converged at step {converged_step}"
    return svg.legend(keys)


def _hover_text(bucket: Bucket) -> str:
    return (
        f"step {bucket.step}: loss {bucket.mean:.4f} "
        f"({bucket.low:.4f} to {bucket.high:.4f}), rate {bucket.rate:.3g}"
    )

"""The two curves of the Train tab: the loss as it comes, and the learning rate as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from textual_inversion.events import Evaluated
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.schedule import Schedule
from textual_inversion.training.optimization.learning_rate import (
    ScaledRates,
    is_relative,
    make_rates,
)
from webui.charts import svg
from webui.charts.downsampling import NUM_BUCKETS, Bucket, bucketed, smoothed
from webui.charts.svg import Axes

# Much noise decides the layout, little the detail.
_BANDS: dict[str, Callable[[Evaluated], float]] = {
    "layout": lambda item: item.early,
    "shapes": lambda item: item.middle,
    "detail": lambda item: item.late,
}
_EMPTY = '<div class="ti-empty">The loss curve appears here with the first steps.</div>'


def loss_chart(run: Run | None) -> str:
    """Draw the losses of a run: dots or a band of what was read, a smoothed line, the rate."""
    rows = list(run.losses) if run is not None else []
    buckets = bucketed(rows)
    if not buckets:
        return _EMPTY
    line = smoothed([bucket.mean for bucket in buckets])
    fixed = _evaluations(run)
    first, last = min(step for step, *_ in [rows[0], *fixed]), buckets[-1].step
    axes = Axes(first, max(last, first + 1), *_range(buckets, fixed))
    drawn = [_raw(axes, buckets, thin=len(rows) <= NUM_BUCKETS), _smooth(axes, buckets, line)]
    if fixed:
        drawn.append(svg.line(axes, fixed, "fixed"))
    converged = run.converged_step if run is not None else None
    if converged is not None:
        ends = [(float(converged), axes.y_low), (float(converged), axes.y_high)]
        drawn.append(svg.line(axes, ends, "converged"))
    drawn.append(svg.columns(axes, [(bucket.step, _told(bucket)) for bucket in buckets]))
    label = f"Loss from step {first:g} to {last}, smoothed now {line[-1]:.4f}"
    loss = svg.chart(axes, drawn, label=label, height_px=220, below=False)
    legend = _legend(line[-1], fixed, converged)
    strips = _bands_strip(axes, run) + _rate_strip(axes, buckets)
    return f'<div class="ti-chart">{legend}{loss}{strips}</div>'


def rate_chart(settings: TrainSettings) -> str:
    """Draw the learning rate that settings come to, and say it in words."""
    rates = make_rates(settings)
    schedule = rates.schedule
    points = _sampled(rates, settings.max_steps)
    low, high = min(rate for _, rate in points), max(rate for _, rate in points)
    words = schedule_words(schedule, settings.max_steps)
    if is_relative(settings):
        span = f"{high:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
        words = f"{span} of the size of the base model's words."
    elif any(rates.rate(step) != schedule.rate(step) for step, _ in points[:-1]):
        words += f" With scheduler, warm-up and scale it lies between {low:.3g} and {high:.3g}."
    elif len(schedule.segments) == 1 and schedule.end is None:
        return f"<p>{escape(words)}</p>"
    axes = Axes(0, settings.max_steps, 0, 1.15 * high)
    drawn = [svg.stairs(axes, points, "rate")]
    curve = svg.chart(axes, drawn, label="Learning rate by step", height_px=70)
    return f"{curve}<p>{escape(words)}</p>"


def schedule_words(schedule: Schedule, max_steps: int) -> str:
    """Say which rate holds for which updates, and what happens when the schedule is too short."""
    parts: list[str] = []
    start = 0
    for segment in schedule.segments:
        if start >= max_steps:
            break
        end = min(segment.end or max_steps, max_steps)
        parts.append(f"{segment.rate:g} for steps {start + 1} to {end}")
        start = end
    said = ", then ".join(parts) + "."
    if schedule.end is not None and schedule.end < max_steps:
        last = schedule.segments[-1].rate
        said += (
            f" The schedule runs out at step {schedule.end}; {last:g} is kept up to {max_steps}."
        )
    elif len(parts) < len(schedule.segments):
        said += f" What comes after step {max_steps} (max steps) is not used."
    return said


def _sampled(rates: ScaledRates, end: int) -> list[tuple[int, float]]:
    """Read rates often enough to draw them, and at every step where the schedule changes."""
    steps = {*range(0, end, -(-end // NUM_BUCKETS)), end - 1}
    steps |= {part.end for part in rates.schedule.segments if part.end and part.end < end}
    points = [(step, rates.rate(step)) for step in sorted(steps)]
    return [*points, (end, points[-1][1])]


def _evaluations(run: Run | None) -> list[tuple[float, float]]:
    """Give the losses of the fixed batch."""
    return [(float(item.step), item.loss) for item in _few_evaluations(run)]


def _few_evaluations(run: Run | None) -> list[Evaluated]:
    """Give the readings of the fixed batch, few enough to draw, the newest among them."""
    read = list(run.evaluations) if run is not None else []
    stride = -(-len(read) // NUM_BUCKETS) or 1
    return read[::-1][::stride][::-1]


def _bands_strip(axes: Axes, run: Run | None) -> str:
    """Draw the fixed batch's loss at much, medium and little noise, each as % of its start."""
    read = _few_evaluations(run)
    if run is None or len(read) < 2:
        return ""
    first = run.evaluations[0]
    lines = {
        key: [(float(item.step), 100 * loss(item) / (loss(first) or 1)) for item in read]
        for key, loss in _BANDS.items()
    }
    values = [value for line in lines.values() for _, value in line]
    # What moves by less than a percent is drawn as what it is: nearly level.
    room = max(0.08 * (max(values) - min(values)), 0.5)
    strip = Axes(axes.x_low, axes.x_high, min(values) - room, max(values) + room)
    drawn = [svg.line(strip, line, key) for key, line in lines.items()]
    told = {key: f"{key} {line[-1][1]:.1f} %" for key, line in lines.items()}
    keys = "".join(f'<span class="ti-key-{key}">{text}</span>' for key, text in told.items())
    label = "The fixed batch by noise, in % of its first loss: " + ", ".join(told.values())
    head = f'<p class="ti-legend">{keys}<em>of the fixed batch\'s first loss</em></p>'
    return head + svg.chart(strip, drawn, label=label, height_px=90, below=False)


def _range(buckets: list[Bucket], fixed: list[tuple[float, float]]) -> tuple[float, float]:
    """Start at 0, unless that would press the curve flat against the top."""
    evaluated = [loss for _, loss in fixed]
    low = min([*(bucket.low for bucket in buckets), *evaluated])
    high = max([*(bucket.high for bucket in buckets), *evaluated])
    room = 0.08 * (high - low) or 0.08 * high
    return (low - room if low > high / 2 else 0.0), high + room


def _raw(axes: Axes, buckets: list[Bucket], *, thin: bool) -> str:
    if thin:
        return svg.dots(axes, [(bucket.step, bucket.mean) for bucket in buckets], "raw")
    return svg.band(axes, [(b.step, b.low, b.high) for b in buckets], "band")


def _smooth(axes: Axes, buckets: list[Bucket], line: list[float]) -> str:
    steps = [bucket.step for bucket in buckets]
    return svg.line(axes, list(zip(steps, line, strict=True)), "smooth")


def _rate_strip(axes: Axes, buckets: list[Bucket]) -> str:
    high = max(bucket.rate for bucket in buckets) or 1
    strip = Axes(axes.x_low, axes.x_high, 0, 1.25 * high)
    drawn = [svg.stairs(strip, [(bucket.step, bucket.rate) for bucket in buckets], "rate")]
    label = f"learning rate, now {buckets[-1].rate:.3g}"
    head = f'<p class="ti-legend"><span class="ti-key-rate">{label}</span></p>'
    return head + svg.chart(strip, drawn, label=label, height_px=48)


def _legend(loss: float, fixed: list[tuple[float, float]], converged: int | None) -> str:
    now = "".join(f"{fixed_loss:.4f}" for _, fixed_loss in fixed[-1:])
    evaluated = f'<span class="ti-key-fixed">fixed batch, now {now}</span>'
    marked = f'<span class="ti-key-converged">converged at step {converged}</span>'
    return (
        '<p class="ti-legend"><span class="ti-key-raw">loss as read</span>'
        f'<span class="ti-key-smooth">smoothed, now {loss:.4f}</span>'
        f"{evaluated if fixed else ''}{marked if converged is not None else ''}</p>"
    )


def _told(bucket: Bucket) -> str:
    return (
        f"step {bucket.step}: loss {bucket.mean:.4f} "
        f"({bucket.low:.4f} to {bucket.high:.4f}), rate {bucket.rate:.3g}"
    )

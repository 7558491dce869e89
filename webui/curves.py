"""The two curves of the Train tab: the loss as it comes, and the learning rate as it is typed."""

from __future__ import annotations

from html import escape

from textual_inversion.rates import Rates, make_rates
from textual_inversion.runview import Run
from textual_inversion.schedules import Schedule, parse_schedule
from textual_inversion.settings import TrainSettings
from webui import plot
from webui.buckets import NUM_BUCKETS, Bucket, bucketed, smoothed
from webui.plot import Axes

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
        drawn.append(plot.line(axes, fixed, "fixed"))
    drawn.append(plot.columns(axes, [(bucket.step, _told(bucket)) for bucket in buckets]))
    label = f"Loss from step {first:g} to {last}, smoothed now {line[-1]:.4f}"
    loss = plot.chart(axes, drawn, label=label, height_px=220, below=False)
    return (
        f'<div class="ti-chart">{_legend(line[-1], fixed)}{loss}{_rate_strip(axes, buckets)}</div>'
    )


def rate_chart(settings: TrainSettings) -> str:
    """Draw the learning rate that settings come to, and say it in words."""
    schedule = parse_schedule(
        settings.learning_rate, absolute=settings.learning_rate_steps == "absolute"
    )
    words = schedule_words(schedule, settings.max_steps)
    rates = make_rates(settings, schedule)
    points = _sampled(rates, schedule, settings.max_steps)
    low, high = min(rate for _, rate in points), max(rate for _, rate in points)
    if any(rates.rate(step) != schedule.rate(step) for step, _ in points[:-1]):
        words += f" With scheduler, warm-up and scale it lies between {low:.3g} and {high:.3g}."
    elif len(schedule.segments) == 1 and schedule.end is None:
        return f"<p>{escape(words)}</p>"
    axes = Axes(0, settings.max_steps, 0, 1.15 * high)
    drawn = [plot.stairs(axes, points, "rate")]
    curve = plot.chart(axes, drawn, label="Learning rate by step", height_px=70)
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


def _sampled(rates: Rates, schedule: Schedule, end: int) -> list[tuple[int, float]]:
    """Read rates often enough to draw them, and at every step where the schedule changes."""
    steps = {*range(0, end, -(-end // NUM_BUCKETS)), end - 1}
    steps |= {part.end for part in schedule.segments if part.end and part.end < end}
    points = [(step, rates.rate(step)) for step in sorted(steps)]
    return [*points, (end, points[-1][1])]


def _evaluations(run: Run | None) -> list[tuple[float, float]]:
    """Give the losses of the fixed batch, few enough to draw, the newest among them."""
    read = list(run.evaluations) if run is not None else []
    stride = -(-len(read) // NUM_BUCKETS) or 1
    return [(float(item.step), item.loss) for item in read[::-1][::stride]][::-1]


def _range(buckets: list[Bucket], fixed: list[tuple[float, float]]) -> tuple[float, float]:
    """Start at 0, unless that would press the curve flat against the top."""
    evaluated = [loss for _, loss in fixed]
    low = min([*(bucket.low for bucket in buckets), *evaluated])
    high = max([*(bucket.high for bucket in buckets), *evaluated])
    room = 0.08 * (high - low) or 0.08 * high
    return (low - room if low > high / 2 else 0.0), high + room


def _raw(axes: Axes, buckets: list[Bucket], *, thin: bool) -> str:
    if thin:
        return plot.dots(axes, [(bucket.step, bucket.mean) for bucket in buckets], "raw")
    return plot.band(axes, [(b.step, b.low, b.high) for b in buckets], "band")


def _smooth(axes: Axes, buckets: list[Bucket], line: list[float]) -> str:
    steps = [bucket.step for bucket in buckets]
    return plot.line(axes, list(zip(steps, line, strict=True)), "smooth")


def _rate_strip(axes: Axes, buckets: list[Bucket]) -> str:
    high = max(bucket.rate for bucket in buckets) or 1
    strip = Axes(axes.x_low, axes.x_high, 0, 1.25 * high)
    drawn = [plot.stairs(strip, [(bucket.step, bucket.rate) for bucket in buckets], "rate")]
    label = f"learning rate, now {buckets[-1].rate:g}"
    head = f'<p class="ti-legend"><span class="ti-key-rate">{label}</span></p>'
    return head + plot.chart(strip, drawn, label=label, height_px=48)


def _legend(loss: float, fixed: list[tuple[float, float]]) -> str:
    now = "".join(f"{fixed_loss:.4f}" for _, fixed_loss in fixed[-1:])
    evaluated = f'<span class="ti-key-fixed">fixed batch, now {now}</span>'
    return (
        '<p class="ti-legend"><span class="ti-key-raw">loss as read</span>'
        f'<span class="ti-key-smooth">smoothed, now {loss:.4f}</span>'
        f"{evaluated if fixed else ''}</p>"
    )


def _told(bucket: Bucket) -> str:
    return (
        f"step {bucket.step}: loss {bucket.mean:.4f} "
        f"({bucket.low:.4f} to {bucket.high:.4f}), rate {bucket.rate:g}"
    )

"""Events that a job emits while it works: frozen dataclasses, one class for each kind.

Everything outside the core (progress bar, log, page, a script that reads `--events json`) reads
only these. `to_dict` and `from_dict` turn them into JSON lines and back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, get_args


@dataclass(frozen=True)
class Loading:
    """Something is being loaded; `what` is displayed as it is, for example "base model"."""

    what: str


@dataclass(frozen=True)
class Started:
    """A job begins: at `step` of `total`, in `folder` (the run folder, or where files go).

    `compute` is the precision and the device of a training, for example "fp32 on the CPU".
    """

    name: str
    step: int
    total: int
    folder: str = ""
    compute: str = ""


@dataclass(frozen=True)
class Waiting:
    """A run that shares its passes with others has its next batch; it is never logged or shown."""


@dataclass(frozen=True)
class Stepped:
    """Optimizer step `step` is done; `loss` is its mean loss, None where it was not read."""

    step: int
    total: int
    loss: float | None
    learning_rate: float
    seconds: float
    caption: str = ""


@dataclass(frozen=True)
class Evaluated:
    """The evaluation loss after `step` updates: its mean, and by bands of timesteps.

    `early` timesteps (much noise) decide the layout, `late` ones the detail.
    """

    step: int
    loss: float
    early: float
    middle: float
    late: float


@dataclass(frozen=True)
class Measured:
    """Statistics of the first text encoder's vectors after `step` updates, one value per vector.

    `norms` are L2 norms, to be compared with `vocabulary_norm`, the mean norm of the vocabulary's
    token embeddings; `nearest` is the token of greatest cosine similarity; `cosines` the mean
    cosine similarity with the other vectors (1 for a single one); `moved` the L2 distance from the
    initial vector in units of `vocabulary_norm`.
    """

    step: int
    norms: tuple[float, ...]
    vocabulary_norm: float
    nearest: tuple[str, ...]
    cosines: tuple[float, ...]
    moved: tuple[float, ...]


@dataclass(frozen=True)
class Converged:
    """The evaluation loss has converged, by the readings up to `step`."""

    step: int


@dataclass(frozen=True)
class Throughput:
    """Images trained per second since the last such event, and what the time was spent on.

    Shares of the time (0 to 1): loading data, the text encoder, the UNet, previews, and other
    chores; the rest was spent waiting for the device. `memory_mb` is the peak so far, of the
    "process" or the "GPU"; 0 where it is unknown.
    """

    step: int
    images_per_second: float
    data: float
    text: float
    unet: float
    previews: float
    other: float
    memory_mb: int
    memory_of: str


@dataclass(frozen=True)
class Sampled:
    """Sampler step `step` of `total` is done; `preview` is a small data: URL, or empty."""

    step: int
    total: int
    preview: str = ""


@dataclass(frozen=True)
class Previewed:
    """A preview of the vectors after `step` updates was generated and saved.

    With `without`, the prompt was encoded without the learned vectors, for comparison.
    """

    step: int
    path: str
    prompt: str
    without: bool = False


@dataclass(frozen=True)
class Saved:
    """A file was written: kind "embedding", "snapshot", "image embedding", "checkpoint" ..."""

    step: int
    kind: str
    path: str


@dataclass(frozen=True)
class Progressed:
    """Item `done` of `total` of a job that is not a training is done; `path` was written.

    `num_files` counts the files written for the item, flipped copies and pieces included; `others`
    are the pictures among them that come after `path`.
    """

    done: int
    total: int
    path: str = ""
    source: str = ""
    num_files: int = 1
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Warned:
    """Something the user should know, in one sentence; the job goes on."""

    message: str


@dataclass(frozen=True)
class Finished:
    """A job ended without an error: `reason` is "finished", "converged" or "stopped".

    `path` is its result; `step` the last step, or the number of pictures written.
    """

    step: int
    reason: str
    path: str = ""


@dataclass(frozen=True)
class Failed:
    """A job failed; `message` says why, and what to do."""

    step: int
    message: str


Event = (
    Loading
    | Started
    | Waiting
    | Stepped
    | Evaluated
    | Measured
    | Converged
    | Throughput
    | Sampled
    | Previewed
    | Saved
    | Progressed
    | Warned
    | Finished
    | Failed
)
_KINDS: dict[str, type[Any]] = {kind.__name__.lower(): kind for kind in get_args(Event)}
_KINDS["paced"] = Throughput  # what older logs call it


def to_dict(event: Event) -> dict[str, Any]:
    """Convert an event to JSON-serializable fields, with its kind under "event"."""
    return {"event": type(event).__name__.lower(), **asdict(event)}


def from_dict(data: dict[str, Any]) -> Event | None:
    """Read the output of `to_dict`; None for a kind or missing field of another version."""
    kind = _KINDS.get(str(data.get("event")))
    if kind is None:
        return None
    known = {field.name for field in fields(kind)}
    values = {name: _plain(data[name]) for name in data if name in known}
    if kind is Finished and values.get("reason") == "done":
        values["reason"] = "finished"  # its word in logs of older versions
    try:
        return kind(**values)
    except TypeError:
        return None


def _plain(value: Any) -> Any:
    """Convert JSON's lists back to tuples."""
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore

"""What a job says while it works: plain frozen data, one class a kind of news.

Everything outside the core (progress bar, log, page, a script that reads `--events json`) lives
on these alone. `to_dict` and `from_dict` turn them into JSON lines and back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, get_args


@dataclass(frozen=True)
class Loading:
    """A part is being made ready; `what` is shown as it stands, such as "base model"."""

    what: str


@dataclass(frozen=True)
class Started:
    """A job begins: at `step` of `total`, in `folder` (the run folder, or where files go).

    `compute` tells the precision and the device of a training.
    """

    name: str
    step: int
    total: int
    folder: str = ""
    compute: str = ""


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
    """The loss of the fixed batch after `step` updates: its mean, and by bands of timesteps.

    `early` timesteps (much noise) decide the layout, `late` ones the detail.
    """

    step: int
    loss: float
    early: float
    middle: float
    late: float


@dataclass(frozen=True)
class Measured:
    """What the vectors of the first text encoder look like after `step` updates.

    For each vector: `norms` is its length, beside the mean length of the vocabulary's words;
    `nearest` the vocabulary's word with the most similar direction; `cosines` its mean cosine with
    the other vectors (1 for a single one), and `moved` its distance from the start in lengths of a
    word.
    """

    step: int
    norms: tuple[float, ...]
    vocabulary_norm: float
    nearest: tuple[str, ...]
    cosines: tuple[float, ...]
    moved: tuple[float, ...]


@dataclass(frozen=True)
class Converged:
    """The loss of the fixed batch has stopped moving, by the readings up to `step`."""

    step: int


@dataclass(frozen=True)
class Throughput:
    """How the time since the last such news went: pictures trained a second, and what took it.

    Shares of the time (0 to 1): making batches, the text encoder, the UNet, previews, and other
    things made on the way; what is left was waited. `memory_mb` is the most taken so far, by the
    "process" or on the "GPU"; 0 is not known.
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
    """A preview of the vectors after `step` updates was drawn and saved.

    One `without` them shows what the prompt gives by itself.
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
    """Item `done` of `total` of a job without losses is done; `path` is what was written.

    `num_files` counts what was written of it: flips and pieces, too.
    """

    done: int
    total: int
    path: str = ""
    source: str = ""
    num_files: int = 1


@dataclass(frozen=True)
class Warned:
    """Something the user should know, in one sentence; the job goes on."""

    message: str


@dataclass(frozen=True)
class Finished:
    """A job ended well: `reason` is "finished", "converged" or "stopped"; `path` is its result.

    `step` is the last one; of a folder of pictures, how many were written.
    """

    step: int
    reason: str
    path: str = ""


@dataclass(frozen=True)
class Failed:
    """A job ended because of a fault; `message` says which, and what to do."""

    step: int
    message: str


Event = (
    Loading
    | Started
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
    """Turn an event into JSON-ready fields, with its kind under "event"."""
    return {"event": type(event).__name__.lower(), **asdict(event)}


def from_dict(data: dict[str, Any]) -> Event | None:
    """Read what `to_dict` gave; None for a kind or a field of another version."""
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
    """Undo what JSON does to a tuple."""
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore

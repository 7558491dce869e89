"""Kill a training with `kill -9` again and again, start it until it ends, and compare what it made.

The processes are true ones that run `ti train` or `ti sweep`; they are forked from a server that
has imported everything already, so that a start costs half a second.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
STEPS = 12
SETTINGS = {
    "embedding": "cat-x",
    "dataset_dir": "pictures",
    "max_steps": STEPS,
    "batch_size": 2,
    "preview_prompt": "a [name]\n[name] on blue",
    "preview_steps": 3,
    "preview_images": 2,
    "preview_beside": "start",
    "save_image_every": 3,
    "save_embedding_every": 3,
    "checkpoint_every": 2,
    "evaluate_every": 2,
    "latent_sampling": "random",
    "flip": 0.5,
    "ema_decay": 0.5,
}
# A kill comes a moment after such a line was printed for the nth time, n up to the number here.
MOMENTS = {
    "loading": ('"what": "base model"', 1),
    "caching": ('"what": "latents', 2),
    "stepping": ('"event": "stepped"', 5),
    "evaluating": ('"event": "evaluated"', 3),
    "checkpoint": ('"kind": "checkpoint"', 3),
    "snapshot": ('"kind": "snapshot"', 2),
    "preview": ('"event": "previewed"', 6),
    "finish": ('"kind": "embedding"', 1),
}
_LONGEST_DELAY_SECONDS = 0.08


@dataclass(frozen=True)
class Task:
    """What is run and killed, the moments of the kills, and how its results are compared."""

    argv: tuple[str, ...]
    moments: dict[str, tuple[str, int]]
    made: Callable[[Path], Any]
    is_same: Callable[[Any, Any], bool]
    has_ended: Callable[[Path], bool] = lambda home: False
    """Whether it is over though it was killed; without it, it is started once more."""


@dataclass
class Soak:
    """What was done: how many runs ended, and how many kills came at which moment."""

    runs: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    different: list[str] = field(default_factory=list)


def soak(
    root: Path,
    model: Path,
    task: Task | None = None,
    *,
    kills: int,
    seed: int = 0,
    threads: int = 1,
) -> Soak:
    """Make a run that is left alone, then runs that are killed, until so many kills are done."""
    task = task or TRAINING
    base = _make_home(root / "base", model)
    (base / "threads").write_text(str(threads))
    draw, done = random.Random(seed), Soak(kills=dict.fromkeys(task.moments, 0))
    with _processes() as context:
        whole = shutil.copytree(base, root / "unbroken")
        assert _run(context, whole, task) == "ended", (whole / "log.txt").read_text()
        expected = task.made(whole)
        while sum(done.kills.values()) < kills:
            home = shutil.copytree(base, root / f"run-{done.runs}")
            left = kills - sum(done.kills.values())
            history = list(_broken_run(context, home, task, draw, left))
            done.runs += 1
            for moment in history:
                done.kills[moment] += 1
            if not task.is_same(task.made(home), expected):
                done.different.append(f"{home.name}: {', '.join(history)}")
            else:
                shutil.rmtree(home)
    return done


def made(home: Path) -> dict[str, bytes]:
    """Read what the run that ended left behind: losses, vectors, pictures."""
    (folder,) = [path.parent for path in home.glob("runs/*/*/events.jsonl") if has_ended(path)]
    kept = {"cat-x.pt": _content(home / "embeddings" / "cat-x.pt")}
    for path in (folder / "textual_inversion_loss.csv", *folder.glob("*/*")):
        if path.suffix != ".ckpt":
            kept[str(path.relative_to(folder))] = _content(path)
    return kept


def _content(path: Path) -> bytes:
    """Read a file; of an embedding what it says, for torch writes a name of the moment into it."""
    if path.suffix != ".pt":
        return path.read_bytes()
    from textual_inversion.embeddings import formats

    embedding = formats.read(path)
    numbers = b"".join(tensor.numpy().tobytes() for tensor in embedding.vectors)
    return f"{embedding.name} {embedding.step} ".encode() + numbers


def _broken_run(context, home: Path, task: Task, draw: random.Random, left: int) -> Iterator[str]:
    """Kill a run at drawn moments, at most `left` times, until it ends; give the moments."""
    while True:
        moment = draw.choice(list(task.moments)) if left else None
        if _run(context, home, task, moment, draw) == "ended":
            return
        yield moment
        left -= 1
        if task.has_ended(home):
            return


def _run(context, home: Path, task: Task, moment: str | None = None, draw=None) -> str:
    """Run the task to its end, or kill it at a moment: "ended" or "killed"."""
    log = home / "log.txt"
    log.write_bytes(b"")
    process = context.Process(target=_start, args=(home, task.argv), daemon=True)
    process.start()
    if moment:
        words, most = task.moments[moment]
        if _comes(process, log, words, nth=draw.randint(1, most)):
            time.sleep(draw.uniform(0, _LONGEST_DELAY_SECONDS))
            process.kill()
    process.join()
    assert process.exitcode in {0, -9}, log.read_text()
    return "ended" if process.exitcode == 0 else "killed"


def _comes(process, log: Path, words: str, *, nth: int) -> bool:
    """Wait until a line was printed for the nth time; False when the process ends first."""
    while process.is_alive():
        if log.read_text().count(words) >= nth:
            return True
        time.sleep(0.003)
    return False


def _start(home: Path, argv: tuple[str, ...]) -> None:
    """Be `ti`, in `home`."""
    os.chdir(home)
    out = os.open("log.txt", os.O_WRONLY | os.O_APPEND)
    os.dup2(out, 1)
    os.dup2(out, 2)
    import torch

    from commandline.main import main

    torch.set_num_threads(int(Path("threads").read_text()))
    sys.exit(main([*argv, "--settings", "settings.json", "--events", "json"]))


@contextmanager
def _processes() -> Iterator[multiprocessing.context.BaseContext]:
    """Give a source of processes that have torch and the models' classes loaded."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.soaked"])
    try:
        yield context
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


def _make_home(home: Path, model: Path) -> Path:
    from PIL import Image

    from textual_inversion.embeddings import formats
    from textual_inversion.embeddings.embedding import Embedding
    from textual_inversion.models.opening import open_model

    for name in ("embeddings", "runs", "pictures"):
        (home / name).mkdir(parents=True)
    for place, colour in enumerate(["red", "green", "blue", "white", "black"]):
        Image.new("RGB", (70, 90), colour).save(home / "pictures" / f"{place}.png")
    encoder = open_model(str(model)).text.encoders[0]
    start = encoder.embedding.weight[5:7].detach().clone()
    formats.write(Embedding("cat-x", (start,), 0, "", ""), home / "embeddings" / "cat-x.pt")
    settings = json.dumps({**SETTINGS, "model": str(model)})
    (home / "settings.json").write_text(settings)
    return home


def has_ended(log: Path) -> bool:
    return '"event": "finished"' in log.read_text()


def _any_ended(home: Path) -> bool:
    return any(map(has_ended, home.glob("runs/*/*/events.jsonl")))


TRAINING = Task(("train",), MOMENTS, made, dict.__eq__, _any_ended)

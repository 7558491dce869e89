"""A connection to Ray: what runs need is put there once, and batches become tasks."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from typing import Any, Self

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from textual_inversion.errors import SettingsError
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.comparison.many_runs import ManyRunsSettings
from textual_inversion.sweeps.engines.attachments import Attachments
from textual_inversion.sweeps.engines.base import Creations
from textual_inversion.sweeps.engines.files import pack_dataset
from textual_inversion.sweeps.engines.messages import BatchJob
from textual_inversion.sweeps.engines.on_node import train_batch
from textual_inversion.sweeps.engines.returned import Returned
from textual_inversion.sweeps.engines.stop_flag import StopFlag
from textual_inversion.sweeps.engines.version import own_version

# Ray keeps an object while its reference lives; a table may name thousands of folders.
_MOST_DATASETS = 32


class Session:
    """Is connected during a with block; Ray that was started for it ends with it."""

    def __init__(
        self, settings: ManyRunsSettings, creations: Creations, returned: Returned
    ) -> None:
        self.settings = settings
        self.creations = creations
        self.returned = returned
        self._datasets: OrderedDict[str, Any] = OrderedDict()
        self._open = ExitStack()
        self._flag: Any = None
        self._has_asked = False

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            self._open_on(opened)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def where(self) -> str:
        """Say on what batches are trained."""
        gpus = self._gpus()
        nodes = sum(node["Alive"] for node in ray.nodes())
        machines = "1 node" if nodes == 1 else f"{nodes} nodes"
        return f"each on {f'{gpus:g} of a GPU' if gpus else 'a CPU core'} of {machines} of Ray"

    def num_places(self) -> int:
        """Count the batches that the cluster can train at the same time, as it is now."""
        has, gpus = ray.cluster_resources(), self._gpus()
        cores = int(has.get("CPU", 0))
        # A batch lies on one GPU.
        return min(cores, int(has.get("GPU", 0)) * int(1 / gpus)) if gpus else cores

    def submit(self, runs: tuple[TrainSettings, ...], until: int | None) -> Any:
        """Begin a task that trains runs in one batch; return the generator of its reports."""
        sent = Attachments()
        there = tuple(sent.settings_there(run) for run in runs)
        states = (file for run in runs for file in self.returned.files_of(run))
        job = BatchJob(
            there,
            self.creations.only(runs),
            self.settings.runs_at_once,
            (*sent.files.values(), *states),
            sent.models,
            own_version(),
            until,
        )
        datasets = {where: self._put(name) for where, name in sent.datasets.items()}
        return self._task.remote(job, datasets, self._flag)

    def ask_to_stop(self) -> None:
        """Ask all batches to save and stop after their steps."""
        if not self._has_asked:
            self._flag.put_up.remote()
            self._has_asked = True

    def _open_on(self, opened: ExitStack) -> None:
        # Ray prints what happens to nodes to stdout, where tables and JSON lines go.
        opened.enter_context(redirect_stdout(sys.stderr))
        if not ray.is_initialized():
            _connect(self.settings.address)
            opened.callback(ray.shutdown)
        self._task = ray.remote(train_batch).options(
            num_returns="streaming", max_retries=0, num_cpus=1, num_gpus=self._gpus()
        )
        # The flag must not be lost with a node, unless it is this one.
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        self._flag = ray.remote(StopFlag).options(num_cpus=0, scheduling_strategy=here).remote()

    def _put(self, name: str) -> Any:
        """Return the reference of a data set, whose files are read and sent once."""
        if name not in self._datasets:
            self._datasets[name] = ray.put(pack_dataset(name))
            if len(self._datasets) > _MOST_DATASETS:
                self._datasets.popitem(last=False)
        self._datasets.move_to_end(name)
        return self._datasets[name]

    def _gpus(self) -> float:
        """Return what of a GPU a batch takes; none where there is none."""
        return self.settings.gpus_per_batch if ray.cluster_resources().get("GPU") else 0.0


def _connect(address: str) -> None:
    """Join a cluster, or start Ray on this machine.

    Raises:
        SettingsError: There is no such cluster, or it cannot be worked with from outside.
    """
    if address.startswith("ray://"):
        raise SettingsError(
            "Ray cannot stream results to a client outside of its cluster; start ti on one of the "
            "cluster's machines with --address auto, or hand it over with ray job submit."
        )
    # Nothing is told to Ray's makers unless the user has chosen so.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    starts = not (address or os.environ.get("RAY_ADDRESS"))
    try:
        _check_port(address)
        with _own_sigterm():
            ray.init(
                address=address or None,
                include_dashboard=False if starts else None,
                log_to_driver=False,
                logging_level=logging.ERROR,
            )
    except (ConnectionError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise SettingsError(
            f"Ray cannot be reached at {address or os.environ.get('RAY_ADDRESS', 'this machine')}: "
            f"{reason}; start it there with ray start --head."
        ) from error


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Put back what SIGTERM did before: Ray makes it end the process at once."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if handler and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


def _check_port(address: str) -> None:
    """Raise ConnectionError where nothing answers at HOST:PORT; Ray itself tries for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, OverflowError) as error:
        raise ConnectionError(str(error)) from error

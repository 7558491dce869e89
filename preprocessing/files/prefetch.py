"""Process the next few items on other cores, and yield the results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# More would hold more decoded pictures in memory than it saves time.
WORKERS = min(4, os.cpu_count() or 1)


def prefetch(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int = WORKERS
) -> Generator[tuple[Item, Future[Result]], None, None]:
    """Yield each item with the future of its result, started at most 2 x `workers` items ahead.

    Closing the iterator cancels what has not started and waits for the rest.
    """
    pending: deque[tuple[Item, Future[Result]]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="ahead")
    try:
        for item in items:
            pending.append((item, pool.submit(work, item)))
            if len(pending) >= 2 * workers:
                yield pending.popleft()
        while pending:
            yield pending.popleft()
    finally:
        for _, future in pending:
            future.cancel()
        pool.shutdown(wait=True)

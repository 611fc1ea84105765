"""Run one function on many tasks, over processes of this machine or the workers of a Dask cluster.

Results come as they are ready. A task whose process dies is told apart from the others and reported; the others go on.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Thread
from typing import Any

from ..errors import CohortError, DependencyError

Task = Any
Result = Any

_KILLED = "The process was killed while working on this case, most likely for want of memory: use fewer jobs."
_CONNECT_SECONDS = 20
_WORKER_SECONDS = 60
_WATCH_SECONDS = 1


@dataclass(frozen=True)
class Failure:
    """Stands for the result of a task that has none, because its process died or its worker could not run it."""

    reason: str


def over_processes(
    function: Callable[[Task], Result], tasks: Mapping[str, Task], jobs: int
) -> Iterator[tuple[str, Result | Failure]]:
    """Call a function on each task in worker processes of this machine.

    Parameters
    ----------
    function : callable
        Importable by name.
    tasks : mapping of str to task
        Tasks by name.
    jobs : int
        Tasks at work at once; no more than these are in memory. A single task is done in this very process: a worker
        takes longer to start than a case to extract, and there are no others for it to spare.

    Yields
    ------
    name : str
    result
        Of the function, or a Failure.
    """
    waiting = dict(tasks)
    if len(waiting) == 1:
        ((name, task),) = waiting.items()
        yield name, function(task)
        return
    while waiting:
        suspects: dict[str, Task] = {}
        for name, result in _until_killed(function, waiting, jobs, suspects):
            del waiting[name]
            yield name, result
        # Whoever was at work when a process died is tried alone: only the guilty one dies again.
        for name in suspects:
            yield name, _alone(function, name, waiting.pop(name))


def _until_killed(
    function: Callable[[Task], Result], tasks: Mapping[str, Task], jobs: int, at_work: dict[str, Task]
) -> Iterator[tuple[str, Result]]:
    """Yield results until all are there or a worker dies; ``at_work`` then holds the tasks that were begun."""
    joblib = _joblib()

    def calls() -> Iterator:
        for name, task in list(tasks.items()):
            at_work[name] = task
            yield joblib.delayed(_named)(function, name, task, os.getpid())

    # joblib works in this very process when n_jobs is 1; pre_dispatch keeps the tasks at work to the number asked for.
    parallel = joblib.Parallel(
        n_jobs=max(jobs, 2), backend="loky", return_as="generator_unordered", batch_size=1, pre_dispatch=jobs
    )
    results = parallel(calls())
    try:
        for name, result in results:
            del at_work[name]
            yield name, result
    except _terminated_worker_error():
        return
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # joblib's, that results were left behind: the run was cancelled
            results.close()


def _alone(function: Callable[[Task], Result], name: str, task: Task) -> Result | Failure:
    at_work: dict[str, Task] = {}
    for _, result in _until_killed(function, {name: task}, 1, at_work):
        return result
    return Failure(_KILLED)


def _named(function: Callable[[Task], Result], name: str, task: Task, parent: int) -> tuple[str, Result]:
    _belong_to(parent)
    return name, function(task)


@cache
def _belong_to(parent: int) -> None:
    """Leave Ctrl-C to the process that this worker works for, and end soon after it was killed (loky's would stay)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name != "posix":  # elsewhere signal 0 does not ask whether a process lives
        return

    def watch() -> None:
        try:
            while True:
                os.kill(parent, 0)
                time.sleep(_WATCH_SECONDS)
        except ProcessLookupError:
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _joblib():
    try:
        import joblib
    except ImportError as error:
        raise DependencyError("Working on a cohort needs joblib; install it with pip install joblib.") from error
    return joblib


def _terminated_worker_error() -> type[Exception]:
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    return TerminatedWorkerError


def available_processes() -> int:
    """Count the processes that this machine, or the container's share of it, runs at once."""
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) == 1:
        return 1  # without joblib, which takes its time to import
    return _joblib().cpu_count()


def over_cluster(
    function: Callable[[Task], Result], tasks: Mapping[str, Task], address: str
) -> Iterator[tuple[str, Result | Failure]]:
    """Call a function on each task on the workers of a Dask cluster.

    The scheduler gives the tasks of a worker that dies to others, until a task has cost several workers.

    Parameters
    ----------
    function, tasks
        See :func:`over_processes`.
    address : str
        Of the scheduler, such as ``tcp://host:8786``.

    Returns
    -------
    iterator of (str, result)
        Name of the task and the function's result or a Failure, as they come.

    Raises
    ------
    DependencyError
        dask.distributed is not installed.
    CohortError
        The scheduler cannot be reached, has no workers, or is lost.
    """
    try:
        import distributed
    except ImportError as error:
        raise DependencyError("A scheduler needs dask.distributed; install it with pip install distributed.") from error
    if not tasks:
        return iter(())
    try:
        client = distributed.Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:  # also what distributed raises when the time is up
        raise CohortError(f"The Dask scheduler {address} does not answer: check its address.") from error
    return _by_client(client, function, tasks, address)


def _by_client(
    client: Any, function: Callable[[Task], Result], tasks: Mapping[str, Task], address: str
) -> Iterator[tuple[str, Result | Failure]]:
    from distributed import as_completed

    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL)  # a lost scheduler is told in one sentence, not in its traceback
    try:
        with client:
            names = {client.submit(function, task, pure=False): name for name, task in tasks.items()}
            try:
                client.wait_for_workers(1, timeout=_WORKER_SECONDS)
            except TimeoutError as error:
                raise CohortError(f"The Dask scheduler {address} has no workers: start some.") from error
            yield from _collected(as_completed(names, loop=client.loop), names, address)
    finally:
        logger.setLevel(level)


def _collected(futures: Iterable, names: dict, address: str) -> Iterator[tuple[str, Result | Failure]]:
    from distributed.scheduler import KilledWorker

    for future in futures:
        name = names.pop(future)
        if future.status == "finished":
            yield name, future.result()
            continue
        if future.status != "error":
            raise CohortError(f"The Dask scheduler {address} was lost: run again with --resume.")
        error = future.exception()
        killed = isinstance(error, KilledWorker)
        yield name, Failure(_KILLED if killed else f"The worker failed: {type(error).__name__}: {error}")

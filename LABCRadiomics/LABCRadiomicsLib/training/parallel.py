"""The same function many times over processes, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from ..errors import DependencyError

Progress = Callable[[int, int], None]
T = TypeVar("T")


def in_parallel(
    function: Callable[..., T], arguments: Iterable[Sequence[Any]], total: int, jobs: int, advance: Progress | None
) -> list[T]:
    """Call a function many times over processes; the results, in order, do not depend on their number.

    Parameters
    ----------
    function : callable
        Of a module, so that other processes find it.
    arguments : iterable of sequence
    total : int
        Of the progress that ``advance`` is told.
    jobs : int
    advance : callable of (done, total), optional

    Raises
    ------
    DependencyError
        The package joblib is not installed.
    """
    try:
        from joblib import Parallel, delayed
    except ImportError as error:
        raise DependencyError("Resampling needs the package joblib; install it with pip install joblib.") from error
    results = []
    for result in Parallel(n_jobs=jobs, return_as="generator")(delayed(function)(*given) for given in arguments):
        results.append(result)
        if advance is not None:
            advance(len(results), total)
    return results

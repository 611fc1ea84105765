"""One place where the arguments of the statistics are checked; each failure names the argument and what to do."""

from typing import Any

import numpy as np

from ..errors import InputError

_TIME_TOLERANCE = float(np.sqrt(np.finfo(float).eps))  # of survival::aeqSurv


def vector(values: Any, name: str, length: int | None = None) -> np.ndarray:
    """Return ``values`` as a finite float vector, or raise an `InputError` that names the argument."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers; convert or drop what is not numeric.") from error
    if array.ndim != 1:
        raise InputError(f"{name} must have one dimension, not {array.ndim}; pass one value a patient.")
    if length is not None and array.size != length:
        raise InputError(f"{name} has {array.size} values where {length} are needed; pass one value a patient.")
    return _finite(array, name)


def matrix(values: Any, name: str, rows: int | None = None) -> np.ndarray:
    """Return ``values`` as a finite float matrix with one row a patient."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers; convert or drop what is not numeric.") from error
    if array.ndim != 2:
        raise InputError(f"{name} must have two dimensions (patients x columns), not {array.ndim}.")
    if rows is not None and array.shape[0] != rows:
        raise InputError(f"{name} has {array.shape[0]} rows where {rows} are needed; pass one row a patient.")
    if array.shape[1] == 0:
        raise InputError(f"{name} has no columns; pass at least one.")
    return _finite(array, name)


def survival(time: Any, event: Any, *, needs_event: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return follow-up times as floats and events as booleans; times equal up to rounding are made equal.

    Parameters
    ----------
    time : array_like, shape (n,)
        Follow-up, any unit, greater than zero.
    event : array_like, shape (n,)
        True or 1 where the event was observed, False or 0 where follow-up was censored.
    needs_event : bool
        Raise when nobody had the event, because the statistic does not exist then.

    Raises
    ------
    InputError
        Different lengths, NaN, times that are not positive, events that are not 0/1, fewer than two patients, no event.
    """
    time = vector(time, "time")
    event = vector(event, "event", time.size)
    if time.size < 2:
        raise InputError("time has fewer than two patients; survival statistics need at least two.")
    if (time <= 0).any():
        raise InputError(f"time must be greater than zero but is {time.min():g}; correct or drop such patients.")
    if not np.isin(event, (0.0, 1.0)).all():
        raise InputError("event must be 0/1 or boolean; recode 1 for an observed event and 0 for censoring.")
    if needs_event and not event.any():
        raise InputError("event has no observed event; the statistic needs at least one.")
    return same_times(time), event.astype(bool)


def entry(values: Any, time: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return checked entry times and ``time``, made equal where they differ by rounding only.

    Raises
    ------
    InputError
        Entry times below zero, or not before the patient's own ``time``.
    """
    values = vector(values, "entry", time.size)
    if (values < 0).any():
        raise InputError(f"entry must not be negative but is {values.min():g}; follow-up counts from zero.")
    joined = same_times(np.concatenate((values, time)))
    values, time = joined[: time.size], joined[time.size :]
    late = np.flatnonzero(values >= time)
    if late.size:
        raise InputError(f"entry at row {late[0]} is not before the end of follow-up; correct or drop such patients.")
    return values, time


def weights(values: Any, length: int) -> np.ndarray:
    """Return case weights, all of them positive."""
    array = vector(values, "weights", length)
    if (array <= 0).any():
        raise InputError(f"weights must be greater than zero but one is {array.min():g}; drop such patients.")
    return array


def same_times(time: np.ndarray) -> np.ndarray:
    """Return ``time`` with values that differ by rounding only (0.1 + 0.2 and 0.3) replaced by the smallest of them.

    The rule of ``survival::aeqSurv`` of R, which its functions apply unless told otherwise (``timefix``).
    """
    distinct = np.unique(time)
    gaps = np.diff(distinct)
    tied = (gaps <= _TIME_TOLERANCE) | (gaps <= _TIME_TOLERANCE * np.abs(distinct).mean())
    if not tied.any():
        return time
    kept = distinct[np.concatenate(([True], ~tied))]
    return kept[np.searchsorted(kept, time, side="right") - 1]


def as_followed(values: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return ``values`` with those that equal a follow-up time up to rounding replaced by that time."""
    distinct = np.unique(time)
    after = np.clip(np.searchsorted(distinct, values), 1, distinct.size - 1) if distinct.size > 1 else 0
    before = np.maximum(np.asarray(after) - 1, 0)
    nearest = np.where(values - distinct[before] < distinct[after] - values, distinct[before], distinct[after])
    tolerance = _TIME_TOLERANCE * max(1.0, float(np.abs(distinct).mean()))
    return np.where(np.abs(values - nearest) <= tolerance, nearest, values)


def horizon(value: float, time: np.ndarray, name: str = "horizon") -> float:
    """Return ``value`` as a positive time within follow-up."""
    value = float(as_followed(np.array(positive(value, name)), time))
    if value > time.max():
        raise InputError(f"{name} {value:g} is beyond the longest follow-up {time.max():g}; choose an earlier one.")
    return value


def cases_and_controls(time: np.ndarray, event: np.ndarray, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Return who had the event up to ``horizon`` and who was followed beyond it; neither may be empty.

    The one definition of every statistic at a horizon: an event at the horizon is a case, whoever is censored at it
    is neither.
    """
    cases, controls = event & (time <= horizon), time > horizon
    if not cases.any():
        raise InputError(f"horizon {horizon:g} is before the first event; choose a later one.")
    if not controls.any():
        raise InputError(f"horizon {horizon:g} leaves nobody under follow-up beyond it; choose an earlier one.")
    return cases, controls


def positive(value: float, name: str) -> float:
    """Return ``value`` as a finite float greater than zero."""
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be one number.") from error
    if not np.isfinite(number) or number <= 0:
        raise InputError(f"{name} must be a finite number greater than zero, not {number:g}.")
    return number


def probability(values: Any, name: str, length: int | None = None) -> np.ndarray:
    """Return ``values`` as probabilities within 0 and 1."""
    array = vector(values, name, length)
    if (array < 0).any() or (array > 1).any():
        raise InputError(f"{name} must lie between 0 and 1; pass probabilities, not percentages or scores.")
    return array


def fraction(value: float, name: str) -> float:
    """Return ``value`` as a number strictly between 0 and 1, such as a confidence level."""
    number = positive(value, name)
    if number >= 1:
        raise InputError(f"{name} must lie between 0 and 1, not {number:g}.")
    return number


def groups(labels: Any, name: str, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted distinct labels and, for every patient, the index of its label."""
    array = np.asarray(labels)
    if array.ndim != 1 or array.size != length:
        raise InputError(f"{name} has shape {array.shape} where {length} labels are needed; pass one a patient.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise InputError(f"{name} has missing values; drop those patients.")
    try:
        levels, index = np.unique(array, return_inverse=True)
    except TypeError as error:
        raise InputError(f"{name} mixes labels that cannot be ordered; use one type, without missing ones.") from error
    if levels.size < 2:
        raise InputError(f"{name} has one group only; a comparison needs at least two.")
    return levels, index


def choice(value: str, name: str, allowed: tuple[str, ...]) -> str:
    """Return ``value`` when it is one of ``allowed``."""
    if value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def _finite(array: np.ndarray, name: str) -> np.ndarray:
    if np.isnan(array).any():
        raise InputError(f"{name} has missing values (NaN){_where(np.isnan(array))}; impute or drop them first.")
    if np.isinf(array).any():
        raise InputError(f"{name} has infinite values{_where(np.isinf(array))}; correct or drop them first.")
    return array


def _where(bad: np.ndarray) -> str:
    first = np.argwhere(bad)[0]
    return f" at row {first[0]}" if bad.ndim == 1 else f" at row {first[0]}, column {first[1]}"

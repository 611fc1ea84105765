"""The tables that R printed (`data/reference`), as numpy arrays, and how far our numbers are from them."""

import csv
from functools import cache
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "data" / "reference"
DAYS_PER_MONTH = 30.4375


@cache
def table(name: str, folder: Path = FOLDER) -> dict[str, np.ndarray]:
    """Columns of one reference table; numbers as floats (NA as NaN), the rest as text."""
    with (folder / f"{name}.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    return {column: _typed([row[index] for row in rows]) for index, column in enumerate(header)}


def _typed(values: list[str]) -> np.ndarray:
    try:
        return np.array([float("nan") if value in ("NA", "") else float(value) for value in values])
    except ValueError:
        return np.array(values)


@cache
def gbsg2() -> dict[str, np.ndarray]:
    """German Breast Cancer Study Group 2: covariates as in the R script, ``months`` and boolean ``event``."""
    data = dict(table("gbsg2"))
    return data | {
        "months": data["time"] / DAYS_PER_MONTH,
        "event": data["event"] == 1,
        "horTh1": (data["horTh"] == "yes") * 1.0,
        "post": (data["menostat"] == "Post") * 1.0,
        "grade2": (data["tgrade"] == "II") * 1.0,
        "grade3": (data["tgrade"] == "III") * 1.0,
    }


@cache
def transbig() -> dict[str, np.ndarray]:
    """TRANSBIG: 76 expression features, ``months`` and boolean ``event``."""
    data = dict(table("transbig"))
    return data | {"months": data["time"] / DAYS_PER_MONTH, "event": data["event"] == 1}


def columns(data: dict[str, np.ndarray], names: list[str] | np.ndarray) -> np.ndarray:
    """Stack columns into a matrix with one row a patient."""
    return np.column_stack([data[str(name)] for name in names]).astype(float)


def relative_difference(ours, reference) -> float:
    """Largest ``|ours - reference| / |reference|`` (the plain difference where the reference is zero)."""
    ours, reference = np.broadcast_arrays(np.asarray(ours, float), np.asarray(reference, float))
    assert np.array_equal(np.isnan(ours), np.isnan(reference)), "missing values differ"
    known = ~np.isnan(reference)
    ours, reference = ours[known], reference[known]
    same = ours == reference  # also infinities
    scale = np.where(reference == 0, 1.0, np.abs(reference))
    with np.errstate(invalid="ignore"):
        return float(np.where(same, 0.0, np.abs(ours - reference) / scale).max(initial=0.0))

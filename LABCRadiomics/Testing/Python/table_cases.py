"""A cohort whose features have pyradiomics' names, as tables that tests then save in other people's ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from LABCRadiomicsLib.feature_names import FEATURES
from LABCRadiomicsLib.tables.csv_table import write_table
from training_data import MAIN_EFFECTS, simulated

NAMES = (*(f"original_glcm_{name}" for name in sorted(FEATURES["glcm"])[:11]), "wavelet-LLH_glcm_Idmn")

Columns = dict[str, list]


def tables(n: int = 120, seed: int = 5) -> tuple[Columns, Columns]:
    """Feature and outcome columns; the hazard depends on the first three of twelve features."""
    values, months, event = simulated(seed, n, len(NAMES), MAIN_EFFECTS)
    rng = np.random.default_rng(seed + 1)
    cases = [f"P{number:03d}" for number in range(n)]
    features = {"case": cases} | dict(zip(NAMES, values.T.round(6).tolist(), strict=True))
    outcomes = {
        "case": cases,
        "months": (months + 0.1).round(2).tolist(),
        "event": event.astype(int).tolist(),
        "age": rng.integers(28, 80, n).tolist(),
        "stage": rng.choice(["II", "IIIa", "IIIc"], n).tolist(),
    }
    return features, outcomes


def write(path: Path, columns: Columns) -> Path:
    """Write columns as a plain CSV file."""
    write_table(path, list(columns), zip(*columns.values(), strict=True))
    return path


def text(columns: Columns, separator: str = ",", decimal: str = ".", end: str = "\n") -> str:
    """Give columns as the text of a CSV file in which no cell needs quotes."""
    rows = [
        list(columns),
        *([str(cell).replace(".", decimal) for cell in row] for row in zip(*columns.values(), strict=True)),
    ]
    return "".join(separator.join(row) + end for row in rows)

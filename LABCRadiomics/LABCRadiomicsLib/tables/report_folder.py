"""The folder a training or a validation leaves: ``report.json`` with every number, and the tables beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import NOTICE, __version__
from ..files import write_atomically
from .csv_table import unwritable, write_table

Table = tuple[list[str], Sequence[Sequence[object]]]


def report_document(findings: Mapping[str, Any], inputs: Mapping[str, str] | None) -> dict[str, Any]:
    """Give findings as ``report.json`` holds them, with what every report ends with.

    Parameters
    ----------
    findings : mapping
        Arrays, tuples and numpy numbers become what JSON holds; numbers that are not finite become null.
    inputs : mapping of str to str, optional
        Names of the tables read, and their SHA-256.
    """
    origin = {"inputs": dict(inputs or {}), "software": {"LABCRadiomics": __version__}, "notice": NOTICE}
    return plain({**findings, **origin})


def write_report(
    folder: str | Path, document: Mapping[str, Any], tables: Mapping[str, Table], files: Mapping[str, str] | None = None
) -> Path:
    """Write tables, further files and ``report.json``, each whole or not at all.

    Parameters
    ----------
    folder : path-like
        Made when it does not exist.
    document : mapping
        From :func:`report_document`.
    tables : mapping of str to (header, rows)
        By file name.
    files : mapping of str to str, optional
        Text of further files by name.

    Returns
    -------
    pathlib.Path
        ``report.json``, written last: where it is, the rest is.

    Raises
    ------
    CohortError
        The folder cannot be written.
    """
    folder = Path(folder)
    path = folder / "report.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (header, rows) in tables.items():
            write_table(folder / name, header, rows)
        for name, text in (files or {}).items():
            write_atomically(folder / name, text)
        write_atomically(path, json.dumps(document, indent=1, allow_nan=False) + "\n")
    except OSError as error:
        raise unwritable(folder, error) from error
    return path


def columns_of(owner: Mapping[str, Any], *names: str) -> list[tuple]:
    """Rows of those entries of a report that are columns of one length."""
    return list(zip(*(owner[name] for name in names), strict=True))


def kaplan_meier_table(groups: Mapping[str, Any]) -> Table:
    """The curves of the two risk groups, under each other."""
    columns = ("months", "survival", "lower", "upper")
    rows = [(name, *values) for name in ("low", "high") for values in columns_of(groups[name], *columns)]
    return ["group", *columns], rows


def plain(value: Any) -> Any:
    """Give a value as JSON holds it: lists for arrays and tuples, Python's numbers, null for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    return value

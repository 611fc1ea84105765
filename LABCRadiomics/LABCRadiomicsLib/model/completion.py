"""Complete a published model with the score terms that its article keeps elsewhere."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ..errors import InputError, ModelError
from ..feature_names import canonical_feature_name
from .checks import FieldError, check, check_feature_names
from .contents import Change, Model, Score, Term
from .file import MAX_BYTES

INTERCEPT = "(Intercept)"
_COLUMNS = ("feature", "coefficient")


@dataclass(frozen=True)
class _Row:
    number: int  # as a text editor counts lines, the header being row 1
    feature: str
    coefficient: float


def complete_model(model: Model, csv_path: str | os.PathLike[str], *, today: date | None = None) -> Model:
    """Add a score's features and coefficients to a model that lacks them.

    Parameters
    ----------
    model : Model
        Without a score.
    csv_path : path
        Table with the columns ``feature`` and ``coefficient``, separated by commas or semicolons, in UTF-8 with or
        without a byte order mark. Features by their pyradiomics or R names; a row named ``(Intercept)`` is the
        intercept, else 0.
    today : datetime.date, optional
        Date of the change, by default the current one.

    Returns
    -------
    Model
        Status ``complete``; its provenance tells the file's name and SHA-256. It has no baseline survival until it is
        recalibrated, unless it had one.

    Raises
    ------
    InputError
        The table is unusable; the sentence names the file, row and column.
    ModelError
        The model has a score already, or lacks more than the score (a cutoff).
    """
    if model.score is not None:
        raise ModelError(f"model {model.id} has its score terms already; complete takes a model without them.")
    path = Path(csv_path)
    data = _read(path)
    score = _score(_rows(data, path), model, path)
    change = Change(
        date=(today or date.today()).isoformat(),
        what=f"score completed with {len(score.terms)} terms from a table",
        file=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
    )
    completed = replace(
        model,
        status="complete",
        score=score,
        missing=tuple(entry for entry in model.missing if entry.part != "score"),
        provenance=replace(model.provenance, changes=(*model.provenance.changes, change)),
    )
    try:
        check(completed)
    except FieldError as fault:
        raise ModelError(f"model {model.id} cannot be completed with {path}: {fault}.") from fault
    return completed


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: the table cannot be read ({error.strerror}); check its path.") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"{path}: the table is larger than 5 MB; give the table of the score's coefficients.")
    return data


def _rows(data: bytes, path: Path) -> list[_Row]:
    """Read the table's rows, blank ones left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8 text; save the table as CSV in UTF-8.") from error
    first = text.split("\n", 1)[0]
    separator = ";" if ";" in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[_Row] = []
    places: dict[str, int] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if places is None:
                places = _places(cells, path)
            else:
                rows.append(_row(cells, places, reader.line_num, path))
    except csv.Error as error:
        raise InputError(f"{path}, row {reader.line_num}: not a CSV row ({error}); check its quotes.") from error
    if places is None:
        raise InputError(f"{path}: the table is empty; give the columns feature and coefficient.")
    return rows


def _places(header: list[str], path: Path) -> dict[str, int]:
    names = [name.strip().casefold() for name in header]
    if sorted(names) != sorted(_COLUMNS):
        shown = ", ".join(header)[:80]
        raise InputError(f"{path}, row 1: the columns must be feature and coefficient, not {shown}.")
    return {name: names.index(name) for name in _COLUMNS}


def _row(cells: list[str], places: dict[str, int], number: int, path: Path) -> _Row:
    if len(cells) != len(_COLUMNS):
        raise InputError(
            f"{path}, row {number}: {len(cells)} cells where the header has {len(_COLUMNS)}; "
            "write decimals with a point and quote cells that hold the separator."
        )
    feature = cells[places["feature"]].strip()
    if not feature:
        raise InputError(f"{path}, row {number}, column feature: the cell is empty; write the feature's name.")
    text = cells[places["coefficient"]].strip()
    try:
        coefficient = float(text)
    except ValueError:
        coefficient = math.nan
    if not math.isfinite(coefficient):
        raise InputError(
            f"{path}, row {number}, column coefficient: {text[:40]!r} is not a finite number; "
            "write it with a decimal point."
        )
    name = INTERCEPT if feature.casefold() == INTERCEPT.casefold() else canonical_feature_name(feature)
    return _Row(number, name, coefficient)


def _score(rows: list[_Row], model: Model, path: Path) -> Score:
    seen: dict[str, int] = {}
    for row in rows:
        if row.feature in seen:
            raise InputError(
                f"{path}, row {row.number}, column feature: {row.feature} repeats row {seen[row.feature]}; keep one."
            )
        seen[row.feature] = row.number
    terms = [row for row in rows if row.feature != INTERCEPT]
    _check_terms(terms, model, path)
    intercept = next((row.coefficient for row in rows if row.feature == INTERCEPT), 0.0)
    return Score(
        intercept=intercept,
        terms=tuple(Term(feature=row.feature, coefficient=row.coefficient) for row in terms),
    )


def _check_terms(terms: list[_Row], model: Model, path: Path) -> None:
    if model.extraction is not None:
        for row in terms:
            try:
                check_feature_names([row.feature], model.extraction, "column feature:")
            except FieldError as fault:
                raise InputError(f"{path}, row {row.number}, {fault}; check its spelling.") from fault
    missing = model.missing_part("score")
    expected = missing.expected_terms if missing else None
    if expected is not None and len(terms) != expected:
        raise InputError(
            f"{path}: the score of model {model.id} has {expected} features, the table {len(terms)}; "
            "give one row for each."
        )
    if not terms:
        raise InputError(f"{path}: the table holds no feature; give one row for each of the score's features.")

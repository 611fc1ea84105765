"""Features as DataFrames: those of the bundled cohort, those of images, and how far two readers' agree."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..cohort.agreement import agreement_columns, agreement_of
from ..cohort.case_table import read_cases
from ..cohort.feature_table import errors_path
from ..cohort.feature_table import extract_cases as extract_table
from ..cohort.record import read_extraction
from ..errors import CohortError, InputError
from ..features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
from ..model import Model, find_model
from ..patient import extraction_settings
from ..preprocessing import Step, read_steps
from ..resources import sample_cohort
from ..scoring import require_score
from ..tables.cohort import read_features
from ..tables.csv_table import CASE, write_table
from .frame_table import FrameTable
from .made_frames import StudyWarning, load_pandas, make_frame, warn_of

if TYPE_CHECKING:
    import pandas as pd

AnyModel = Model | str | os.PathLike[str]

_PATHS = ("image", "mask", "breast", "tissue")  # columns of a case table


def load_ispy1() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Load the bundled real cohort: I-SPY1, 161 patients, 43 recurrences (Chitalia et al. 2022, CC BY).

    Returns
    -------
    features : pandas.DataFrame
        case and 370 MRI features (CaPTk), ``T1_*``.
    outcomes : pandas.DataFrame
        case, rfs_months (recurrence-free survival), recurrence (1 or 0), age, hr_positive, her2_positive, pcr,
        longest_diameter_mm; some cells are missing.
    """
    pandas, tables = load_pandas(), sample_cohort()
    read = [
        pandas.read_csv(BytesIO(tables[name]), dtype={CASE: str}, float_precision="round_trip")
        for name in ("features.csv", "outcomes.csv")
    ]
    return read[0], read[1]


def extract_cases(
    cases: pd.DataFrame,
    *,
    folder: str | os.PathLike[str] = ".",
    settings: ExtractionSettings | str | os.PathLike[str] | None = None,
    model: AnyModel | None = None,
    features: Iterable[str] | None = None,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Extract the features of every case, as ``labcradiomics extract`` does.

    Parameters
    ----------
    cases : pandas.DataFrame
        Columns case, image, mask and perhaps the others of a case table.
    folder : path
        What relative paths of ``cases`` start from.
    settings : ExtractionSettings or path, optional
        Or a pyradiomics parameter file; by default SlicerRadiomics' own settings in array order LPS.
    model : Model, id or path, optional
        Take the settings of this model instead, and only the features of its score unless ``features`` says more.
    features : iterable of str, optional
        Names; by default all that the settings enable.
    jobs : int, optional
        Processes; by default as many as the machine runs at once.

    Returns
    -------
    pandas.DataFrame
        case, the features, ``diagnostics_*``; cases that failed are left out, with a warning each.
        ``attrs["extraction"]`` is how the features were made, which :func:`train` stores in the model.

    Raises
    ------
    CohortError
        The table is unusable, or no case has features.
    InputError
        Both settings and a model are given, or settings that pyradiomics would not accept.
    """
    pandas = load_pandas()
    chosen, names, steps = _what_to_extract(settings, model, features)
    table = FrameTable(cases, "cases")
    read = read_cases(table)
    place = Path(folder).absolute()
    others = [name for name in table.names if name.casefold() != CASE]
    columns = [_paths(table.texts(name), place) if name.casefold() in _PATHS else table.texts(name) for name in others]
    rows = zip((case.name for case in read), *columns, strict=True)
    with TemporaryDirectory() as temporary:
        path, out = Path(temporary, "cases.csv"), Path(temporary, "features.csv")
        write_table(path, [CASE, *others], rows)
        try:
            done = extract_table(path, out, chosen, names, jobs, steps=steps)
        except CohortError as error:
            failed = _errors(errors_path(out))
            if failed:
                first = next(iter(failed))
                raise CohortError(f"None of the {len(read)} cases has features; {first}: {failed[first]}") from error
            raise
        for name, reason in (_errors(done.errors_csv) if done.errors_csv else {}).items():
            warnings.warn(f"case {name} has no features: {reason}", StudyWarning, stacklevel=2)
        found = pandas.read_csv(out, dtype={CASE: str}, keep_default_na=True, float_precision="round_trip")
        found.attrs["extraction"] = read_extraction(out)
    return found


def agreement(
    reader1: pd.DataFrame,
    reader2: pd.DataFrame,
    repeat: pd.DataFrame | None = None,
    *,
    id: str = CASE,
    feature_columns: str | None = None,
) -> pd.DataFrame:
    """Measure how far two readers' features agree, as ``labcradiomics agreement`` does.

    Parameters
    ----------
    reader1, reader2 : pandas.DataFrame
        Features of the same cases.
    repeat : pandas.DataFrame, optional
        Of the first reader's second segmentations.
    id : str
        Column that names the cases.
    feature_columns : str, optional
        Regular expression of the columns that are features; by default those named as radiomics software names them.

    Returns
    -------
    pandas.DataFrame
        feature, icc, lower, upper (ICC(2,1), 95% limits), and the same with ``_repeat`` where that is given;
        :func:`train` takes it as ``icc``.

    Raises
    ------
    CohortError
        A table is unusable, or fewer than 3 cases or no feature is common.
    """
    given = {"reader1": reader1, "reader2": reader2, "repeat": repeat}
    tables = {name: FrameTable(frame, name) for name, frame in given.items() if frame is not None}
    read = [read_features(table, feature_columns, id=id, allow_missing=True) for table in tables.values()]
    found = agreement_of(read, [Path(name) for name in tables])
    warn_of(found.notices)
    return make_frame(*agreement_columns(found))


def _what_to_extract(
    settings: ExtractionSettings | str | os.PathLike[str] | None, model: AnyModel | None, features: Iterable[str] | None
) -> tuple[ExtractionSettings, tuple[str, ...] | None, tuple[Step, ...]]:
    names = None if features is None else tuple(features)
    if model is None:
        if not isinstance(settings, ExtractionSettings):
            settings = ExtractionSettings.from_parameters(
                Path(settings) if settings else SLICER_RADIOMICS_PARAMETERS, "LPS"
            )
        return settings, names, ()
    if settings is not None:
        raise InputError("settings contradicts model, which has its own settings: leave one out.")
    found = given_model(model)
    chosen = extraction_settings(found)
    steps = read_steps(found.extraction.preprocessing) if found.extraction is not None else ()
    return chosen, names or tuple(term.feature for term in require_score(found).terms), steps


def _paths(texts: Iterable[str], folder: Path) -> list[str]:
    return [str(folder / text) if text else "" for text in texts]


def _errors(path: Path) -> dict[str, str]:
    """Why cases failed, by case; empty where there is no such table."""
    if not path.is_file():
        return {}
    table = load_pandas().read_csv(path, dtype=str)
    return dict(zip(table[CASE], table["error"], strict=True))


def given_model(given: AnyModel) -> Model:
    """Give a model that is named by its id or path, or is given itself."""
    return given if isinstance(given, Model) else find_model(given)

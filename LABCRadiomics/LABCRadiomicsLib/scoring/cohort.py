"""A model applied to the tables of a cohort: one prediction a case, from the same code as a single patient's."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .. import NOTICE
from ..cell_values import folded, is_unknown
from ..errors import CohortError, InputError
from ..feature_names import canonical_feature_name
from ..model import Model, Value
from ..notices import Notice
from ..sentences import listed, many
from ..tables.cohort import CovariateTable, FeatureTable, OutcomeTable, case_column, matching_rows
from ..tables.csv_table import CASE, Table, read_table, write_table
from ..tables.layouts import cases_as_rows
from .prediction import Prediction, predict, require_score
from .site_adjustment import REFUSE, UnknownSite, require_sites


@dataclass(frozen=True)
class ScoredCohort:
    """A model's predictions for n cases, and what happened to them.

    Attributes
    ----------
    model : Model
    cases : tuple of str
        Length n.
    predictions : tuple of Prediction
        In the order of ``cases``.
    months : numpy.ndarray, shape (n,)
        Follow-up.
    event : numpy.ndarray of bool, shape (n,)
    columns : mapping of str to tuple of str
        Every other column of the outcome table, in the order of ``cases``.
    notices : tuple of Notice
        Of the tables.
    decimal_marks : frozenset of str
        Those that the outcome table uses beyond doubt.
    cause : numpy.ndarray of int, shape (n,), or None
        What ended follow-up, see :class:`.OutcomeTable`.
    """

    model: Model
    cases: tuple[str, ...]
    predictions: tuple[Prediction, ...]
    months: np.ndarray
    event: np.ndarray
    columns: Mapping[str, tuple[str, ...]]
    notices: tuple[Notice, ...] = ()
    decimal_marks: frozenset[str] = frozenset()
    cause: np.ndarray | None = None

    @property
    def score(self) -> np.ndarray:
        """Radiomics scores, shape (n,)."""
        return np.array([prediction.score for prediction in self.predictions])

    @property
    def high(self) -> np.ndarray | None:
        """Who is in the high-risk group, shape (n,); None when the model has no cutoff."""
        if self.model.cutoff is None:
            return None
        return np.array([prediction.risk_group == "high" for prediction in self.predictions])

    @property
    def linear_predictor(self) -> np.ndarray | None:
        """The nomogram's linear predictors, shape (n,); None when a case has none."""
        values = [prediction.linear_predictor for prediction in self.predictions]
        return None if any(value is None for value in values) else np.array(values)

    @property
    def parameters(self) -> np.ndarray | None:
        """The cases' rows of nomogram parameters, shape (n, p); None when a case has none."""
        rows = [prediction.parameters for prediction in self.predictions]
        return None if any(row is None for row in rows) else np.array(rows)

    def survival(self, horizon: float) -> np.ndarray | None:
        """Predicted probability of no event up to one of the model's horizons, shape (n,); None when not given."""
        found = [[e.probability for e in prediction.survival if e.months == horizon] for prediction in self.predictions]
        return np.array(found)[:, 0] if all(found) else None

    def risk(self, horizon: float) -> np.ndarray | None:
        """Predicted probability of the event up to one of the model's horizons, shape (n,); None when not given."""
        survival = self.survival(horizon)
        return None if survival is None else 1 - survival


def read_model_features(path: str | os.PathLike[str] | Table, model: Model, id: str = CASE) -> FeatureTable:
    """Read those columns of a feature table that a model's score needs; whatever else it holds is not looked at.

    Parameters
    ----------
    path : path
        One row a case; features by their pyradiomics or R names.
    model : Model
        With a score.
    id : str
        Column that names the cases; where there is none, ``case`` is it.

    Raises
    ------
    ModelIncompleteError
        The model has no score terms.
    CohortError
        A feature of the score is missing, or the table is unusable; the sentence names file, row and column.
    """
    terms = require_score(model).terms
    table = cases_as_rows(read_table(path))
    cases = table.cases(case_column(table, id))
    columns: dict[str, str] = {}
    for column in table.names:
        name = canonical_feature_name(column)
        if name in columns:
            raise CohortError(f"{table.path}, row 1: columns {columns[name]} and {column} are one feature; keep one.")
        columns[name] = column
    wanted = [term.feature for term in terms]
    absent = [name for name in wanted if name not in columns]
    if absent:
        raise CohortError(
            f"{table.path}: column {listed(absent, 3)} is missing, which the score of model {model.id} "
            "needs; extract the features again and give that table."
        )
    values = np.column_stack([table.numbers(columns[name]) for name in wanted])
    return FeatureTable(cases, tuple(wanted), values)


def score_cases(
    model: Model,
    features: FeatureTable,
    covariates: Mapping[str, Sequence[Value]] | None = None,
    *,
    sites: Sequence[str | None] | None = None,
    unknown_site: UnknownSite = REFUSE,
) -> tuple[Prediction, ...]:
    """Apply a model to every case of a feature table.

    Parameters
    ----------
    model : Model
    features : FeatureTable
        With at least the score's features.
    covariates : mapping of str to sequence, optional
        Clinical values by the names of the model's covariates in the order of the cases, see
        :func:`clinical_values`; columns the model does not know are ignored.
    sites : sequence of str or None, optional
        Where each case was scanned, for a model that was harmonized over sites.
    unknown_site : {"refuse", "as-measured"}
        What to do with cases of no or another site.

    Returns
    -------
    tuple of Prediction

    Raises
    ------
    ModelIncompleteError
        The model has no score terms.
    CohortError
        A feature of the score is not in the table, a case's value is unusable, or sites are unknown; the sentence names
        case and column.
    """
    require_sites(model, features.cases, sites, unknown_site)
    wanted = {term.feature for term in require_score(model).terms}
    names = [name if name in wanted else canonical_feature_name(name) for name in features.names]
    columns = {name: features.values[:, at] for at, name in enumerate(names) if name in wanted}
    known = {covariate.name for covariate in model.nomogram.covariates} if model.nomogram else set()
    clinical = {name: values for name, values in (covariates or {}).items() if name in known}
    predictions = []
    for at, case in enumerate(features.cases):
        try:
            predictions.append(
                predict(
                    model,
                    {name: values[at] for name, values in columns.items()},
                    {name: values[at] for name, values in clinical.items()},
                    site=sites[at] if sites is not None else None,
                    unknown_site=unknown_site,
                )
            )
        except InputError as error:
            raise CohortError(f"case {case}: {error}") from error
    return tuple(predictions)


def score_cohort(
    model: Model,
    features: FeatureTable,
    outcomes: OutcomeTable,
    *,
    sites: Sequence[str | None] | None = None,
    unknown_site: UnknownSite = REFUSE,
) -> ScoredCohort:
    """Apply a model to a cohort with outcomes.

    Parameters
    ----------
    model : Model
    features : FeatureTable
        Its cases are the cohort's, in its order.
    outcomes : OutcomeTable
        With every case of ``features``; further cases are left out with a notice.
    sites : sequence of str or None, optional
        Where each case of ``features`` was scanned, see :func:`sites_of`.
    unknown_site : {"refuse", "as-measured"}
        What to do with cases of no or another site.

    Returns
    -------
    ScoredCohort

    Raises
    ------
    ModelIncompleteError
        The model has no score terms.
    CohortError
        A case has no outcome, a feature of the score is missing, or a value is unusable.
    """
    rows = matching_rows(features.cases, outcomes.cases, _absent("outcome"))
    columns = {name: tuple(values[row] for row in rows) for name, values in outcomes.columns.items()}
    notices = list(outcomes.notices)
    unused = len(outcomes.cases) - len(features.cases)
    if unused:
        text = f"Not scored: {many(unused, 'case')} with an outcome and without features."
        notices.append(Notice("outcomes-without-features", text))
    values, absent = clinical_values(model, features.cases, columns, outcomes.decimal_marks)
    return ScoredCohort(
        model, features.cases, score_cases(model, features, values, sites=sites, unknown_site=unknown_site),
        outcomes.months[rows], outcomes.event[rows], columns, (*notices, *absent), outcomes.decimal_marks,
        None if outcomes.cause is None else outcomes.cause[rows],
    )  # fmt: skip


def sites_of(
    features: FeatureTable, table: OutcomeTable | CovariateTable, column: str | None
) -> tuple[str | None, ...] | None:
    """Give where each case of a feature table was scanned, from a column of another table; None without a column.

    Raises
    ------
    CohortError
        There is no such column, or a case is not in the table.
    """
    if column is None:
        return None
    rows = matching_rows(features.cases, table.cases, _absent(f"row in the table with column {column}"))
    if column not in table.columns:
        known = ", ".join(table.columns) or "none"
        raise CohortError(f"there is no column {column} with the sites; the columns are {known}.")
    texts = (table.columns[column][row].strip() for row in rows)
    return tuple(None if is_unknown(text) else text for text in texts)


def clinical_values(
    model: Model,
    cases: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    decimal_marks: frozenset[str] = frozenset(),
) -> tuple[dict[str, tuple[Value, ...]], tuple[Notice, ...]]:
    """Read the covariates of a model's nomogram from the columns of a table.

    Parameters
    ----------
    model : Model
    cases : sequence of str
        Length n.
    columns : mapping of str to sequence of str
        Cells by column name, each of length n.
    decimal_marks : frozenset of str
        Those that the table uses beyond doubt.

    Returns
    -------
    values : dict
        By covariate; one that has no column is not there, and so unknown.
    notices : tuple of Notice
        ``covariate-column-absent``: which covariates have no column, and what columns there are.

    Raises
    ------
    CohortError
        A cell is outside a covariate's domain, or a covariate has no column but one whose name differs in case or
        blanks only.
    """
    covariates = model.nomogram.covariates if model.nomogram else ()
    absent = [covariate for covariate in covariates if covariate.name not in columns]
    alike = {_bare(name): name for name in columns}
    for covariate in absent:
        found = alike.get(_bare(covariate.name)) or alike.get(_bare(covariate.label))
        if found is not None:
            raise CohortError(
                f"column {covariate.name}, a covariate of model {model.id}, is missing, but there is a column {found}: "
                f"name it {covariate.name} if it is the same."
            )
    values = {
        covariate.name: covariate.parse_column(cases, columns[covariate.name], decimal_marks)
        for covariate in covariates
        if covariate.name in columns
    }
    if not absent:
        return values, ()
    text = (
        f"The table has no column {', '.join(covariate.name for covariate in absent)}, which model {model.id} takes; "
        f"the value is unknown in every case. The table's columns are {listed(list(columns), 12) or 'none'}."
    )
    return values, (Notice("covariate-column-absent", text),)


def match_covariates(cases: Sequence[str], table: CovariateTable) -> dict[str, tuple[str, ...]]:
    """Bring the columns of a covariate table into the order of the cases.

    Raises
    ------
    CohortError
        A case is not in the table.
    """
    rows = matching_rows(cases, table.cases, _absent("row in the covariate table"))
    return {name: tuple(values[row] for row in rows) for name, values in table.columns.items()}


def write_scores(
    path: str | os.PathLike[str],
    cases: Sequence[str],
    predictions: Sequence[Prediction],
    extra: Mapping[str, Sequence] | None = None,
) -> None:
    """Write one row a case: score, risk group, linear predictor, survival with limits, codes of warnings, notice.

    Where the model carries the uncertainty of the selection there are also the wider limits (``_wide_lower``,
    ``_wide_upper``) and ``same_group``, the share of repeated selections that put the case into the same risk group.

    Parameters
    ----------
    path : path
        CSV file, replaced when it exists.
    cases, predictions : sequence
    extra : mapping of str to sequence, optional
        Further columns by name.

    Raises
    ------
    CohortError
        The file cannot be written.
    """
    write_table(path, *scores_table(cases, predictions, extra))


def scores_table(
    cases: Sequence[str], predictions: Sequence[Prediction], extra: Mapping[str, Iterable] | None = None
) -> tuple[list[str], list[tuple]]:
    """Give header and rows of :func:`write_scores`."""
    extra = extra or {}
    # A case with an unknown covariate may have no survival where the others have.
    horizons = [e.months for e in next((p.survival for p in predictions if p.survival), ())]
    header = ["case", "score", "risk_group", "linear_predictor"]
    header += [f"survival_{months:g}{end}" for months in horizons for end in ("", "_lower", "_upper")]
    wider = any(prediction.selection is not None for prediction in predictions)
    if wider:
        header += [f"survival_{months:g}_wide_{end}" for months in horizons for end in ("lower", "upper")]
        header.append("same_group")
    rows = [
        (
            case,
            prediction.score,
            prediction.risk_group,
            prediction.linear_predictor,
            *_survival_cells(prediction, len(horizons)),
            *(_wider_cells(prediction, len(horizons)) if wider else ()),
            ";".join(dict.fromkeys(notice.code for notice in prediction.warnings)),
            prediction.status,
            NOTICE,
            *further,
        )
        for case, prediction, *further in zip(cases, predictions, *extra.values(), strict=True)
    ]
    return [*header, "warnings", "model_status", "notice", *extra], rows


def _bare(name: str) -> str:
    """A column's name without what people write differently: case, blanks, signs, and a unit in brackets."""
    return re.sub(r"[\W_]+", "", re.sub(r"\(.*?\)|\[.*?\]", "", folded(name)))


def _absent(what: str) -> str:
    return f"case {{}} of the feature table has no {what}; add it or leave the case out."


def _survival_cells(prediction: Prediction, horizons: int) -> list[float | None]:
    if not prediction.survival:  # a case whose linear predictor is not known
        return [None] * (3 * horizons)
    return [end for e in prediction.survival for end in (e.probability, e.lower, e.upper)]


def _wider_cells(prediction: Prediction, horizons: int) -> list[float | None]:
    selection = prediction.selection
    if selection is None or not selection.survival:
        return [None] * (2 * horizons) + [None if selection is None else selection.same_group]
    return [*(end for limits in selection.survival for end in (limits.lower, limits.upper)), selection.same_group]

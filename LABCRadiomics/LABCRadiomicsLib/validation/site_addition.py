"""One more site for a model that was harmonized over sites, learned from its cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from ..errors import CohortError, InputError, ModelError
from ..model import Change, Model
from ..model.harmonization import is_known, site_names, with_site
from ..model.nomogram import parse_covariates
from ..scoring.cohort import clinical_values
from ..sentences import many
from ..tables.cohort import FeatureTable, OutcomeTable, matching_rows

LEAST_CASES = 3
FEW_CASES = 10  # below which a site's adjustment is uncertain


def add_site(
    model: Model,
    name: str,
    features: FeatureTable,
    outcomes: OutcomeTable,
    *,
    file: str | None = None,
    sha256: str | None = None,
    today: date | None = None,
) -> Model:
    """Add a site to a model's harmonization; what is known of the others stays as it is.

    Parameters
    ----------
    model : Model
    name : str
        Of the site.
    features : FeatureTable
        The site's cases with at least the score's features, as measured.
    outcomes : OutcomeTable
        With the covariates whose effects the harmonization preserves.
    file, sha256 : str, optional
        Name and hash of the outcome table, for the record.
    today : datetime.date, optional
        Date of the change, by default the current one.

    Returns
    -------
    Model
        With the site, and what was done in its provenance. The model itself where it knows the site already.

    Raises
    ------
    ModelError
        The model was not harmonized.
    CohortError
        Fewer than three cases, a feature that does not vary among them, a case without outcome.
    """
    if model.harmonization is None:
        raise ModelError(f"model {model.id} was not harmonized over sites, so no site can be added; leave --site out.")
    if is_known(model.harmonization, name):
        return model
    n = len(features.cases)
    if n < LEAST_CASES:
        raise CohortError(
            f"site {name} has {many(n, 'case')}; it needs at least {LEAST_CASES} to be told from the others."
        )
    absent = "case {} of the feature table has no outcome; add it or leave the case out."
    rows = matching_rows(features.cases, outcomes.cases, absent)
    columns = {key: tuple(values[row] for row in rows) for key, values in outcomes.columns.items()}
    values, _ = clinical_values(model, features.cases, columns, outcomes.decimal_marks)
    patients = [parse_covariates(model, {key: column[at] for key, column in values.items()}) for at in range(n)]
    known = site_names(model.harmonization)
    try:
        wider = with_site(model, name, dict(zip(features.names, features.values.T, strict=True)), patients)
    except InputError as error:
        raise CohortError(str(error)) from error
    what = (
        f"site {name} added to {known} from its {many(n, 'case')}; whatever sets their features apart is taken for the "
        "scanner's doing, differences between the patients included"
    )
    change = Change(date=(today or date.today()).isoformat(), what=what, file=file, sha256=sha256)
    provenance = replace(model.provenance, changes=(*model.provenance.changes, change))
    return replace(wider, provenance=provenance)


def few_cases(name: str, cases: Sequence[str]) -> str | None:
    """Say that a site was learned from few cases; None where it was not."""
    if len(cases) >= FEW_CASES:
        return None
    return f"Site {name} has only {many(len(cases), 'case')}: what its features are adjusted by is uncertain."

"""Features of several scanners or sites made comparable by ComBat, fitted to whom a model is made from and no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import CohortError, InputError
from ..notices import Notice
from ..sentences import listed, many
from ..statistics.combat import ComBat, combat
from ..statistics.kaplan_meier import logrank
from .training_cohort import TrainingCohort

LEAST = 3  # patients of a site that its spread can be told from
FEW = 10  # patients of a site below which what is adjusted rests on the other features more than on them
SITE_AND_OUTCOME = "site-and-outcome"  # code of the notice that the sites differ in survival
_UNLIKELY = 0.05


@dataclass(frozen=True)
class SiteHarmonization:
    """A fitted ComBat, and what stands in for unknown covariates.

    Attributes
    ----------
    combat : ComBat
    means : numpy.ndarray, shape (c,)
        Of the preserved covariates.
    """

    combat: ComBat
    means: np.ndarray

    def apply(self, features: np.ndarray, sites: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        """Adjust patients; those of a site that the fit does not know, as may be in a resample, stay as measured.

        Parameters
        ----------
        features : numpy.ndarray, shape (n, p)
        sites : numpy.ndarray of str, shape (n,)
        covariates : numpy.ndarray, shape (n, c)
            NaN where unknown.
        """
        known = np.isin(sites, self.combat.batches)
        adjusted = features.copy()
        if known.any():
            given = _filled(covariates[known], self.means)
            adjusted[known] = self.combat.apply(features[known], sites[known].tolist(), given)
        return adjusted


def harmonize(
    features: np.ndarray,
    sites: np.ndarray,
    covariates: np.ndarray,
    patients: np.ndarray,
    reference: str | None,
) -> SiteHarmonization | None:
    """Fit ComBat to some patients.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, p)
        Without holes.
    sites : numpy.ndarray of str, shape (n,)
    covariates : numpy.ndarray, shape (n, c)
        Whose effects are preserved; NaN where unknown. Columns that the sites determine have no effect of their own.
    patients : numpy.ndarray, shape (n,)
        Who each row is; sites of fewer than three different ones are left out.
    reference : str or None
        Site that the others are brought to.

    Returns
    -------
    SiteHarmonization or None
        None where fewer than two sites are left, or two features that vary within each.
    """
    counts = {site: np.unique(patients[sites == site]).size for site in np.unique(sites)}
    enough = np.array([counts[site] >= LEAST for site in sites])
    labels = sites[enough]
    if np.unique(labels).size < 2:
        return None
    known = covariates[enough]
    means = np.array([column[~np.isnan(column)].mean() if (~np.isnan(column)).any() else 0.0 for column in known.T])
    given = _filled(known, means)
    kept = _estimable(labels, given)
    given_kept = given[:, kept] if kept.any() else None
    at_reference = reference if reference in labels else None
    try:
        fitted = combat(features[enough], labels.tolist(), given_kept, reference=at_reference)
    except InputError:
        return None
    effects = np.zeros((kept.size, features.shape[1]))
    effects[kept] = fitted.covariate_effects
    return SiteHarmonization(replace(fitted, covariate_effects=effects), means)


def require_sites(cohort: TrainingCohort, reference: str | None, preserved: Sequence[str]) -> list[Notice]:
    """Refuse sites that nothing can be learned from, and warn of those from which little can.

    Raises
    ------
    CohortError
        One site only, one site under two names, sites with too few patients, an unknown reference, a covariate that is
        the same throughout each site, or no two features that vary within every site.
    """
    counts = Counter(cohort.sites)
    if len(counts) < 2:
        raise CohortError(f"All {len(cohort)} cases are of site {cohort.sites[0]}: leave --site out.")
    _require_distinct(counts)
    if reference is not None and reference not in counts:
        raise CohortError(f"No case is of the reference site {reference}; the sites are {_listed(counts)}.")
    small = {site: n for site, n in counts.items() if n < LEAST}
    if small:
        raise CohortError(
            f"Sites with fewer than {LEAST} cases cannot be harmonized: {_listed(small)}. Give them the name of a site "
            "with the same scanner, or leave these cases out."
        )
    sites = np.array(cohort.sites)
    for name in preserved:
        columns = cohort.columns((name,))
        columns = _filled(columns, np.nanmean(columns, axis=0))
        if not _estimable(sites, columns).all():
            raise CohortError(
                f"The covariate {name} is confounded with the sites: within them it does not vary, or it repeats "
                "another, so that its effect on the features cannot be told from theirs; leave it or --site out."
            )
    constant = _constant_within(cohort, sites)
    if (~constant.any(axis=0)).sum() < 2:
        raise CohortError("Fewer than two features vary within every site; ComBat borrows strength across features.")
    return [*_few(counts), *_constant_notices(cohort, counts, constant), *_outcome_notices(cohort, sites, counts)]


def _few(counts: Counter[str]) -> list[Notice]:
    few = {site: n for site, n in counts.items() if n < FEW}
    if not few:
        return []
    text = (
        f"Sites with fewer than {FEW} cases: {_listed(few)}. What their features are adjusted by is uncertain; where "
        "scanners are alike, give them one name."
    )
    return [Notice("few-cases-of-a-site", text)]


def _constant_notices(cohort: TrainingCohort, counts: Counter[str], constant: np.ndarray) -> list[Notice]:
    notices = []
    for site, row in zip(sorted(counts), constant, strict=True):
        if row.any():
            names = [cohort.names[at] for at in np.flatnonzero(row)]
            text = (
                f"Left as measured in every site: {many(len(names), 'feature')} of one value in all cases of site "
                f"{site}: {listed(names, 3)}."
            )
            notices.append(Notice("feature-constant-at-a-site", text))
    return notices


def _outcome_notices(cohort: TrainingCohort, sites: np.ndarray, counts: Counter[str]) -> list[Notice]:
    p = logrank(cohort.months, cohort.event, sites).p
    if not p < _UNLIKELY:
        return []
    events = {site: int(cohort.event[sites == site].sum()) for site in sorted(counts)}
    shown = ", ".join(f"{site} {many(n, 'event')} in {counts[site]}" for site, n in events.items())
    text = (
        f"The sites differ in survival (log-rank p = {p:.2g}; {shown}): harmonization takes away whatever of the "
        "features goes along with that difference, be it the scanner or the disease."
    )
    return [Notice(SITE_AND_OUTCOME, text)]


def _constant_within(cohort: TrainingCohort, sites: np.ndarray) -> np.ndarray:
    """Which features are the same within each site, shape (sites, p)."""
    rows = [np.nanmax(part, axis=0) == np.nanmin(part, axis=0) for part in _by_site(cohort.features, sites)]
    return np.array(rows)


def _by_site(features: np.ndarray, sites: np.ndarray) -> list[np.ndarray]:
    empty = np.isnan(features).all(axis=0)
    features = np.where(empty, 0.0, features)
    parts = [features[sites == site] for site in np.unique(sites)]
    return [np.where(np.isnan(part).all(axis=0), 0.0, part) for part in parts]


def _estimable(sites: np.ndarray, covariates: np.ndarray) -> np.ndarray:
    """Say which columns, shape (c,), have an effect of their own beside the sites and the columns before them."""
    design = (sites[:, None] == np.unique(sites)).astype(float)
    kept = np.zeros(covariates.shape[1], dtype=bool)
    for at, column in enumerate(covariates.T):
        spread = column.std()
        wider = np.column_stack([design, (column - column.mean()) / spread if spread else column])
        kept[at] = np.linalg.matrix_rank(wider) == wider.shape[1]
        design = wider if kept[at] else design
    return kept


def _filled(covariates: np.ndarray, means: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(covariates), means, covariates)


def _listed(counts: Counter[str] | dict[str, int]) -> str:
    return ", ".join(f"{site} ({n})" for site, n in sorted(counts.items()))


def _require_distinct(counts: Mapping[str, int]) -> None:
    """Refuse names that differ in capitals, blanks or the writing of a number only: 1 and 1.0, Bonn and bonn."""
    seen: dict[str | float, str] = {}
    for site in counts:
        try:
            key: str | float = float(site)
        except ValueError:
            key = " ".join(site.casefold().split())
        if key in seen:
            raise CohortError(
                f"Sites {seen[key]} ({many(counts[seen[key]], 'case')}) and {site} ({many(counts[site], 'case')}) look "
                "like one site written in two ways: write it in one."
            )
        seen[key] = site

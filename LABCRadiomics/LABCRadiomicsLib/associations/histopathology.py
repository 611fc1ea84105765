"""Cell and tissue measurements compared between groups of a score, and correlated with radiomics features."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import CohortError
from ..notices import Notice
from ..sentences import many
from ..statistics.baseline_table import benjamini_hochberg
from ..statistics.correlation import CorrelationMap, correlation_map
from ..statistics.two_groups import GroupComparison, compare_groups
from ..step_options import MAPPED
from ..tables.cohort import FeatureTable
from .groups import HIGH, INTERMEDIATE, LOW, Contrast, Grouping, find_contrast
from .identifiers import case_name
from .qupath import CaseQuantiles
from .samples import Samples, match_samples, require_sizes

LARGEST_FDR, LARGEST_P = 0.1, 0.05


@dataclass(frozen=True)
class FeatureComparison:
    """All features compared between two groups; arrays have one entry a feature.

    Attributes
    ----------
    contrast : Contrast
    groups : GroupComparison
    fdr : ndarray
        Benjamini and Hochberg over the Wilcoxon p values of this contrast.
    welch_fdr : ndarray
    selected : ndarray of bool
        FDR below 0.1 and p below 0.05.
    """

    contrast: Contrast
    groups: GroupComparison
    fdr: np.ndarray
    welch_fdr: np.ndarray
    selected: np.ndarray


@dataclass(frozen=True)
class RadiomicsMap:
    """Correlations of radiomics features (rows) with histopathology features (columns)."""

    radiomics: tuple[str, ...]
    histopathology: tuple[str, ...]
    map: CorrelationMap
    rho_fdr: np.ndarray
    r_fdr: np.ndarray


@dataclass(frozen=True)
class Histopathology:
    """Result of one export."""

    quantiles: CaseQuantiles
    samples: Samples
    comparisons: tuple[FeatureComparison, ...]
    map: RadiomicsMap | None
    notices: tuple[Notice, ...]


def compare_tissue(
    quantiles: CaseQuantiles,
    grouping: Grouping,
    contrasts: Sequence[str] = (),
    features: FeatureTable | None = None,
    mapped: str = MAPPED,
) -> Histopathology:
    """Compare groups, and correlate with radiomics features where given.

    Parameters
    ----------
    quantiles : CaseQuantiles
    grouping : Grouping
    contrasts : sequence of str
        Each ``A-B``; by default high against low, and intermediate against low where there is such a group.
    features : FeatureTable, optional
        Radiomics features of the same cases.
    mapped : str
        Regular expression of the histopathology features in the map; all medians where none matches.

    Raises
    ------
    CohortError, InputError
        Cases do not match, or a group is too small.
    """
    source = quantiles.path.name
    samples = match_samples(quantiles.cases, grouping, source, thirds_of_table=False)
    values = samples.combined(quantiles.values.T, total=False).T
    names = tuple(dict.fromkeys((*grouping.names, *samples.groups)))
    pairs = [find_contrast(text, names, grouping.source) for text in contrasts] or _customary(names, grouping)
    comparisons = []
    for pair in pairs:
        require_sizes(samples, pair, source)
        groups = compare_groups(values[samples.rows(pair.first)], values[samples.rows(pair.second)])
        fdr = benjamini_hochberg(groups.wilcoxon_p)
        selected = (fdr < LARGEST_FDR) & (groups.wilcoxon_p < LARGEST_P)
        comparisons.append(FeatureComparison(pair, groups, fdr, benjamini_hochberg(groups.welch_p), selected))
    notices = [*grouping.notices, *quantiles.notices, *samples.notices]
    found = None if features is None else _map(quantiles, features, mapped, notices)
    return Histopathology(quantiles, samples, tuple(comparisons), found, tuple(notices))


def _customary(names: Sequence[str], grouping: Grouping) -> list[Contrast]:
    if {HIGH, INTERMEDIATE, LOW} <= set(names):
        return [Contrast(HIGH, LOW), Contrast(INTERMEDIATE, LOW)]
    return [find_contrast(None, names, grouping.source)]


def _map(quantiles: CaseQuantiles, features: FeatureTable, mapped: str, notices: list[Notice]) -> RadiomicsMap:
    cases, rows, others = common_cases(quantiles.cases, features.cases)
    if len(cases) < 4:
        raise CohortError(
            f"{len(cases)} cases of {quantiles.path.name} are in the feature table (for example "
            f"{features.cases[0]}): a map of "
            "correlations needs four."
        )
    try:
        columns = [at for at, name in enumerate(quantiles.names) if re.search(mapped, name)]
    except re.error as error:
        raise CohortError(f"{mapped!r} is no regular expression ({error}): correct --map-features.") from error
    columns = columns or [at for at, name in enumerate(quantiles.names) if name.endswith("| median")]
    tissue, radiomics = quantiles.values[np.ix_(rows, columns)], features.values[others]
    whole_tissue, whole_radiomics = (np.isfinite(part).all(axis=0) for part in (tissue, radiomics))
    left = int((~whole_tissue).sum() + (~whole_radiomics).sum())
    if left:
        notices.append(
            Notice("map-missing", f"Not in the map, for lack of a value in some case: {many(left, 'feature')}.")
        )
    found = correlation_map(radiomics[:, whole_radiomics], tissue[:, whole_tissue])
    return RadiomicsMap(
        tuple(name for name, keep in zip(features.names, whole_radiomics, strict=True) if keep),
        tuple(quantiles.names[at] for at, keep in zip(columns, whole_tissue, strict=True) if keep),
        found, adjusted_map(found.rho_p), adjusted_map(found.r_p),
    )  # fmt: skip


def adjusted_map(p: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg over all pairs of a map."""
    return benjamini_hochberg(p.ravel()).reshape(p.shape)


def common_cases(first: Sequence[str], second: Sequence[str]) -> tuple[list[str], list[int], list[int]]:
    """Cases of two tables that are the same patient, and their rows in each."""
    places = {case_name(case): at for at, case in enumerate(second)}
    shared = [(case_name(case), at) for at, case in enumerate(first) if case_name(case) in places]
    return [case for case, _ in shared], [at for _, at in shared], [places[case] for case, _ in shared]

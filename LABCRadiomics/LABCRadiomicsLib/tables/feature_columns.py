"""Which columns of a table are features: by the names that radiomics software gives them, or by the user's own pattern.

A column that is no feature (a row number, another outcome, a date, the outcome itself) can predict the outcome better
than any feature and means nothing for the next patient; so none is taken without being named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..errors import CohortError
from ..notices import Notice
from ..sentences import listed, many
from .csv_table import Table

LEFT_OUT = "columns-left-out"  # code of the notice that names columns which are no features

_MOST_NAMED = 12

# Settings, versions, hashes and voxel counts of pyradiomics; until version 2 the prefix was general_info_.
_DIAGNOSTICS = ("diagnostics_", "general_info_")

_STATISTICS = (
    "mean|var|skew|kurt|median|min|max|p10|p90|mode|iqr|range|r?mad|medad|cov|qcod|energy|rms|entropy|uniformity"
)

# What a name holds, from the start of a word on, when it is a feature of ...
_SOFTWARE = (
    # pyradiomics, all versions, with or without the filter in front: wavelet-LLH_glcm_Idmn, original_shape_Volume
    r"(?:firstorder|shape2D|shape|glcm|gldm|glrlm|glszm|ngtdm)_[A-Z0-9]\w*",
    # MIRP and PySERA, named after IBSI's families: morph_pca_elongation, cm_joint_entr_d1_3d_avg_fbn_n32
    rf"(?:stat|ih)_(?:{_STATISTICS}|(?:max|min)_grad(?:_g)?)(?![a-z])\w*",
    r"morph_(?:vol|area|av|comp|sph|asph|com|diam|pca|integ|moran|geary|surface|max|major|minor|least|flat|elong)\w*",
    r"ivh_(?:v|i|diff_v|diff_i)\d+\w*|ivh_auc|loc_peak_(?:loc|glob)\w*",
    r"cm_(?:joint|diff|sum|energy|contrast|dissimilarity|inv|corr|auto|clust|info)\w*",
    r"(?:glcm|rlm|glrlm|szm|glszm|dzm|gldzm|ngt|ngtdm|ngl|ngldm)_[a-z]+_?\w*",
    # CaPTk: T1_E_Histogram_Bins-128_Bins-128_Bin-0_Frequency, T1_E_GLCM_Bins-128_Radius-1_Contrast
    r"(?:Intensity|Histogram|Volumetric|Morphologic|GLCM|GLRLM|GLSZM|NGTDM|NGLDM|LBP|COLLAGE|Collage|Gabor|Laws|"
    r"FractalDimension|PowerSpectrum|EdgeEnhancement|EdgeEnhancements|Lattice)_[A-Z]\w*",
)
_FEATURE = re.compile("|".join(rf"(?<![A-Za-z0-9])(?:{pattern})" for pattern in _SOFTWARE))


def is_feature_name(name: str) -> bool:
    """Say whether a column is called as pyradiomics, MIRP, PySERA or CaPTk call a feature."""
    return _FEATURE.search(name) is not None and not name.startswith(_DIAGNOSTICS)


@dataclass(frozen=True)
class FeatureColumns:
    """Columns of a table that are features, in order, and what the user should know of the choice."""

    names: tuple[str, ...]
    notices: tuple[Notice, ...]


def choose_feature_columns(
    table: Table,
    pattern: str | None,
    id: str,
    not_features: Iterable[str] = (),
    outcome_columns: Iterable[str] = (),
) -> FeatureColumns:
    """Choose the columns of a table that are features.

    Parameters
    ----------
    table : Table
    pattern : str, optional
        Regular expression that the user gives, searched in the names. Without it a column is a feature by its name.
    id : str
        Column of the cases.
    not_features : iterable of str
        Columns that are none whatever they are called: of time, event and covariates.
    outcome_columns : iterable of str
        Columns of the outcome table. Where these are all the feature table's (one table was given twice) they do not
        count; else a column of both is no feature, unless its name is one's.

    Raises
    ------
    CohortError
        No column is left, or the pattern is none.
    """
    ids, never, outcome = {id}, set(not_features), set(outcome_columns)
    if outcome.issuperset(table.names):
        outcome = set()
    candidates = [name for name in table.names if not name.startswith(_DIAGNOSTICS) and name not in ids]
    known = {name for name in candidates if is_feature_name(name)}
    wanted = known if pattern is None else _matching(pattern, candidates)
    chosen = [
        name for name in candidates if name in wanted and name not in never and (name in known or name not in outcome)
    ]
    if not chosen:
        raise CohortError(f"{table.path} {_nothing_chosen(table, pattern, candidates)}")
    taken = set(chosen)
    left = [name for name in candidates if name not in taken and (pattern is None or name in wanted)]
    return FeatureColumns(tuple(chosen), tuple(_notices(table, pattern, chosen, left, known)))


def _matching(pattern: str, names: Sequence[str]) -> set[str]:
    try:
        return {name for name in names if re.search(pattern, name)}
    except (re.error, RecursionError, OverflowError) as error:
        raise CohortError(f"{pattern!r} is no regular expression ({error}): correct --feature-columns.") from error


def _nothing_chosen(table: Table, pattern: str | None, candidates: Sequence[str]) -> str:
    if pattern is not None:
        names = listed(table.names, _MOST_NAMED)
        return f"has no column that matches {pattern!r}: correct --feature-columns; the table has {names}."
    if not candidates:
        return "has no feature column: give a table with one column a feature."
    return (
        "has no column that is named as pyradiomics, MIRP, PySERA or CaPTk name features: say which of its columns are "
        f"features with --feature-columns, a regular expression; they are {listed(candidates, _MOST_NAMED)}."
    )


def _notices(
    table: Table, pattern: str | None, chosen: Sequence[str], left: Sequence[str], known: set[str]
) -> Iterator[Notice]:
    taken = f"Taken as features: {many(len(chosen), 'column')}, {chosen[0]} to {chosen[-1]}"
    strange = [name for name in chosen if name not in known]
    if strange:
        text = (
            f"{table.path.name}: {taken}. Of these {len(strange)} are not named as pyradiomics, MIRP, PySERA or CaPTk "
            f"name features: {listed(strange, _MOST_NAMED)}. Make sure that each was known at baseline."
        )
        yield Notice("columns-of-unknown-kind", text)
    if left:
        to_do = "" if pattern else "; if they are features, say so with --feature-columns"
        text = f"{table.path.name}: {taken}. Left out, being no features: {listed(left, _MOST_NAMED)}{to_do}."
        yield Notice(LEFT_OUT, text)

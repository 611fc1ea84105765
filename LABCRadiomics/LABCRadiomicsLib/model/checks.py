"""Consistency of a model: what its fields must satisfy together, beyond the type and range of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..cell_values import FALSE_WORDS, TRUE_WORDS, UNKNOWN_WORDS
from ..feature_names import (
    DEPRECATED,
    FEATURES,
    IMAGE_TYPES,
    SETTINGS,
    canonical_feature_name,
    image_prefixes,
    split_feature_name,
)
from .contents import Baseline, Covariate, Extraction, Groups, Model, Nomogram, Score
from .covariates import SCORE

# Covariances are printed or stored with rounding; what exceeds it is a wrong matrix.
_COVARIANCE_TOLERANCE = 1e-8


class FieldError(Exception):
    """A field that breaks the model format: its path in the file and what is wrong with it.

    Never seen by users: the file reader turns it into a ModelError that names the file too.
    """

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path
        self.problem = problem


def check(model: Model) -> None:
    """Check a model's fields against each other.

    Raises
    ------
    FieldError
        Two fields contradict each other; the fault names the path of one and says what it must be.
    """
    _check_status(model)
    _check_missing(model)
    cohort = model.provenance.cohort
    _require(cohort.events <= cohort.n, "provenance.cohort.events", "must not exceed the number of patients, n")
    if model.extraction is not None:
        check_extraction(model.extraction)
    if model.score is not None:
        _check_score(model.score, model.extraction)
    if model.nomogram is not None:
        _check_nomogram(model.nomogram)
    if model.groups is not None:
        _check_groups(model.groups)
    for index, entry in enumerate(model.performance):
        path = f"performance[{index}]"
        _check_range(entry, path, "lower", "upper", together=False)
        _require(entry.events is None or entry.events <= entry.n, f"{path}.events", "must not exceed n")


def _require(condition: bool, path: str, problem: str) -> None:
    if not condition:
        raise FieldError(path, problem)


def _check_range(owner: Any, path: str, low: str = "low", high: str = "high", *, together: bool = True) -> None:
    least, most = getattr(owner, low), getattr(owner, high)
    if least is None or most is None:
        _require(
            not together or least is most, f"{path}.{low if least is None else high}", "is missing beside its other end"
        )
    else:
        _require(least <= most, f"{path}.{low}", f"must not exceed {high}")


def _check_unique(values: Iterable[str], path: str, what: str) -> None:
    seen: set[str] = set()
    for index, value in enumerate(values):
        _require(value not in seen, path.format(index), f"repeats the {what} {value}")
        seen.add(value)


def _check_increasing(values: Sequence[float], path: str) -> None:
    for index, (before, after) in enumerate(pairwise(values)):
        _require(before < after, f"{path}[{index + 1}]", f"must be later than the {before} before it")


def _check_non_increasing(values: Sequence[float], path: str) -> None:
    for index, (before, after) in enumerate(pairwise(values)):
        _require(before >= after, f"{path}[{index + 1}]", f"must not exceed the {before} before it")


def _check_length(values: Sequence[Any] | None, expected: int, path: str, of_what: str) -> None:
    if values is not None:
        _require(
            len(values) == expected, path, f"must hold {expected} entries, one for each {of_what}, not {len(values)}"
        )


def _check_status(model: Model) -> None:
    if model.status != "incomplete":
        _require(model.score is not None, "score", f"is missing, and a model of status {model.status} needs it")
        _require(model.cutoff is not None, "cutoff", f"is missing, and a model of status {model.status} needs it")
    if model.provenance.origin == "simulated":
        _require(model.status == "demonstration", "status", 'must be "demonstration" for a model of simulated origin')


def _check_missing(model: Model) -> None:
    _check_unique((entry.part for entry in model.missing), "missing[{}].part", "part")
    for index, entry in enumerate(model.missing):
        path = f"missing[{index}]"
        _require(model.lacks(entry.part), f"{path}.part", f"names {entry.part}, which the model holds")
        only_score = entry.expected_terms is None or entry.part == "score"
        _require(only_score, f"{path}.expected_terms", "belongs to the part score alone")


def check_extraction(extraction: Extraction) -> None:
    """Check that settings, image types, classes and features are ones that pyradiomics has.

    Raises
    ------
    FieldError
    """
    for name in extraction.setting:
        _require(name in SETTINGS, f"extraction.setting.{name}", "is not a setting of pyradiomics")
    for name, own in extraction.image_type.items():
        path = f"extraction.imageType.{name}"
        _require(name in IMAGE_TYPES, path, "is not an image type of pyradiomics")
        _require(own is None or isinstance(own, dict), path, "must be an object of settings")
        for setting in own or ():
            _require(setting in SETTINGS, f"{path}.{setting}", "is not a setting of pyradiomics")
    for name, wanted in extraction.feature_class.items():
        path = f"extraction.featureClass.{name}"
        _require(name in FEATURES, path, "is not a feature class of pyradiomics")
        _require(wanted is None or isinstance(wanted, list), path, "must be null or a list of feature names")
        for index, feature in enumerate(wanted or ()):
            known = isinstance(feature, str) and feature in FEATURES[name] | DEPRECATED[name]
            _require(known, f"{path}[{index}]", f"is not a feature of pyradiomics' class {name}")


def _check_score(score: Score, extraction: Extraction | None) -> None:
    _check_range(score, "score")
    _check_unique((term.feature for term in score.terms), "score.terms[{}].feature", "feature")
    for index, term in enumerate(score.terms):
        path = f"score.terms[{index}]"
        _check_range(term, path)
        beside = (term.mean is None) == (term.sd is None)
        _require(beside, f"{path}.{'mean' if term.mean is None else 'sd'}", "is missing: mean and sd go together")
    if extraction is not None:
        check_feature_names((term.feature for term in score.terms), extraction, "score.terms[{}].feature")


def check_feature_names(names: Iterable[str], extraction: Extraction, path: str) -> None:
    """Check that an extraction yields each named feature.

    Parameters
    ----------
    names : iterable of str
        Pyradiomics feature names.
    extraction : Extraction
    path : str
        What to call the name of an index, for example ``"score.terms[{}].feature"``.

    Raises
    ------
    FieldError
        A name is not pyradiomics', or the extraction's image types and classes do not yield it.
    """
    try:
        prefixes = image_prefixes(extraction.image_type, extraction.setting)
    except (TypeError, ValueError) as error:
        raise FieldError(
            "extraction", f"holds a setting of image names (sigma, level, lbp3DLevels) that is no number: {error}"
        ) from error
    for index, name in enumerate(names):
        here = path.format(index)
        canonical = canonical_feature_name(name)
        _require(canonical == name, here, f"{name} must be written as pyradiomics does, {canonical}")
        parts = split_feature_name(name)
        if parts is None:
            raise FieldError(here, f"{name} is not a feature of pyradiomics")
        prefix, feature_class, feature = parts
        wanted = _shape_prefixes(feature_class, prefixes)
        _require(prefix in wanted, here, f"{name} is not among the images that extraction.imageType makes")
        enabled = _is_enabled(extraction, feature_class, feature)
        _require(enabled, here, f"{name} is not enabled in extraction.featureClass")


def _shape_prefixes(feature_class: str, prefixes: frozenset[str]) -> frozenset[str]:
    """Shape is computed from the mask, whatever the images, and reported as ``original``."""
    return frozenset({"original"}) if feature_class.startswith("shape") else prefixes


def _is_enabled(extraction: Extraction, feature_class: str, feature: str) -> bool:
    """Say whether ``featureClass`` enables a feature; empty or null enables all that are not deprecated."""
    classes = extraction.feature_class
    if classes and feature_class not in classes:
        return False
    return feature in (classes.get(feature_class) or FEATURES[feature_class])


def _check_nomogram(nomogram: Nomogram) -> None:
    _check_unique((covariate.name for covariate in nomogram.covariates), "nomogram.covariates[{}].name", "name")
    for index, covariate in enumerate(nomogram.covariates):
        _check_covariate(covariate, f"nomogram.covariates[{index}]")
    names = nomogram.parameters()
    if nomogram.center is not None:
        for name in names:
            _require(name in nomogram.center, f"nomogram.center.{name}", "is missing")
        for name in nomogram.center:
            _require(name in names, f"nomogram.center.{name}", f"is not a parameter; these are {', '.join(names)}")
    if nomogram.covariance is not None:
        _check_covariance(nomogram.covariance, names)
    _check_increasing(nomogram.horizons_months, "nomogram.horizons_months")
    if nomogram.baseline is not None:
        _require(nomogram.center is not None, "nomogram.center", "is missing: the baseline needs it")
        _check_baseline(nomogram.baseline, len(names))
        last = nomogram.baseline.months[-1]
        latest = len(nomogram.horizons_months) - 1
        within = nomogram.horizons_months[-1] <= last
        _require(within, f"nomogram.horizons_months[{latest}]", f"must not exceed the baseline's last month, {last}")


def _check_covariate(covariate: Covariate, path: str) -> None:
    _require(covariate.name != SCORE, f"{path}.name", "must not be score, which names the radiomics score")
    if covariate.type == "category":
        if covariate.levels is None:
            raise FieldError(f"{path}.levels", "is missing: a category needs levels")
        within = covariate.reference in covariate.levels
        _require(within, f"{path}.reference", f"must be one of the levels {', '.join(covariate.levels)}")
        _check_length(
            covariate.coefficients, len(covariate.levels) - 1, f"{path}.coefficients", "level but the reference"
        )
    else:
        _check_length(covariate.coefficients, 1, f"{path}.coefficients", f"{covariate.type} covariate")
        _require(covariate.reference is None, f"{path}.reference", "belongs to a category alone")
    if covariate.type == "number":
        _require(covariate.levels is None, f"{path}.levels", "does not belong to a number")
        _check_range(covariate, path)
        _check_range(covariate, path, "minimum", "maximum", together=False)
        _check_range(covariate, path, "minimum", "low", together=False)
        _check_range(covariate, path, "high", "maximum", together=False)
    else:
        for name in ("low", "high", "minimum", "maximum"):
            _require(getattr(covariate, name) is None, f"{path}.{name}", "belongs to a number alone")
        _check_levels(covariate, path)


def _check_levels(covariate: Covariate, path: str) -> None:
    """Levels are told apart without regard to case, and none may read as "unknown" or as the other of two."""
    words = [level.strip().casefold() for level in covariate.levels or ()]
    _check_unique(words, path + ".levels[{}]", "level")
    for index, word in enumerate(words):
        _require(word not in UNKNOWN_WORDS, f"{path}.levels[{index}]", "must not be a word for an unknown value")
    if covariate.type == "binary" and words:
        _check_length(words, 2, f"{path}.levels", "side of a binary covariate")
        _require(words[0] not in TRUE_WORDS, f"{path}.levels[0]", "must be the level coded 0")
        _require(words[1] not in FALSE_WORDS, f"{path}.levels[1]", "must be the level coded 1")


def _check_covariance(covariance: Sequence[Sequence[float]], names: Sequence[str]) -> None:
    path = "nomogram.covariance"
    _check_length(covariance, len(names), path, "coefficient")
    for index, row in enumerate(covariance):
        _check_length(row, len(names), f"{path}[{index}]", "coefficient")
    matrix = np.array(covariance)
    scale = np.abs(matrix).max()
    _require(np.abs(matrix - matrix.T).max() <= _COVARIANCE_TOLERANCE * scale, path, "must be symmetric")
    # Judged as a correlation matrix, or a coefficient with a small variance would hide behind a large one.
    spread = np.sqrt(np.abs(np.diag(matrix)))
    spread[spread == 0] = 1
    lowest = np.linalg.eigvalsh(matrix / np.outer(spread, spread)).min()
    _require(lowest >= -_COVARIANCE_TOLERANCE * len(names), path, "must be positive semidefinite")


def _check_baseline(baseline: Baseline, parameters: int) -> None:
    path = "nomogram.baseline"
    times = len(baseline.months)
    _check_increasing(baseline.months, f"{path}.months")
    _check_length(baseline.survival, times, f"{path}.survival", "month")
    _check_non_increasing(baseline.survival, f"{path}.survival")
    _check_length(baseline.cumulative_hazard_variance, times, f"{path}.cumulative_hazard_variance", "month")
    _check_length(baseline.weighted_covariate_mean, times, f"{path}.weighted_covariate_mean", "month")
    for index, row in enumerate(baseline.weighted_covariate_mean or ()):
        _check_length(row, parameters, f"{path}.weighted_covariate_mean[{index}]", "coefficient")


def _check_groups(groups: Groups) -> None:
    for name in ("low", "high"):
        group, path = getattr(groups, name), f"groups.{name}"
        times = len(group.months)
        _require(group.events <= group.n, f"{path}.events", "must not exceed n")
        _check_increasing(group.months, f"{path}.months")
        for curve in ("survival", "lower", "upper"):
            _check_length(getattr(group, curve), times, f"{path}.{curve}", "month")
        _check_non_increasing(group.survival, f"{path}.survival")
        for index in range(times):
            _require(group.lower[index] <= group.survival[index], f"{path}.lower[{index}]", "must not exceed survival")
            _require(
                group.upper[index] >= group.survival[index], f"{path}.upper[{index}]", "must not be below survival"
            )

"""Consistency of a model: what its fields must satisfy together, beyond the type and range of each."""

from __future__ import annotations

from collections.abc import Iterable

from ..feature_names import (
    DEPRECATED,
    FEATURES,
    IMAGE_TYPES,
    SETTINGS,
    canonical_feature_name,
    image_prefixes,
    split_feature_name,
)
from .addition_checks import check_additions
from .contents import Extraction, Groups, Model, Nomogram, Score
from .rules import (
    FieldError,
    check_baseline,
    check_covariance,
    check_covariate,
    check_increasing,
    check_length,
    check_non_increasing,
    check_range,
    check_unique,
    require,
)

__all__ = ["FieldError", "check", "check_extraction", "check_feature_names"]


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
    require(cohort.events <= cohort.n, "provenance.cohort.events", "must not exceed the number of patients, n")
    if model.extraction is not None:
        check_extraction(model.extraction)
    if model.score is not None:
        _check_score(model.score, model.extraction)
    if model.nomogram is not None:
        _check_nomogram(model.nomogram)
    if model.groups is not None:
        _check_groups(model.groups)
    check_additions(model)
    for index, entry in enumerate(model.performance):
        path = f"performance[{index}]"
        check_range(entry, path, "lower", "upper", together=False)
        require(entry.events is None or entry.events <= entry.n, f"{path}.events", "must not exceed n")


def _check_status(model: Model) -> None:
    if model.status != "incomplete":
        require(model.score is not None, "score", f"is missing, and a model of status {model.status} needs it")
        require(model.cutoff is not None, "cutoff", f"is missing, and a model of status {model.status} needs it")
    if model.provenance.origin == "simulated":
        require(model.status == "demonstration", "status", 'must be "demonstration" for a model of simulated origin')


def _check_missing(model: Model) -> None:
    check_unique((entry.part for entry in model.missing), "missing[{}].part", "part")
    for index, entry in enumerate(model.missing):
        path = f"missing[{index}]"
        require(model.lacks(entry.part), f"{path}.part", f"names {entry.part}, which the model holds")
        only_score = entry.expected_terms is None or entry.part == "score"
        require(only_score, f"{path}.expected_terms", "belongs to the part score alone")


def check_extraction(extraction: Extraction) -> None:
    """Check that settings, image types, classes and features are ones that pyradiomics has.

    Raises
    ------
    FieldError
    """
    for name in extraction.setting:
        require(name in SETTINGS, f"extraction.setting.{name}", "is not a setting of pyradiomics")
    for name, own in extraction.image_type.items():
        path = f"extraction.imageType.{name}"
        require(name in IMAGE_TYPES, path, "is not an image type of pyradiomics")
        require(own is None or isinstance(own, dict), path, "must be an object of settings")
        for setting in own or ():
            require(setting in SETTINGS, f"{path}.{setting}", "is not a setting of pyradiomics")
    for name, wanted in extraction.feature_class.items():
        path = f"extraction.featureClass.{name}"
        require(name in FEATURES, path, "is not a feature class of pyradiomics")
        require(wanted is None or isinstance(wanted, list), path, "must be null or a list of feature names")
        for index, feature in enumerate(wanted or ()):
            known = isinstance(feature, str) and feature in FEATURES[name] | DEPRECATED[name]
            require(known, f"{path}[{index}]", f"is not a feature of pyradiomics' class {name}")


def _check_score(score: Score, extraction: Extraction | None) -> None:
    check_range(score, "score")
    check_unique((term.feature for term in score.terms), "score.terms[{}].feature", "feature")
    for index, term in enumerate(score.terms):
        path = f"score.terms[{index}]"
        check_range(term, path)
        beside = (term.mean is None) == (term.sd is None)
        require(beside, f"{path}.{'mean' if term.mean is None else 'sd'}", "is missing: mean and sd go together")
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
        require(canonical == name, here, f"{name} must be written as pyradiomics does, {canonical}")
        parts = split_feature_name(name)
        if parts is None:
            raise FieldError(here, f"{name} is not a feature of pyradiomics")
        prefix, feature_class, feature = parts
        wanted = _shape_prefixes(feature_class, prefixes)
        require(prefix in wanted, here, f"{name} is not among the images that extraction.imageType makes")
        enabled = _is_enabled(extraction, feature_class, feature)
        require(enabled, here, f"{name} is not enabled in extraction.featureClass")


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
    check_unique((covariate.name for covariate in nomogram.covariates), "nomogram.covariates[{}].name", "name")
    for index, covariate in enumerate(nomogram.covariates):
        check_covariate(covariate, f"nomogram.covariates[{index}]")
    names = nomogram.parameters()
    if nomogram.center is not None:
        for name in names:
            require(name in nomogram.center, f"nomogram.center.{name}", "is missing")
        for name in nomogram.center:
            require(name in names, f"nomogram.center.{name}", f"is not a parameter; these are {', '.join(names)}")
    if nomogram.covariance is not None:
        check_covariance(nomogram.covariance, len(names), "nomogram.covariance", "coefficient")
    check_increasing(nomogram.horizons_months, "nomogram.horizons_months")
    if nomogram.baseline is not None:
        require(nomogram.center is not None, "nomogram.center", "is missing: the baseline needs it")
        check_baseline(nomogram.baseline, len(names), "nomogram.baseline")
        last = nomogram.baseline.months[-1]
        latest = len(nomogram.horizons_months) - 1
        within = nomogram.horizons_months[-1] <= last
        require(within, f"nomogram.horizons_months[{latest}]", f"must not exceed the baseline's last month, {last}")


def _check_groups(groups: Groups) -> None:
    for name in ("low", "high"):
        group, path = getattr(groups, name), f"groups.{name}"
        times = len(group.months)
        require(group.events <= group.n, f"{path}.events", "must not exceed n")
        check_increasing(group.months, f"{path}.months")
        for curve in ("survival", "lower", "upper"):
            check_length(getattr(group, curve), times, f"{path}.{curve}", "month")
        check_non_increasing(group.survival, f"{path}.survival")
        for index in range(times):
            require(group.lower[index] <= group.survival[index], f"{path}.lower[{index}]", "must not exceed survival")
            require(group.upper[index] >= group.survival[index], f"{path}.upper[{index}]", "must not be below survival")

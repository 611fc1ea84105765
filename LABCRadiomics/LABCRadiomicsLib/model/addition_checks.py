"""Consistency of what format version 2 adds to a model: one entry for each term, parameter, site; no contradiction."""

from __future__ import annotations

from collections.abc import Sequence

from .additions import (
    PREPROCESSING,
    Comparator,
    Distribution,
    Domain,
    Harmonization,
    Repeat,
    Uncertainty,
)
from .contents import Extraction, Model, Nomogram
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


def check_additions(model: Model) -> None:
    """Check the additions of a model against the rest of it.

    Raises
    ------
    FieldError
    """
    features = [term.feature for term in model.score.terms] if model.score else []
    if model.extraction is not None:
        _check_preprocessing(model.extraction)
    if model.image.domain is not None:
        _check_domain(model.image.domain)
    if model.score is not None and model.score.distribution is not None:
        _check_distribution(model.score.distribution, len(features), "score.distribution", "term")
    if model.nomogram is not None and model.nomogram.covariate_distribution is not None:
        size = len(model.nomogram.parameters())
        path = "nomogram.covariate_distribution"
        _check_distribution(model.nomogram.covariate_distribution, size, path, "parameter")
    if model.harmonization is not None:
        _check_harmonization(model.harmonization, features, model.nomogram)
    if model.uncertainty is not None:
        _check_uncertainty(model.uncertainty, features, model.nomogram)
    check_unique((comparator.name for comparator in model.comparators), "comparators[{}].name", "name")
    for index, comparator in enumerate(model.comparators):
        _check_comparator(comparator, f"comparators[{index}]")
    marks, cohort = model.provenance.cohort.case_hashes, model.provenance.cohort
    require(len(marks) <= cohort.n, "provenance.cohort.case_hashes", "must not be more than there are patients, n")


def _check_preprocessing(extraction: Extraction) -> None:
    for index, step in enumerate(extraction.preprocessing):
        path = f"extraction.preprocessing[{index}]"
        require("step" in step, f"{path}.step", "is missing")
        named = isinstance(step["step"], str) and step["step"] in PREPROCESSING
        require(named, f"{path}.step", f"must be one of {', '.join(PREPROCESSING)}")


def _check_domain(domain: Domain) -> None:
    path = "image.domain"
    for quantity in ("volume_mm3", "mean", "contrast"):
        check_range(domain, path, f"{quantity}_low", f"{quantity}_high")
    for name in ("spacing_mm_low", "spacing_mm_high"):
        check_length(getattr(domain, name), 3, f"{path}.{name}", "axis")
    low, high = domain.spacing_mm_low, domain.spacing_mm_high
    missing = "spacing_mm_low" if low is None else "spacing_mm_high"
    require((low is None) == (high is None), f"{path}.{missing}", "is missing beside its other end")
    for index, (least, most) in enumerate(zip(low or (), high or (), strict=True)):
        require(least <= most, f"{path}.spacing_mm_low[{index}]", "must not exceed spacing_mm_high")


def _check_distribution(distribution: Distribution, size: int, path: str, of_what: str) -> None:
    check_length(distribution.mean, size, f"{path}.mean", of_what)
    check_covariance(distribution.covariance, size, f"{path}.covariance", of_what)
    check_increasing(distribution.percent, f"{path}.percent")
    check_length(distribution.distance, len(distribution.percent), f"{path}.distance", "percentage")
    check_non_increasing(distribution.distance[::-1], f"{path}.distance, from its end,")


def _check_harmonization(harmonization: Harmonization, features: Sequence[str], nomogram: Nomogram | None) -> None:
    path, size = "harmonization", len(harmonization.features)
    check_unique(harmonization.features, f"{path}.features[{{}}]", "feature")
    for feature in features:
        require(feature in harmonization.features, f"{path}.features", f"lacks {feature}, a feature of the score")
    for name in ("mean", "sd"):
        check_length(getattr(harmonization, name), size, f"{path}.{name}", "feature")
    parameters = nomogram.parameters()[:-1] if nomogram else ()
    center = nomogram.center if nomogram else None
    for index, covariate in enumerate(harmonization.covariates):
        own = f"{path}.covariates[{index}]"
        check_length(covariate.coefficients, size, f"{own}.coefficients", "feature")
        those = f"must be a parameter of the nomogram's covariates; these are {', '.join(parameters) or 'none'}"
        require(covariate.parameter in parameters, f"{own}.parameter", those)
        has_mean = covariate.mean is not None or center is not None
        require(has_mean, f"{own}.mean", "is missing: the nomogram has no center")
    check_unique((site.name for site in harmonization.sites), f"{path}.sites[{{}}].name", "site")
    for index, site in enumerate(harmonization.sites):
        for name in ("location", "scale"):
            check_length(getattr(site, name), size, f"{path}.sites[{index}].{name}", "feature")
    sites = {site.name for site in harmonization.sites}
    known = harmonization.reference is None or harmonization.reference in sites
    require(known, f"{path}.reference", f"must be one of the sites {', '.join(sorted(sites))}")


def _check_uncertainty(uncertainty: Uncertainty, features: Sequence[str], nomogram: Nomogram | None) -> None:
    check_unique(uncertainty.features, "uncertainty.features[{}]", "feature")
    for index, feature in enumerate(uncertainty.features):
        require(feature in features, f"uncertainty.features[{index}]", "must be a feature of the score")
    parameters = len(nomogram.parameters()) if nomogram else 0
    horizons = len(nomogram.horizons_months) if nomogram else 0
    for index, repeat in enumerate(uncertainty.repeats):
        _check_repeat(repeat, f"uncertainty.repeats[{index}]", len(uncertainty.features), parameters, horizons)


def _check_repeat(repeat: Repeat, path: str, features: int, parameters: int, horizons: int) -> None:
    check_length(repeat.coefficients, len(repeat.features), f"{path}.coefficients", "feature")
    check_increasing(repeat.features, f"{path}.features")
    for index, at in enumerate(repeat.features):
        if not at < features:
            raise FieldError(f"{path}.features[{index}]", f"must be below {features}, the number of features")
    if repeat.parameters:
        check_length(repeat.parameters, parameters, f"{path}.parameters", "parameter of the nomogram")
    if repeat.survival:
        require(bool(repeat.parameters), f"{path}.parameters", "is missing: survival needs it")
        check_length(repeat.survival, horizons, f"{path}.survival", "horizon of the nomogram")
        check_non_increasing(repeat.survival, f"{path}.survival")


def _check_comparator(comparator: Comparator, path: str) -> None:
    check_unique((covariate.name for covariate in comparator.covariates), f"{path}.covariates[{{}}].name", "name")
    for index, covariate in enumerate(comparator.covariates):
        check_covariate(covariate, f"{path}.covariates[{index}]")
    names = comparator.parameters()
    if comparator.center is not None:
        for name in names:
            require(name in comparator.center, f"{path}.center.{name}", "is missing")
        for name in comparator.center:
            require(name in names, f"{path}.center.{name}", f"is not a parameter; these are {', '.join(names)}")
    if comparator.covariance is not None:
        check_covariance(comparator.covariance, len(names), f"{path}.covariance", "coefficient")
    if comparator.baseline is not None:
        require(comparator.center is not None, f"{path}.center", "is missing: the baseline needs it")
        check_baseline(comparator.baseline, len(names), f"{path}.baseline")

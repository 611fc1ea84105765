"""What was missing in a training, what stood in for it, and how much the nomogram lost by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..sentences import listed
from ..tables.report_folder import Table
from ..training import Training
from ..training.covariate_imputation import Imputation
from ..training.procedure import RESAMPLED
from .page_parts import PageSection, PageTable
from .sections import Section, records

_SHOWN = 10  # columns in a sentence


def missing_section(training: Training) -> Section:
    """Give what was missing in a training and what became of it."""
    shares, imputation, recipe = training.missing, training.built.imputation, training.plan.recipe
    findings = {
        "features": {"filled_by": recipe.fill if shares.features else None, "missing": shares.features},
        "covariates": {
            "missing": shares.covariates,
            "imputations": recipe.imputations if imputation else 0,
            "imputations_in_resamples": min(recipe.imputations, RESAMPLED) if imputation else 0,
            "coefficients": _coefficients(training, imputation) if imputation else [],
            "c_index": _c_index(imputation) if imputation else None,
        },
    }
    return Section.of({"missing": findings}, _tables, lambda found: _page(found["missing"]))


def _coefficients(training: Training, imputation: Imputation) -> list[dict[str, Any]]:
    found = imputation.fit.coefficients
    names = training.nomogram.stored.parameters()
    rows = zip(names, found.value, found.se, found.lower, found.upper, found.df, found.missing_information, strict=True)
    keys = ("parameter", "coef", "se", "lower", "upper", "df", "missing_information")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _c_index(imputation: Imputation) -> dict[str, Any]:
    c = imputation.fit.c
    keys = ("value", "lower", "upper", "missing_information")
    return {key: float(getattr(c, key)[0]) for key in keys} | {"kind": "apparent"}


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    rows = [
        {"what": what, "column": name, "missing": share}
        for what in ("features", "covariates")
        for name, share in found["missing"][what]["missing"].items()
    ]
    tables = {"missing.csv": records(rows)} if rows else {}
    coefficients = found["missing"]["covariates"]["coefficients"]
    return tables | ({"imputed_coefficients.csv": records(coefficients)} if coefficients else {})


def _page(found: Mapping[str, Any]) -> PageSection | None:
    features, covariates = found["features"], found["covariates"]
    if not features["missing"] and not covariates["missing"]:
        return None
    sentences = []
    if features["missing"]:
        by = "the median" if features["filled_by"] == "median" else "a regression on the five features nearest to each"
        sentences.append(
            f"Missing features ({_shares(features['missing'])}): {by} of the patients that a model is made from stands "
            "in, anew in every resample and fold."
        )
    tables = []
    if covariates["missing"] and not covariates["imputations"]:
        unknown = _shares(covariates["missing"])
        sentences.append(f"Unknown covariates ({unknown}): these patients are not in the nomogram.")
    elif covariates["missing"]:
        c, unknown, repeats = covariates["c_index"], _shares(covariates["missing"]), covariates["imputations"]
        fewer = covariates["imputations_in_resamples"]
        sentences += [
            f"Unknown covariates ({unknown}) were imputed in {repeats} tables by chained equations from each other, "
            f"the score and the outcome ({fewer} tables in each resample and fold); Rubin's rules join what the tables "
            "give.",
            f"The nomogram's C-index over the tables is {c['value']:.3f} (95% limits {c['lower']:.3f} to "
            f"{c['upper']:.3f}; apparent), {c['missing_information']:.0%} of its information is missing. The other "
            "figures of the nomogram are of predictions as a new patient gets them, where what is unknown is expected "
            "from the known.",
        ]
        body = tuple(
            (row["parameter"], f"{row['coef']:.4g}", f"{row['lower']:.4g} to {row['upper']:.4g}",
             f"{row['missing_information']:.0%}")
            for row in covariates["coefficients"]
        )  # fmt: skip
        header = ("parameter", "log hazard ratio", "95% limits", "information missing")
        tables.append(PageTable(header, body, numeric=frozenset({1, 2, 3})))
    return PageSection("Missing values", tuple(sentences), tuple(tables), ())


def _shares(missing: Mapping[str, float]) -> str:
    shown = [f"{name} {share:.0%}" for name, share in sorted(missing.items(), key=lambda item: -item[1])]
    return listed(shown, _SHOWN)

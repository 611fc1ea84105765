"""How much of a model is optimism: bootstrap, nested cross-validation, permutations, events a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..performance import Estimate, Measure
from ..performance.metrics import UNKNOWN
from ..tables.report_folder import Table
from ..training import Training
from ..training.cross_validation import PERMUTATION_STATISTIC, NestedValidation, PermutationTest
from ..training.optimism import METHOD, Optimism
from .page_parts import PageSection, PageTable, estimate_text, figure_text
from .sections import Section, flat, records

_SPREADS = {
    "features_selected": "features selected",
    "cutoff": "cutoff (scores of resamples have their own scale)",
    "cutoff_percentile": "share of patients at low risk",
    "lambda": "penalty lambda",
}


_NOTE = (
    "Corrected: nested cross-validation of the whole selection, on patients that a model had not seen; its limits are "
    "those of a model of the whole cohort on other patients. "
)
_NOTE_ON_BOOTSTRAP = (
    "Out of bag: on the patients a bootstrap sample left out, by models of fewer patients, so too pessimistic where "
    "there is a signal; .632+ lies between it and apparent. Harrell's correction is too hopeful where features were "
    "selected."
)


def optimism_section(training: Training) -> Section:
    """Give every estimate of optimism that was made."""
    resampled = training.resampled
    findings = {
        "optimism": resampled.optimism and _optimism(resampled.optimism, resampled.nested, training),
        "nested": resampled.nested and _nested(resampled.nested),
        "permutation": resampled.permutation and _permutation(resampled.permutation),
        "events_per_parameter": vars(training.events_per_parameter),
    }
    return Section.of(findings, _tables, _page)


def trust_table(training: Training) -> PageTable | None:
    """Set apparent and corrected figures side by side; where nothing was resampled the apparent ones stand alone."""
    optimism, nested = training.resampled.optimism, training.resampled.nested
    apparent = {figure.measure: figure.estimate for figure in training.performance if figure.kind == "apparent"}
    if nested is None:
        rows = tuple((figure.label, figure_text(figure)) for figure in training.performance)
        return PageTable(("measure (95% limits)", "apparent"), rows, numeric=frozenset({1}))
    corrected, found = dict(nested.rows), {row.measure: row for row in optimism.rows} if optimism else {}
    apparent |= {measure: row.apparent for measure, row in found.items()}
    header = ["measure (95% limits)", "apparent", "corrected (cross-validated)"]
    header += ["out of bag", ".632+", "Harrell's"] if found else []
    body = []
    for measure in list(found) or list(corrected):
        cells = [measure.label, *(_cell(values, measure) for values in (apparent, corrected))]
        if found:
            row = found[measure]
            cells += [estimate_text(row.out_of_bag), _number(row.point632plus), _number(row.harrell)]
        body.append(tuple(cells))
    note = _NOTE + (_NOTE_ON_BOOTSTRAP if found else "")
    return PageTable(tuple(header), tuple(body), numeric=frozenset(range(1, len(header))), note=note)


def _cell(values: Mapping[Measure, Estimate], measure: Measure) -> str:
    return estimate_text(values[measure]) if measure in values else ""


def _number(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else ""


def _optimism(optimism: Optimism, nested: NestedValidation | None, training: Training) -> dict[str, Any]:
    corrected = dict(nested.rows) if nested else {}
    selection, names = training.built.selection, training.cohort.names
    chosen = selection.coefficients != 0
    order = np.argsort(-optimism.frequency, kind="stable")
    return {
        "method": METHOD,
        "repeats": optimism.repeats,
        "used": optimism.used,
        "empty": optimism.empty,
        "rows": [
            {
                "metric": row.measure.label,
                "measure": str(row.measure.metric),
                "marker": row.measure.marker,
                "horizon_months": row.measure.horizon_months,
                "apparent": row.apparent.to_dict(),
                "harrell": row.harrell,
                "out_of_bag": row.out_of_bag.to_dict(),
                "point632plus": row.point632plus,
                "corrected": corrected.get(row.measure, UNKNOWN).to_dict(),
                "optimism": row.apparent.value - corrected.get(row.measure, UNKNOWN).value,
            }
            for row in optimism.rows
        ],
        "selection_frequency": [
            {"feature": names[at], "frequency": optimism.frequency[at], "in_model": chosen[at]}
            for at in order
            if optimism.frequency[at] > 0 or chosen[at]
        ],
        "features_selected": _spread(optimism.selected, int(chosen.sum())),
        "cutoff": _spread(optimism.cutoff, training.built.cutoff),
        "cutoff_percentile": _spread(optimism.cutoff_percentile, float((~training.score.groups.high).mean())),
        "lambda": _spread(optimism.penalty, selection.penalty),
    }


def _spread(values: np.ndarray, own: float) -> dict[str, Any]:
    """The model's own value beside the median and the central 95 % of the resamples'."""
    known = values[np.isfinite(values)]
    if not known.size:
        return {"value": own, "median": None, "lower": None, "upper": None}
    lower, median, upper = np.percentile(known, (2.5, 50, 97.5))
    return {"value": own, "median": median, "lower": lower, "upper": upper}


def _nested(nested: NestedValidation) -> dict[str, Any]:
    rows = [
        {"metric": measure.label, **estimate.to_dict(), "measure": str(measure.metric), "marker": measure.marker}
        for measure, estimate in nested.rows
    ]
    return {"repeats": nested.repeats, "folds": nested.folds, "rows": rows}


def _permutation(test: PermutationTest) -> dict[str, Any]:
    return {
        "permutations": test.null.size,
        "statistic": PERMUTATION_STATISTIC,
        "observed": test.observed,
        "p": test.p,
        "null": test.null,
    }


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    tables = {}
    if found["optimism"]:
        tables["optimism.csv"] = records(flat(row) for row in found["optimism"]["rows"])
        tables["selection_frequency.csv"] = records(found["optimism"]["selection_frequency"])
    if found["nested"]:
        tables["nested.csv"] = records(found["nested"]["rows"])
    if found["permutation"]:
        tables["permutation.csv"] = ["c_index"], [(value,) for value in found["permutation"]["null"]]
    return tables


def _page(found: Mapping[str, Any]) -> PageSection:
    optimism, ratios = found["optimism"], found["events_per_parameter"]
    sentence = (
        f"Events for each candidate looked at {ratios['candidates']:.2g}, for each feature of the score "
        f"{ratios['selected']:.2g}, for each coefficient of the nomogram {ratios['nomogram']:.2g}; ten or more are "
        "usually asked for."
    )
    if not optimism:
        return PageSection("Stability", (sentence,))
    rows = tuple(
        (name, *(_short(optimism[key][part]) for part in ("value", "median", "lower", "upper")))
        for key, name in _SPREADS.items()
    )
    header = ("over the bootstrap samples", "the model", "median", "2.5%", "97.5%")
    used = f"{optimism['used']} of {optimism['repeats']} samples could be used, {optimism['empty']} selected nothing."
    return PageSection("Stability", (sentence, used), (PageTable(header, rows, numeric=frozenset({1, 2, 3, 4})),))


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"

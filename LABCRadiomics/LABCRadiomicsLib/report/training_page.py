"""The index page of a training: what was made, how far to trust it, and every step's evidence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..model.file import load_model
from ..plots import cohort as cohort_plots
from ..plots.nomogram import nomogram_figure
from ..tables.csv_table import read_table
from .page import Figure, Page, Section, Table, gain_table, limits, main_index, p_value, text, with_limits


def training_page(report: Mapping[str, Any], folder: Path) -> Page:
    """Lay out ``report.json`` of a training.

    Parameters
    ----------
    report : mapping
        As :func:`.training.report.training_document` gives it.
    folder : path
        With ``model.json`` and ``scores.csv``.
    """
    sections = (
        _selection(report),
        _groups(report, folder),
        _discrimination(report),
        _nomogram(report, folder),
        _calibration(report),
        _use(report),
        _subgroups(report),
        _characteristics(report),
        _stability(report),
    )
    return Page(
        title=report["title"],
        subtitle=f"{report['n']} patients, {report['events']} events; endpoint {report['endpoint'].lower()}",
        demonstration=report["status"] == "demonstration",
        headline=_headline(report),
        answer=tuple(_answer(report)),
        trust=_trust(report),
        warnings=tuple(note["message"] for note in report["notes"]),
        sections=tuple(section for section in sections if section is not None),
        provenance=(
            ("model", f"{report['model']}, {report['status']}"),
            ("model fingerprint", report["fingerprint"]),
            *((f"SHA-256 of {name}", value) for name, value in report["inputs"].items()),
            ("settings", ", ".join(f"{name} {_setting(value)}" for name, value in report["settings"].items())),
            ("software", ", ".join(f"{name} {number}" for name, number in report["software"].items())),
        ),
    )


def _setting(value: Any) -> str:
    return (" + ".join(value) or "none") if isinstance(value, list) else "none" if value is None else str(value)


def _headline(report: Mapping[str, Any]) -> str:
    apparent, corrected = (main_index(report, kind) for kind in ("apparent", "optimism-corrected"))
    if corrected is None:
        return f"Apparent C-index {apparent['value']:.2f}: its optimism was not measured"
    verdict = (
        "" if corrected["lower"] is not None and corrected["lower"] > 0.5 else ": not shown to be better than chance"
    )
    return (
        f"C-index {corrected['value']:.2f} ({limits(corrected, 2)}) expected on other patients{verdict}; "
        f"{apparent['value']:.2f} on its own"
    )


def _answer(report: Mapping[str, Any]) -> list[str]:
    terms, groups = len(report["score_terms"]), report["groups"]
    sentences = [
        f"Of {report['features_in']} features {report['features_univariable']} pass the univariable screening and "
        f"{terms} make the score. Its cutoff {report['roc']['cutoff']:.5g} puts {groups['high']['n']} patients at high "
        f"and {groups['low']['n']} at low risk."
    ]
    if report["optimism"]:
        sentences.append(
            "On its own patients any model looks better than it is, because features, penalty and cutoff were chosen "
            f"on them. The whole selection was repeated on {report['optimism']['repeats']} bootstrap samples; the "
            "corrected column below is what to expect on other patients of the same kind."
        )
    else:
        sentences.append("Every figure here is apparent, on the patients the model was made from, and too good.")
    permutation = report["permutation"]
    if permutation:
        verdict = "there is a signal" if permutation["p"] < 0.05 else "no signal is shown"
        sentences.append(
            f"With outcomes shuffled {permutation['permutations']} times, p {p_value(permutation['p'])}: {verdict} "
            f"({permutation['statistic']})."
        )
    return sentences


def _trust(report: Mapping[str, Any]) -> Table:
    """Apparent and corrected side by side; without a bootstrap the apparent figures alone."""
    nested = {row["metric"]: row for row in (report["nested"] or {"rows": ()})["rows"]}
    if not report["optimism"]:
        rows = tuple((row["metric"], with_limits(row)) for row in report["performance"])
        return Table(("measure (95% limits)", "apparent"), rows, numeric=frozenset({1}))
    header = ["measure (95% limits)", "apparent", "corrected (.632+)", "out of bag", "Harrell's"]
    header += ["nested cross-validation"] if nested else []
    rows = []
    for row in report["optimism"]["rows"]:
        cells = [row["metric"], *(with_limits(row[name]) for name in ("apparent", "corrected", "out_of_bag"))]
        cells.append(text(row["harrell"]))
        if nested:
            cells.append(with_limits(nested[row["metric"]]) if row["metric"] in nested else "")
        rows.append(tuple(cells))
    note = (
        "Corrected: between apparent and out of bag, the nearer to the latter the more was overfitting. Out of bag: on "
        "the patients a bootstrap sample left out. Harrell's correction is too hopeful where features were selected."
    )
    return Table(tuple(header), tuple(rows), numeric=frozenset(range(1, len(header))), note=note)


def _selection(report: Mapping[str, Any]) -> Section:
    steps = [f"{report['features_in']} features"]
    if report["icc"]:
        steps.append(f"{report['features_icc']} agree between readers (ICC above {report['icc']['threshold']:g})")
    steps.append(f"{report['features_univariable']} with univariable p below {report['settings']['p']:g}")
    steps.append(f"{len(report['score_terms'])} in the score (lambda {report['lambda']:.4g})")
    names = list(report["path"]["coefficients"])
    figures = [
        Figure(
            cohort_plots.cross_validation(report["cv"], report["lambda_min"], report["lambda_1se"], report["lambda"]),
            "Cross-validated deviance of the LASSO path",
            "Partial-likelihood deviance with its standard error; fewer features to the left.",
        ),
        Figure(
            cohort_plots.coefficient_path(
                report["path"]["lambda"],
                np.column_stack([report["path"]["coefficients"][name] for name in names]),
                names,
                report["lambda"],
            ),
            "Coefficients of the LASSO path",
            "Per standard deviation of the feature; dotted: the penalty used.",
        ),
    ]
    if report["optimism"]:
        rows = report["optimism"]["selection_frequency"]
        png = cohort_plots.selection(
            [row["feature"] for row in rows],
            [row["frequency"] for row in rows],
            [row["feature"] for row in rows if row["in_model"]],
        )
        figures.append(Figure(png, "How often the bootstrap selects each feature"))
    terms = sorted(report["score_terms"], key=lambda row: -abs(row["per_sd"]))
    found = {row["feature"]: row for row in report["univariable"]}
    rows = tuple(
        (row["feature"], f"{row['coefficient']:.5g}", f"{row['per_sd']:.3f}", p_value(found[row["feature"]]["p"]))
        for row in terms
    )
    table = Table(
        ("feature of the score", "coefficient", "per standard deviation", "univariable p"),
        rows,
        numeric=frozenset({1, 2, 3}),
        note="All univariable tests are in univariable.csv.",
    )
    return Section("Selection of features", (" → ".join(steps) + ".",), (table,), tuple(figures))


def _groups(report: Mapping[str, Any], folder: Path) -> Section:
    groups = report["groups"]
    scores = read_table(folder / "scores.csv")
    events = scores.numbers("event") == 1
    figures = (
        Figure(
            cohort_plots.kaplan_meier(groups, report["endpoint"], report["logrank"]["p"]),
            "Kaplan-Meier curves of the risk groups with numbers at risk",
            "Apparent: the cutoff was chosen on these patients, so p and hazard ratio are too good.",
        ),
        Figure(
            cohort_plots.waterfall(scores.numbers("score"), events, groups["cutoff"]),
            "Radiomics score of every patient, sorted",
        ),
    )
    rows = tuple(
        (f"{name} risk", str(group["n"]), str(group["events"]), _months(group["median"]))
        for name, group in (("low", groups["low"]), ("high", groups["high"]))
    )
    header = ("group", "patients", "events", "median survival, months (95% limits)")
    return Section("Risk groups", (), (Table(header, rows, numeric=frozenset({1, 2, 3})),), figures)


def _months(median: Mapping[str, Any]) -> str:
    if median["value"] is None:
        return "not reached"
    ends = ("not reached" if median[end] is None else f"{median[end]:.1f}" for end in ("lower", "upper"))
    return f"{median['value']:.1f} ({' to '.join(ends)})"


def _discrimination(report: Mapping[str, Any]) -> Section:
    roc = report["roc"]
    caption = f"Cutoff by the largest Youden index: {roc['cutoff']:.5g}. Apparent."
    curve = Figure(
        cohort_plots.roc([{**roc, **roc["curve"]}], roc["horizon"]), "Time-dependent ROC curve of the score", caption
    )
    rows = [row for row in report["performance"] if row["metric"].startswith("C-index, ")]
    labeled = [
        {**row, "label": f"{row['metric'].removeprefix('C-index, ')}: {row['kind']}",
         "series": int(row["kind"] != "apparent")}
        for row in sorted(rows, key=lambda row: row["metric"])
    ]  # fmt: skip
    figures = [curve, Figure(cohort_plots.comparison(labeled), "C-indices, apparent and corrected", "Dotted: chance.")]
    comparison = report["comparison"]
    if comparison is None:
        return Section("Discrimination", (), (), tuple(figures))
    models = [{"label": row["model"], **row["c_index"]} for row in comparison["models"]]
    png = cohort_plots.comparison(models)
    caption = f"On the {comparison['n']} patients with all covariates; apparent."
    figures.append(Figure(png, "C-indices of the score, the nomogram and clinical models", caption))
    added = [(f"{row['new']} over {row['old']}", row) for row in comparison["added"]]
    tables = (gain_table(added, "gain (95% limits), apparent"),) if added else ()
    return Section("Discrimination and added value", (), tables, tuple(figures))


def _nomogram(report: Mapping[str, Any], folder: Path) -> Section:
    figures = []
    drawing = nomogram_figure(load_model(folder / "model.json"))
    if drawing:
        figures.append(
            Figure(drawing, "Nomogram", "Points of each value add up; below, survival for the total points.")
        )
    covariates = report["covariates"]
    rows = []
    for heading, key in (("Each alone", "univariable"), ("Together (the nomogram)", "multivariable")):
        if covariates[key]:
            rows += [{"label": heading}, *(_forest_row(row) for row in covariates[key])]
    figures.append(
        Figure(
            cohort_plots.forest(rows),
            "Hazard ratios of the covariates and the score",
            "Of numbers, per standard deviation.",
        )
    )
    test = report["proportional_hazards"]
    checked = [(row["parameter"], f"{row['chisq']:.2f}", p_value(row["p"])) for row in test["rows"]]
    checked.append(("all together", f"{test['global']['chisq']:.2f}", p_value(test["global"]["p"])))
    table = Table(("proportional hazards", "chi-square", "p"), tuple(checked), numeric=frozenset({1, 2}),
                  note="A small p: the hazard ratio changes over time.")  # fmt: skip
    return Section("Nomogram", (), (table,), tuple(figures))


def _forest_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the forest plot: a number's hazard ratio per standard deviation, a level's against its reference."""
    if row["level"] is not None:
        label = f"{row['label']}: {row['level']} against {row['reference']}"
        return {"label": label, **{name: row[name] for name in ("hr", "lower", "upper", "p")}}
    ends = {name: row[f"per_sd_{name}"] for name in ("hr", "lower", "upper")}
    return {"label": row["label"], "p": row["p"], **ends}


def _calibration(report: Mapping[str, Any]) -> Section | None:
    entries = [e for e in report["calibration"]["horizons"] if e["groups"] or e["curve"] or e["summary"]]
    if not entries:
        return None
    figures = tuple(
        Figure(cohort_plots.calibration(entry, report["endpoint"]), f"Calibration at {entry['months']:g} months")
        for entry in entries
    )
    return Section(
        "Calibration",
        ("Apparent: a model fits its own patients. The corrected calibration slope is in the table at the top.",),
        (),
        figures,
    )


def _use(report: Mapping[str, Any]) -> Section | None:
    entries = report["decision_curve"]["horizons"]
    if not entries:
        return None
    figures = tuple(
        Figure(cohort_plots.decision(entry), f"Decision curves at {entry['months']:g} months", "Apparent.")
        for entry in entries
    )
    return Section("Clinical use", (), (), figures)


def _subgroups(report: Mapping[str, Any]) -> Section | None:
    subgroups = report["subgroups"]
    if not subgroups:
        return None
    rows = [_forest_of_subgroup(row) for row in subgroups if row["hazard_ratio"]]
    figures = []
    if rows:
        png = cohort_plots.forest(rows, "hazard ratio, high against low risk (95% limits)")
        figures.append(Figure(png, "Hazard ratio of the risk groups within subgroups", "Apparent."))
    for row in subgroups:
        if row["low"] and row["high"]:
            png = cohort_plots.kaplan_meier(
                {"low": row["low"], "high": row["high"], "hazard_ratio": row["hazard_ratio"]},
                report["endpoint"],
                row["logrank"]["p"],
            )
            title = f"{row['label']}: {row['level']}"
            figures.append(Figure(png, f"Kaplan-Meier curves, {title}", f"{title}, {row['n']} patients"))
    body = tuple(
        (f"{row['label']}: {row['level']}", str(row["n"]), str(row["events"]),
         p_value(row["logrank"]["p"]) if row["logrank"] else "", p_value(row["interaction_p"]), row["note"] or "")
        for row in subgroups
    )  # fmt: skip
    header = ("subgroup", "patients", "events", "log-rank p", "interaction p", "remark")
    return Section("Subgroups", (), (Table(header, body, numeric=frozenset({1, 2, 3, 4})),), tuple(figures))


def _forest_of_subgroup(row: Mapping[str, Any]) -> dict[str, Any]:
    ratio = row["hazard_ratio"]
    return {"label": f"{row['label']}: {row['level']} (n = {row['n']})", "hr": ratio["value"], **ratio}


def _characteristics(report: Mapping[str, Any]) -> Section | None:
    rows = report["baseline_table"]
    if not rows:
        return None
    body = tuple(
        (f"\u2003{row['level']}" if row["level"] else row["characteristic"], row["everyone"], *row["by_group"],
         row["test"] or "", p_value(row["p"]))
        for row in rows
    )  # fmt: skip
    header = ("", "all patients", "low risk", "high risk", "test", "p")
    return Section("Patients", (), (Table(header, body, numeric=frozenset({1, 2, 3, 5})),))


def _stability(report: Mapping[str, Any]) -> Section | None:
    optimism = report["optimism"]
    per_parameter = report["events_per_parameter"]
    sentence = (
        f"Events for each candidate looked at {per_parameter['candidates']:.2g}, for each feature of the score "
        f"{per_parameter['selected']:.2g}, for each coefficient of the nomogram {per_parameter['nomogram']:.2g}; ten "
        "or more are usually asked for."
    )
    if not optimism:
        return Section("Stability", (sentence,))
    names = {
        "features_selected": "features selected",
        "cutoff": "cutoff (scores of resamples have their own scale)",
        "cutoff_percentile": "share of patients at low risk",
        "lambda": "penalty lambda",
    }
    rows = tuple(
        (name, *(_short(optimism[key][part]) for part in ("value", "median", "lower", "upper")))
        for key, name in names.items()
    )
    table = Table(
        ("over the bootstrap samples", "the model", "median", "2.5%", "97.5%"), rows, numeric=frozenset({1, 2, 3, 4})
    )
    used = f"{optimism['used']} of {optimism['repeats']} samples could be used, {optimism['empty']} selected nothing."
    return Section("Stability", (sentence, used), (table,))


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"

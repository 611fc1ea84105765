"""How good the model is, by which measures, how sure that is, and compared with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..sentences import joined, many
from .study import Answer, Study, card, estimate, figure, files, p_value, page, report

_MEASURES = {
    "c_index": "Harrell's C-index",
    "uno_c": "Uno's C-index",
    "auc": "area under the time-dependent ROC curve (inverse probability of censoring weighting)",
    "calibration_slope": "calibration slope",
    "calibration_slope_of_score": "calibration slope of the score's share",
    "hazard_ratio": "hazard ratio of the risk groups",
    "log_hazard_ratio": "log hazard ratio of the risk groups",
    "peto_log_hazard_ratio": "Peto's log hazard ratio of the risk groups",
    "logrank_p": "log-rank test of the risk groups",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "positive_predictive_value": "positive predictive value",
    "negative_predictive_value": "negative predictive value",
    "brier_score": "Brier score",
    "ipa": "index of prediction accuracy",
    "observed_expected": "observed over expected events",
    "c_index_gain": "difference of C-indices",
    "idi": "integrated discrimination improvement (IDI)",
    "nri_continuous_km": "continuous net reclassification improvement (NRI)",
}
_MAIN = ("c_index", "auc", "calibration_slope", "observed_expected")
_PERFORMANCE = files("performance.csv")


def measures(study: Study) -> Answer:
    """The measures and plots that were used."""
    kinds = list(dict.fromkeys(row["measure"] for row in study.report["performance"]))
    named = [_MEASURES.get(kind, kind) for kind in kinds]
    plots = ["Kaplan-Meier curves"] if study.report["groups"] else []
    plots += ["time-dependent ROC curves"] if study.report["roc"] else []
    plots += ["calibration curves"] if study.report["calibration"]["horizons"] else []
    plots += ["decision curves"] if study.report["decision_curve"]["horizons"] else []
    drawn = f" Plots: {joined(plots)}." if plots else ""
    return Answer(f"{joined(named)}.{drawn}", (report("performance"), _PERFORMANCE, page(*_pages(study))), "why these")


def _pages(study: Study) -> tuple[str, ...]:
    """Titles of those sections of the page that show performance."""
    discrimination = "Discrimination"
    if study.is_training and study.report["comparison"]:
        discrimination = "Discrimination and added value"
    shown = [(discrimination, bool(study.report["roc"])), ("Risk groups", True)]
    shown.append(("Calibration", any(_calibrated(study))))
    shown.append(("Clinical use", bool(study.report["decision_curve"]["horizons"])))
    return tuple(title for title, there in shown if there)


def _calibrated(study: Study) -> list[Mapping[str, Any]]:
    entries = study.report["calibration"]["horizons"]
    return [entry for entry in entries if entry["summary"] or entry["groups"] or entry["curve"]]


def performance(study: Study) -> Answer | None:
    """The main figures with their limits."""
    rows = study.figures(*_MAIN)
    if not rows:
        return None
    figures = "; ".join(f"{row['metric']}: {estimate(row)}, {_kind(study, row)}" for row in rows)
    return Answer(
        f"{figures}. {_subgroups(study)}",
        (report("performance", *(["subgroups"] if study.is_training else [])), _PERFORMANCE),
    )


def _kind(study: Study, row: Mapping[str, Any]) -> str:
    plain = study.is_training or row["kind"] == "apparent" or row["kind"] == row["cohort"]
    return row["kind"] if plain else f"{row['kind']} ({row['cohort']})"


def _subgroups(study: Study) -> str:
    if not study.is_training:
        return "No subgroups were looked at."
    rows = study.report["subgroups"]
    if not rows:
        return "No subgroups were given to the software."
    named = joined(list(dict.fromkeys(row["covariate"] for row in rows)))
    return f"Risk groups within {named} are in subgroups.csv."


def uncertainty(study: Study) -> Answer | None:
    """How the limits were made, and how many figures have them."""
    rows = [row for row in study.report["performance"] if row["measure"] != "logrank_p"]
    known = [row for row in rows if row["lower"] is not None]
    if not rows:
        return None
    sentences = [f"{len(known)} of {many(len(rows), 'figure')} have 95% limits."]
    if study.is_training and study.report["nested"]:
        sentences.append("Those of corrected figures count how the model itself would vary (Nadeau and Bengio 2003).")
    repeats = study.settings["reclassification" if study.is_training else "bootstrap"]
    if repeats:
        what = "IDI and NRI" if study.is_training else "Brier score, IPA, IDI and NRI"
        sentences.append(f"Limits of {what}: {many(repeats, 'bootstrap resample')}, seed {study.settings['seed']}.")
    return Answer(" ".join(sentences), (report("performance", "settings"), _PERFORMANCE))


def calibration(study: Study) -> str | None:
    """The calibration in a sentence; None where none was measured."""
    entries = [entry for entry in study.report["calibration"]["horizons"] if entry["summary"]]
    if not entries:
        return None
    last = entries[-1]["summary"]
    values = {name: figure(value) for name, value in last.items()}
    text = (
        f"at {entries[-1]['months']:g} months observed over expected events are {values['ratio']} "
        f"({values['ratio_lower']} to {values['ratio_upper']}) and the slope is {values['slope']} "
        f"({values['slope_lower']} to {values['slope_upper']})"
    )
    if not study.is_training:
        return f"{text}."
    corrected = study.figures("calibration_slope", kind="optimism-corrected")
    after = f"; corrected, the slope of the {corrected[0]['marker']} is {estimate(corrected[0])}" if corrected else ""
    return f"{text}, apparent{after}."


def added_value(study: Study) -> Answer | None:
    """What the score adds to a clinical model, where one was compared."""
    if study.is_training:
        return _added_in_training(study)
    found = study.report["reclassification"]
    if not found:
        return None
    gain = found["c_difference"]
    row = {"value": gain["difference"], "lower": gain["lower"], "upper": gain["upper"]}
    changes = [f"IDI at {entry['horizon']:g} months {estimate(entry['idi'])}" for entry in found["horizons"]]
    text = "; ".join([f"difference of C-indices {estimate(row)}, {p_value(gain['p'])}", *changes])
    fitted = " ".join(study.notes("comparator-fitted-here"))
    return Answer(
        f"Compared with {found['comparator']}: {text}. {fitted}".strip() + _verdicts(study),
        (report("reclassification", "added_by_score"), page(f"Compared with {found['comparator']}")),
    )


def _added_in_training(study: Study) -> Answer | None:
    found = study.report["comparison"]
    if not found or not found["added"]:
        return None
    rows = [
        f"{row['new']} over {row['old']}: difference of C-indices {estimate(row['c_difference'])}, "
        f"{p_value(row['c_difference']['p'])}, IDI {estimate(row['idi'])}"
        for row in found["added"]
    ]
    models = joined([f"the {row['model']}" for row in found["models"]])
    return Answer(
        f"T{models[1:]} were compared on {found['n']} patients; {'; '.join(rows)}. All apparent.{_verdicts(study)}",
        (
            report("comparison", "added_by_score"),
            files("models.csv", "added_value.csv"),
            page("Discrimination and added value"),
        ),
    )


def _verdicts(study: Study) -> str:
    """What the score adds by predictions for patients that neither model had seen."""
    sentences = [
        f" On patients that the models had not seen the score {row['verdict']} to the {row['without']}: difference of "
        f"C-indices {estimate(row['c_index']['gain'])}, likelihood-ratio {p_value(row['likelihood_ratio']['p'])}."
        for row in study.report["added_by_score"]
    ]
    return "" if study.report.get("training_cases") else "".join(sentences)


def comparison_method(study: Study) -> Answer | None:
    """How models were compared."""
    compared = added_value(study)
    if compared is None:
        return None
    return Answer(
        "C-indices by the infinitesimal jackknife of their difference, IDI and NRI with bootstrap limits, by "
        f"{study.software}. P values are not adjusted for multiple comparisons.",
        compared.where,
    )


def testing(study: Study) -> Answer:
    """Internal or external testing."""
    found = study.report
    if study.is_training:
        nested = found["nested"]
        if not nested:
            text = "None: the model was measured on its own patients only."
            return Answer(text, (report("nested", "optimism"),), "testing elsewhere")
        text = (
            f"Internal, by {nested['folds']}-fold nested cross-validation of the whole procedure; no test set was set "
            "aside."
        )
        return Answer(text, (report("nested"), files("nested.csv")), "testing elsewhere")
    own = found["training_cases"]
    if found["kind"] == "apparent":
        text = "None: these are the patients that the model was made from."
        return Answer(text, (report("kind", "training_cases"),))
    where = "of another center" if found["kind"] == "external" else "other than those the model was made from"
    mixed = f" But {own} of them are training patients of the model." if own else ""
    return Answer(
        f"The model was applied to {found['n']} patients, said to be {where} (cohort {found['cohort']}).{mixed}",
        (report("kind", "cohort", "n", "training_cases"),),
        "where these patients come from, and how many sites there are",
    )


def without_information(study: Study) -> Answer:
    """What the model was compared with that knows nothing."""
    main = [row for row in study.figures("c_index") if row["marker"] == "radiomics score alone"]
    best = next((row for row in main if row["kind"] == "optimism-corrected"), main[0] if main else None)
    sentences, where = [], [report("performance")]
    if best is not None and best["lower"] is not None:
        verdict = "exclude" if best["lower"] > 0.5 or best["upper"] < 0.5 else "include"
        sentences.append(
            f"The limits of the score's C-index, {estimate(best)} ({best['kind']}), {verdict} chance (0.5)."
        )
    permutation = study.report.get("permutation")
    if permutation:
        sentences.append(f"Permutation test of no signal: {p_value(permutation['p'])}.")
        where.append(report("permutation"))
    if study.report["decision_curve"]["horizons"]:
        sentences.append("Decision curves show it against treating all and none.")
        where.append(files("decision_curve.csv"))
    return Answer(" ".join(sentences) or "It was compared with nothing simpler.", tuple(where))


def interpretability(study: Study) -> Answer:
    """What explains the model."""
    terms = study.model.score.terms if study.model.score else ()
    sentences = [f"The score is linear: {many(len(terms), 'coefficient')}, and the meaning of each feature in words."]
    where = [card("Score")]
    if study.model.nomogram is not None:
        sentences.append("A nomogram shows the share of each covariate.")
        where.append(card("Nomogram"))
    return Answer(" ".join(sentences), tuple(where))


def feature_statistics(study: Study) -> Answer | None:
    """What is known of the features that were selected."""
    if not study.is_training:
        return None
    found, optimism = study.report, study.report["optimism"]
    text = (
        f"{found['features_univariable']} of {found['features_icc']} features passed the screening; coefficients, "
        "hazard ratios and p of all are given."
    )
    where = [report("univariable", "score_terms"), files("univariable.csv", "score_terms.csv")]
    if optimism:
        chosen = [row["frequency"] for row in optimism["selection_frequency"] if row["in_model"]]
        text += (
            f" In {optimism['used']} bootstrap samples the score's features were selected in {min(chosen):.0%} to "
            f"{max(chosen):.0%}."
        )
        where.append(files("selection_frequency.csv"))
    return Answer(text, tuple(where))


def limitations(study: Study) -> Answer | None:
    """What the software noticed."""
    notes: Sequence[str] = [note["message"] for note in study.report["notes"]]
    if not notes:
        return None
    return Answer(
        f"The software noticed: {' '.join(notes)}",
        (report("notes"), page("How far to trust it")),
        "limitations of the study, and what they do to bias and precision",
    )

"""Who the patients are, what was known of them, how many there are and how long they were followed."""

from __future__ import annotations

from ..model import Covariate
from ..sentences import joined, many
from .study import Answer, Study, card, files, page, report

_LEFT_OUT = ("outcomes-without-features", "cases-with-missing-features")
_HOLES = ("features-imputed", "cases-with-missing-features", "features-with-missing")
_COUNTS = ("patients", "events")  # rows that every table of patients has
_UNKNOWN = ("unknown-covariates", "covariate-unknown", "covariate-column-absent")


def data_source(study: Study) -> Answer | None:
    """Where the data come from: known of simulated patients alone."""
    if not study.simulated or not study.is_training:
        return None
    return Answer("The patients are simulated: there are no real ones.", (card("Where it comes from"),))


def outcome(study: Study) -> Answer | None:
    """The endpoint, as it was named to the software."""
    endpoint = study.report["endpoint"]
    if endpoint is None:
        return None
    months = joined([f"{horizon:g}" for horizon in study.report["horizons_months"]])
    return Answer(
        f"{endpoint}: months from the start of follow-up to the event, or to its end without one. Horizons: {months} "
        "months.",
        (report("endpoint", "horizons_months"),),
        "definition of the event, start of follow-up, how, when and by whom it was assessed, why this outcome, and "
        "whether alike in all groups of people",
    )


def flow(study: Study) -> Answer:
    """Participants with and without the event, and their follow-up."""
    found, left_out = study.report, study.notes(*_LEFT_OUT)
    sentences = [
        f"{many(found['n'], 'patient')}, {found['events']} with the event and {found['n'] - found['events']} "
        f"without it at the end of their follow-up. {_follow_up(study)}",
        *left_out,
    ]
    return Answer(
        " ".join(sentences),
        (report("n", "events", "follow_up", *(["notes"] if left_out else [])),),
        "who was screened and who was excluded before these tables were made",
    )


def _follow_up(study: Study) -> str:
    found = study.report["follow_up"]
    longest = f"the longest was {found['longest_months']:.1f}"
    if found["median_months"] is None:
        return f"Median follow-up, by the reverse Kaplan-Meier method, is not reached; {longest} months."
    limits = ""
    if found["lower"] is not None and found["upper"] is not None:
        limits = f" (95% limits {found['lower']:.1f} to {found['upper']:.1f})"
    return (
        f"Median follow-up, by the reverse Kaplan-Meier method, was {found['median_months']:.1f} months{limits}; "
        f"{longest}."
    )


def numbers(study: Study) -> Answer:
    """Participants and events in each analysis."""
    found = study.report
    sentences = [f"{found['n']} patients with {found['events']} events."]
    where = [report("n", "events")]
    if study.is_training:
        known = found["comparison"]["n"] if found["comparison"] else None
        if known is not None:
            sentences.append(f"The multivariable models and their comparison have {known}, whose covariates are known.")
            where.append(report("comparison.n"))
        if found["nested"]:
            sentences.append(f"Each of {found['nested']['folds']} folds is left out once in the cross-validation.")
    else:
        cohort = study.model.provenance.cohort
        sentences.append(f"The model was made from {cohort.n} patients with {cohort.events} events.")
        where.append(card("Patients it was made from"))
    return Answer(" ".join(sentences), tuple(where))


def characteristics(study: Study) -> Answer | None:
    """The table of patients, where the software was given any characteristic."""
    rows = study.report.get("baseline_table") or []
    named = list(dict.fromkeys(row["characteristic"] for row in rows if row["characteristic"] not in _COUNTS))
    if not named:
        return None
    return Answer(
        f"Patients, events, {', '.join(named)}: of all patients and by risk group.",
        (files("baseline_table.csv"), page("Patients")),
        "dates, demographic and other characteristics, treatments, by source of the data, and missing values",
    )


def candidates(study: Study) -> Answer:
    """The predictors looked at first, and any choice before modeling."""
    found, settings = study.report, study.settings
    covariates = list(dict.fromkeys([*settings["named"], *settings["candidates"]]))
    clinical = f" and {many(len(covariates), 'clinical covariate')} ({joined(covariates)})" if covariates else ""
    sentences = [f"{many(found['features_in'], 'feature')} of the image{clinical} were looked at."]
    if found["icc"]:
        sentences.append(
            f"Before any modeling, {found['features_icc']} features with an intraclass correlation between readers "
            f"above {found['icc']['threshold']:g} were kept."
        )
    if settings["candidates"]:
        sentences.append(
            f"Of the covariates, {joined(settings['candidates'])} entered if their own p was below "
            f"{settings['covariate_p']:g}."
        )
    where = (report("features_in", "features_icc", "settings"), page("Selection of features"))
    return Answer(" ".join(sentences), where, "why these predictors")


def covariates(study: Study) -> Answer | None:
    """The predictors that are not radiomic, as the model defines them."""
    nomogram = study.model.nomogram
    if nomogram is None:
        return None
    if not nomogram.covariates:
        return Answer("None: the model is made of the radiomics score alone.", (card("Nomogram"),))
    return Answer(
        f"{'; '.join(map(_defined, nomogram.covariates))}.",
        (card("Nomogram"),),
        "how and when they were measured, and how they were chosen",
    )


def _defined(covariate: Covariate) -> str:
    if covariate.type == "number":
        unit = f" in {covariate.unit}" if covariate.unit else ""
        return f"{covariate.label} ({covariate.name}), a number{unit}"
    levels = ", ".join(covariate.choices)
    reference = f"; reference {covariate.reference}" if covariate.reference else ""
    return f"{covariate.label} ({covariate.name}), one of {levels}{reference}"


def predictors(study: Study) -> Answer:
    """Every predictor of the model."""
    score = study.model.score
    terms = 0 if score is None else len(score.terms)
    clinical = covariates(study)
    sentences = [f"{many(terms, 'feature')} of the image, each with its coefficient and its meaning in words."]
    if clinical:
        sentences.append(f"Clinical: {clinical.text}")
    left = "how and when they were measured, and blinding"
    return Answer(" ".join(sentences), (card("Score", "Nomogram", "Preprocessing and features"),), left)


def sample_size(study: Study) -> Answer:
    """How many patients there are, beside how many Riley's criteria ask for."""
    found, size = study.report, study.report["sample_size"]
    where = (report("sample_size"), page("How many patients"))
    left = "how the number of patients came about"
    if size is None:
        text = f"{found['n']} patients with {found['events']} events; Riley's criteria could not be computed."
        return Answer(text, where, left)
    asked = f"{size['n_needed']} patients with {size['events_needed']:.0f} events"
    if study.is_training:
        c_index = size["assumed"]["c_index"]
        known = "" if c_index is None else f" and the corrected C-index of {c_index:.3f}"
        text = (
            f"{found['n']} patients with {found['events']} events. The criteria of Riley et al. (2019) ask for "
            f"{asked}, for {size['assumed']['parameters']} candidate parameters{known}."
        )
    else:
        text = (
            f"{found['n']} patients with {found['events']} events. The criteria of Riley et al. (2021) ask for "
            f"{asked} by {size['assumed']['horizon_months']:g} months."
        )
    enough = "The cohort has as many." if size["n"] >= size["n_needed"] else "The cohort has fewer."
    return Answer(f"{text} {enough}", where, left)


def missing_data(study: Study) -> Answer:
    """What became of missing values."""
    sentences = missing_notes(study)
    if study.is_training and study.settings["missing"] is None and not study.notes(*_HOLES):
        sentences.insert(0, "No cell of a feature was empty.")  # or the training would have been refused
    left = "missing outcomes, why values are missing, and what was left out before these tables were made"
    where = report("notes", "settings") if study.is_training else report("notes")
    return Answer(" ".join(sentences) or "The software made no remark on missing values.", (where,), left)


def missing_notes(study: Study) -> list[str]:
    """Give the remarks on missing features and unknown covariates; one on any imputation is one of them."""
    codes = [note["code"] for note in study.report["notes"]]
    imputed = (code for code in codes if "imput" in code)
    return study.notes(*_HOLES, *_UNKNOWN, *imputed)


def balance(study: Study) -> Answer:
    """Share of patients with the event, and that nothing was done about it."""
    found = study.report
    return Answer(
        f"{found['events']} of {found['n']} patients ({found['events'] / found['n']:.1%}) have the event. No method "
        "against imbalance was used: times to the event are modeled, not classes.",
        (report("n", "events"),),
    )


def overlap(study: Study) -> Answer | None:
    """How many of a validation's cases the model was made from, where it keeps marks of them."""
    if study.is_training or not study.model.provenance.cohort.case_hashes:
        return None
    own = study.report["training_cases"]
    share = f"{own} of the {study.report['n']} cases are" if own else f"None of the {study.report['n']} cases is"
    return Answer(
        f"{share} known as training cases of the model, by the values of its features.",
        (report("training_cases"),),
        "overlap with the data of earlier publications",
    )


def against_development(study: Study) -> Answer:
    """What differs between this cohort and the model's."""
    cohort, found = study.model.provenance.cohort, study.report
    sentences = [
        f"Development: {cohort.n} patients, {cohort.events} events ({cohort.events / cohort.n:.1%}). Here: "
        f"{found['n']} patients, {found['events']} events ({found['events'] / found['n']:.1%})."
    ]
    outside = study.notes("feature-out-of-range", "score-out-of-range", "covariate-out-of-range")
    sentences += outside or ["No case has a value outside the training cohort's range, where the model states one."]
    return Answer(
        " ".join(sentences),
        (report("n", "events", "notes"), card("Patients it was made from")),
        "differences in setting, eligibility, definitions and the distribution of predictors",
    )

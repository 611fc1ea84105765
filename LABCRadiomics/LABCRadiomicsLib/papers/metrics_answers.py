"""METRICS: yes, no or partly, with the reason, for what the software can judge; no score is made of that."""

from __future__ import annotations

from collections.abc import Callable

from . import evaluation, extraction, modeling, patients
from .study import Answer, Study, card, estimate, page, report

_YES, _NO, _PARTLY, _NOT_APPLICABLE = "Yes.", "No.", "Partly.", "Not applicable."


def _judged(verdict: str, reason: Answer) -> Answer:
    return Answer(f"{verdict} {reason.text}", reason.where, reason.left)


def _segmentation(study: Study) -> Answer | None:
    if study.extraction is None:
        return None
    return Answer(f"{_YES} Features are computed within a segmented tumor.", (card("What it needs"),))


def _hand_crafted(study: Study) -> Answer | None:
    extracted = study.extraction
    return (
        None
        if extracted is None
        else Answer(f"{_YES} {extraction.method(extracted)}", (card("Preprocessing and features"),))
    )


def _tabular(study: Study) -> Answer:
    return Answer(f"{_YES} Features are read from a table.", (report("inputs"),))


def _deep(study: Study) -> Answer:
    return Answer(f"{_NO} The model is a linear score of tabulated features.", (card("Score"),))


def _no_deep(study: Study) -> Answer:
    return Answer(f"{_NOT_APPLICABLE} There is no end-to-end deep learning (condition 5).", (card("Score"),))


def _checklists(study: Study) -> Answer:
    text = f"{_PARTLY} Drafts of TRIPOD+AI, CLEAR, METRICS and IBSI's reporting items are in this folder."
    return Answer(text, ("tripod-ai.csv, clear.csv, metrics.csv, ibsi.csv",), "completing them and handing them in")


def _centers(study: Study) -> Answer | None:
    found = study.model.harmonization
    if not study.is_training or found is None:
        return None
    return _judged(_PARTLY, modeling.clusters(study))


def _pre_processing(study: Study) -> Answer | None:
    found = study.extraction
    if found is None:
        return None
    answer = extraction.of_settings(extraction.pre_processing, "whether it is appropriate")(study)
    return _judged(_PARTLY, answer)


def _software(study: Study) -> Answer | None:
    if not extraction.software_is_known(study):
        return None
    made_with = extraction.software(study)
    compliance = extraction.IBSI["59"](study)
    if made_with is None or compliance is None:
        return None
    return Answer(f"{_YES} {made_with.text} {compliance.text}", (*made_with.where, *compliance.where))


def _parameters(study: Study) -> Answer | None:
    if study.extraction is None:
        return None
    return _judged(_YES, extraction.of_settings(extraction.defaults)(study))


def _robust(study: Study) -> Answer | None:
    found = modeling.agreement(study)
    return None if found is None else _judged(_YES if study.report["icc"] else _NO, found)


def _redundant(study: Study) -> Answer | None:
    found = modeling.reduction(study)
    return None if found is None else _judged(_YES, found)


def _dimensionality(study: Study) -> Answer | None:
    found = modeling.dimensionality(study)
    if found is None:
        return None
    enough, text = found
    where = (report("sample_size", "events_per_parameter"), page("How many patients", "Stability"))
    return Answer(f"{_YES if enough else _NO} {text}", where)


def _partition(study: Study) -> Answer | None:
    use = modeling.data_use(study)
    if study.is_training:
        leaking = study.report["nested"] is None
        return _judged(_NO if leaking else _PARTLY, Answer(use.text, use.where, "partitions made before these tables"))
    own = study.report["training_cases"]
    if own:
        return _judged(_NO, evaluation.testing(study))
    known = bool(study.model.provenance.cohort.case_hashes)
    return _judged(_PARTLY, patients.overlap(study) or use) if known else None


def _confounders(study: Study) -> Answer | None:
    found = modeling.confounders(study)
    if found is None:
        return None
    adjusted = len(study.report["covariates"]["multivariable"]) > 1
    return _judged(_PARTLY if adjusted else _NO, found)


def _measures(study: Study) -> Answer | None:
    if not study.figures("c_index"):
        return None
    found = evaluation.measures(study)
    return Answer(f"{_YES} For times to an event: {found.text}", found.where)


def _uncertainty(study: Study) -> Answer | None:
    found = evaluation.uncertainty(study)
    if found is None:
        return None
    limits = [row for row in study.figures("c_index", "auc") if row["lower"] is not None]
    return _judged(_YES if limits else _NO, found)


def _calibration(study: Study) -> Answer:
    found = evaluation.calibration(study)
    if found is not None:
        where = (report("calibration"), page("Calibration"))
        return Answer(f"{_YES} {found[0].upper()}{found[1:]}", where)
    slopes = study.figures("calibration_slope")
    if slopes:
        text = f"{_PARTLY} The model predicts no risk here; the {slopes[0]['metric']} is {estimate(slopes[0])}."
        return Answer(text, (report("performance"),))
    text = f"{_NO} The model predicts no risk here, so calibration was not assessed."
    return Answer(text, (report("calibration"),))


def _comparison(study: Study) -> Answer:
    found = evaluation.added_value(study)
    if found is None:
        key = "comparison" if study.is_training else "reclassification"
        text = f"{_NO} No clinical model was compared."
        return Answer(text, (report(key),), "comparisons made elsewhere")
    if study.is_training:
        return _judged(_YES, found)
    return _judged(_PARTLY, Answer(found.text, found.where, "whether the comparator is what clinical practice has"))


def _classical(study: Study) -> Answer:
    compared = evaluation.without_information(study)
    text = f"{_PARTLY} The model is itself a classical one, a linear score{_nomogram(study)}. {compared.text}"
    return Answer(text, (card("Score", "Nomogram"), *compared.where), "further baseline models")


def _nomogram(study: Study) -> str:
    return " with a Cox nomogram" if study.model.nomogram is not None else ""


def _internal(study: Study) -> Answer | None:
    found = evaluation.testing(study)
    if study.is_training:
        return _judged(_YES if study.report["nested"] else _NO, found)
    if study.report["kind"] == "external":
        return None
    own = study.report["training_cases"]
    return _judged(_NO if own else _PARTLY, found)


def _external(study: Study) -> Answer:
    found = evaluation.testing(study)
    if study.is_training:
        text = f"{_NO} A training has no other patients than those of the model."
        return Answer(text, (report("report"),), "testing elsewhere")
    external = study.report["kind"] == "external" and not study.report["training_cases"]
    return _judged(_PARTLY if external else _NO, found)


def _code(study: Study) -> Answer:
    return _judged(_PARTLY, modeling.code(study))


def _model(study: Study) -> Answer:
    return _judged(_PARTLY, modeling.model_file(study))


METRICS: dict[str, Callable[[Study], Answer | None]] = {
    "Condition 1": _segmentation,
    "Condition 3": _hand_crafted,
    "Condition 4": _tabular,
    "Condition 5": _deep,
    "1": _checklists,
    "4": _centers,
    "11": _pre_processing,
    "12": _software,
    "13": _parameters,
    "14": _robust,
    "15": _redundant,
    "16": _dimensionality,
    "17": _no_deep,
    "18": _partition,
    "19": _confounders,
    "20": _measures,
    "21": _uncertainty,
    "22": _calibration,
    "24": _comparison,
    "25": _classical,
    "26": _internal,
    "27": _external,
    "29": _code,
    "30": _model,
}
"""Who judges the items of METRICS; the others are open, and with them the score."""

"""The steps on cohorts as commands of ``LABCRadiomicsLib.cli``; nothing here knows Qt."""

from dataclasses import dataclass

from slicer.i18n import tr as _


@dataclass(frozen=True)
class CohortInputs:
    """What the fields of the cohort section hold, as texts; empty is not given."""

    model: str = ""
    cases: str = ""
    features: str = ""
    outcomes: str = ""
    id: str = ""
    time: str = ""
    event: str = ""
    covariates: str = ""
    icc: str = ""
    model_out: str = ""
    report: str = ""


@dataclass(frozen=True)
class CohortStep:
    """One step: its title, what it does, the fields it needs and may take."""

    name: str
    title: str
    help: str
    needs: tuple
    may: tuple = ()


OUTCOME_COLUMNS = ("id", "time", "event")


def steps():
    """Give the steps in the order in which they are used."""
    return (
        CohortStep(
            "extract", _("Extract features"), _("Compute all features of every case of a table."), ("cases", "features")
        ),
        CohortStep(
            "train",
            _("Train a model"),
            _("Select features, build the score, its cutoff and the nomogram, and report their performance."),
            ("features", "outcomes", *OUTCOME_COLUMNS, "model_out", "report"),
            ("covariates", "icc"),
        ),
        CohortStep(
            "validate",
            _("Validate the chosen model"),
            _("Measure the model chosen above on another cohort."),
            ("model", "features", "outcomes", *OUTCOME_COLUMNS, "report"),
        ),
        CohortStep(
            "recalibrate",
            _("Recalibrate the chosen model"),
            _("Estimate the baseline survival of the model chosen above on a local cohort; write a new model."),
            ("model", "features", "outcomes", *OUTCOME_COLUMNS, "model_out"),
        ),
    )


def missing(step, inputs):
    """Name the first field that a step still needs; None when nothing is missing."""
    titles = {
        "model": _("a model above"),
        "cases": _("the table of cases"),
        "features": _("the table of features"),
        "outcomes": _("the table of outcomes"),
        "id": _("the case column"),
        "time": _("the time column"),
        "event": _("the event column"),
        "model_out": _("the model file to write"),
        "report": _("the report folder"),
    }
    return next((titles[field] for field in step.needs if not getattr(inputs, field)), None)


def arguments(step, inputs):
    """Give the command line of a step, after ``python -m LABCRadiomicsLib.cli``."""
    table = ["--id", inputs.id, "--time", inputs.time, "--event", inputs.event]
    if step.name == "extract":
        return ["extract", inputs.cases, "--out", inputs.features, "--resume"]
    if step.name == "train":
        written = ["--out", inputs.model_out, "--report", inputs.report]
        given = ["train", inputs.features, inputs.outcomes, *table, *written]
        if inputs.covariates:
            given += ["--covariates", inputs.covariates.replace(" ", "")]
        return given + (["--icc", inputs.icc] if inputs.icc else [])
    if step.name == "validate":
        return ["validate", inputs.model, inputs.features, inputs.outcomes, *table, "--report", inputs.report]
    return ["recalibrate", inputs.model, inputs.features, inputs.outcomes, *table, "--out", inputs.model_out]

"""The steps on cohorts: what each asks for, and its command of ``LABCRadiomicsLib.cli``; nothing here knows Qt."""

from dataclasses import dataclass

from slicer.i18n import tr as _

COMMAND, PAGES = ("typer", "rich"), ("matplotlib", "Jinja2")  # packages
CSV, JSON, YAML = "CSV table (*.csv)", "Model (*.json)", "Parameters (*.yaml *.yml *.json)"


@dataclass(frozen=True)
class CohortField:
    """One thing that a step asks for.

    name - the same name in two steps is the same field, shown in both
    kind - file, new file, folder, text, choice or flag
    option - of the command line; empty for an argument without one
    usual - what the command line takes when nothing is given, as shown in the empty field
    choices - (value, title) of a choice, the usual one first
    filters - of the file dialog
    """

    name: str
    kind: str
    label: str
    help: str
    option: str = ""
    usual: str = ""
    choices: tuple = ()
    filters: str = CSV


@dataclass(frozen=True)
class CohortStep:
    """One step: its command, title, what it does, the packages and fields it needs, the fields it may take."""

    name: str
    title: str
    help: str
    packages: tuple
    needs: tuple
    options: tuple = ()
    usesModel: bool = False  # as the first argument

    @property
    def fields(self):
        """All that it asks for."""
        return (*self.needs, *self.options)


def _field(name, kind, label, help, option="", usual="", choices=(), filters=CSV):
    return CohortField(name, kind, label, help, option or f"--{name.replace('_', '-')}", usual, choices, filters)


def _argument(name, kind, label, help, filters=CSV):
    return CohortField(name, kind, label, help, filters=filters)


def steps():
    """Give the steps in the order in which they are used."""
    features = _argument(
        "features", "file", _("Features"), _("CSV with one row a case: case, then the features by pyradiomics' names.")
    )
    outcomes = _argument(
        "outcomes", "file", _("Outcomes"), _("CSV with one row a case: follow-up, event (1 or 0), clinical covariates.")
    )
    columns = (
        _field("case_column", "text", _("Case column"), _("Column that names the cases."), "--id", "case"),
        _field("time", "text", _("Time column"), _("Column of the outcomes with the months of follow-up.")),
        _field("event", "text", _("Event column"), _("Column of the outcomes: 1 for an event, 0 for censored.")),
    )
    case, *follow_up = columns
    known = (features, outcomes, *follow_up)
    newModel = _field("out", "new file", _("New model"), _("The model file to write."), filters=JSON)
    report = _field("report", "folder", _("Report folder"), _("Folder for tables, figures and pages."))
    return (
        _extractStep(),
        _trainStep((*known, newModel, report), case),
        CohortStep(
            "validate",
            _("Validate the chosen model"),
            _("Measure the model chosen under Inputs on another cohort."),
            (*COMMAND, *PAGES),
            (*known, report),
            (case, *_validateOptions()),
            usesModel=True,
        ),
        CohortStep(
            "recalibrate",
            _("Recalibrate the chosen model"),
            _("Fit the baseline survival of the model chosen under Inputs to a local cohort; writes a new model."),
            (*COMMAND, *PAGES),
            (*known, newModel),
            (case, _recalibrateMethod()),
            usesModel=True,
        ),
    )


def _extractStep():
    orders = (("LPS", _("LPS (same score however stored)")), ("as-loaded", _("as loaded (as SlicerRadiomics)")))
    what = (("all", _("all of the settings")), ("model", _("those of the chosen model")))
    return CohortStep(
        "extract",
        _("Extract features"),
        _("Compute the features of every case of a table; goes on where an interrupted run stopped."),
        (*COMMAND, "joblib"),
        (
            _argument(
                "cases", "file", _("Cases"), _("CSV with case, image, mask and perhaps label; paths relative to it.")
            ),
            _field("features_out", "new file", _("Feature table"), _("The CSV table to write."), "--out"),
        ),
        (
            _field("what", "choice", _("Features"), _("Which features to compute."), "--features", choices=what),
            _settings(),
            _field("array_order", "choice", _("Axis order"), _("Order of the voxels' axes."), choices=orders),
            _field("jobs", "text", _("Jobs"), _("Cases at once."), usual=_("one a processor")),
        ),
    )


def _settings():
    return _field("settings", "file", _("Settings"), _("Pyradiomics parameter file of the extraction."), filters=YAML)


def _trainStep(needs, case):
    penalties = (("min", "lambda.min"), ("1se", "lambda.1se"))
    return CohortStep(
        "train",
        _("Train a model"),
        _("Select features, build the score, its cutoff and the nomogram, and measure their optimism."),
        (*COMMAND, *PAGES, "joblib", "threadpoolctl"),
        needs,
        (
            case,
            _field("covariates", "text", _("Covariates"), _("Outcome columns of the nomogram, separated by commas.")),
            _field("icc", "file", _("Reader agreement"), _("ICC by feature, from 'labcradiomics agreement'.")),
            _field("min_icc", "text", _("Least ICC"), _("What a feature's ICC has to exceed."), usual="0.75"),
            _field(
                "p", "text", _("Univariable p"), _("A feature's univariable Cox p has to be below it."), usual="0.05"
            ),
            _field("folds", "file", _("Folds"), _("CSV with case and fold, for the penalty's cross-validation.")),
            _field("n_folds", "text", _("Number of folds"), _("Made at random where no table is given."), usual="10"),
            _field("penalty", "choice", _("Penalty"), _("Of the cross-validated LASSO path."), choices=penalties),
            _field("horizon", "text", _("Horizon, months"), _("At which the cutoff is chosen."), usual="60"),
            _field("bootstrap", "text", _("Bootstrap"), _("Repeats of the whole selection."), usual="200"),
            _field("seed", "text", _("Seed"), _("Of folds and bootstrap: the same gives the same model."), usual="0"),
            _settings(),
            _field("jobs", "text", _("Jobs"), _("Processes at once."), usual="2"),
        ),
    )


def _validateOptions():
    return (
        _field(
            "comparator",
            "text",
            _("Compare with"),
            _("A model file, or outcome columns such as stage,age: is it better?"),
        ),
        _field("label", "text", _("Cohort's name"), _("In the report."), usual="validation"),
        _field("external", "flag", _("Other center"), _("The cohort comes from another center than the training one.")),
        _field("bootstrap", "text", _("Bootstrap"), _("Resamples for limits without a formula."), usual="200"),
        _field("seed", "text", _("Seed"), _("Of the resamples."), usual="0"),
    )


def _recalibrateMethod():
    methods = (("baseline", _("baseline survival")), ("slope", _("baseline survival and slope")))
    return _field("method", "choice", _("Fit"), _("What is estimated anew."), choices=methods)


def missing(step, inputs):
    """Name the first thing that a step still needs; None when nothing is missing.

    :param inputs: texts by the names of fields, and ``model``
    """
    if step.usesModel and not inputs.get("model"):
        return _("a model under Inputs")
    return next((field.label for field in step.needs if not inputs.get(field.name)), None)


def arguments(step, inputs):
    """Give the command line of a step, after ``python -m LABCRadiomicsLib.cli``.

    :param inputs: texts by the names of fields, and ``model``; empty is not given
    """
    words = [step.name, *([inputs["model"]] if step.usesModel else [])]
    for field in step.fields:
        text = inputs.get(field.name, "")
        if not text:
            continue
        words += [text] if not field.option else [field.option] if field.kind == "flag" else [field.option, text]
    if step.name == "extract":
        words += ["--resume", *(["--model", inputs.get("model", "")] if inputs.get("what") == "model" else [])]
    return words


def written(step, inputs):
    """Give what a step writes: path of the table, report or model to look at, and of the model or None."""
    own = {field.name: inputs.get(field.name) for field in step.needs}
    return own.get("features_out") or own.get("report") or own["out"], own.get("out")

"""The steps on cohorts as the panel shows them: what they ask, hold and hand on; knows no Qt."""

import re
from pathlib import Path

from slicer.i18n import tr as _
from slicer.i18n import translate

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.step_options import ASSOCIATE, COMMANDS_LEFT_OUT, OPTIONS_LEFT_OUT, STEPS, YES, Kind

_COMMAND = ("typer", "rich")  # packages of the command line
INPUTS = "inputs"  # the text of a field that stands for the model chosen under Inputs

_ALWAYS = {"extract": {"resume": YES}}

#: The steps in the order in which they are used, by name.
SHOWN = {name: step for name, step in STEPS.items() if name.split()[0] not in COMMANDS_LEFT_OUT}

# Where earlier versions kept what is now kept by step: a scene of theirs reopens with it.
_EARLIER = {
    "cases": ("extract.cases",),
    "features_out": ("extract.out",),
    "what": ("extract.features",),
    "array_order": ("extract.array_order",),
    "settings": ("extract.settings", "train.settings"),
    "jobs": ("extract.jobs", "train.jobs"),
    "case_column": ("id",),
    "out": ("train.out", "recalibrate.out"),
    "report": ("train.report", "validate.report"),
    "bootstrap": ("train.bootstrap", "validate.bootstrap"),
    "seed": ("train.seed", "validate.seed"),
    "method": ("recalibrate.method",),
    **{name: (f"train.{name}",) for name in ("covariates", "icc", "min_icc", "p", "folds", "n_folds", "penalty")},
    "horizon": ("train.horizon",),
    **{name: (f"validate.{name}",) for name in ("comparator", "label", "external")},
}
_CONTEXTS = [
    f"step_options.{name}"
    for name in ("case_options", "model_options", "association_options", "patient_options", "steps")
]


def rows(step):
    """Give the options of a step that have a field: those in view, and the others by the heading they stand under."""
    left = OPTIONS_LEFT_OUT.get(step.name, {})
    kept = [row for row in step.options if row.name not in left]
    kept.sort(key=lambda row: row.kind in (Kind.NEW_FILE, Kind.NEW_FOLDER))  # what is written comes last
    folded = {}
    for row in kept:
        if not (row.required or row.in_view):
            folded.setdefault(row.group, []).append(row)
    return (
        [row for row in kept if row.required or row.in_view],
        {group: folded[group] for group in sorted(folded, key=bool)},  # those under no heading first
    )


def fields(step):
    """Give all options of a step that have a field."""
    inView, folded = rows(step)
    return [*inView, *(row for group in folded.values() for row in group)]


def key(step, row):
    """Give the name by which a value is kept: of the option where steps mean the same by it, else of the step too."""
    return row.name if row.shared else f"{step.name}.{row.name}"


def held(step, values):
    """Give what the fields of a step hold, by the names of options."""
    return {row.name: values.get(key(step, row), "") for row in fields(step)}


def withHeld(step, values, texts):
    """Give the values with what the fields of a step hold now; what is empty is left out."""
    new = {key(step, row): texts.get(row.name, "") for row in fields(step)}
    return {name: text for name, text in {**values, **new}.items() if text}


def readValues(values):
    """Give values as they are kept now from what a scene holds, which an earlier version may have written."""
    found = {}
    for name, text in values.items():
        for new in _EARLIER.get(name, (name,)):
            found.setdefault(new, str(text))
    if values.get("what") == "model":  # which then meant its settings too
        found.setdefault("extract.model", INPUTS)
    return {name: text for name, text in found.items() if text}


def inputs(step, values, model):
    """Give what the command is told, by the names of options.

    :param model: id or path of the model chosen under Inputs, empty when none
    """
    texts = {**held(step, values), **_ALWAYS.get(step.name, {})}
    for row in step.options:
        if row.kind is Kind.MODEL and (row.required or texts[row.name]):
            texts[row.name] = model
    return texts


def problem(step, values, model):
    """Say why a step cannot start: what is missing first, or which value is none; None when it can."""
    texts = inputs(step, values, model)
    for row in step.options:
        if row.kind is Kind.MODEL and not model and (row.required or held(step, values).get(row.name)):
            return _("Missing: a model under Inputs")
        if row.required and not texts.get(row.name):
            return _("Missing: {what}").format(what=shown(row.label))
    if step.one_of and not any(texts.get(name) for name in step.one_of):
        first, second = (shown(step.option(name).label) for name in step.one_of)
        return _("Missing: {first} or {second}").format(first=first, second=second)
    for row in step.options:
        try:
            if texts.get(row.name):
                row.value(texts[row.name])
        except InputError as error:
            return str(error)
    return None


def usesModel(step):
    """Whether a step is about the model chosen under Inputs."""
    return any(row.kind is Kind.MODEL and row.required for row in step.options)


def packages(step, texts):
    """Give the Python packages that a step needs for what it is told, and that Slicer does not bring."""
    settings = [texts.get(row.name, "") for row in step.options if "*.yaml" in row.files]
    yaml = any(text and not text.endswith(".json") for text in settings)
    return (*_COMMAND, *step.packages, *(("ruamel.yaml",) if yaml else ()))


def shown(text):
    """Give a text of the table of options in the language of the application."""
    translated = (translate(context, text) for context in _CONTEXTS)
    return next((found for found in translated if found != text), text)


def inWords(text, step):
    """Give a sentence in which the names of fields stand for the flags of the command line."""
    labels = {row.flag: shown(row.label) for row in step.options if row.flag}
    return re.sub(r"--[a-z][a-z0-9-]*", lambda flag: f"'{labels.get(flag.group(), flag.group())}'", text)


def written(step, texts):
    """Give what a step writes that is looked at: the path of its report, table or model; empty when nothing is."""
    return texts.get("report") or texts.get("out", "")


def newModel(step, texts):
    """Give the path of the model file that a step writes; empty when it writes none."""
    return next((texts[row.name] for row in step.options if row.kind is Kind.NEW_FILE and row.name == "out"
                 and "json" in row.files), "")  # fmt: skip


def handedOver(step, texts):
    """Give what later steps read of what a step wrote, by the names by which values are kept."""
    found = {}
    for given in step.hands_over:
        path = Path(texts.get(given.made_by, ""), given.file)
        if texts.get(given.made_by) and path.is_file():
            reader = STEPS[given.step]
            found[key(reader, reader.option(given.option))] = str(path)
    return found


def jobs():
    """Give the steps that the one entry for associations stands for, the one that does all of them first."""
    names = [name for name in SHOWN if name.split()[0] == ASSOCIATE]
    return [SHOWN[name] for name in sorted(names, key=lambda name: name != f"{ASSOCIATE} all")]

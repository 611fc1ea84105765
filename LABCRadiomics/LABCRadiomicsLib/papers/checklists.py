"""The lists, who answers their items, and the tables that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from ..resources import resources_folder
from ..tables.csv_table import read_table
from ..tables.report_folder import Table
from . import evaluation, extraction, modeling, patients
from .metrics_answers import METRICS
from .study import Answer, Study, card, page, report

OPEN = "to be answered by the authors"

Answers = Mapping[str, Callable[[Study], Answer | None]]


@dataclass(frozen=True)
class Item:
    """One item of a list, as ``Resources/Checklists`` holds it."""

    item: str
    section: str
    asks: str
    applies: str

    @property
    def text(self) -> str:
        """Number, section and what the item asks for."""
        return f"{self.item} {self.section.replace(': ', ', ')}: {self.asks}"


@dataclass(frozen=True)
class Checklist:
    """A list of items with those functions that know an answer.

    Attributes
    ----------
    name : str
        Of its file.
    title : str
    answers : mapping of str to callable
        By item.
    """

    name: str
    title: str
    answers: Answers

    @property
    def file(self) -> str:
        """Name of the table in a report's folder."""
        return f"{self.name}.csv"

    @property
    def items(self) -> tuple[Item, ...]:
        """Every item in the list's order."""
        return _items(self.name)

    def answer(self, item: Item, study: Study) -> Answer | None:
        """Give what is known of an item; None where that is for the authors alone."""
        if item.applies == "E" and study.is_training:
            return Answer("Not applicable: for the evaluation of a model on other data.")
        if item.applies == "D" and not study.is_training:
            return Answer("Not applicable: for the development of a model.")
        elsewhere = extraction.other_modality(study, item.applies)
        known = self.answers.get(item.item)
        return elsewhere or (known(study) if known else None)

    def table(self, study: Study) -> Table:
        """Fill the list in: item, answer, where it is found."""
        rows = [(item.text, *_cells(self.answer(item, study))) for item in self.items]
        return ["item", "answer", "where"], rows

    def counts(self, study: Study) -> tuple[int, int]:
        """Count the items with an answer, in whole or in part or as not applicable, and all."""
        found = [self.answer(item, study) for item in self.items]
        return sum(answer is not None and answer.left != extraction.ALL for answer in found), len(found)


@cache
def _items(name: str) -> tuple[Item, ...]:
    table = read_table(resources_folder() / "Checklists" / f"{name}.csv")
    columns = (table.texts(column) for column in ("item", "section", "asks", "applies"))
    return tuple(Item(*row) for row in zip(*columns, strict=True))


def _cells(answer: Answer | None) -> tuple[str, str]:
    if answer is None:
        return OPEN, ""
    left = f" Still {OPEN}: {answer.left}." if answer.left else ""
    return f"{answer.text}{left}", "; ".join(_together(answer.where))


def _together(places: Sequence[str]) -> list[str]:
    """Places of one file as one."""
    found: dict[str, dict[str, None]] = {}
    for place in places:
        file, _, parts = place.partition(": ")
        found.setdefault(file, {}).update(dict.fromkeys(parts.split(", ") if parts else ()))
    return [f"{file}: {', '.join(parts)}" if parts else file for file, parts in found.items()]


def _objectives(study: Study) -> Answer:
    found = study.report
    if study.is_training:
        text = f"This study develops a model{', and tests it internally' if found['nested'] else ''}."
    elif found["kind"] == "apparent":
        text = "This study measures a model on the patients it was made from."
    else:
        own = f", but {found['training_cases']} of them made it" if found["training_cases"] else ""
        text = f"This study evaluates a model on other patients{own}."
    return Answer(text, (report("report"),), "the aims")


def _guidelines(study: Study) -> Answer:
    text = "Drafts of TRIPOD+AI, CLEAR, METRICS and IBSI's reporting items are in this folder."
    return Answer(text, ("tripod-ai.csv, clear.csv, metrics.csv, ibsi.csv",), "which guidelines were followed")


def _pipeline(study: Study) -> Answer | None:
    steps = modeling.reduction(study)
    return (
        None if steps is None else Answer(f"In words: {steps.text}", (page("Selection of features"),), "the flowchart")
    )


def _modeling_list(study: Study) -> Answer:
    return Answer("See tripod-ai.csv.", ("tripod-ai.csv",))


def _multicollinearity(study: Study) -> Answer | None:
    if not study.is_training:
        return None
    text = "Not assessed in this report; the LASSO tends to keep few of several features that say the same."
    return Answer(text, (card("Score"),), "where it was assessed")


TRIPOD: Answers = {
    "4": _objectives,
    "5a": patients.data_source,
    "7": extraction.of_settings(extraction.pre_processing, "checks of the data, and whether alike between groups"),
    "8a": patients.outcome,
    "9a": patients.candidates,
    "9b": patients.predictors,
    "10": patients.sample_size,
    "11": patients.missing_data,
    "12a": modeling.data_use,
    "12b": modeling.handling,
    "12c": modeling.building,
    "12d": modeling.clusters,
    "12e": evaluation.measures,
    "12f": modeling.updating,
    "12g": modeling.prediction,
    "13": patients.balance,
    "15": modeling.output,
    "16": lambda study: None if study.is_training else patients.against_development(study),
    "18f": modeling.code,
    "20a": patients.flow,
    "20b": patients.characteristics,
    "20c": patients.against_development,
    "21": patients.numbers,
    "22": modeling.specification,
    "23a": evaluation.performance,
    "23b": modeling.clusters,
    "24": modeling.updating,
    "26": evaluation.limitations,
    "27a": modeling.poor_input,
    "27b": modeling.users,
}
CLEAR: Answers = {
    "7": _guidelines,
    "9": patients.sample_size,
    "12": _pipeline,
    "13": patients.data_source,
    "14": patients.overlap,
    "15": modeling.data_use,
    "16": extraction.domain,
    "17": patients.covariates,
    "18": patients.outcome,
    "21": extraction.of_settings(extraction.pre_processing, "anything done to the images before"),
    "22": extraction.IBSI["50a"],
    "23": extraction.IBSI["56a"],
    "24": extraction.IBSI["57"],
    "25": extraction.of_settings(extraction.method),
    "26": extraction.of_settings(extraction.classes),
    "27": extraction.number_of_features,
    "28": extraction.of_settings(extraction.defaults),
    "29": patients.missing_data,
    "30": patients.balance,
    "31": modeling.agreement,
    "32": modeling.scaling,
    "33": modeling.reduction,
    "34": modeling.algorithm,
    "35": modeling.tuning,
    "36": modeling.confounders,
    "37": modeling.model_choice,
    "38": evaluation.testing,
    "39": evaluation.measures,
    "40": evaluation.uncertainty,
    "41": evaluation.comparison_method,
    "42": evaluation.added_value,
    "43": evaluation.interpretability,
    "44": patients.characteristics,
    "46": evaluation.feature_statistics,
    "47": evaluation.performance,
    "48": evaluation.added_value,
    "52": evaluation.limitations,
    "55": modeling.settings_file,
    "56": modeling.code,
    "57": modeling.model_file,
    "58": modeling.ready_to_use,
}
IBSI: Answers = {
    **extraction.IBSI,
    "60": modeling.agreement,
    "72": _modeling_list,
    "73": evaluation.added_value,
    "74": _multicollinearity,
    "75": modeling.model_file,
}
CHECKLISTS = (
    Checklist("tripod-ai", "TRIPOD+AI", TRIPOD),
    Checklist("clear", "CLEAR", CLEAR),
    Checklist("metrics", "METRICS", METRICS),
    Checklist("ibsi", "IBSI reporting items", IBSI),
)

"""A study as its report and its model tell it, and an answer that is read from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..model import Extraction, Model


@dataclass(frozen=True)
class Answer:
    """What is known of an item.

    Attributes
    ----------
    text : str
        Whole sentences, with the study's numbers.
    where : tuple of str
        Places in the folder, as :func:`report`, :func:`page`, :func:`card` and :func:`files` name them.
    left : str
        What only the authors know of it; empty where nothing is left.
    """

    text: str
    where: tuple[str, ...] = ()
    left: str = ""


@dataclass(frozen=True)
class Study:
    """A training or a validation.

    Attributes
    ----------
    report : mapping
        What ``report.json`` holds.
    model : Model
        The trained, or the validated one.
    """

    report: Mapping[str, Any]
    model: Model

    @property
    def is_training(self) -> bool:
        """Whether the model was made here, not only measured."""
        return bool(self.report["report"] == "training")

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the study was told to do."""
        return self.report["settings"]

    @property
    def simulated(self) -> bool:
        """Whether the patients that the model was made from are simulated."""
        return self.model.provenance.origin == "simulated"

    @property
    def extraction(self) -> Extraction | None:
        """How the features of this study's table were computed; None where nothing says so.

        Without a record beside it, the table of a validation may have been made otherwise than the model's features.
        """
        known = self.is_training or self.report["extracted_with"] is not None
        return self.model.extraction if known else None

    @property
    def software(self) -> str:
        """Name and version of this software."""
        return f"LABCRadiomics {self.report['software']['LABCRadiomics']}"

    def notes(self, *codes: str) -> list[str]:
        """Give the remarks with one of these codes."""
        return [note["message"] for note in self.report["notes"] if note["code"] in codes]

    def figures(self, *measures: str, kind: str | None = None) -> list[Mapping[str, Any]]:
        """Give the figures of these measures, of one kind where one is asked for."""
        rows = self.report["performance"]
        return [row for row in rows if row["measure"] in measures and kind in (None, row["kind"])]


def report(*fields: str) -> str:
    """Name fields of ``report.json``."""
    return f"report.json: {', '.join(fields)}"


def page(*sections: str) -> str:
    """Name sections of the page."""
    return f"index.html: {', '.join(sections)}"


def card(*sections: str) -> str:
    """Name sections of the model's card."""
    return f"model-card.md: {', '.join(sections)}"


def files(*names: str) -> str:
    """Name files of the folder."""
    return ", ".join(names)


def penalized(study: Study) -> str:
    """Say what kind of Cox model a training's score is."""
    alpha = study.settings["alpha"]
    return "LASSO-Cox model" if alpha == 1 else f"elastic-net Cox model (alpha {alpha:g})"


def divided(study: Study) -> str:
    """Say how often the cross-validation of a training's penalty was divided anew."""
    repeats = study.settings["cv_repeats"]
    return "" if repeats == 1 else f", averaged over {repeats} divisions,"


def figure(value: float | None, form: str = ".3f") -> str:
    """A number of ``report.json`` in a sentence; what is not finite is null there."""
    return "not known" if value is None else format(value, form)


def estimate(row: Mapping[str, Any], decimals: int = 3) -> str:
    """A value with its 95% limits."""
    value, form = row["value"], f".{decimals}f"
    if value is None or row.get("lower") is None or row.get("upper") is None:
        return figure(value, form)
    return f"{value:{form}} (95% limits {row['lower']:{form}} to {row['upper']:{form}})"


def p_value(p: float | None) -> str:
    """A p value in a sentence."""
    if p is None:
        return "p not known"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"

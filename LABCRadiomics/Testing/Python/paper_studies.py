"""Trainings and validations written up, for the tests of checklists and methods."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from cohort_examples import gbsg2_scored
from LABCRadiomicsLib.feature_names import FEATURES
from LABCRadiomicsLib.model import Extraction, Image, Model
from LABCRadiomicsLib.model.additions import Domain
from LABCRadiomicsLib.papers import Study, WritingUp, writing_up
from LABCRadiomicsLib.study_reports import training_document, validation_document
from LABCRadiomicsLib.training import Card, Plan, Recipe, Training, TrainingCohort, train, trained_model
from LABCRadiomicsLib.training.model_card import yields_all
from LABCRadiomicsLib.validation import Validation, validate
from training_data import simulated

ITEMS = {"tripod-ai": 52, "clear": 58, "metrics": 35, "ibsi": 104}
SETTINGS = {
    "setting": {"binWidth": 12.5, "normalize": True, "normalizeScale": 100, "removeOutliers": 3, "distances": [1, 2],
                "symmetricalGLCM": False, "resampledPixelSpacing": [1, 1, 2], "interpolator": "sitkLinear"},
    "image_type": {"Original": {}, "LoG": {"sigma": [2.0, 3.0]}},
    "feature_class": {"firstorder": [], "glcm": ["Idm", "Contrast"]},
}  # fmt: skip
EXTRACTION = Extraction(
    **SETTINGS, pyradiomics_version="3.0.1", array_order="LPS", preprocessing=({"step": "n4", "shrink": 4},)
)
RECORD = {"labcradiomics": "9.8.7", "engine": "labcradiomics 9.8.7, equal to pyradiomics 3.0.1", "numpy": "2.3.4"}


@dataclass(frozen=True)
class Paper:
    """A study and what was written of it."""

    study: Study
    written: WritingUp

    @classmethod
    def of(cls, report: Mapping[str, Any], model: Model) -> Paper:
        study = Study(report, model)
        return cls(study, writing_up(study))

    def rows(self, name: str) -> dict[str, tuple[str, str]]:
        """Answer and place of every item of a checklist, by the item's number."""
        header, rows = self.written.tables[f"{name}.csv"]
        assert header == ["item", "answer", "where"]
        numbers = [re.match(r"(Condition \d|\d+[a-z]?) ", str(row[0]))[1] for row in rows]
        assert len(numbers) == len(set(numbers))
        return {number: (str(row[1]), str(row[2])) for number, row in zip(numbers, rows, strict=True)}

    def answers(self, name: str) -> dict[str, str]:
        return {number: answer for number, (answer, _) in self.rows(name).items()}

    @property
    def methods(self) -> str:
        return self.written.texts["methods.md"]


def features_of(names: list[str]) -> TrainingCohort:
    features, months, event = simulated(5, effects=(1.2, -1.0, 0.9))
    cases = tuple(f"P{at}" for at in range(months.size))
    return TrainingCohort(tuple(names), features[:, : len(names)], months, event, cases=cases)


@cache
def table_training() -> tuple[Training, Model]:
    """On a table of foreign features, without agreement, with the whole selection repeated."""
    plan = Plan(recipe=Recipe(n_folds=4), seed=7, bootstrap=4, reclassification=0, endpoint="Time to anything")
    training = train(features_of([f"f{at + 1}" for at in range(20)]), plan)
    return training, trained_model(training, Card(id="m", title="A model"), None)


@cache
def extracted_training() -> tuple[Training, Model]:
    """On extracted features with a record, with agreement, nothing resampled."""
    names = [f"original_firstorder_{name}" for name in sorted(FEATURES["firstorder"])]
    icc = {name: (0.9 if at < 12 else 0.5, 0.4, 0.95) for at, name in enumerate(names)}
    plan = Plan(recipe=Recipe(n_folds=3, penalty="1se"), min_icc=0.8, bootstrap=0, reclassification=0)
    domain = Domain(
        spacing_mm_low=(0.5, 0.5, 1.0), spacing_mm_high=(0.9, 0.9, 3.0), field_strengths_t=(1.5, 3.0),
        manufacturers=("Scanner & Sons",),
    )  # fmt: skip
    image = Image(modality="MR", sequence="T1-weighted", timing="not stated", domain=domain)
    training = train(features_of(names), plan, icc=icc)
    card = Card(id="m", title="Another model", image=image)
    return training, trained_model(training, card, yields_all(EXTRACTION, training))


def validation_of(changed: Model | None = None, **options: Any) -> Validation:
    return validate(gbsg2_scored(slice(0, None, 6), changed), bootstrap=0, **options)


@cache
def tabled() -> Paper:
    return Paper.of(training_document(*table_training()), table_training()[1])


@cache
def extracted() -> Paper:
    return Paper.of(training_document(*extracted_training(), extracted_with=RECORD), extracted_training()[1])


@cache
def validated() -> Paper:
    return paper_of(validation_of(kind="external", label="far away"))


def paper_of(found: Validation) -> Paper:
    return Paper.of(validation_document(found), found.scored.model)


STUDIES = (tabled, extracted, validated)

"""The source article's workflow: from the tables of a cohort to a model, and how much of it is optimism.

``procedure`` holds the recipe from features to a nomogram as one repeatable thing, which ``optimism`` and
``cross_validation`` repeat; ``site_harmonization`` is its ComBat over scanners. ``train_model`` runs the recipe once
and adds the evidence by a ``training_plan`` to a ``training_result``, of which ``model_card`` makes the model file.

May import: errors, notices, sentences, feature_names, cell_values, tables, statistics, model, performance.
"""

from .model_card import Card, model_id, trained_model
from .procedure import Built, Procedure, Recipe
from .train_model import CLINICAL, HORIZONS, Steps, train
from .training_cohort import TrainingCohort, cohort_of, specs_of
from .training_plan import Plan
from .training_result import Training
from .training_tables import TrainingTables

__all__ = [
    "CLINICAL",
    "HORIZONS",
    "Built",
    "Card",
    "Plan",
    "Procedure",
    "Recipe",
    "Steps",
    "Training",
    "TrainingCohort",
    "TrainingTables",
    "cohort_of",
    "model_id",
    "specs_of",
    "train",
    "trained_model",
]

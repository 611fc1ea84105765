"""The source article's workflow: from the tables of a cohort to a model, and how much of it is optimism.

``procedure`` is the steps from features to a nomogram as one repeatable thing, which ``optimism`` and
``cross_validation`` repeat; ``workflow`` adds the evidence, ``model`` makes the model file and ``report`` the files.

May import: errors, notices, feature_names, tables, statistics, model, validation.
"""

from .cohort import Cohort, cohort_of, specs_of
from .workflow import CLINICAL, HORIZONS, Plan, RiskGroups, Steps, Training, performance_of, train

__all__ = [
    "CLINICAL",
    "HORIZONS",
    "Cohort",
    "Plan",
    "RiskGroups",
    "Steps",
    "Training",
    "cohort_of",
    "performance_of",
    "specs_of",
    "train",
]

"""From feature values and clinical covariates to risk group and survival.

``prediction`` scores one patient and is what this room offers at once; ``result_document`` puts all that is shown of
one result into JSON. ``cohort`` does the same for the tables of a cohort and is imported where it is needed, so that
scoring a patient reads no tables.

May import: errors, notices, feature_names, cell_values, tables, model.
"""

from .prediction import (
    DEMONSTRATION,
    Contribution,
    CovariateValue,
    Prediction,
    SurvivalCurve,
    predict,
    require_score,
    survival_curve,
)

__all__ = [
    "DEMONSTRATION",
    "Contribution",
    "CovariateValue",
    "Prediction",
    "SurvivalCurve",
    "predict",
    "require_score",
    "survival_curve",
]

"""From feature values and clinical covariates to risk group and survival, and a result as one document.

``prediction`` scores one patient, with the remarks of ``prediction_notices``; ``site_adjustment`` brings the features
of a harmonized model's patient to its common scale; ``trust`` grades a result;
``result_document`` puts all that is known of it into JSON, which ``wording`` says in words. ``cohort`` scores the
tables of a cohort and is imported where it is needed, so that scoring a patient reads no tables.

May import: errors, notices, sentences, feature_names, cell_values, tables, model.
"""

from . import wording
from .prediction import (
    Contribution,
    CovariateValue,
    Prediction,
    RiskGroupName,
    SurvivalCurve,
    predict,
    require_score,
    risk_group,
    survival_curve,
)
from .prediction_notices import DEMONSTRATION
from .result_document import document_text, read_document, result_document
from .site_adjustment import adjust_to_site
from .trust import GRADES, Grade, Trust, trust_of

__all__ = [
    "DEMONSTRATION",
    "GRADES",
    "Contribution",
    "CovariateValue",
    "Grade",
    "Prediction",
    "RiskGroupName",
    "SurvivalCurve",
    "Trust",
    "adjust_to_site",
    "document_text",
    "predict",
    "read_document",
    "require_score",
    "result_document",
    "risk_group",
    "survival_curve",
    "trust_of",
    "wording",
]

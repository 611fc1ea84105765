"""The library from Python, beside the packages its users know: pandas, scikit-learn, scikit-survival, lifelines.

``feature_frames`` and ``model_frames`` take and give pandas DataFrames, ``estimator`` is the score in scikit-learn's
manner, ``lifelines_models`` exchanges nomograms with lifelines. None of these packages is needed by anything else; each
is imported when a function that needs it is called.

May import: errors, notices, resources, tables, statistics, model, preprocessing, features, patient, scoring, cohort, performance, validation, training.
"""  # noqa: E501

from .feature_frames import agreement, extract_cases, load_ispy1
from .made_frames import StudyWarning
from .model_frames import apply, recalibrate, train, validate
from .studies import TrainingStudy, ValidationStudy

__all__ = [
    "StudyWarning",
    "TrainingStudy",
    "ValidationStudy",
    "agreement",
    "apply",
    "extract_cases",
    "load_ispy1",
    "recalibrate",
    "train",
    "validate",
]

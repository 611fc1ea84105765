"""The library from Python, beside the packages its users know: pandas, scikit-learn, scikit-survival, lifelines.

``data_frames`` takes and gives pandas DataFrames, ``estimator`` is the score in scikit-learn's manner,
``lifelines_models`` exchanges nomograms with lifelines. None of these packages is needed by anything else; each is
imported when a function that needs it is called.

May import: errors, notices, resources, tables, statistics, model, preprocessing, features, patient, scoring, cohort, performance, validation, training.
"""  # noqa: E501

from .data_frames import (
    StudyWarning,
    TrainingStudy,
    ValidationStudy,
    agreement,
    apply,
    extract_cases,
    load_ispy1,
    recalibrate,
    train,
    validate,
)

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

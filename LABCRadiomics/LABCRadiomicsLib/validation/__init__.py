"""How a model does on a cohort it was not made from, against other models, and its recalibration to that cohort.

``validate_model`` measures, ``comparators`` makes the markers to measure, ``recalibration`` fits a model anew,
``site_addition`` teaches a harmonized one another site.

May import: errors, notices, sentences, tables, statistics, model, scoring, performance.
"""

from .comparators import clinical_marker, model_marker
from .recalibration import recalibrate
from .site_addition import add_site
from .validate_model import LEAST_EVENTS, Validation, horizons_of, own_patients, training_cases, validate

__all__ = [
    "LEAST_EVENTS",
    "Validation",
    "add_site",
    "clinical_marker",
    "horizons_of",
    "model_marker",
    "own_patients",
    "recalibrate",
    "training_cases",
    "validate",
]

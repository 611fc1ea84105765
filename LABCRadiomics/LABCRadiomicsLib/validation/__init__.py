"""How a model does on a cohort it was not made from, against other models, and its recalibration to that cohort.

``workflow`` measures, ``report`` writes the results as files. ``comparison`` and ``stored_curves`` serve training too.

May import: errors, notices, tables, statistics, model, scoring.
"""

from .workflow import (
    GROUP_SEPARATION,
    LEAST_EVENTS,
    Calibration,
    GroupComparison,
    MarkerROC,
    Validation,
    horizons_of,
    validate,
)

__all__ = [
    "GROUP_SEPARATION",
    "LEAST_EVENTS",
    "Calibration",
    "GroupComparison",
    "MarkerROC",
    "Validation",
    "horizons_of",
    "validate",
]

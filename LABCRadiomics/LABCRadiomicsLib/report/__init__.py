"""The HTML report of a patient, which needs nothing else, and the templates of every page.

May import: errors, files, resources, model, scoring, patient, plots.
"""

from .patient import (
    cohort_kind,
    covariate_value,
    metric_limits,
    metric_value,
    patient_html,
    write_patient_report,
)

__all__ = [
    "cohort_kind",
    "covariate_value",
    "metric_limits",
    "metric_value",
    "patient_html",
    "write_patient_report",
]

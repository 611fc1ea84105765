"""HTML reports that need nothing else: a patient's, and the index page of a training or a validation.

The pages of cohorts are made from ``report.json`` and the tables beside it, not from the objects that wrote these.

May import: errors, files, resources, tables, model, scoring, patient, plots.
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

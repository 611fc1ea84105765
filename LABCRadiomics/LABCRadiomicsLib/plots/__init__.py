"""Figures as PNG bytes, without touching matplotlib's global state: of a patient, of a nomogram, of a cohort.

May import: statistics, imaging, model, scoring.
"""

from .nomogram import nomogram_figure
from .patient import patient_survival, tumor_slice
from .score_scale import score_scale

__all__ = [
    "nomogram_figure",
    "patient_survival",
    "score_scale",
    "tumor_slice",
]

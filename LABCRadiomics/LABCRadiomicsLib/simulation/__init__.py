"""Simulated breast MRI and cohorts whose truth is known, for demonstration and tests. Not patients.

``make_phantom`` draws one MRI with one tumor, ``simulate_cohort`` the covariates and outcomes, ``redraw_contour``
another reader's contour, and ``write_simulation`` puts a whole cohort into a folder. ``association_tables`` makes
genes, cells and tissue that go along with a score.

May import: errors, resources, imaging.
"""

from ..imaging.contours import redraw_contour
from ..imaging.random_fields import correlated_field
from .cohort import LAW, Covariates, HazardLaw, Patient, simulate_cohort, simulate_patient, stage_group
from .files import SIMULATED_NOTICE, write_simulation
from .phantom import Phantom, Tumor, make_phantom

__all__ = [
    "LAW",
    "SIMULATED_NOTICE",
    "Covariates",
    "HazardLaw",
    "Patient",
    "Phantom",
    "Tumor",
    "correlated_field",
    "make_phantom",
    "redraw_contour",
    "simulate_cohort",
    "simulate_patient",
    "stage_group",
    "write_simulation",
]

"""The model file: what a score, its cutoff and its nomogram are made of, read, checked, completed and found by name.

``covariates`` is the one place where a clinical covariate is read and encoded. Needs numpy alone, so that a panel can
show models where pyradiomics is not installed.

May import: errors, files, resources, feature_names, cell_values, statistics.
"""

from .completion import complete_model
from .contents import (
    FORMAT,
    FORMAT_VERSION,
    RANGE,
    Baseline,
    Change,
    Cohort,
    Covariate,
    Cutoff,
    Extraction,
    Groups,
    Image,
    Missing,
    Model,
    Nomogram,
    Part,
    Performance,
    Provenance,
    RiskGroup,
    Score,
    Status,
    Term,
    canonical_json,
)
from .covariates import SCORE, CovariateDomain, Value, infer_covariate
from .file import load_model, parse_model, save_model
from .registry import bundled_model_files, bundled_models, find_model

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "RANGE",
    "SCORE",
    "Baseline",
    "Change",
    "Cohort",
    "Covariate",
    "CovariateDomain",
    "Cutoff",
    "Extraction",
    "Groups",
    "Image",
    "Missing",
    "Model",
    "Nomogram",
    "Part",
    "Performance",
    "Provenance",
    "RiskGroup",
    "Score",
    "Status",
    "Term",
    "Value",
    "bundled_model_files",
    "bundled_models",
    "canonical_json",
    "complete_model",
    "find_model",
    "infer_covariate",
    "load_model",
    "parse_model",
    "save_model",
]

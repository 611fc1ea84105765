"""The model file: what a score, its cutoff and its nomogram are made of, read, checked, completed and found by name.

``contents`` mirrors the file, ``additions`` what format version 2 adds; ``covariates`` is where a clinical covariate is
read and encoded. Needs numpy alone, so that a panel can show models where nothing else is installed.

May import: errors, files, resources, feature_names, cell_values, statistics.
"""

from .additions import (
    Comparator,
    Distribution,
    Domain,
    Harmonization,
    PreservedCovariate,
    Repeat,
    Site,
    Uncertainty,
)
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
from .registry import bundled_model_files, bundled_models, find_model, model_path

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "RANGE",
    "SCORE",
    "Baseline",
    "Change",
    "Cohort",
    "Comparator",
    "Covariate",
    "CovariateDomain",
    "Cutoff",
    "Distribution",
    "Domain",
    "Extraction",
    "Groups",
    "Harmonization",
    "Image",
    "Missing",
    "Model",
    "Nomogram",
    "Part",
    "Performance",
    "PreservedCovariate",
    "Provenance",
    "Repeat",
    "RiskGroup",
    "Score",
    "Site",
    "Status",
    "Term",
    "Uncertainty",
    "Value",
    "bundled_model_files",
    "bundled_models",
    "canonical_json",
    "complete_model",
    "find_model",
    "infer_covariate",
    "load_model",
    "model_path",
    "parse_model",
    "save_model",
]

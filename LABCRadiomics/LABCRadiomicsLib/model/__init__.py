"""The model file: what a score, its cutoff and its nomogram are made of, read, checked, completed and found by name.

Needs numpy alone, so that a panel can show models where pyradiomics is not installed.

May import: errors, files, resources, feature_names.
"""

from .contents import (
    FORMAT,
    FORMAT_VERSION,
    SCORE,
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
    file_key,
    has_default,
)

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "SCORE",
    "Baseline",
    "Change",
    "Cohort",
    "Covariate",
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
    "canonical_json",
    "file_key",
    "has_default",
]

"""How good a marker is on patients: the only place that measures, for training, resampling and validation alike.

``measuring`` takes a marker, follow-up and horizons and gives everything that can be said of the marker; ``metrics``
names the figures; ``risk_groups``, ``cutoff``, ``predicted_risk`` and ``comparison`` hold the parts;
``competing_events`` has the risk groups' cumulative incidences; ``clinical_gain`` says what the score adds to a model
without it; ``within_folds`` compares patients of one fold only; ``stored_parts`` turns results into what a model file
holds.

May import: errors, notices, statistics, model.
"""

from .comparison import Comparison, Reclassification, compare
from .cutoff import CutoffStudy, accuracy_of_cutoff
from .marker import Marker
from .measuring import MarkerPerformance, essentials, measure, usable_horizons
from .metrics import NOMOGRAM, SCORE_ALONE, Estimate, Figure, Measure, Metric
from .predicted_risk import HorizonCalibration, HorizonDecision, net_benefit
from .risk_groups import RiskGroups, risk_groups
from .stored_parts import stored_baseline, stored_distribution, stored_groups, stored_performance

__all__ = [
    "NOMOGRAM",
    "SCORE_ALONE",
    "Comparison",
    "CutoffStudy",
    "Estimate",
    "Figure",
    "HorizonCalibration",
    "HorizonDecision",
    "Marker",
    "MarkerPerformance",
    "Measure",
    "Metric",
    "Reclassification",
    "RiskGroups",
    "accuracy_of_cutoff",
    "compare",
    "essentials",
    "measure",
    "net_benefit",
    "risk_groups",
    "stored_baseline",
    "stored_distribution",
    "stored_groups",
    "stored_performance",
    "usable_horizons",
]

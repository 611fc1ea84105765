"""What each step of the software is asked: one table, of which commands and the panel's forms are made.

A step's class declares its options, a field each (``case_options``, ``model_options``, ``patient_options``,
``association_options``): what it is called, what it may be, what it is when nothing is given, and one sentence on it.
``option_row`` makes rows of them, ``step`` says what belongs to a step besides, ``steps`` lists the steps, ``left_out``
what the panel does without. The command line makes parameters of the rows, the Slicer module fields; the jobs on
associations take the objects as they are.
Words are marked with ``_()`` for the translators; the panel asks for their translation.

May import: errors.
"""

from .association_options import (
    LEAST_SIZE,
    MAPPED,
    MOST_SIZE,
    PERMUTATIONS,
    ClusterMethod,
    ClustersOptions,
    ContrastOptions,
    EnrichmentOptions,
    EverythingOptions,
    ExpressionOptions,
    GroupOptions,
    GseaOptions,
    HistopathologyOptions,
    ImmuneOptions,
    ImmunophenoscoreOptions,
    MatrixKind,
    PrognosisOptions,
    PurityOptions,
    Split,
)
from .case_options import AgreementOptions, CasesOptions, ExtractOptions, HowToExtract, SimulateOptions, UnknownSite
from .left_out import COMMANDS_LEFT_OUT, OPTIONS_LEFT_OUT
from .model_options import ApplyOptions, RecalibrateOptions, TrainOptions, ValidateOptions
from .option_row import YES, Kind, Option, options_of, split_texts
from .patient_options import CONTOURS, DEMO_MODEL, DemoOptions, ScoreOptions
from .step import Handover, Step
from .steps import ASSOCIATE, STEPS

__all__ = [
    "ASSOCIATE",
    "COMMANDS_LEFT_OUT",
    "CONTOURS",
    "DEMO_MODEL",
    "LEAST_SIZE",
    "MAPPED",
    "MOST_SIZE",
    "OPTIONS_LEFT_OUT",
    "PERMUTATIONS",
    "STEPS",
    "YES",
    "AgreementOptions",
    "ApplyOptions",
    "CasesOptions",
    "ClusterMethod",
    "ClustersOptions",
    "ContrastOptions",
    "DemoOptions",
    "EnrichmentOptions",
    "EverythingOptions",
    "ExpressionOptions",
    "ExtractOptions",
    "GroupOptions",
    "GseaOptions",
    "Handover",
    "HistopathologyOptions",
    "HowToExtract",
    "ImmuneOptions",
    "ImmunophenoscoreOptions",
    "Kind",
    "MatrixKind",
    "Option",
    "PrognosisOptions",
    "PurityOptions",
    "RecalibrateOptions",
    "ScoreOptions",
    "SimulateOptions",
    "Split",
    "Step",
    "TrainOptions",
    "UnknownSite",
    "ValidateOptions",
    "options_of",
    "split_texts",
]

"""The steps by name, in the order in which they are used, and what each hands to the next."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from . import association_options as associations
from .case_options import AgreementOptions, CasesOptions, ExtractOptions, SimulateOptions
from .model_options import ApplyOptions, RecalibrateOptions, TrainOptions, ValidateOptions
from .option_row import Kind, _, declares, option, options_of
from .patient_options import DemoOptions, ScoreOptions
from .step import Handover, Step

ASSOCIATE = "associate"
PAGES = ("matplotlib", "Jinja2")  # packages that a page with figures takes


@declares
class FolderOptions:
    """Where the results of a job are written."""

    out: Path = option(
        _("Results folder"),
        _("Folder for the tables, figures, associations.json and index.html."),
        kind=Kind.NEW_FOLDER,
    )


def _association(name: str, title: str, help: str, asked: type[Any], *hands_over: Handover) -> Step:
    return Step(
        name=f"{ASSOCIATE} {name}",
        title=title,
        help=help,
        asked=asked,
        beside=options_of(FolderOptions),
        packages=PAGES,
        hands_over=hands_over,
        one_of=("groups", "scores") if name in ("expression", "immune", "histopathology") else (),
    )


_STEPS = (
    Step("score", _("Score a patient"), _("Score one patient from an MRI and a tumor mask."), ScoreOptions),
    Step(
        "demo",
        _("Demonstration"),
        _("Score the bundled real case with the demonstration model and write its report."),
        DemoOptions,
    ),
    Step(
        "cases",
        _("Find cases"),
        _("Pair images with their masks and write the table that extract takes."),
        CasesOptions,
        hands_over=(Handover("out", "extract", "cases"),),
    ),
    Step(
        "extract",
        _("Extract features"),
        _("Extract the radiomics features of a cohort."),
        ExtractOptions,
        packages=("joblib", "shapely"),  # the second for structure sets
        hands_over=(Handover("out", "train", "features"), Handover("out", "agreement", "reader1")),
    ),
    Step(
        "agreement",
        _("Agreement of readers"),
        _("Measure how well the features of two readers' segmentations agree: ICC(2,1) with 95% limits."),
        AgreementOptions,
        one_of=("reader2", "segments"),
        packages=("joblib",),
        hands_over=(Handover("out", "train", "icc"),),
    ),
    Step(
        "simulate",
        _("Simulate a cohort"),
        _("Write a simulated cohort: phantom MRI, contours, outcomes and the truth."),
        SimulateOptions,
        packages=("joblib",),
    ),
    Step(
        "train",
        _("Train a model"),
        _("Make a radiomics score, its cutoff and its nomogram from a cohort, and measure their optimism."),
        TrainOptions,
        packages=(*PAGES, "joblib", "threadpoolctl"),
    ),
    Step(
        "apply",
        _("Score a cohort"),
        _("Score every case of a feature table."),
        ApplyOptions,
        hands_over=(Handover("out", "associate expression", "scores"),),
    ),
    Step(
        "validate",
        _("Validate a model"),
        _("Measure a model on another cohort, with its stored cutoff."),
        ValidateOptions,
        packages=PAGES,
    ),
    Step(
        "recalibrate",
        _("Recalibrate a model"),
        _("Fit a model's baseline survival, or baseline and slope, to a local cohort."),
        RecalibrateOptions,
        packages=PAGES,
    ),
    _association(
        "expression",
        _("Gene expression"),
        _("Find the genes that differ between the groups, as limma does."),
        associations.ExpressionOptions,
        Handover("out", "associate gsea", "ranks", "expression.csv"),
        Handover("out", "associate enrichment", "expression", "expression.csv"),
    ),
    _association(
        "gsea",
        _("Gene set enrichment"),
        _("Find the gene sets that gather at an end of the ranking: preranked GSEA, CAMERA beside it."),
        associations.GseaOptions,
    ),
    _association(
        "enrichment",
        _("Over-represented gene sets"),
        _("Find the gene sets over-represented among the differentially expressed genes."),
        associations.EnrichmentOptions,
    ),
    _association(
        "prognosis",
        _("Survival by genes"),
        _("Ask whether genes predict survival in the direction in which they differ between the groups."),
        associations.PrognosisOptions,
    ),
    _association(
        "purity",
        _("Tumor purity"),
        _("Measure stroma, immune cells and tumor purity by ESTIMATE."),
        associations.PurityOptions,
    ),
    _association(
        "immune",
        _("Immune cells"),
        _("Compare fractions of immune cells, or any measures, between the groups."),
        associations.ImmuneOptions,
    ),
    _association(
        "immunophenoscore",
        _("Immunophenoscore"),
        _("Score antigen presentation, effector and suppressor cells and checkpoints."),
        associations.ImmunophenoscoreOptions,
    ),
    _association(
        "histopathology",
        _("Histopathology"),
        _("Compare cells and tissue between the groups: quantiles of every case, FDR, map with radiomics features."),
        associations.HistopathologyOptions,
    ),
    _association(
        "clusters",
        _("Clusters of the features"),
        _("Sort patients into clusters by their radiomics features alone."),
        associations.ClustersOptions,
    ),
    _association(
        "all",
        _("Everything a configuration allows"),
        _(
            "Do every job that the configuration's inputs allow, into one folder with one page; "
            "resumes where it stopped."
        ),
        associations.EverythingOptions,
    ),
)

STEPS = {step.name: step for step in _STEPS}

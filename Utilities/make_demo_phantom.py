"""Make the bundled model ``demo-phantom`` by the whole pipeline on our own simulated cohort.

    make demo-model        (some minutes; the same file comes out every time)

Simulate 278 patients with two readers, extract, filter by the readers' agreement, train on the first 139 with 200
bootstrap repeats of the whole selection, validate on the other 139. Everything about this model is simulated: it shows
how the module works and is good for nothing else.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from LABCRadiomicsLib.cli.common import ProgressBar
from LABCRadiomicsLib.cohort import extract_cases
from LABCRadiomicsLib.cohort.agreement import reader_agreement, write_agreement
from LABCRadiomicsLib.cohort.record import read_extraction
from LABCRadiomicsLib.features import ENGINE
from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
from LABCRadiomicsLib.imaging.volume import CANONICAL
from LABCRadiomicsLib.model import CovariateDomain, Extraction, Image, Model
from LABCRadiomicsLib.model.file import save_model
from LABCRadiomicsLib.performance import stored_performance
from LABCRadiomicsLib.resources import models_folder
from LABCRadiomicsLib.scoring.cohort import score_cohort
from LABCRadiomicsLib.simulation import write_simulation
from LABCRadiomicsLib.study_reports import write_training_report
from LABCRadiomicsLib.tables.cohort import FeatureTable, OutcomeTable, read_features, read_icc, read_outcomes
from LABCRadiomicsLib.tables.csv_table import read_table, write_table
from LABCRadiomicsLib.training import Card, Plan, Recipe, Training, cohort_of, train, trained_model
from LABCRadiomicsLib.training.model_domain import image_domain
from LABCRadiomicsLib.validation import validate

PATIENTS, TRAINING, SEED, CREATED = 278, 139, 2022, "2026-11-23"

COVARIATES = (
    CovariateDomain(name="age", label="Age", type="number", unit="years", minimum=0.0, maximum=120.0),
    CovariateDomain(
        name="stage", label="Clinical stage", type="category", levels=("II", "IIIa-b", "IIIc"), reference="II"
    ),
    CovariateDomain(name="pcr", label="Pathological complete response", type="binary", levels=("no", "yes")),
    CovariateDomain(name="hr", label="Hormone receptor status", type="binary", levels=("negative", "positive")),
    CovariateDomain(name="her2", label="HER2 status", type="binary", levels=("negative", "positive")),
)

CARD = Card(
    id="demo-phantom",
    title="Demonstration on simulated breast MRI",
    status="demonstration",
    origin="simulated",
    citation="LABCRadiomics, demonstration model trained on its own simulated cohort.",
    licence="Apache-2.0",
    source="Utilities/make_demo_phantom.py",
    created=CREATED,
    intended_use="Showing how the module works. Simulated data; not for any clinical use.",
    description=f"Patients 1 to {TRAINING} of {PATIENTS} simulated with seed {SEED}; no real patient.",
    image=Image(modality="MR", sequence="T1-weighted, contrast-enhanced (simulated)", timing="before chemotherapy"),
    limitations=(
        "Every image, contour and outcome behind this model was simulated: it says nothing about any patient.",
        "Real images differ from the simulated ones, so features outside the training range are to be expected.",
    ),
    software={"engine": ENGINE},
)


def case_table(cohort: Path, reader: str, patients: int, out: Path) -> Path:
    """Write the first patients of a reader's case table with paths that hold from anywhere."""
    table = read_table(cohort / reader)
    columns = (
        table.cases(),
        *([(cohort / text).resolve() for text in table.texts(name)] for name in ("image", "mask")),
    )
    rows = [tuple(map(str, row)) for row in zip(*columns, strict=True)]
    write_table(out, ["case", "image", "mask"], rows[:patients])
    return out


def extracted(cohort: Path, scratch: Path, jobs: int) -> tuple[Path, Path, Path]:
    """Extract both readers' features, the second's of the training patients alone, and compare them."""
    settings = ExtractionSettings.from_parameters(SLICER_RADIOMICS_PARAMETERS, CANONICAL)
    features = scratch / "features.csv", scratch / "features_reader2.csv"
    for reader, patients, out in zip(("cases.csv", "cases_reader2.csv"), (PATIENTS, TRAINING), features, strict=True):
        cases = case_table(cohort, reader, patients, scratch / reader)
        with ProgressBar(f"extracting {reader}") as advance:
            extract_cases(cases, out, settings, jobs=jobs, resume=True, progress=advance)
    write_agreement(scratch / "icc.csv", reader_agreement(*features))
    return *features, scratch / "icc.csv"


def some(features: FeatureTable, rows: slice) -> FeatureTable:
    return FeatureTable(features.cases[rows], features.names, features.values[rows])


def trained(features: FeatureTable, outcomes: OutcomeTable, icc: Path, jobs: int) -> Training:
    cohort = replace(cohort_of(some(features, slice(TRAINING)), outcomes, COVARIATES), notices=())
    names = tuple(spec.name for spec in COVARIATES)
    plan = Plan(recipe=Recipe(named=names), stage="stage", subgroups=("pcr", "hr"), seed=SEED, jobs=jobs)
    with ProgressBar("bootstrap") as advance:
        return train(cohort, plan, icc=read_icc(icc), steps=lambda what: advance)


def with_validation(
    training: Training, features: FeatureTable, outcomes: OutcomeTable, extraction: Extraction | None, *tables: Path
) -> Model:
    """Make the model, and make it again with its performance on the patients it has not seen.

    Its domain is of both readers' contours (``tables``), because the first reader of a simulation draws the truth.
    """
    domain = image_domain(tables[0], training.cohort.cases, others=tables[1:])
    card = replace(CARD, image=replace(CARD.image, domain=domain))
    model = trained_model(training, card, extraction)
    scored = score_cohort(model, some(features, slice(TRAINING, PATIENTS)), outcomes)
    found = validate(scored, bootstrap=200, seed=SEED).performance
    return trained_model(training, card, extraction, stored_performance(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=models_folder() / "demo-phantom.json")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cohort", type=Path, help="a cohort already written by `labcradiomics simulate`")
    parser.add_argument("--work", type=Path, help="folder for the tables and the training report, kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = options.work or Path(temporary)
        scratch.mkdir(parents=True, exist_ok=True)
        cohort = options.cohort or write_simulation(scratch / "cohort", PATIENTS, SEED, 2, options.jobs)
        table, second, icc = extracted(cohort, scratch, options.jobs)
        features = read_features(table)
        outcomes = read_outcomes(cohort / "outcomes.csv", "case", "dfs_months", "dfs_event")
        training = trained(features, outcomes, icc, options.jobs)
        model = with_validation(training, features, outcomes, read_extraction(table), table, second)
        write_training_report(scratch / "report", training, model)
    save_model(model, options.out)
    print(f"{options.out}: {len(model.score.terms)} features, fingerprint {model.fingerprint}")
    for row in model.performance:
        limits = "" if row.lower is None or not np.isfinite(row.lower) else f" ({row.lower:.3f} to {row.upper:.3f})"
        print(f"  {row.cohort:10} {row.kind:18} {row.metric:45} {row.value:.4g}{limits}")


if __name__ == "__main__":
    main()

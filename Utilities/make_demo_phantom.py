"""Make the bundled model ``demo-phantom``: simulate 278 patients, extract, train on 139, validate on the other 139.

    make demo-model        (a few minutes; the same file comes out every time)

Everything about this model is simulated. It shows how the module works and is good for nothing else.
"""

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np
import radiomics
from joblib import Parallel, delayed

from LABCRadiomicsLib import __version__
from LABCRadiomicsLib.extraction_settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
from LABCRadiomicsLib.features import extract
from LABCRadiomicsLib.images import CANONICAL, read_image, read_mask
from LABCRadiomicsLib.model import Cohort as CohortSummary
from LABCRadiomicsLib.model import Extraction, Image, Model, Provenance
from LABCRadiomicsLib.model_file import save_model
from LABCRadiomicsLib.resources import models_folder
from LABCRadiomicsLib.simulation import write_simulation
from LABCRadiomicsLib.statistics.lasso import random_folds
from LABCRadiomicsLib.training import (
    Cohort,
    CovariateSpec,
    cutoff_of,
    groups_of,
    nomogram_of,
    performance_of,
    score_of,
    select_features,
)

PATIENTS, TRAINING, SEED, HORIZON = 278, 139, 2022, 60.0

COVARIATES = (
    CovariateSpec("age", "Age", "number", unit="years", minimum=0.0, maximum=120.0),
    CovariateSpec("stage", "Clinical stage", "category", levels=("II", "IIIa-b", "IIIc"), reference="II"),
    CovariateSpec("pcr", "Pathological complete response", "binary", levels=("no", "yes")),
    CovariateSpec("hr", "Hormone receptor status", "binary", levels=("negative", "positive")),
    CovariateSpec("her2", "HER2 status", "binary", levels=("negative", "positive")),
)


def features_of(folder: Path, row: dict) -> dict[str, float]:
    settings = ExtractionSettings.from_parameters(SLICER_RADIOMICS_PARAMETERS, CANONICAL)
    return extract(read_image(folder / row["image"]), read_mask(folder / row["mask"]), settings).values


def cohort_of(folder: Path, jobs: int) -> Cohort:
    with (folder / "cases.csv").open() as file:
        cases = list(csv.DictReader(file))
    with (folder / "outcomes.csv").open() as file:
        outcomes = list(csv.DictReader(file))
    values = Parallel(n_jobs=jobs)(delayed(features_of)(folder, row) for row in cases)
    names = tuple(values[0])
    covariates = {
        spec.name: np.array([row[spec.name] if spec.type == "category" else float(row[spec.name]) for row in outcomes])
        for spec in COVARIATES
    }
    return Cohort(
        names,
        np.array([[row[name] for name in names] for row in values]),
        np.array([float(row["dfs_months"]) for row in outcomes]),
        np.array([row["dfs_event"] == "1" for row in outcomes]),
        covariates,
    )


def train(cohort: Cohort) -> Model:
    training, validation = cohort.take(np.arange(TRAINING)), cohort.take(np.arange(TRAINING, PATIENTS))
    selection = select_features(training, random_folds(training.event, 10, seed=SEED))
    score, values = score_of(training, selection)
    cutoff, _ = cutoff_of(values, training, HORIZON)
    nomogram, fitted = nomogram_of(values, training, COVARIATES)
    performance = []
    for part, label, kind in ((training, "training", "apparent"), (validation, "validation", "validation")):
        marker = part.features @ selection.coefficients
        rows = np.column_stack([*(spec.columns(part.covariates[spec.name]) for spec in COVARIATES), marker])
        markers = {"nomogram": fitted.linear_predictor(rows), "radiomics score alone": marker}
        performance += performance_of(
            markers, marker > cutoff.value, part, label=label, kind=kind, horizon=HORIZON
        )
    return Model(
        id="demo-phantom",
        title="Demonstration on simulated breast MRI",
        version="1",
        status="demonstration",
        provenance=Provenance(
            citation="LABCRadiomics, demonstration model trained on its own simulated cohort.",
            licence="Apache-2.0",
            origin="simulated",
            created="2026-11-23",
            source="Utilities/make_demo_phantom.py",
            software={"LABCRadiomics": __version__, "pyradiomics": radiomics.__version__},
            cohort=CohortSummary(
                n=TRAINING,
                events=int(training.event.sum()),
                description=f"Patients 1 to {TRAINING} of {PATIENTS} simulated with seed {SEED}; no real patient.",
            ),
            methods=(
                f"{len(cohort.names)} features: original and 8 wavelet sub-bands, canonical axis order.",
                f"Univariable Cox regression, p < 0.05: {len(selection.kept)} features kept.",
                f"LASSO-Cox regression, 10-fold cross-validation, lambda.min = {selection.penalty:.4g}: "
                f"{len(score.terms)} features.",
                "Cutoff by the time-dependent ROC curve (IPCW) at 60 months and Youden's index.",
                "Nomogram: multivariable Cox regression (Efron) of the training cohort.",
            ),
        ),
        intended_use="Showing how the module works. Simulated data; not for any clinical use.",
        limitations=(
            "Every image, contour and outcome behind this model was simulated: it says nothing about any patient.",
            "Real images differ from the simulated ones, so features outside the training range are to be expected.",
            "The apparent performance is optimistic: features, penalty and cutoff were chosen on the same patients.",
        ),
        image=Image(modality="MR", sequence="T1-weighted, contrast-enhanced (simulated)", timing="before chemotherapy"),
        extraction=Extraction(
            setting=SLICER_RADIOMICS_PARAMETERS["setting"],
            image_type=SLICER_RADIOMICS_PARAMETERS["imageType"],
            feature_class=SLICER_RADIOMICS_PARAMETERS["featureClass"],
            pyradiomics_version=radiomics.__version__,
            array_order=CANONICAL,
        ),
        score=score,
        cutoff=cutoff,
        nomogram=nomogram,
        groups=groups_of(values > cutoff.value, training),
        performance=tuple(performance),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=models_folder() / "demo-phantom.json")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cohort", type=Path, help="a cohort already written by `labcradiomics simulate`")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.cohort or write_simulation(Path(scratch) / "cohort", PATIENTS, SEED, 1, options.jobs)
        model = train(cohort_of(folder, options.jobs))
    save_model(model, options.out)
    print(f"{options.out}: {len(model.score.terms)} features, fingerprint {model.fingerprint}")
    for row in model.performance:
        print(f"  {row.cohort:10} {row.metric:40} {row.value:.4g}")


if __name__ == "__main__":
    main()

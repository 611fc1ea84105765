"""The domain check: which grade each wrong image, grid, segment and header gets, and how often a right one is doubted.

    python Benchmarks/domain.py [--phantoms 10] [--false-alarms]

The first tables change phantoms that ``demo-phantom`` was not trained on (``LABCRadiomics/Testing/Python/
domain_kinds.py``); the headers are of DICOM files and go with a model as if trained on scans. The last one is real
images of ``../shared/data``, where it is there. ``--false-alarms`` grades 139 unchanged phantoms of the training law.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from LABCRadiomicsLib.errors import LABCRadiomicsError
from LABCRadiomicsLib.imaging import ReadingOptions, Source, read_image, read_mask, read_pair
from LABCRadiomicsLib.model import Model
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import score_patient
from LABCRadiomicsLib.scoring.trust import GRADES

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "LABCRadiomics" / "Testing" / "Python"))

import domain_kinds  # noqa: E402
from domain_kinds import GRIDS, HEADERS, SEGMENTS, SIMULATED, TRAINED_ON, VOXELS, Examination  # noqa: E402

SHARED = Path(os.environ.get("LABCRADIOMICS_SHARED_DATA", ROOT.parent / "shared" / "data"))
UCSF, BREAST1 = SHARED / "ucsf-br-06", SHARED / "breast1"
T1, TUMOR = UCSF / "UCSF-BR-06_3dfgre_orig_t1.nrrd", UCSF / "UCSF-BR-06_ftv_mask_largest.nrrd"
Graded = tuple[str, list[str]]  # grade and what it is given for; "refused" with the sentence


def graded(model: Model, case: Examination, source: Source | None = None) -> Graded:
    """Grade one examination; its covariates are known."""
    try:
        covariates = domain_kinds.clinical(case.patient)
        result = score_patient(model, case.image, case.mask, covariates, source=source)
    except LABCRadiomicsError as error:
        return "refused", [str(error)]
    trust = result.document["trust"]
    return trust["grade"], [reason["code"] for reason in trust["reasons"]]


def show(title: str, rows: Iterable[tuple[str, list[Graded]]]) -> None:
    """Print how often each kind got each grade, and its usual reasons."""
    print(f"\n{title}\n{'':28s} {'refused':>8s} {'not rely':>8s} {'care':>5s} {'fine':>5s}  reasons")
    for name, found in rows:
        grades = Counter(grade for grade, _ in found)
        reasons = Counter(reason for _, codes in found for reason in dict.fromkeys(codes))
        told = ", ".join(f"{code} {count}" if len(found) > 1 else code for code, count in reasons.most_common(4))
        counts = [grades["refused"], *(grades[grade] for grade in reversed(GRADES))]
        print(f"{name:28s} {counts[0]:8d} {counts[1]:8d} {counts[2]:5d} {counts[3]:5d}  {told[:150]}", flush=True)


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phantoms", type=int, default=10)
    parser.add_argument("--false-alarms", action="store_true")
    asked = parser.parse_args()
    model, start = find_model("demo-phantom"), time.process_time()
    if asked.false_alarms:
        false_alarms(model)
    cases = usual_examinations(model, asked.phantoms)
    for title, kinds in (("Voxels", VOXELS), ("Grids", GRIDS), ("Segments", SEGMENTS)):
        show(title, ((name, [graded(model, change(case)) for case in cases]) for name, change in kinds.items()))
    show("Headers", header_rows(model, cases[0]))
    show("Acquisitions", acquisition_rows(model, cases[0]))
    if UCSF.is_dir():
        show("Real images", real_rows(model))
    print(f"{time.process_time() - start:.0f} CPU s")


def usual_examinations(model: Model, count: int) -> list[Examination]:
    """Give the first phantoms after the training ones that are not remarked on themselves."""
    found, index = [], TRAINED_ON
    while len(found) < count:
        case = domain_kinds.examination(index)
        index += 1
        if graded(model, case)[0] == GRADES[0]:
            found.append(case)
    return found


def false_alarms(model: Model) -> None:
    """Grade the phantoms that the model's validation cohort is."""
    found = [graded(model, domain_kinds.examination(index)) for index in range(TRAINED_ON, SIMULATED)]
    show(f"{len(found)} phantoms of the training law", [("unchanged", found)])
    for grade in GRADES[1:]:
        print(f"  {grade}: {np.mean([got == grade for got, _ in found]):.1%}")


def header_rows(model: Model, case: Examination) -> Iterable[tuple[str, list[Graded]]]:
    """One phantom as DICOM files of an ordinary scan, but for one attribute."""
    scans = domain_kinds.as_trained_on_scans(model)
    for name, attributes in HEADERS.items():
        with tempfile.TemporaryDirectory() as folder:
            yield name, [of_folder(scans, case, domain_kinds.write_dicom(case, Path(folder), **attributes))]


def acquisition_rows(model: Model, case: Examination) -> Iterable[tuple[str, list[Graded]]]:
    """Two acquisitions in one series: which of them is taken."""
    scans = domain_kinds.as_trained_on_scans(model)
    with tempfile.TemporaryDirectory() as folder:
        for at in (1, 2):
            extra = {"TemporalPositionIdentifier": at, "SOPInstanceUID": None, "TriggerTime": 90000.0 * (at - 1)}
            extra["SOPInstanceUID"] = lambda number, at=at: f"1.2.826.0.1.3680043.8.498.{at}.{number + 1}"
            domain_kinds.write_dicom(case, Path(folder, str(at)), **extra)
        both = Path(folder, "both")
        both.mkdir()
        for at in (1, 2):
            for file in Path(folder, str(at)).iterdir():
                file.rename(both / f"{at}-{file.name}")
        for phase in ("1", "2", None):
            yield f"phase {phase}", [of_folder(scans, case, both, ReadingOptions(phase=phase))]


def of_folder(model: Model, case: Examination, folder: Path, *options) -> Graded:
    """Grade a phantom whose image is read from a DICOM folder."""
    try:
        read = read_image(folder, *options)
    except LABCRadiomicsError as error:
        return "refused", [str(error).replace(str(folder), "FOLDER")]
    return graded(model, Examination(read.volume, case.mask, case.patient), read.source)


def real_rows(model: Model) -> Iterable[tuple[str, list[Graded]]]:
    """Real images with the demonstration model, which is of simulated ones."""
    pairs = {
        "breast1": (BREAST1 / "breast1_image.nrrd", BREAST1 / "breast1_label.nrrd"),
        "UCSF-BR-06, DICOM": (UCSF / "dicom_t1", TUMOR),
        "UCSF-BR-06, NRRD": (T1, TUMOR),
        "before contrast": (UCSF / "UCSF-BR-06_3dfgre_orig_t0.nrrd", TUMOR),
        "late phase": (UCSF / "UCSF-BR-06_3dfgre_orig_t2.nrrd", TUMOR),
        "percent enhancement map": (UCSF / "UCSF-BR-06_pe1.nrrd", TUMOR),
        "enhancement ratio map": (UCSF / "UCSF-BR-06_ser.nrrd", TUMOR),
        "breast tissue as segment": (T1, UCSF / "UCSF-BR-06_seg_voi_breast_tissue.nrrd"),
        "all parts of the threshold": (T1, UCSF / "UCSF-BR-06_ftv_mask_SERgt0.nrrd"),
    }
    patient = domain_kinds.simulate_patient(domain_kinds.TRAINING_SEED, TRAINED_ON)  # whose covariates stand in
    for name, paths in pairs.items():
        image, mask = read_pair(*paths)
        yield name, [graded(model, Examination(image.volume, mask.volume, patient), image.source)]
    case = Examination(read_image(T1).volume, read_mask(TUMOR).volume, patient)
    for kinds in (VOXELS, GRIDS, SEGMENTS):
        for name in ("intensities x 10", "CT", "voxels of 1 mm", "turned by 30 degrees", "bounding box", "one slice"):
            if name in kinds:
                yield f"UCSF-BR-06, {name}", [graded(model, kinds[name](case))]


if __name__ == "__main__":
    main()

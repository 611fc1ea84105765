"""Writing a simulated cohort to a folder: images, contours of several readers, tables and the truth."""

import csv
import dataclasses
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import SimpleITK as sitk

from .. import NOTICE, __version__
from ..errors import InputError
from ..imaging import Volume, contours
from . import cohort, phantom
from .cohort import LAW, Patient, patient_rng, simulate_cohort

SIMULATED_NOTICE = f"Simulated data: no patient is described. {NOTICE}"
MAX_READERS = 9


def write_simulation(
    folder: str | os.PathLike[str],
    patients: int,
    seed: int,
    readers: int = 2,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Simulate a cohort and write its images, contours, tables and truth.

    The same arguments give the same bytes, whatever ``jobs``; patient k is the same whatever ``patients``.

    Parameters
    ----------
    folder : path
        New or empty folder. It appears complete or not at all.
    patients : int
        Number of patients, at least 1.
    seed : int
        Not negative.
    readers : int
        Contours a tumor, 1 to 9. Reader 1 draws the true tumor, every other one moves its boundary smoothly.
    jobs : int
        Patients simulated at once (threads).
    progress : callable, optional
        Called with the number of patients written and their total. An exception it raises cancels the writing.

    Returns
    -------
    pathlib.Path
        The folder: ``images/``, ``masks/``, ``cases.csv`` (reader 1), ``cases_reader2.csv`` ..., ``outcomes.csv``,
        ``truth.csv`` and ``truth.json``.

    Raises
    ------
    InputError
        If an argument is out of range, or the folder is not empty or cannot be written.
    """
    if not 1 <= readers <= MAX_READERS:
        raise InputError(f"The number of readers is {readers}: give a whole number from 1 to {MAX_READERS}.")
    if not jobs >= 1:
        raise InputError(f"The number of jobs is {jobs}: give a whole number of at least 1.")
    simulated = simulate_cohort(patients, seed)
    target = Path(folder).resolve()
    with _complete_or_absent(target) as partial:
        (partial / "images").mkdir()
        (partial / "masks").mkdir()
        volumes = _write_cases(partial, simulated, seed, readers, jobs, progress)
        _write_tables(partial, simulated, volumes, readers)
        _write_truth(partial / "truth.json", patients, seed, readers)
    return target


@contextmanager
def _complete_or_absent(target: Path):
    """Give a temporary folder beside ``target`` that takes its place when the block ends well, and vanishes if not."""
    try:
        if target.exists() and not target.is_dir():
            raise InputError(f"{target} is a file: give a new or an empty folder.")
        if target.exists() and any(target.iterdir()):
            raise InputError(f"The folder {target} is not empty: give a new or an empty folder.")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = _new_folder_beside(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        yield partial
        if target.is_dir():
            target.rmdir()  # empty; Windows does not rename over a folder
        partial.replace(target)
    except OSError as error:
        raise _unwritable(target, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _new_folder_beside(target: Path) -> Path:
    for attempt in count():
        partial = target.parent / f".{target.name}.partial-{os.getpid()}-{attempt}"
        try:
            partial.mkdir()
        except FileExistsError:
            continue
        return partial
    raise AssertionError("count() does not end")


def _unwritable(target: Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(f"The folder {target} cannot be written ({reason}): give another folder or free its disk.")


def _write_cases(
    folder: Path,
    patients: Sequence[Patient],
    seed: int,
    readers: int,
    jobs: int,
    progress: Callable[[int, int], None] | None,
) -> list[float]:
    """Write every patient's image and masks; return the volumes of the true tumors in mm3, in order."""
    pool = ThreadPoolExecutor(jobs)  # numpy and SimpleITK release the interpreter's lock where the time goes
    try:
        volumes = []
        for volume in pool.map(lambda patient: _write_case(folder, patient, seed, readers), patients):
            volumes.append(volume)
            if progress is not None:
                progress(len(volumes), len(patients))
        return volumes
    finally:
        pool.shutdown(cancel_futures=True)


def _write_case(folder: Path, patient: Patient, seed: int, readers: int) -> float:
    simulated = phantom.make_phantom(patient.tumor, patient_rng(seed, patient.index, "image"))
    _write_image(simulated.image, folder / _image_path(patient))
    _write_image(simulated.tumor, folder / _mask_path(patient, 1))
    for reader in range(2, readers + 1):
        mask = contours.redraw_contour(simulated.tumor, patient_rng(seed, patient.index, "reader", reader))
        _write_image(mask, folder / _mask_path(patient, reader))
    return simulated.tumor_volume_mm3


def _write_image(image: Volume, path: Path) -> None:
    try:
        sitk.WriteImage(image.to_sitk(), path, useCompression=True)
    except RuntimeError as error:  # what SimpleITK raises for a full disk
        raise OSError(f"writing {path.name} failed") from error


def _image_path(patient: Patient) -> str:
    return f"images/{patient.case}.nrrd"


def _mask_path(patient: Patient, reader: int) -> str:
    return f"masks/{patient.case}_reader{reader}.nrrd"


def _write_tables(folder: Path, patients: Sequence[Patient], volumes: Sequence[float], readers: int) -> None:
    for reader in range(1, readers + 1):
        rows = ({"case": p.case, "image": _image_path(p), "mask": _mask_path(p, reader)} for p in patients)
        _write_csv(folder / ("cases.csv" if reader == 1 else f"cases_reader{reader}.csv"), rows)
    _write_csv(folder / "outcomes.csv", map(_outcome_row, patients))
    _write_csv(folder / "truth.csv", map(_truth_row, patients, volumes))


def _outcome_row(patient: Patient) -> dict[str, object]:
    covariates = patient.covariates
    return {
        "case": patient.case,
        "dfs_months": f"{patient.dfs_months:.2f}",
        "dfs_event": patient.dfs_event,
        "age": covariates.age,
        "cT": covariates.ct,
        "cN": covariates.cn,
        "stage": covariates.stage,
        "pcr": covariates.pcr,
        "er": covariates.er,
        "pr": covariates.pr,
        "hr": covariates.hr,
        "her2": covariates.her2,
        "imni": covariates.imni,
    }


def _truth_row(patient: Patient, volume_mm3: float) -> dict[str, object]:
    return {
        "case": patient.case,
        **{name: f"{value:.6g}" for name, value in dataclasses.asdict(patient.tumor).items()},
        "volume_mm3": f"{volume_mm3:.1f}",
        "heterogeneity_z": f"{patient.heterogeneity_z:.6f}",
        "linear_predictor": f"{patient.linear_predictor:.6f}",
        "survival_60m": f"{LAW.survival(60.0, patient.linear_predictor):.6f}",
        "event_months": f"{patient.event_months:.2f}",
        "censoring_months": f"{patient.censoring_months:.2f}",
    }


def _write_csv(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_truth(path: Path, patients: int, seed: int, readers: int) -> None:
    truth = {
        "notice": SIMULATED_NOTICE,
        "generator": "LABCRadiomicsLib.simulation",
        "version": __version__,
        "seed": seed,
        "patients": patients,
        "readers": {
            "count": readers,
            "reader_1": "the true tumor",
            "others": {"boundary_sd_mm": contours.READER_SD_MM, "correlation_length_mm": contours.READER_LENGTH_MM},
        },
        "hazard": {
            "law": "S(t | x) = exp(-(t / scale_months)^shape * exp(linear_predictor))",
            **dataclasses.asdict(LAW),
            "censoring": "uniform between censoring_months, independent of everything else",
        },
        "heterogeneity": {
            "meaning": "standard deviation of the intratumor random field over the mean enhancement",
            "median": cohort.HETEROGENEITY_MEDIAN,
            "log_sd": cohort.HETEROGENEITY_LOG_SD,
            "heterogeneity_z": "log(heterogeneity / median) / log_sd, standard normal, independent of the covariates",
        },
        "image": {"noise": "Rician", "noise_sd": phantom.NOISE_SD, "spacing_mm": phantom.SPACING[::-1]},
    }
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        json.dump(truth, stream, indent=2, allow_nan=False)
        stream.write("\n")

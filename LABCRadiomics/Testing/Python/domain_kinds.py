"""What people hand over in place of the image or the contour that a model wants, made from one simulated examination.

Each kind changes the voxels, the grid, the segment or the headers of a phantom of the law that ``demo-phantom`` was
trained on, so that nothing but the change speaks against the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

import dicom_making
from LABCRadiomicsLib.imaging import Volume
from LABCRadiomicsLib.model import Domain, Model
from LABCRadiomicsLib.simulation import Patient, make_phantom
from LABCRadiomicsLib.simulation.cohort import patient_rng, simulate_patient

TRAINING_SEED, TRAINED_ON, SIMULATED = 2022, 139, 278  # patients of demo-phantom, see Utilities/make_demo_phantom.py


@dataclass(frozen=True)
class Examination:
    """An image, a segment, and the patient they are of."""

    image: Volume
    mask: Volume
    patient: Patient

    def changed(self, array: np.ndarray) -> Examination:
        """The same with other intensities."""
        return replace(self, image=self.image.with_array(array))

    def segmented(self, mask: np.ndarray) -> Examination:
        """The same with another segment."""
        return replace(self, mask=self.mask.with_array(mask.astype(np.uint8)))


def examination(index: int, seed: int = TRAINING_SEED) -> Examination:
    """Simulate a patient of the training law; those from ``TRAINED_ON`` on were not trained on."""
    patient = simulate_patient(seed, index)
    phantom = make_phantom(patient.tumor, patient_rng(seed, index, "image"))
    return Examination(phantom.image, phantom.tumor, patient)


def clinical(patient: Patient) -> dict[str, object]:
    """The patient's covariates as ``demo-phantom`` wants them."""
    known = patient.covariates
    return {
        "age": known.age,
        "stage": known.stage,
        "pcr": "yes" if known.pcr else "no",
        "hr": "positive" if known.hr else "negative",
        "her2": "positive" if known.her2 else "negative",
    }


def _before_contrast(case: Examination) -> Examination:
    """The same breast before contrast: the tumor is as bright as the gland, and as uneven as its gain."""
    tumor = replace(case.patient.tumor, enhancement=55.0)
    phantom = make_phantom(tumor, patient_rng(TRAINING_SEED, case.patient.index, "image"))
    return replace(case, image=phantom.image)


def _subtraction(case: Examination) -> Examination:
    before = _before_contrast(case).image.array.astype(np.int32)
    noise = np.random.default_rng(1).normal(0, 3.6, before.shape)
    return case.changed(np.rint(case.image.array - before + noise).astype(np.int16))


def _ct(case: Examination) -> Examination:
    """Hounsfield units: air -1000, fat -100, gland and tumor 20 to 60."""
    level = case.image.array.astype(float)
    return case.changed(np.rint(np.interp(level, [0, 10, 17, 50, 120, 400], [-1000, -900, -100, 30, 60, 300])))


def _t2(case: Examination) -> Examination:
    """Fat bright, tumor dark."""
    level = case.image.array.astype(float)
    return case.changed(np.rint(np.interp(level, [0, 8, 17, 50, 120, 400], [0, 5, 220, 120, 70, 20])))


def _on_grid(case: Examination, spacing: tuple[float, ...], degrees: float = 0.0) -> Examination:
    """Image (linear) and segment on another grid around the same center, turned in the plane of the slices."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    image, mask = (item.to_sitk() for item in (case.image, case.mask))
    direction = np.reshape(image.GetDirection(), (3, 3)) @ turn
    extent = np.multiply(image.GetSize(), image.GetSpacing())
    size = np.maximum(np.rint(extent / spacing), 1).astype(int)
    middle = np.array(image.TransformContinuousIndexToPhysicalPoint([(n - 1) / 2 for n in image.GetSize()]))
    reference = sitk.Image(size.tolist(), sitk.sitkUInt8)
    reference.SetSpacing(spacing)
    reference.SetDirection(direction.ravel().tolist())
    reference.SetOrigin((middle - direction @ ((size - 1) / 2 * spacing)).tolist())
    resampled = sitk.Resample(image, reference, sitk.Transform(), sitk.sitkLinear)
    labels = sitk.Resample(mask, reference, sitk.Transform(), sitk.sitkNearestNeighbor)
    return replace(case, image=Volume.from_sitk(resampled), mask=Volume.from_sitk(labels))


def _box(case: Examination) -> Examination:
    at = np.nonzero(case.mask.array)
    mask = np.zeros(case.mask.array.shape)
    mask[tuple(slice(axis.min(), axis.max() + 1) for axis in at)] = 1
    return case.segmented(mask)


def _one_slice(case: Examination) -> Examination:
    mask = np.zeros(case.mask.array.shape)
    largest = case.mask.array.sum(axis=(1, 2)).argmax()
    mask[largest] = case.mask.array[largest]
    return case.segmented(mask)


def _moved(case: Examination) -> Examination:
    """The segment at the mirrored place, as in the other breast: up against down within the slices."""
    return case.segmented(case.mask.array[:, ::-1] & (case.mask.array == 0))


def _grown(case: Examination, mm: float) -> Examination:
    mask = case.mask.to_sitk()
    distance = sitk.SignedMaurerDistanceMap(mask, squaredDistance=False, useImageSpacing=True)
    return case.segmented(sitk.GetArrayFromImage(distance) <= mm)


def _smoothed(case: Examination) -> Examination:
    blurred = sitk.SmoothingRecursiveGaussian(sitk.Cast(case.image.to_sitk(), sitk.sitkFloat32), [1.0, 1.0, 1.0])
    return case.changed(np.rint(sitk.GetArrayFromImage(blurred)).astype(np.int16))


def _noisy(case: Examination) -> Examination:
    noise = np.random.default_rng(2).normal(0, 15, (2, *case.image.array.shape))
    return case.changed(np.rint(np.hypot(case.image.array + noise[0], noise[1])).astype(np.int16))


VOXELS: dict[str, Callable[[Examination], Examination]] = {
    "as scanned": lambda case: case,
    "intensities x 10": lambda case: case.changed(case.image.array.astype(np.int32) * 10),
    "intensities / 10": lambda case: case.changed(case.image.array / 10),
    "z-scored": lambda case: case.changed((case.image.array - case.image.array.mean()) / case.image.array.std()),
    "screenshot (0 to 255)": lambda case: case.changed(np.clip(case.image.array * 1.7, 0, 255).astype(np.uint8)),
    "CT": _ct,
    "T2": _t2,
    "before contrast": _before_contrast,
    "subtraction": _subtraction,
    "smoothed by 1 mm": _smoothed,
    "noise of 15": _noisy,
    "mask as the image": lambda case: case.changed(case.mask.array),
}
GRIDS: dict[str, Callable[[Examination], Examination]] = {
    "voxels of 1 mm": lambda case: _on_grid(case, (1.0, 1.0, 1.0)),
    "slices of 5 mm": lambda case: _on_grid(case, (0.703125, 0.703125, 5.0)),
    "voxels of 1.4 mm": lambda case: _on_grid(case, (1.40625, 1.40625, 2.0)),
    "turned by 30 degrees": lambda case: _on_grid(case, (0.703125, 0.703125, 2.0), 30.0),
}
SEGMENTS: dict[str, Callable[[Examination], Examination]] = {
    "everything above air": lambda case: case.segmented(case.image.array > 14),
    "everything": lambda case: case.segmented(np.ones(case.mask.array.shape)),
    "bounding box": _box,
    "one slice": _one_slice,
    "mirrored place": _moved,
    "tumor and 5 mm around": lambda case: _grown(case, 5.0),
    "tumor and 10 mm around": lambda case: _grown(case, 10.0),
    "without its outer 4 mm": lambda case: _grown(case, -4.0),
}
HEADERS: dict[str, dict[str, object]] = {
    "MR as scanned": {},
    "CT": {"Modality": "CT"},
    "PET": {"Modality": "PT"},
    "T2 by name": {"SeriesDescription": "t2_tse_sag"},
    "T2 by echo time": {"EchoTime": 92.0},
    "STIR": {"SeriesDescription": "STIR sag"},
    "diffusion by b-value": {"DiffusionBValue": 800.0},
    "ADC by image type": {"ImageType": ["DERIVED", "PRIMARY", "ADC", "ND"]},
    "before contrast by name": {"SeriesDescription": "t1_fl3d_sag pre contrast"},
    "subtraction by name": {"SeriesDescription": "t1_fl3d_sag_SUB"},
    "subtraction by image type": {"ImageType": ["DERIVED", "PRIMARY", "M", "SUB"]},
    "MIP by image type": {"ImageType": ["DERIVED", "SECONDARY", "PROJECTION IMAGE"]},
    "phase image": {"ImageType": ["ORIGINAL", "PRIMARY", "PHASE MAP", "P", "FFE"]},
    "wash-in map": {"SeriesDescription": "Wash-In"},
    "screenshot": {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"},
    "prostate": {"BodyPartExamined": "PROSTATE"},
    "3 tesla": {"MagneticFieldStrength": 3.0},
    "another maker": {"Manufacturer": "GE MEDICAL SYSTEMS"},
}


def as_trained_on_scans(model: Model) -> Model:
    """The demonstration model as if its cohort had been scanned: 1.5 tesla, one maker."""
    domain = replace(model.image.domain or Domain(), field_strengths_t=(1.5,), manufacturers=("SIEMENS",))
    sequence = "T1-weighted, contrast-enhanced"
    return replace(
        model,
        provenance=replace(model.provenance, origin="trained"),
        image=replace(model.image, sequence=sequence, domain=domain),
    )


def write_dicom(case: Examination, folder: Path, **attributes: object) -> Path:
    """Write the image as a DICOM series of an ordinary scan, but for some attributes."""
    image = case.image
    positions = [image.origin + image.direction[:, 2] * image.spacing[2] * at for at in range(len(image.array))]
    usual = {
        "PixelSpacing": image.spacing[1::-1].tolist(), "SliceThickness": float(image.spacing[2]),
        "Manufacturer": "SIEMENS", "SeriesDescription": "t1_fl3d_sag_fs post 1", "EchoTime": 4.2,
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"], "BodyPartExamined": "BREAST",
    }  # fmt: skip
    orientation = image.direction[:, :2].T.ravel().tolist()
    voxels = image.array.astype(np.int16)
    made = dicom_making.slices(voxels, orientation=orientation, positions=positions, **{**usual, **attributes})
    for item in made:
        item.file_meta.MediaStorageSOPClassUID = item.SOPClassUID
    return dicom_making.write(folder, made)

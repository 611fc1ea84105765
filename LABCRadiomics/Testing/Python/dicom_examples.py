"""A made-up DICOM series of an MRI with a bright tumor, and its mask, for tests that must run without real data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from LABCRadiomicsLib.imaging import read_image

SHAPE = (12, 32, 32)  # slices, rows, columns
PATIENT_NAME = "Müller^Änne"


def write_series(folder: Path, **changes) -> list[Path]:
    """Write a series of single-frame MR images.

    Parameters
    ----------
    folder : pathlib.Path
        Made when it does not exist.
    **changes
        Header attributes that replace the usual ones in every file; None leaves one out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    voxels = rng.normal(200, 2, SHAPE)
    voxels[4:8, 10:20, 12:22] += rng.normal(20, 4, (4, 10, 10))
    uids = {name: generate_uid() for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")}
    paths = []
    for number, pixels in enumerate(voxels.clip(0).astype(np.uint16)):
        image = _image(number, pixels)
        for name, value in (uids | changes).items():
            if value is None:
                del image[name]
            else:
                setattr(image, name, value)
        paths.append(folder / f"{number:02d}.dcm")
        image.save_as(paths[-1], enforce_file_format=True)
    return paths


def _image(number: int, pixels: np.ndarray) -> pydicom.Dataset:
    image = pydicom.Dataset()
    image.file_meta = pydicom.dataset.FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.SpecificCharacterSet = "ISO_IR 100"
    image.SOPClassUID = MRImageStorage
    image.SOPInstanceUID = generate_uid()
    image.Modality, image.Manufacturer = "MR", "None"
    image.PatientName, image.PatientID = PATIENT_NAME, "made up 1"
    image.PatientBirthDate, image.PatientSex = "19700102", "F"
    image.StudyDate, image.StudyTime, image.StudyID, image.AccessionNumber = "20200304", "101112", "7", "A8"
    image.StudyDescription = "Mamma-MR für Tests"
    image.SeriesNumber, image.InstanceNumber = 3, number + 1
    image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-16, -16, 2.0 * number]
    image.PixelSpacing, image.SliceThickness = [1, 1], 2
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit, image.PixelRepresentation = 15, 0
    image.PixelData = pixels.tobytes()
    return image


def write_mask(series_folder: Path, path: Path) -> Path:
    """Write the tumor's mask on the grid of a series."""
    array = np.zeros(SHAPE, np.uint8)
    array[4:8, 10:20, 12:22] = 1
    sitk.WriteImage(read_image(series_folder).volume.with_array(array).to_sitk(), str(path))
    return path

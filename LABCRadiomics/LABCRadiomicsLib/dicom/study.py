"""Everything DICOM of one result, as files that a DICOM archive or Slicer's DICOM module takes into the study."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pydicom

from ..imaging import Region
from .encapsulated_pdf import encapsulated_pdf
from .objects import write_object
from .segmentation import contour_segmentation
from .structured_report import structured_report

REPORT, CONTOUR, PDF = STUDY_FILES = "result.dcm", "contour.dcm", "report.dcm"


def write_study(
    folder: str | os.PathLike[str],
    document: Mapping[str, Any],
    region: Region,
    sources: Sequence[pydicom.Dataset],
    pdf: bytes | None = None,
    made: datetime | None = None,
) -> dict[str, Path]:
    """Write contour, structured report and, where it is given, the report in PDF, each pointing to the images.

    Parameters
    ----------
    folder : path
        An existing folder.
    document : mapping
        See :func:`.scoring.result_document.result_document`.
    region : Region
        What was scored.
    sources : sequence of pydicom.Dataset
        See :func:`.objects.read_sources`.
    pdf : bytes, optional
    made : datetime, optional
        Date of all; now when left out.

    Returns
    -------
    dict of str to pathlib.Path
        What was written, by what it is.

    Raises
    ------
    InputError
        An object cannot be made of these images, or a file cannot be written.
    """
    made = made or datetime.now()
    contour = contour_segmentation(document, region, sources, made)
    objects: dict[str, tuple[str, pydicom.Dataset]] = {
        "DICOM SEG": (CONTOUR, contour),
        "DICOM SR": (REPORT, structured_report(document, sources, made, segmentation=contour)),
    }
    if pdf is not None:
        objects["DICOM PDF"] = (PDF, encapsulated_pdf(document, pdf, sources, made))
    for what, (name, made_object) in objects.items():
        write_object(Path(folder, name), made_object, what)
    return {what: Path(folder, name) for what, (name, _) in objects.items()}

"""Try in a real Slicer that a result is filed in its study: a made-up series through the DICOM module and back.

Part of ``check_in_slicer.py``. Needs highdicom, matplotlib and reportlab in Slicer's Python, as *Save DICOM* does.
Names of DICOMLib are those of Modules/Scripted/DICOMLib/DICOMUtils.py (main, August 2026).
"""

import importlib
import sys
import tempfile
from pathlib import Path

import slicer
import slicer.util

NEEDED = ("highdicom", "matplotlib", "reportlab")
EXAMPLES = Path(__file__).resolve().parents[1] / "LABCRadiomics" / "Testing" / "Python"


def try_study(panel, complaints: list) -> str:
    """Load a series, score it, save the study, import that; gives what the database then holds, in words."""
    try:
        for name in NEEDED:
            importlib.import_module(name)
        from DICOMLib import DICOMUtils
    except ModuleNotFoundError as error:
        return f"Not tried: {error.name} is not installed."
    sys.path.insert(0, str(EXAMPLES))
    import dicom_examples

    with tempfile.TemporaryDirectory() as scratch:
        series, out = Path(scratch, "series"), Path(scratch, "out")
        files = dicom_examples.write_series(series)
        mask = dicom_examples.write_mask(series, Path(scratch, "tumor.nrrd"))
        with DICOMUtils.TemporaryDICOMDatabase(str(Path(scratch, "database"))):
            DICOMUtils.importDicom(str(series))
            document = _score(panel, DICOMUtils, files, mask)
            if document is None:
                complaints.append(f"The DICOM series was not scored: {panel.ui.messageLabel.text}")
                return "No result."
            _save(panel, document, out)
            DICOMUtils.importDicom(str(out))
            return _filed(complaints)


def _score(panel, utils, files: list, mask: Path) -> dict | None:
    """Load the series as the DICOM module does, and apply."""
    import pydicom

    uid = pydicom.dcmread(files[0], stop_before_pixels=True).SeriesInstanceUID
    (volume_id,) = utils.loadSeriesByUID([str(uid)])
    segmentation = slicer.util.loadSegmentation(str(mask))
    panel.inputs.take("volume", slicer.mrmlScene.GetNodeByID(volume_id))
    panel.inputs.take("segmentation", segmentation)
    panel.ui.segmentSelector.setCurrentSegmentID(segmentation.GetSegmentation().GetNthSegmentID(0))
    panel.ui.applyButton.click()
    return panel.resultView.document


def _save(panel, document: dict, out: Path) -> None:
    """As the button does after its dialog."""
    from LABCRadiomicsPanel import dicom_source, scored_case

    choice = panel.inputs.choice()
    files, problem = dicom_source.sourceFiles(choice.volumeNode)
    if problem:
        raise RuntimeError(problem)
    scored_case.save_study(document, choice, files, str(out), panel._scored)


def _filed(complaints: list) -> str:
    """Say how many studies and series the database holds: the images, the contour, the report, its PDF are one."""
    database = slicer.dicomDatabase
    studies = [study for patient in database.patients() for study in database.studiesForPatient(patient)]
    series = [uid for study in studies for uid in database.seriesForStudy(study)]
    if (len(studies), len(series)) != (1, 4):
        complaints.append(f"The study and its objects are {len(studies)} studies with {len(series)} series: 1 with 4.")
    return f"{len(studies)} study, {len(series)} series"

"""One patient scored from nodes, with what the panel needs of it afterwards; nothing here knows Qt."""

import csv
import io
from dataclasses import dataclass, replace
from typing import Any

from slicer.i18n import tr as _

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.robustness import CONTOURS

from .dicom_source import sourceFiles


@dataclass(frozen=True)
class ScoredCase:
    """A result and what it was made from.

    The nodes are kept for their references only; the score holds a copy of the image and region it was made from.
    """

    model: Any
    score: Any
    document: dict
    volumeNode: Any
    roiNode: Any

    @property
    def title(self):
        """Name of the case, for the report."""
        inputs = self.document["inputs"]
        return f"{inputs['volume']}, {inputs['segment']}"


def score_case(volumeNode, roiNode, segmentId, modelId, covariates, stability, progress):
    """Score one patient; see LABCRadiomicsLogic.process."""
    from LABCRadiomicsLib.model import find_model
    from LABCRadiomicsLib.mrml import score_nodes

    words = {
        "read": _("Reading the nodes"),
        "features": _("Computing the features"),
        "contour": _("Redrawn contour {n}"),
    }
    report = progress or (lambda done, total, text: None)
    score = score_nodes(
        volumeNode,
        roiNode,
        segmentId,
        find_model(modelId),
        covariates,
        contours=CONTOURS if stability else 0,
        chosen_model=str(modelId),
        dicom_files=sourceFiles(volumeNode)[0],
        progress=lambda done, total, step: report(done, total, words[step].format(n=done - 1)),
    )
    total = 3 + (CONTOURS if stability else 0)
    report(total - 1, total, _("Writing the result"))
    return ScoredCase(score.model, score, score.document, volumeNode, roiNode)


def with_group(case):
    """Give the same case with the risk group shown, which was withheld because the result is not to be relied on."""
    document = {**case.document, "group_shown": True}
    return replace(case, document=document, score=replace(case.score, document=document))


def draw_nomogram(case, path):
    """Draw the patient on the model's nomogram into a PNG file.

    :raises LABCRadiomicsLib.errors.ModelError: the model does not hold what a drawing needs
    """
    from LABCRadiomicsLib.errors import ModelError
    from LABCRadiomicsLib.plots import nomogram_figure

    picture = nomogram_figure(case.model, case.score.prediction, narrow=True)
    if picture is None:
        sentence = _("Model {model} has no nomogram that can be drawn: it states no ranges of its values.")
        raise ModelError(sentence.format(model=case.model.id))
    path.write_bytes(picture)


def save_report(case, folder):
    """Write report.html, report.pdf and result.json into a folder, in place of what an earlier run wrote there.

    :raises LABCRadiomicsLib.errors.InputError: the folder cannot be written
    """
    from LABCRadiomicsLib.files import output_folder
    from LABCRadiomicsLib.report import write_patient_report

    with output_folder(folder) as new:
        write_patient_report(new.path, case.score, case.title)


def save_values(document, path):
    """Write a result document as JSON, or its features as CSV.

    :raises LABCRadiomicsLib.errors.InputError: the file cannot be written
    """
    from LABCRadiomicsLib.files import write_atomically
    from LABCRadiomicsLib.scoring import document_text

    try:
        if str(path).casefold().endswith(".csv"):
            write_atomically(path, _as_csv(document))
        else:
            write_atomically(path, document_text(document))
    except OSError as error:
        raise InputError(
            _("The values cannot be written to {path}: {reason}.").format(path=path, reason=error.strerror or error)
        ) from error


def save_dicom(document, files, path):
    """Write a result document as a DICOM structured report of the series in the files.

    :raises LABCRadiomicsLib.errors.InputError: the files cannot be read, or the report cannot be written
    """
    from LABCRadiomicsLib.dicom import read_sources, structured_report, write_object

    write_object(path, structured_report(document, read_sources(files)), "DICOM SR")


def _as_csv(document):
    buffer = io.StringIO()
    whose = {key: document[key] for key in ("model", "fingerprint", "status", "notice")}
    columns = ["feature", "value", "coefficient", "contribution", "in_range", *whose]
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(part | whose for part in document["contributions"])
    return buffer.getvalue()

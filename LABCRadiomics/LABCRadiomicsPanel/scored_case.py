"""One patient scored from nodes, with what the panel needs of it afterwards; nothing here knows Qt."""

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.robustness import CONTOURS

from .chosen_case import Choice
from .dicom_source import sourceFiles
from .outdated import EDITED
from .site_choice import ANOTHER


@dataclass(frozen=True)
class ScoredCase:
    """A result and what it was made from.

    The nodes are kept for their references only; the score holds a copy of the image and region it was made from.
    """

    model: Any
    score: Any
    document: dict
    choice: Choice

    @property
    def title(self):
        """Name of the case, for the report."""
        inputs = self.document["inputs"]
        return f"{inputs['volume']}, {inputs['segment']}"


def score_case(choice, progress=None):
    """Score one patient; see LABCRadiomicsLogic.process."""
    from LABCRadiomicsLib.model import find_model
    from LABCRadiomicsLib.mrml import score_nodes

    from .radiomics_values import SlicerRadiomicsExtractor

    steps = _Steps(progress or (lambda done, total, text: None), choice.fromSlicerRadiomics)
    model = find_model(choice.modelId)
    contours = CONTOURS if choice.stability else 0
    score = score_nodes(
        choice.volumeNode,
        choice.roiNode,
        choice.segmentId,
        model,
        choice.covariates,
        contours=contours,
        others=choice.others,
        site=None if choice.site in ("", ANOTHER) else choice.site,
        unknown_site="as-measured" if choice.site == ANOTHER else "refuse",
        chosen_model=str(choice.modelId),
        dicom_files=sourceFiles(choice.volumeNode)[0],
        progress=steps.begin,
        extractor=SlicerRadiomicsExtractor(model, steps.again) if choice.fromSlicerRadiomics else None,
    )
    steps.begin(2 + contours, 3 + contours, "write")
    return ScoredCase(score.model, score, score.document, choice)


class _Steps:
    """The steps of a run in words."""

    def __init__(self, report, fromSlicerRadiomics):
        self._report, self._last = report, ()
        ours, theirs = _("Computing the features"), _("SlicerRadiomics computes the features")
        self._words = {
            "read": _("Reading the nodes"),
            "features": theirs if fromSlicerRadiomics else ours,
            "contour": _("Redrawn contour {n}"),
            "write": _("Writing the result"),
        }

    def begin(self, done, total, step):
        """Report a step, and what it is."""
        self._last = done, total, self._words[step].format(n=done - 1)
        self._report(*self._last)

    def again(self):
        """Report the same step again, so that the application handles events while it waits."""
        self._report(*self._last)


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

    :return: a sentence on what else the folder holds; empty when nothing
    :raises LABCRadiomicsLib.errors.InputError: the folder cannot be written
    """
    from LABCRadiomicsLib.files import output_folder, refuse_overwriting
    from LABCRadiomicsLib.model import model_path
    from LABCRadiomicsLib.report import write_patient_report

    names = ("report.html", "report.pdf", "result.json")
    refuse_overwriting([model_path(case.choice.modelId)], [Path(folder, name) for name in names])
    with output_folder(folder) as new:
        write_patient_report(new.path, case.score, case.title)
    return new.remark


def save_values(document, path):
    """Write a result document as JSON, or its features as CSV.

    :raises LABCRadiomicsLib.errors.InputError: the file cannot be written
    """
    from LABCRadiomicsLib.files import refuse_overwriting, write_atomically
    from LABCRadiomicsLib.model import model_path
    from LABCRadiomicsLib.scoring import document_text

    refuse_overwriting([model_path(document["inputs"]["model"])], [path])
    try:
        if str(path).casefold().endswith(".csv"):
            write_atomically(path, _as_csv(document))
        else:
            write_atomically(path, document_text(document))
    except OSError as error:
        raise InputError(
            _("The values cannot be written to {path}: {reason}.").format(path=path, reason=error.strerror or error)
        ) from error


def save_study(document, choice, files, folder, case=None):
    """Write contour, structured report and, with the case, the report in PDF as DICOM objects of the images' study.

    The contour is read from the nodes again, which hold what was scored, on the grid of the images.

    :param document: the result
    :param choice: what was scored
    :param files: of the volume's DICOM series
    :param case: the ScoredCase; None when the images of the result are not in memory
    :return: a sentence on what else the folder holds; empty when nothing
    :raises LABCRadiomicsLib.errors.LABCRadiomicsError: the files cannot be read, the nodes hold something else than
        was scored, or the folder cannot be written
    """
    from LABCRadiomicsLib.dicom import STUDY_FILES, read_sources, write_study
    from LABCRadiomicsLib.files import output_folder, refuse_overwriting
    from LABCRadiomicsLib.imaging import region_of
    from LABCRadiomicsLib.mrml import fingerprint, images_from_nodes, other_masks
    from LABCRadiomicsLib.report import draw_patient, patient_pdf

    refuse_overwriting({*files, *(Path(file).parent for file in files)}, [Path(folder, name) for name in STUDY_FILES])
    image, mask, _notices = images_from_nodes(choice.volumeNode, choice.roiNode, choice.segmentId)
    others, _notices = other_masks(choice.volumeNode, choice.others)
    if fingerprint(image, mask, others.values())["voxels"] != document["inputs"]["fingerprint"]["voxels"]:
        raise InputError(EDITED)
    sources = read_sources(files)
    pdf = None if case is None else patient_pdf(case.score, case.title, draw_patient(case.score))
    with output_folder(folder) as new:
        write_study(new.path, document, region_of(image, mask), sources, pdf)
    return new.remark


def _as_csv(document):
    buffer = io.StringIO()
    whose = {key: document[key] for key in ("model", "fingerprint", "status", "notice")}
    columns = ["feature", "value", "coefficient", "contribution", "in_range", *whose]
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(part | whose for part in document["contributions"])
    return buffer.getvalue()

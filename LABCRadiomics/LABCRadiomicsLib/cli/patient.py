"""Commands on one patient: ``score`` and ``demo``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..errors import InputError
from .common import (
    JsonOption,
    ModelOption,
    OutFolderOption,
    PhaseOption,
    RegularGridOption,
    SegmentOption,
    SpacingOption,
)

DEMO_MODEL = "demo-phantom"

CovariateOption = Annotated[
    list[str] | None, typer.Option("--covariate", metavar="NAME=VALUE", help="A clinical value; may be repeated.")
]


def score(
    image: Annotated[Path, typer.Argument(help="MRI: an image file, or a folder with one DICOM series.")],
    mask: Annotated[Path, typer.Argument(help="Tumor: a label mask, a .seg.nrrd, a DICOM SEG or RTSTRUCT.")],
    label: Annotated[int | None, typer.Option(help="The tumor's label, when the mask holds several.")] = None,
    segment: SegmentOption = None,
    phase: PhaseOption = None,
    spacing: SpacingOption = None,
    regular_grid: RegularGridOption = False,
    model: ModelOption = DEMO_MODEL,
    covariate: CovariateOption = None,
    stability: Annotated[
        bool, typer.Option("--stability", help="Also score 30 contours that differ as readers' do.")
    ] = False,
    out: OutFolderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score one patient from an MRI and a tumor mask."""
    from ..imaging import ReadingOptions, read_pair

    start = time.perf_counter()
    pair = read_pair(image, mask, ReadingOptions.from_texts(phase, spacing, regular_grid, segment))
    read_seconds = time.perf_counter() - start
    case = f"{image.name} with {mask.name}"
    _score(pair, case, label, model, covariate, stability, out, as_json, read_seconds)


def demo(out: OutFolderOption = Path("labcradiomics-demo"), as_json: JsonOption = False) -> None:
    """Score the bundled real case with the demonstration model and write its report."""
    from ..resources import resources_folder

    folder = resources_folder() / "SampleData"
    start = time.perf_counter()
    pair, way = _demo_images(folder / "breast1_image.nrrd", folder / "breast1_label.nrrd")
    read_seconds = time.perf_counter() - start
    if not as_json:
        print(f"The bundled case breast1 (a real breast MRI of pyradiomics' test data), read {way}.")
    _score(pair, "breast1 (bundled)", None, DEMO_MODEL, None, False, out, as_json, read_seconds)


def _demo_images(image: Path, mask: Path):
    """Through a MRML scene where the slicer-core package is installed, as in the Slicer module; else from the files."""
    try:
        from .. import mrml
    except ModuleNotFoundError as error:
        if error.name != "slicer":
            raise
        from ..imaging import read_image, read_mask

        return (read_image(image), read_mask(mask)), "from its files (slicer-core is not installed)"
    from ..imaging import Reading

    scene = mrml.new_scene()
    volume = mrml.load_volume(scene, image)
    segmentation = mrml.load_segmentation(scene, mask)
    roi, notices = mrml.mask_from_segment(segmentation, None, volume)
    pair = Reading(mrml.image_from_volume(volume)), Reading(roi, notices=tuple(notices))
    return pair, "through a MRML scene, as in the Slicer module"


def _score(pair, case, label, model_id, covariate, stability, out, as_json, read_seconds) -> None:
    from ..model.registry import find_model
    from ..patient import score_image

    model = find_model(model_id)
    image, mask = pair
    notices = (*image.notices, *mask.notices)
    result = score_image(model, image.volume, mask.volume, label, _covariates(covariate), read_seconds, notices)
    if stability:
        from ..robustness import contour_stability

        result = contour_stability(model, result)
    written = {}
    if out is not None:
        from ..report import write_patient_report

        written["Report"], written["Numbers"] = write_patient_report(out, model, result, case)
        if image.source.is_dicom:
            written |= _write_structured_report(out / "result.dcm", image.source.files, model, result, case, covariate)
    if as_json:
        print(json.dumps(result.prediction.to_dict(), allow_nan=False))
        return
    from .terminal import prediction_panel

    console = Console()
    console.print(prediction_panel(model, result.prediction))
    for what, path in written.items():
        console.print(f"{what}: {path}", soft_wrap=True, highlight=False)


def _write_structured_report(path: Path, files: tuple[Path, ...], model, result, case, covariate) -> dict[str, Path]:
    """Write the DICOM SR; images that can be scored but not reported on (damaged headers) only give a remark."""
    from ..dicom_sr import read_sources, structured_report, write_report
    from ..scoring.result_document import result_document

    document = result_document(model, result.prediction, {"segment": case, "covariates": _covariates(covariate)})
    try:
        report = structured_report(document, read_sources(files))
    except InputError as error:
        print(f"labcradiomics: No DICOM structured report: {error}", file=sys.stderr)
        return {}
    write_report(path, report)
    return {"DICOM SR": path}


def _covariates(given: list[str] | None) -> dict[str, str]:
    values: dict[str, str] = {}
    for entry in given or []:
        name, equals, value = entry.partition("=")
        if not equals or not name.strip():
            raise InputError(f"Covariate {entry!r} is not of the form name=value: write for example age=52.")
        if name.strip() in values:
            raise InputError(f"Covariate {name.strip()} is given twice: give it once.")
        values[name.strip()] = value.strip()
    return values


COMMANDS = (score, demo)

"""Commands on one patient: ``score`` and ``demo``."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..files import output_folder, refuse_overwriting, shown_name
from ..step_options import DEMO_MODEL, DemoOptions, ScoreOptions
from .common import console, remark, say
from .declared import command


def score(asked: ScoreOptions) -> None:
    """Do ``score``."""
    from ..imaging import AS_FILES_SAY, ReadingOptions, read_mask, read_pair
    from ..preprocessing import Masks

    image, mask = asked.image, asked.mask
    given = {"second_reader": asked.second_reader, "breast": asked.breast, "tissue": asked.tissue}
    others = {name: path for name, path in given.items() if path is not None}
    _refuse_overwriting(asked.out, [image, mask, *others.values()], asked.model)
    start = time.perf_counter()
    how_read = ReadingOptions.from_texts(
        asked.phase, asked.spacing, asked.regular_grid, asked.segment, asked.series, asked.label
    )
    pair = read_pair(image, mask, how_read)
    wanted = {"second_reader": ReadingOptions.from_texts(segment=asked.second_segment)}
    read = {name: read_mask(path, wanted.get(name, AS_FILES_SAY), pair[0]) for name, path in others.items()}
    read_seconds = time.perf_counter() - start
    segment = pair[1].source.segment or asked.segment
    files = {"volume": shown_name(image), "segmentation": shown_name(mask)}
    regions = {
        name: {"segmentation": shown_name(others[name]), "segment": found.source.segment, "segment_id": None}
        for name, found in read.items()
    }
    inputs = {**files, "regions": regions, **({"segment": segment} if segment else {})}
    volumes = {name: found.volume for name, found in read.items()}
    how = {
        "covariates": _covariates(asked.covariate),
        "label": asked.label if pair[1].source.segment is None else None,
        "contours": asked.contours if asked.stability else 0,
        "second_mask": volumes.get("second_reader"),
        "masks": Masks(volumes.get("breast"), volumes.get("tissue")),
        "site": asked.site,
        "unknown_site": asked.unknown_site,
        "show_group": asked.show_group,
        "read_seconds": read_seconds,
    }
    _score(pair, inputs, asked.model, asked.out, asked.json, how)


def demo(asked: DemoOptions) -> None:
    """Do ``demo``."""
    from ..resources import resources_folder

    if asked.cohort:
        from .training import demonstrate_cohort

        if asked.json:
            raise InputError("Option --json has no meaning with --cohort: read report/report.json in the folder --out.")
        demonstrate_cohort(asked.out)
        return
    folder = resources_folder() / "SampleData"
    _refuse_overwriting(asked.out, [folder / "breast1_image.nrrd", folder / "breast1_label.nrrd"], DEMO_MODEL)
    start = time.perf_counter()
    pair, way = _demo_images(folder / "breast1_image.nrrd", folder / "breast1_label.nrrd")
    read_seconds = time.perf_counter() - start
    if not asked.json:
        say(f"The bundled case breast1 (a real breast MRI of pyradiomics' test data), read {way}.")
    inputs = {"volume": "breast1_image", "segmentation": "breast1_label (bundled)"}
    _score(pair, inputs, DEMO_MODEL, asked.out, asked.json, {"read_seconds": read_seconds})


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


def _score(pair, inputs, model_id: str, out: Path | None, as_json: bool, how: dict[str, Any]) -> None:
    from ..model.registry import find_model
    from ..patient import score_patient

    image, mask = pair
    result = score_patient(
        find_model(model_id),
        image.volume,
        mask.volume,
        notices=(*image.notices, *mask.notices),
        source=image.source,
        inputs={**inputs, "model": model_id},
        **how,
    )
    written = {}
    if out is not None:
        from ..report import write_patient_report

        case = f"{inputs['volume']} with {inputs['segmentation']}"
        with output_folder(out) as folder:
            written = write_patient_report(folder.path, result, case)
            if image.source.is_dicom:
                pdf = written["Report to print"].read_bytes()
                written |= _write_dicom(folder.path, image.source.files, result, pdf)
        written = {what: folder.final(path) for what, path in written.items()}
        if folder.remark:
            remark(folder.remark)
    if as_json:
        say(json.dumps(result.document, allow_nan=False))
        return
    from .terminal import result_panel

    console().print(result_panel(result))
    for what, path in written.items():
        say(f"{what}: {path}")


def _refuse_overwriting(out: Path | None, inputs: list[Path], model: str) -> None:
    from ..model.registry import model_path

    names = (
        ("report.html", "report.pdf", "result.json", "result.dcm", "contour.dcm", "report.dcm")
        if out is not None
        else ()
    )
    refuse_overwriting([*inputs, model_path(model)], [Path(out or "", name) for name in names])


def _write_dicom(folder: Path, files: tuple[Path, ...], result, pdf: bytes) -> dict[str, Path]:
    """Write the DICOM objects; a remark where highdicom is missing, or where damaged headers allow a score only."""
    try:
        from ..dicom import read_sources, write_study
    except ModuleNotFoundError as error:
        if error.name != "highdicom":
            raise
        remark("No DICOM objects: they need the package highdicom, which is not installed (pip install highdicom).")
        return {}
    try:
        return write_study(folder, result.document, result.region, read_sources(files), pdf)
    except InputError as error:
        remark(f"No DICOM objects: {error}")
        return {}


def _covariates(given: tuple[str, ...]) -> dict[str, str]:
    values: dict[str, str] = {}
    for entry in given:
        name, equals, value = entry.partition("=")
        if not equals or not name.strip():
            raise InputError(f"Covariate {entry!r} is not of the form name=value: write for example age=52.")
        if name.strip() in values:
            raise InputError(f"Covariate {name.strip()} is given twice: give it once.")
        values[name.strip()] = value.strip()
    return values


COMMANDS = command("score", score), command("demo", demo)

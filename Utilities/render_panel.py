"""Draw the pictures of the panel for the documentation of which no picture of the real application exists.

    .venv/bin/python Utilities/render_panel.py
    .venv/bin/python Utilities/render_panel.py --grades FOLDER    # a result of each grade of trust, to be looked at

The panel alone, outside Slicer: its own .ui file and code on Qt, with the bundled case. Slicer's own style differs a
little; the captions say so. Pictures of the real application are taken by ``Utilities/check_in_slicer.py``.
"""

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "LABCRadiomics"), str(ROOT / "LABCRadiomics" / "Testing" / "Python")]
IMAGES = ROOT / "Docs" / "Images"


def crush(path: Path) -> None:
    """Keep a picture small: few colors, which a panel has."""
    from PIL import Image

    Image.open(path).convert("RGB").quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)


COVARIATES = {"age": "52", "stage": "IIIa-b", "pcr": "no", "hr": "positive", "her2": "negative"}
WIDTHS = (400, 600)


def draw_grades(folder: Path) -> None:
    """Draw a result that nothing speaks against, one to take with care, and one not to be relied on."""
    import SimpleITK as sitk

    from LABCRadiomicsLib.simulation import make_phantom, simulate_patient
    from LABCRadiomicsLib.simulation.cohort import patient_rng

    folder.mkdir(parents=True, exist_ok=True)
    bundled = ROOT / "LABCRadiomics" / "Resources" / "SampleData"
    with tempfile.TemporaryDirectory() as scratch:
        image, mask = Path(scratch, "phantom.nrrd"), Path(scratch, "tumor.nrrd")
        phantom = make_phantom(simulate_patient(5, 0).tumor, patient_rng(5, 0, "image"))
        sitk.WriteImage(phantom.image.to_sitk(), str(image))
        sitk.WriteImage(phantom.tumor.to_sitk(), str(mask))
        draw_result(folder, "fine", image, mask, COVARIATES)
        draw_result(folder, "care", image, mask, {"age": "52"})
        draw_result(folder, "do-not-rely", bundled / "breast1_image.nrrd", bundled / "breast1_label.nrrd", {})


def draw_result(folder: Path, name: str, image: Path, mask: Path, covariates: dict[str, str]) -> None:
    """Score a case in a panel of its own and draw it at each width, light and dark, with what can be unfolded."""
    import slicer

    import slicer_standin
    from LABCRadiomicsLib import mrml
    from slicer_standin.proxies import unwrap
    from slicer_standin.render import render

    with tempfile.TemporaryDirectory() as scratch, slicer_standin.running(Path(scratch)) as application:
        panel = application.make()
        application.enter()
        mrml.load_volume(slicer.mrmlScene, image)
        segmentation = mrml.load_segmentation(slicer.mrmlScene, mask)
        second = mrml.load_segmentation(slicer.mrmlScene, mask)
        slicer.app.processEvents()
        panel.inputs.take("segmentation", segmentation)
        panel.ui.secondSelector.setCurrentNode(second)
        panel.ui.secondSelector.setCurrentSegmentID(second.GetSegmentation().GetNthSegmentID(0))
        panel.inputs.covariates.setValues(covariates)
        panel.inputs.onCovariates()
        panel.ui.stabilityCheckBox.checked = True
        panel.ui.applyButton.click()
        if panel.resultView.document["trust"]["grade"] != name:
            raise RuntimeError(f"This case is no longer of the grade {name}: choose another.")
        panel.ui.inputsCollapsibleButton.collapsed = True
        panel.ui.covariatesCollapsibleButton.collapsed = True
        render(application.panel, folder / f"{name}-{WIDTHS[0]}.png", WIDTHS[0])
        unwrap(panel.ui.resultCollapsibleButton).grab().save(str(folder / f"{name}-result.png"))
        for dark in (False, True):
            for width in WIDTHS:
                render(application.panel, folder / f"{name}-{width}{'-dark' if dark else ''}.png", width, dark)
        for section in (panel.ui.inputsCollapsibleButton, panel.ui.optionsCollapsibleButton):
            section.collapsed = False
        panel.ui.contributionsCollapsibleButton.collapsed = False
        render(application.panel, folder / f"{name}-unfolded.png", WIDTHS[0])


def side_by_side(parts: list[Path], path: Path, gap: int = 12) -> None:
    """Put pictures beside each other."""
    from PIL import Image

    pictures = [Image.open(part).convert("RGB") for part in parts]
    width = sum(picture.width + gap for picture in pictures) - gap
    whole = Image.new("RGB", (width, max(picture.height for picture in pictures)), "white")
    left = 0
    for picture in pictures:
        whole.paste(picture, (left, 0))
        left += picture.width + gap
    whole.save(path)


def draw_documentation() -> None:
    import slicer

    import slicer_standin
    from LABCRadiomicsLib import mrml
    from slicer_standin.render import render

    IMAGES.mkdir(exist_ok=True)
    bundled = ROOT / "LABCRadiomics" / "Resources" / "SampleData"
    with tempfile.TemporaryDirectory() as folder, slicer_standin.running(Path(folder)) as application:
        panel = application.make()
        application.enter()
        mrml.load_volume(slicer.mrmlScene, bundled / "breast1_image.nrrd").SetName("Breast1 MRI")
        segmentation = mrml.load_segmentation(slicer.mrmlScene, bundled / "breast1_label.nrrd")
        segmentation.SetName("Breast1 tumor")
        segmentation.GetSegmentation().GetNthSegment(0).SetName("tumor")
        slicer.app.processEvents()
        panel.inputs.covariates.setValues({"age": "52", "stage": "IIIa-b", "pcr": "no", "hr": "positive"})
        panel.inputs.onCovariates()
        panel.ui.applyButton.click()
        panel.ui.covariatesCollapsibleButton.collapsed = True
        panel.ui.inputsCollapsibleButton.collapsed = True
        panel.ui.showNomogramButton.click()
        render(application.panel, IMAGES / "panel-nomogram.png")
        panel.ui.showNomogramButton.click()
        panel.ui.resultCollapsibleButton.collapsed = True
        panel.ui.cohortCollapsibleButton.collapsed = False
        panel.cohort.setValues({**panel.cohort.values(), "step": "train"})
        panel.ui.cohortOptionsCollapsibleButton.collapsed = False
        render(application.panel, IMAGES / "panel-cohort.png")
    with tempfile.TemporaryDirectory() as folder:
        draw_grades(Path(folder))
        grades = [Path(folder, f"{name}-result.png") for name in ("fine", "care", "do-not-rely")]
        side_by_side(grades, IMAGES / "panel-grades.png")
    for name in ("panel-nomogram.png", "panel-cohort.png", "panel-grades.png"):
        crush(IMAGES / name)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--grades", type=Path, metavar="FOLDER", help="draw a result of each grade into this folder")
    folder = arguments.parse_args().grades
    if folder is None:
        draw_documentation()
    else:
        draw_grades(folder)


if __name__ == "__main__":
    main()

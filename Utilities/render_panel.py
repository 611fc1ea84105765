"""Draw the pictures of the panel for the documentation of which no picture of the real application exists.

    .venv/bin/python Utilities/render_panel.py

The panel alone, outside Slicer: its own .ui file and code on Qt, with the bundled case. Slicer's own style differs a
little; the captions say so. Pictures of the real application are taken by ``Utilities/check_in_slicer.py``.
"""

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


def main() -> None:
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
        panel.covariateForm.setValues({"age": "52", "stage": "IIIa-b", "pcr": "no", "hr": "positive"})
        panel._onCovariatesChanged()
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
    for name in ("panel-nomogram.png", "panel-cohort.png"):
        crush(IMAGES / name)


if __name__ == "__main__":
    main()

"""Draw the pictures of the panel for the documentation: Docs/Images/panel-*.png and screenshot.png.

    .venv/bin/python Utilities/render_panel.py

The panel alone, outside Slicer: its own .ui file and code on Qt, with the bundled case. Slicer's own style differs a
little; the captions say so.
"""

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "LABCRadiomics"), str(ROOT / "LABCRadiomics" / "Testing" / "Python")]
IMAGES = ROOT / "Docs" / "Images"


def compose(panel: Path, case, path: Path) -> None:
    """Put the panel beside the tumor and the survival curves of the report."""
    from PIL import Image
    from PySide6 import QtCore, QtGui

    from LABCRadiomicsLib.plots import patient_survival, tumor_slice

    left = QtGui.QPixmap(str(panel))
    drawings = []
    for data in (tumor_slice(case.score.region), patient_survival(case.model, case.score.prediction)):
        pixmap = QtGui.QPixmap()
        pixmap.loadFromData(data)
        drawings.append(pixmap.scaled(560, 420, QtCore.Qt.KeepAspectRatio, QtCore.Qt.SmoothTransformation))
    canvas = QtGui.QPixmap(left.width() + 600, left.height())
    canvas.fill(QtGui.QColor("white"))
    painter = QtGui.QPainter(canvas)
    painter.drawPixmap(0, 0, left)
    top = 20
    for pixmap in drawings:
        painter.drawPixmap(left.width() + 20, top, pixmap)
        top += pixmap.height() + 20
    painter.setPen(QtGui.QColor("black"))
    painter.drawText(left.width() + 20, top + 20, "The panel alone and figures of its report, drawn outside Slicer.")
    painter.end()
    canvas.save(str(path))
    Image.open(path).quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


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
        render(application.panel, IMAGES / "panel-inputs.png")
        panel.covariateForm.setValues({"age": "52", "stage": "IIIa-b", "pcr": "no", "hr": "positive"})
        panel._onCovariatesChanged()
        panel.ui.stabilityCheckBox.checked = True
        panel.ui.applyButton.click()
        render(application.panel, IMAGES / "panel-result-dark.png", dark=True)
        render(application.panel, IMAGES / "panel-result.png")  # what follows is light again
        compose(IMAGES / "panel-result.png", panel._scored, IMAGES / "screenshot.png")
        panel.ui.covariatesCollapsibleButton.collapsed = True
        panel.ui.inputsCollapsibleButton.collapsed = True
        panel.ui.showNomogramButton.click()
        render(application.panel, IMAGES / "panel-nomogram.png")
        panel.ui.showNomogramButton.click()
        panel.ui.resultCollapsibleButton.collapsed = True
        panel.ui.cohortCollapsibleButton.collapsed = False
        panel.ui.cohortStepSelector.setCurrentIndex(1)
        panel.ui.cohortOptionsCollapsibleButton.collapsed = False
        render(application.panel, IMAGES / "panel-cohort.png")


if __name__ == "__main__":
    main()

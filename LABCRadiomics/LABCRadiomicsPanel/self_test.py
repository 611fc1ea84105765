"""The module's self test: on the bundled case, offline, in Slicer as under pytest outside of it."""

import tempfile
import unittest
from pathlib import Path

import slicer
import slicer.util
from slicer.i18n import tr as _

from LABCRadiomicsLib import mrml
from LABCRadiomicsLib.errors import InputError, ModelError
from LABCRadiomicsLib.imaging import read_image, read_mask
from LABCRadiomicsLib.model import find_model
from LABCRadiomicsLib.patient import score_patient

from . import sample_case


class SelfTest(unittest.TestCase):
    """What a user does first, each from an empty scene."""

    modelId = "demo-phantom"

    def setUp(self):
        """Start from an empty scene."""
        slicer.mrmlScene.Clear()

    def test_nodes_score_as_files_do(self):
        """The nodes of the bundled case give the score of its files, and the scene stays as it was."""
        volume, segmentation, segmentId = self._loadBundledCase()
        before = slicer.mrmlScene.GetNumberOfNodes()
        case = self._logic().process(volume, segmentation, segmentId, self.modelId)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
        imagePath, maskPath = sample_case.bundledFiles()
        image, mask = read_image(imagePath).volume, read_mask(maskPath).volume
        expected = score_patient(find_model(self.modelId), image, mask).prediction
        prediction = case.score.prediction
        self.assertAlmostEqual(prediction.score, expected.score, delta=1e-12 * abs(expected.score))
        self.assertEqual(prediction.risk_group, expected.risk_group)
        self.assertIn("Research use only", case.document["notice"])

    def test_bad_input_is_explained(self):
        """Missing and empty input raise an error that says what to do."""
        logic = self._logic()
        volume, segmentation, segmentId = self._loadBundledCase()
        segmentation.GetSegmentation().AddEmptySegment("empty", "empty")
        with self.assertRaisesRegex(InputError, "No volume is selected"):
            logic.process(None, segmentation, segmentId, self.modelId)
        with self.assertRaisesRegex(InputError, "is empty: segment the tumor first"):
            logic.process(volume, segmentation, "empty", self.modelId)
        with self.assertRaisesRegex(InputError, "No labelmap is selected"):
            logic.process(volume, None, None, self.modelId)
        with self.assertRaisesRegex(ModelError, "no-such-model"):
            logic.process(volume, segmentation, segmentId, "no-such-model")
        with self.assertRaisesRegex(InputError, "covariate age"):
            logic.process(volume, segmentation, segmentId, self.modelId, {"age": "old"})

    def test_panel_scores_as_the_logic_does(self):
        """Select, fill in, click Apply, read the labels; a second Apply adds no node."""
        volume, segmentation, segmentId = self._loadBundledCase()
        widget = self._openPanel(volume, segmentation, segmentId)
        widget.inputs.covariates.setValues({"age": "52", "stage": "IIIa-b"})
        widget.inputs.onCovariates()
        self.assertTrue(widget.ui.applyButton.enabled, widget.ui.applyButton.toolTip)
        widget.ui.applyButton.click()
        covariates = {"age": "52", "stage": "IIIa-b"}
        prediction = widget.logic.process(volume, segmentation, segmentId, self.modelId, covariates).score.prediction
        self.assertEqual(widget.ui.messageLabel.text, "")
        group = {"high": _("HIGH RISK"), "low": _("LOW RISK")}[prediction.risk_group]
        self.assertIn(_("RISK GROUP WITHHELD"), widget.ui.groupLabel.text)  # the model was made from phantoms
        self.assertNotIn(group, widget.ui.groupLabel.text)
        widget.ui.showGroupButton.click()
        self.assertIn(group, widget.ui.groupLabel.text)
        for estimate in prediction.survival:
            self.assertIn(f"{100 * estimate.probability:.1f}%", widget.ui.resultLabel.text)
        self.assertIn("Research use only", widget.ui.noticeLabel.text)
        after = slicer.mrmlScene.GetNumberOfNodes()
        widget.ui.applyButton.click()
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), after)

    def test_panel_says_what_is_missing(self):
        """Apply is disabled with the reason, and an unusable segment is explained in the panel."""
        widget = self._openPanel(None, None, "")
        self.assertFalse(widget.ui.applyButton.enabled)
        self.assertIn(_("Select the MRI volume"), widget.ui.applyButton.toolTip)  # Slicer makes rich text of it
        volume, segmentation, _segmentId = self._loadBundledCase()
        segmentation.GetSegmentation().AddEmptySegment("empty", "empty")
        widget = self._openPanel(volume, segmentation, "empty")
        widget.ui.applyButton.click()
        self.assertIn("is empty: segment the tumor first", widget.ui.messageLabel.text)

    def test_saved_scene_comes_back(self):
        """Inputs, covariates and result are in a saved scene and in the panel after it is loaded."""
        volume, segmentation, segmentId = self._loadBundledCase()
        widget = self._openPanel(volume, segmentation, segmentId)
        widget.inputs.covariates.setValues({"age": "61"})
        widget.inputs.onCovariates()
        widget.ui.applyButton.click()
        shown = widget.ui.groupLabel.text + widget.ui.resultLabel.text
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "scene.mrb")
            self.assertTrue(slicer.util.saveScene(path))
            slicer.mrmlScene.Clear()
            widget.enter()
            self.assertFalse(widget.ui.applyButton.enabled)
            slicer.util.loadScene(path)
        widget.enter()
        self.assertEqual(widget.ui.inputVolumeSelector.currentNode().GetName(), "breast1_image")
        self.assertEqual(widget.ui.segmentSelector.currentSegmentID(), segmentId)
        self.assertEqual(widget.inputs.covariates.values(), {"age": "61"})
        self.assertEqual(widget.ui.groupLabel.text + widget.ui.resultLabel.text, shown)
        self.assertEqual(widget.ui.staleLabel.text, "")
        self.assertTrue(widget.ui.applyButton.enabled, widget.ui.applyButton.toolTip)

    def _logic(self):
        from LABCRadiomics import LABCRadiomicsLogic

        return LABCRadiomicsLogic()

    def _loadBundledCase(self):
        imagePath, maskPath = sample_case.bundledFiles()
        volume = mrml.load_volume(slicer.mrmlScene, imagePath)
        segmentation = mrml.load_segmentation(slicer.mrmlScene, maskPath)
        return volume, segmentation, segmentation.GetSegmentation().GetNthSegmentID(0)

    def _openPanel(self, volume, segmentation, segmentId):
        """Open the module as a user does and select the inputs."""
        if slicer.util.mainWindow() is not None:
            slicer.util.selectModule("LABCRadiomics")
        widget = slicer.util.getModuleWidget("LABCRadiomics")
        widget.enter()
        widget.ui.inputVolumeSelector.setCurrentNode(volume)
        widget.ui.segmentSelector.setCurrentNode(segmentation)
        widget.ui.segmentSelector.setCurrentSegmentID(segmentId)
        widget.inputs.model.choose(self.modelId)
        widget.inputs.onModel()
        return widget

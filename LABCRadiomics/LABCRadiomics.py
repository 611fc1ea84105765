from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)

# LABCRadiomicsLib is imported where it is first used: it needs pyradiomics, which the SlicerRadiomics extension brings,
# and the module must open (and say so) without it.


#
# LABCRadiomics
#


class LABCRadiomics(ScriptedLoadableModule):
    """Radiomics score, risk group and disease-free survival for locally advanced breast cancer MRI."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("LABC Radiomics")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        self.parent.dependencies = ["Segmentations"]
        self.parent.contributors = ["LABCRadiomics developers"]
        self.parent.helpText = _("""
From a contrast-enhanced T1 breast MRI and a tumor segmentation: the radiomics score, the risk group, and disease-free
survival with its uncertainty. See the
<a href="https://github.com/LABCRadiomics/SlicerLABCRadiomics">module documentation</a>.
<p>Research use only. Not a medical device; not for diagnosis or treatment decisions.</p>
""")
        self.parent.acknowledgementText = _("""
The method follows Wang X, Xie T, et al. Radiomics predicts the prognosis of patients with locally advanced breast
cancer by reflecting the heterogeneity of tumor cells and the tumor microenvironment. Breast Cancer Res 2022;24:20.
doi 10.1186/s13058-022-01516-0. Features are computed with pyradiomics, brought by the SlicerRadiomics extension.
""")


#
# LABCRadiomicsWidget
#


class LABCRadiomicsWidget(ScriptedLoadableModuleWidget):
    """Inputs, Apply, and the result as text."""

    def setup(self) -> None:
        """Build the panel; called when the user opens the module the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        self.logic = LABCRadiomicsLogic()
        self._makeInputs()
        self._makeResult()
        self._fillModels()
        self.volumeSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onInputChanged)
        self.segmentSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onInputChanged)
        self.segmentSelector.connect("currentSegmentChanged(QString)", self.onInputChanged)
        self.modelSelector.connect("currentIndexChanged(int)", self.onInputChanged)
        self.applyButton.connect("clicked(bool)", self.onApply)
        self.onInputChanged()

    def _makeInputs(self) -> None:
        import ctk
        import qt

        self.inputsSection = ctk.ctkCollapsibleButton()
        self.inputsSection.text = _("Inputs")
        self.layout.addWidget(self.inputsSection)
        form = qt.QFormLayout(self.inputsSection)

        self.volumeSelector = slicer.qMRMLNodeComboBox()
        self.volumeSelector.nodeTypes = ["vtkMRMLScalarVolumeNode"]
        self.volumeSelector.addEnabled = False
        self.volumeSelector.removeEnabled = False
        self.volumeSelector.noneEnabled = True
        self.volumeSelector.setMRMLScene(slicer.mrmlScene)
        form.addRow(_("MRI volume:"), self.volumeSelector)

        self.segmentSelector = slicer.qMRMLSegmentSelectorWidget()
        self.segmentSelector.setMRMLScene(slicer.mrmlScene)
        form.addRow(_("Tumor segment:"), self.segmentSelector)

        self.modelSelector = qt.QComboBox()
        form.addRow(_("Model:"), self.modelSelector)

    def _makeResult(self) -> None:
        import qt

        self.applyButton = qt.QPushButton(_("Apply"))
        self.layout.addWidget(self.applyButton)
        self.resultLabel = qt.QLabel()
        self.resultLabel.wordWrap = True
        self.resultLabel.textInteractionFlags = qt.Qt.TextSelectableByMouse
        self.layout.addWidget(self.resultLabel)
        self.layout.addStretch(1)

    def _fillModels(self) -> None:
        from LABCRadiomicsLib.errors import ModelError
        from LABCRadiomicsLib.registry import bundled_models

        try:
            for model in bundled_models():
                self.modelSelector.addItem(model.title, model.id)
        except ModelError as error:
            self.resultLabel.text = str(error)

    def onInputChanged(self, _changed=None) -> None:
        """Enable Apply when everything is chosen, else say in its tooltip what is missing."""
        missing = self._missingInput()
        self.applyButton.enabled = missing is None
        self.applyButton.toolTip = missing or _("Compute the radiomics score, risk group and survival")

    def _missingInput(self) -> str | None:
        if self.volumeSelector.currentNode() is None:
            return _("Select the MRI volume")
        if self.segmentSelector.currentNode() is None or not self.segmentSelector.currentSegmentID():
            return _("Select the segmentation and the tumor's segment")
        if self.modelSelector.currentIndex < 0:
            return _("No model is available")
        return None

    def onApply(self, _clicked: bool = False) -> None:
        """Score the chosen segment and show the result, or the reason why there is none, in the panel."""
        from LABCRadiomicsLib.errors import LABCRadiomicsError

        try:
            with slicer.util.WaitCursor():
                prediction = self.logic.process(
                    self.volumeSelector.currentNode(),
                    self.segmentSelector.currentNode(),
                    self.segmentSelector.currentSegmentID(),
                    self.modelSelector.currentData,
                )
            self.resultLabel.text = self.logic.describe(prediction)
        except LABCRadiomicsError as error:
            self.resultLabel.text = str(error)
        except ModuleNotFoundError as error:
            if error.name != "radiomics":
                raise
            self.resultLabel.text = _("pyradiomics is missing: install the SlicerRadiomics extension in the Extensions "
                                      "Manager and restart Slicer.")


#
# LABCRadiomicsLogic
#


class LABCRadiomicsLogic(ScriptedLoadableModuleLogic):
    """Scoring of nodes in the scene; needs no widget."""

    def process(self, volumeNode, roiNode, segmentId, modelId, covariates=None):
        """Score one patient.

        :param volumeNode: vtkMRMLScalarVolumeNode with the contrast-enhanced T1 MRI
        :param roiNode: vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode with the tumor
        :param segmentId: segment ID, or label value in a labelmap; None takes the only one there is
        :param modelId: id of a bundled model, or path of a model file
        :param covariates: clinical values by the names of the model's nomogram; absent ones are unknown
        :return: LABCRadiomicsLib.scoring.Prediction; the scene is not changed
        :raises LABCRadiomicsLib.errors.LABCRadiomicsError: unusable input, in one sentence that says what to do
        """
        from LABCRadiomicsLib.mrml import score_nodes
        from LABCRadiomicsLib.registry import find_model

        return score_nodes(volumeNode, roiNode, segmentId, find_model(modelId), covariates).prediction

    @staticmethod
    def describe(prediction) -> str:
        """Give a prediction as lines of text, the warnings and the notice of research use with it."""
        from LABCRadiomicsLib import NOTICE

        groups = {"high": _("High risk"), "low": _("Low risk"), None: _("No risk group")}
        lines = [groups[prediction.risk_group], _("Radiomics score: {score:.4f}").format(score=prediction.score)]
        if prediction.cutoff is not None:
            lines[-1] += _(" (cutoff {cutoff:.4f})").format(cutoff=prediction.cutoff)
        for estimate in prediction.survival:
            line = _("Disease-free survival at {months:g} months: {percent:.0%}").format(
                months=estimate.months, percent=estimate.probability)
            if estimate.lower is not None:
                line += _(" (95% CI {lower:.0%} to {upper:.0%})").format(lower=estimate.lower, upper=estimate.upper)
            lines.append(line)
        lines += [_("Warning: {message}").format(message=warning.message) for warning in prediction.warnings]
        return "\n".join([*lines, NOTICE])


#
# LABCRadiomicsTest
#


class LABCRadiomicsTest(ScriptedLoadableModuleTest):
    """Scores the bundled case, offline; runs in Slicer's self-test runner and, under pytest, on slicer-core."""

    modelId = "demo-phantom"

    def setUp(self):
        """Start from an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run every test."""
        for test in (self.test_nodes_score_as_files_do, self.test_bad_input_is_explained):
            self.setUp()
            test()

    def test_nodes_score_as_files_do(self):
        """The nodes of the bundled case give the score of its files, and the scene stays as it was."""
        from LABCRadiomicsLib.images import read_image, read_mask
        from LABCRadiomicsLib.patient import score_image
        from LABCRadiomicsLib.registry import find_model

        volume, segmentation, segmentId = self._loadBundledCase()
        before = slicer.mrmlScene.GetNumberOfNodes()
        prediction = LABCRadiomicsLogic().process(volume, segmentation, segmentId, self.modelId)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
        imagePath, maskPath = self._bundledFiles()
        expected = score_image(find_model(self.modelId), read_image(imagePath), read_mask(maskPath)).prediction
        self.assertAlmostEqual(prediction.score, expected.score, delta=1e-12 * abs(expected.score))
        self.assertEqual(prediction.risk_group, expected.risk_group)
        self.assertIn("Research use only", LABCRadiomicsLogic.describe(prediction))

    def test_bad_input_is_explained(self):
        """Missing and empty input raise an error that says what to do."""
        from LABCRadiomicsLib.errors import InputError, ModelError

        logic = LABCRadiomicsLogic()
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

    @staticmethod
    def _bundledFiles() -> tuple[Path, Path]:
        folder = Path(__file__).parent / "Resources" / "SampleData"
        return folder / "breast1_image.nrrd", folder / "breast1_label.nrrd"

    def _loadBundledCase(self):
        from LABCRadiomicsLib import mrml

        imagePath, maskPath = self._bundledFiles()
        volume = mrml.load_volume(slicer.mrmlScene, imagePath)
        segmentation = mrml.load_segmentation(slicer.mrmlScene, maskPath)
        return volume, segmentation, segmentation.GetSegmentation().GetNthSegmentID(0)

import json
import sys
from pathlib import Path

import qt
import slicer
import slicer.util
import vtk
from slicer import vtkMRMLScalarVolumeNode, vtkMRMLSegmentationNode, vtkMRMLTextNode
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

# LABCRadiomicsLib and LABCRadiomicsPanel are imported where they are first used, so that Slicer starts without them.


#
# LABCRadiomics
#


class LABCRadiomics(ScriptedLoadableModule):
    """Radiomics score, risk group and disease-free survival for locally advanced breast cancer MRI."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("LABC Radiomics")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Quantification")]
        self.parent.dependencies = ["Segmentations", "Plots", "Tables"]
        self.parent.contributors = ["LABCRadiomics developers"]
        self.parent.helpText = _("""
From a contrast-enhanced T1 breast MRI and a tumor segmentation: the radiomics score, the risk group, and disease-free
survival with its uncertainty. Nothing leaves this computer. Read the <a href="{guide}">user guide</a> and the
<a href="{tutorial}">tutorial</a>, which are on this computer; the project is on
<a href="https://github.com/LABCRadiomics/SlicerLABCRadiomics">GitHub</a>.
<p>Research use only. Not a medical device; not for diagnosis or treatment decisions.</p>
""").format(guide=guidePage("user-guide").as_uri(), tutorial=guidePage("tutorial").as_uri())
        self.parent.acknowledgementText = _("""
The method follows Wang X, Xie T, et al. Radiomics predicts the prognosis of patients with locally advanced breast
cancer by reflecting the heterogeneity of tumor cells and the tumor microenvironment. Breast Cancer Res 2022;24:20.
doi 10.1186/s13058-022-01516-0. Features equal those of pyradiomics (van Griethuysen et al., Cancer Res
2017;77:e104), and can be compared with those of the SlicerRadiomics extension where it is installed.
""")
        slicer.app.connect("startupCompleted()", registerSampleData)
        slicer.app.connect("startupCompleted()", registerLayout)


def guidePage(name: str) -> Path:
    """Give a page of the bundled documentation."""
    return Path(__file__).resolve().parent / "Resources" / "Guide" / f"{name}.html"


def registerLayout() -> None:
    """Make the module's view layout known, so that a saved scene that shows it opens with it."""
    from LABCRadiomicsPanel import result_layout

    result_layout.register()


#
# Register sample data sets in Sample Data module
#


def registerSampleData():
    """Offer the bundled case in the Sample Data module; it is copied from the extension's folder, not downloaded."""
    import SampleData

    image, mask = bundledFiles()
    category = "LABC Radiomics"
    if hasattr(SampleData.SampleDataLogic, "registerCustomSampleDataCategory"):  # Slicer 5.12 and later
        SampleData.SampleDataLogic.registerCustomSampleDataCategory(category, title=_("LABC Radiomics"))
    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category=category,
        sampleName="LABCRadiomicsBreast1",
        thumbnailFileName=str(Path(__file__).parent / "Resources" / "Icons" / "LABCRadiomics.png"),
        uris=[image.as_uri(), mask.as_uri()],
        fileNames=[image.name, mask.name],
        nodeNames=["Breast1 MRI", "Breast1 tumor"],
        loadFileTypes=["VolumeFile", "SegmentationFile"],
        checksums=[
            "SHA256:0e8b668f3ce9b9aacff20dc3c216866f43069ff96b269fb45b76f5e205a431e2",
            "SHA256:07085bb0e36a956de5bd1c1c1b5f8bdf2ce80952125b13cbd352412c108c8950",
        ],
    )


def bundledFiles() -> tuple[Path, Path]:
    """Image and label mask of the bundled real case, breast1 of pyradiomics' test data."""
    folder = Path(__file__).resolve().parent / "Resources" / "SampleData"
    return folder / "breast1_image.nrrd", folder / "breast1_label.nrrd"


#
# LABCRadiomicsParameterNode
#


@parameterNodeWrapper
class LABCRadiomicsParameterNode:
    """
    What the user chose, and the result, so that a saved scene reopens with both.

    inputVolume - The contrast-enhanced T1 MRI.
    segmentation - The segmentation that holds the tumor.
    segmentId - The tumor's segment.
    model - Id of a bundled model, or path of a model file.
    covariates - Clinical covariates as a JSON object of texts; what is absent is unknown.
    stability - Also score redrawn contours.
    result - The result document.
    cohort - What the fields of the cohort section hold, as a JSON object of texts.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    segmentId: str
    model: str = "demo-phantom"
    covariates: str = "{}"
    stability: bool = False
    result: vtkMRMLTextNode
    cohort: str = '{"time": "dfs_months", "event": "dfs_event", "sets": "hallmark"}'


#
# LABCRadiomicsWidget
#


class LABCRadiomicsWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel: inputs, covariates, Apply, result, cohort."""

    def __init__(self, parent=None) -> None:
        """Called when the user opens the module the first time and the widget is initialized."""
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)  # needed for parameter node observation
        self.logic = None
        self._parameterNode = None
        self._parameterNodeGuiTag = None
        self._parts = ()  # of the panel, with something to end when it goes away
        self._updating = False
        self._scored = None  # the ScoredCase behind the shown result, while its images are in memory
        self._edited = ""  # why the shown result no longer fits its nodes

    def setup(self) -> None:
        """Called when the user opens the module the first time and the widget is initialized."""
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/LABCRadiomics.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = LABCRadiomicsLogic()
        self._makeParts()
        self._connect()
        self.initializeParameterNode()

    def _makeParts(self) -> None:
        from LABCRadiomicsPanel.cohort_section import CohortSection
        from LABCRadiomicsPanel.covariate_form import CovariateForm
        from LABCRadiomicsPanel.input_choice import InputChoice
        from LABCRadiomicsPanel.input_watch import InputWatch
        from LABCRadiomicsPanel.model_choice import ModelChoice
        from LABCRadiomicsPanel.result_actions import ResultActions
        from LABCRadiomicsPanel.result_view import ResultView
        from LABCRadiomicsPanel.scoring_run import ScoringRun
        from LABCRadiomicsPanel.steady_widgets import LabelHeights
        from LABCRadiomicsPanel.wording import notice

        labels = slicer.util.findChildren(self.ui.noticeLabel.parentWidget(), className="QLabel")
        self._labelHeights = LabelHeights(label for label in labels if label.wordWrap)  # forms care for their own
        self.modelChoice = ModelChoice(self.ui, self._onModelChanged)
        self.covariateForm = CovariateForm(self.ui, self._onCovariatesChanged)
        self.resultView = ResultView(self.ui)
        self.cohort = CohortSection(self.ui, Path(__file__).resolve().parent, self.modelChoice, self._onCohortChanged)
        self.run = ScoringRun(self.ui, self.logic.process, self._say, self._checkCanApply, self._onRunFinished)
        self.actions = ResultActions(self.ui, self.resultView, self.resourcePath("requirements.txt"), self._say)
        self.inputWatch = InputWatch(self._onInputEdited, self._onSegmentRemoved)
        self.inputChoice = InputChoice(self._chosenInputs, self._takeInput)
        self._parts = (
            self.run,
            self.actions,
            self.cohort,
            self.inputWatch,
            self.inputChoice,
            self.resultView,
            self._labelHeights,
        )
        self.resultView.show(None)
        self.ui.noticeLabel.text = notice()
        self._say("")

    def _connect(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(scene, scene.StartImportEvent, self.onSceneStartClose)
        # After the selectors, which choose a node of their own when a scene was loaded.
        self.addObserver(scene, scene.EndImportEvent, self.onSceneEndClose, priority=-10.0)
        self.ui.segmentSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._onSegmentChanged)
        self.ui.segmentSelector.connect("currentSegmentChanged(QString)", self._onSegmentChanged)
        self.ui.applyButton.connect("clicked(bool)", self.onApply)
        self.ui.checkButton.connect("clicked(bool)", self.onCheck)
        self.ui.showGroupButton.connect("clicked(bool)", self.onShowGroup)

    def cleanup(self) -> None:
        """Called when the application closes or the module is reloaded, and the module widget is destroyed."""
        for part in self._parts:
            part.cleanup()
        self._parts = ()
        self.setParameterNode(None)
        self.removeObservers()

    def onReload(self) -> None:
        """Reload the module with its library and its panel."""
        for name in list(sys.modules):
            if name.split(".")[0] in ("LABCRadiomicsLib", "LABCRadiomicsPanel"):
                del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def enter(self) -> None:
        """Called each time the user opens this module."""
        self.initializeParameterNode()

    def exit(self) -> None:
        """Called each time the user opens a different module."""
        # Do not react to parameter node changes (GUI will be updated when the user enters into the module)
        self.inputChoice.cleanup()
        self.setParameterNode(None)

    def onSceneStartClose(self, caller=None, event=None) -> None:
        """Called just before the scene is closed, or another is loaded into it."""
        self.run.cleanup()
        self.actions.forget()
        self._scored = None
        self.inputWatch.cleanup()  # watching again looks at what they hold
        self.inputChoice.cleanup()
        self.setParameterNode(None)

    def onSceneEndClose(self, caller=None, event=None) -> None:
        """Called just after the scene was closed or loaded."""
        # If this module is shown while the scene is closed then recreate a new parameter node immediately
        if self.parent.isEntered:
            self.initializeParameterNode()
        else:
            self.resultView.show(None)

    def initializeParameterNode(self) -> None:
        """Ensure parameter node exists and observed."""
        self.setParameterNode(self.logic.getParameterNode())
        self.inputChoice.watch()

    def setParameterNode(self, inputParameterNode) -> None:
        """Set and observe parameter node, whose changes are shown immediately; None forgets it."""
        if self._parameterNode:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            # The node, not the wrapper: VTKObservationMixin holds on to what was ever observed.
            node = self._parameterNode.parameterNode
            self.removeObserver(node, vtk.vtkCommand.ModifiedEvent, self._updateFromParameterNode)
        self._parameterNode = inputParameterNode
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            node = self._parameterNode.parameterNode
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._updateFromParameterNode)
            self._updateFromParameterNode()

    # --- between the parameter node and the widgets that it cannot be connected to ---

    def _updateFromParameterNode(self, caller=None, event=None) -> None:
        if self._updating or not self._parameterNode:
            return
        self._updating = True
        try:
            parameters = self._parameterNode
            self.ui.segmentSelector.setCurrentNode(parameters.segmentation)
            if parameters.segmentation and parameters.segmentId:
                self.ui.segmentSelector.setCurrentSegmentID(parameters.segmentId)
            if parameters.model != self.modelChoice.chosen() or self.modelChoice.model is None:
                self.modelChoice.choose(parameters.model)
            if self.covariateForm.model is not self.modelChoice.model:
                self.covariateForm.setModel(self.modelChoice.model)
            self.covariateForm.setValues(readObject(parameters.covariates))
            self.cohort.setValues(readObject(parameters.cohort))
            if self.inputWatch.watch(parameters.inputVolume, parameters.segmentation):
                self._edited = self.logic.edited(parameters)
        finally:
            self._updating = False
        if not self.run.isRunning():
            self._say("")  # what was said was about the inputs of before
        self._showResult()
        self._checkCanApply()

    def _chosenInputs(self):
        if not self._parameterNode:
            return None, None
        return self._parameterNode.inputVolume, self._parameterNode.segmentation

    def _takeInput(self, name, node) -> None:
        """Choose a node in a selector, which tells the parameter node."""
        if self._parameterNode:
            selector = {"volume": self.ui.inputVolumeSelector, "segmentation": self.ui.segmentSelector}[name]
            selector.setCurrentNode(node)

    def _takeSegment(self) -> None:
        node = self.ui.segmentSelector.currentNode()
        self._parameterNode.segmentation = node
        self._parameterNode.segmentId = (self.ui.segmentSelector.currentSegmentID() or "") if node else ""

    def _onSegmentChanged(self, _changed=None) -> None:
        if not self._updating and self._parameterNode:
            with slicer.util.NodeModify(self._parameterNode):
                self._takeSegment()

    def _onModelChanged(self) -> None:
        if not self._updating and self._parameterNode:
            self._parameterNode.model = self.modelChoice.chosen()
            self._updateFromParameterNode()  # the file behind the same path may be another now
        self.cohort.update()

    def _onCovariatesChanged(self) -> None:
        if not self._updating and self._parameterNode:
            known = {**readObject(self._parameterNode.covariates), **dict.fromkeys(self.covariateForm.names(), "")}
            values = {**known, **self.covariateForm.values()}
            self._parameterNode.covariates = json.dumps({name: text for name, text in values.items() if text})

    def _onCohortChanged(self) -> None:
        if not self._updating and self._parameterNode:
            self._parameterNode.cohort = json.dumps(self.cohort.values())

    def _onSegmentRemoved(self, segmentation) -> None:
        document = self.resultView.document
        segments = segmentation.GetSegmentation()
        if document is not None and segments.GetSegment(document["inputs"]["segment_id"]) is None:
            self._onInputEdited()
        elif self._parameterNode:
            self._checkCanApply()

    def _onInputEdited(self) -> None:
        """A result belongs to the voxels and the contour that were scored."""
        if self.resultView.document is not None:
            self._edited = self.logic.EDITED
            self._scored = None
        if self._parameterNode:
            self._showResult()
            self._checkCanApply()

    # --- Apply ---

    def missingInput(self) -> str | None:
        """Say what is still needed before Apply can run; None when nothing is."""
        from LABCRadiomicsLib.mrml import dicom_modality

        parameters = self._parameterNode
        if self.run.isRunning():
            return _("A run is in progress")
        if not parameters or parameters.inputVolume is None or self.ui.inputVolumeSelector.currentNode() is None:
            return _("Select the MRI volume")
        modality = dicom_modality(parameters.inputVolume)
        if modality not in ("", "MR"):
            sentence = _("Select the MRI volume: {name} was loaded from DICOM files of modality {modality}")
            return sentence.format(name=parameters.inputVolume.GetName(), modality=modality)
        if self.ui.segmentSelector.currentNode() is None or not self._segmentExists():
            return _("Select the segmentation and the tumor's segment")
        return self.modelChoice.missing() or self.covariateForm.problem()

    def _segmentExists(self) -> bool:
        parameters = self._parameterNode
        segmentation = parameters.segmentation.GetSegmentation() if parameters.segmentation else None
        return segmentation is not None and segmentation.GetSegment(parameters.segmentId) is not None

    def _checkCanApply(self) -> None:
        missing = self.missingInput()
        self.ui.applyButton.enabled = missing is None
        self.ui.applyButton.toolTip = missing or _("Compute the radiomics score, risk group and survival")
        if missing is not None and not self.run.isRunning():  # a tooltip alone is easily missed
            self._say(missing)
        self.actions.updateCheck(missing)

    def onApply(self, _clicked: bool = False) -> None:
        """Score the chosen segment and show the result, or the reason why there is none, in the panel."""
        parameters = self._parameterNode
        if self.missingInput() is None:
            self.run.start(
                parameters.inputVolume,
                parameters.segmentation,
                parameters.segmentId,
                parameters.model,
                readObject(parameters.covariates),
                parameters.stability,
            )

    def _onRunFinished(self, case) -> None:
        """Keep a result; None when the run gave none."""
        if case is not None:
            self._edited = ""
            self._scored = case
            # The user may be in another module now.
            parameters = self._parameterNode or self.logic.getParameterNode()
            parameters.result = self.logic.store(case)
            self._showResult()
            self.actions.updateViews()
            if self._parameterNode:
                qt.QTimer.singleShot(0, self._bringResultIntoView)  # once the labels have their heights
        self._checkCanApply()

    def _bringResultIntoView(self) -> None:
        if self._parts and self._parameterNode and self.resultView.document is not None:
            self.resultView.bringIntoView()

    def _say(self, text: str, problem: bool = False, written: str = "") -> None:
        """Show a sentence, as a problem or with a link to the file that was written in place of its {path}."""
        from LABCRadiomicsPanel.wording import error_box, file_link, plain

        words = error_box(text) if problem else plain(text)
        self.ui.messageLabel.text = words.format(path=file_link(written)) if written else words
        self.ui.messageLabel.visible = bool(text)

    # --- result ---

    def _showResult(self) -> None:
        """Show the result that the scene holds, and say when it is not of what is chosen now."""
        from LABCRadiomicsLib.mrml.results import SEGMENTATION, VOLUME, read_result

        document = read_result(self._parameterNode.result) if self._parameterNode else None
        if document != self.resultView.document:
            self.resultView.show(document)
        if document is None:
            return
        self.resultView.setStale(self._edited or self.logic.difference(document, self._parameterNode))
        inMemory = self._scored is not None and self._scored.document == document
        volumeNode, roiNode = (self._parameterNode.result.GetNodeReference(role) for role in (VOLUME, SEGMENTATION))
        self.actions.setCase(self._scored if inMemory else None, volumeNode, roiNode, self._edited)

    def onShowGroup(self, _clicked: bool = False) -> None:
        """Show a risk group that is withheld, at the user's wish; the scene's document and what is saved hold it."""
        from LABCRadiomicsLib.mrml import show_group
        from LABCRadiomicsPanel.scored_case import with_group

        if self._parameterNode and self._parameterNode.result:
            if self._scored is not None:
                self._scored = with_group(self._scored)
            show_group(self._parameterNode.result)
            self._showResult()

    def onCheck(self, _clicked: bool = False) -> None:
        """Compute the model's features by SlicerRadiomics too and compare."""
        parameters = self._parameterNode
        if self.missingInput() is None:
            self.actions.startCheck(
                parameters.inputVolume, parameters.segmentation, parameters.segmentId, self.modelChoice.model
            )


#
# LABCRadiomicsLogic
#


class LABCRadiomicsLogic(ScriptedLoadableModuleLogic):
    """Scoring of nodes in the scene; needs no widget."""

    EDITED = _("The volume or the segmentation was changed after this result: click Apply again.")

    def getParameterNode(self):
        """Give what the user chose."""
        return LABCRadiomicsParameterNode(super().getParameterNode())

    def process(self, volumeNode, roiNode, segmentId, modelId, covariates=None, stability=False, progress=None):
        """Score one patient.

        :param volumeNode: vtkMRMLScalarVolumeNode with the contrast-enhanced T1 MRI
        :param roiNode: vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode with the tumor
        :param segmentId: segment ID, or label value in a labelmap; None takes the only one there is
        :param modelId: id of a bundled model, or path of a model file
        :param covariates: clinical values by the names of the model's nomogram; absent ones are unknown
        :param stability: also score 20 redrawn contours
        :param progress: called between steps with (done, total, what comes next); may raise to end the run
        :return: LABCRadiomicsPanel.scored_case.ScoredCase; the scene is not changed
        :raises LABCRadiomicsLib.errors.LABCRadiomicsError: unusable input, in one sentence that says what to do
        """
        from LABCRadiomicsPanel.scored_case import score_case

        return score_case(volumeNode, roiNode, segmentId, modelId, covariates, stability, progress)

    def store(self, case):
        """Put a result into the scene's result nodes.

        :return: vtkMRMLTextNode with the result document
        """
        from LABCRadiomicsLib.mrml.results import store_result

        return store_result(
            slicer.mrmlScene, case.document, case.model, case.score.prediction, case.volumeNode, case.roiNode, _
        )

    def edited(self, parameterNode) -> str:
        """Say that the chosen nodes no longer hold what their result was made of; empty when they do."""
        from LABCRadiomicsLib.mrml import is_unchanged
        from LABCRadiomicsLib.mrml.results import read_result

        document = read_result(parameterNode.result)
        if document is None or self.difference(document, parameterNode):
            return ""
        known, segmentId = document["inputs"]["fingerprint"], parameterNode.segmentId
        unchanged = is_unchanged(known, parameterNode.inputVolume, parameterNode.segmentation, segmentId)
        return "" if unchanged else self.EDITED

    def difference(self, document, parameterNode) -> str:
        """Say in what a result differs from what is chosen now; empty when in nothing."""
        from LABCRadiomicsLib.mrml.results import SEGMENTATION, VOLUME

        result, inputs = parameterNode.result, document["inputs"]
        for old, new, sentence in (
            (
                result.GetNodeReference(VOLUME),
                parameterNode.inputVolume,
                _("This result is of another volume than chosen above: click Apply for a new one."),
            ),
            (
                result.GetNodeReference(SEGMENTATION),
                parameterNode.segmentation,
                _("This result is of another segmentation than chosen above: click Apply for a new one."),
            ),
            (
                inputs["segment_id"],
                parameterNode.segmentId,
                _("This result is of another segment than chosen above: click Apply for a new one."),
            ),
            (
                inputs["model"],
                parameterNode.model,
                _("This result is of another model than chosen above: click Apply for a new one."),
            ),
            (
                inputs["covariates"],
                readObject(parameterNode.covariates),
                _("This result is of other clinical covariates than entered above: click Apply for a new one."),
            ),
        ):
            if old is None or old != new:  # the node of a result that was removed is nobody's
                return sentence
        return ""


def readObject(text: str) -> dict:
    """Read a JSON object; what is none (a scene edited by hand) is an empty one."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


#
# LABCRadiomicsTest
#


class LABCRadiomicsTest(ScriptedLoadableModuleTest):
    """Runs on the bundled case, offline: in Slicer's self-test runner and, under pytest, outside Slicer."""

    modelId = "demo-phantom"

    def setUp(self):
        """Start from an empty scene."""
        slicer.mrmlScene.Clear()

    def runTest(self):
        """Run every test."""
        for test in (
            self.test_nodes_score_as_files_do,
            self.test_bad_input_is_explained,
            self.test_panel_scores_as_the_logic_does,
            self.test_panel_says_what_is_missing,
            self.test_saved_scene_comes_back,
        ):
            self.setUp()
            test()
            self.delayDisplay(f"{test.__name__} passed")

    def test_nodes_score_as_files_do(self):
        """The nodes of the bundled case give the score of its files, and the scene stays as it was."""
        from LABCRadiomicsLib.imaging import read_image, read_mask
        from LABCRadiomicsLib.model.registry import find_model
        from LABCRadiomicsLib.patient import score_patient

        volume, segmentation, segmentId = self._loadBundledCase()
        before = slicer.mrmlScene.GetNumberOfNodes()
        case = LABCRadiomicsLogic().process(volume, segmentation, segmentId, self.modelId)
        self.assertEqual(slicer.mrmlScene.GetNumberOfNodes(), before)
        imagePath, maskPath = bundledFiles()
        image, mask = read_image(imagePath).volume, read_mask(maskPath).volume
        expected = score_patient(find_model(self.modelId), image, mask).prediction
        prediction = case.score.prediction
        self.assertAlmostEqual(prediction.score, expected.score, delta=1e-12 * abs(expected.score))
        self.assertEqual(prediction.risk_group, expected.risk_group)
        self.assertIn("Research use only", case.document["notice"])

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
        with self.assertRaisesRegex(InputError, "covariate age"):
            logic.process(volume, segmentation, segmentId, self.modelId, {"age": "old"})

    def test_panel_scores_as_the_logic_does(self):
        """Select, fill in, click Apply, read the labels; a second Apply adds no node."""
        volume, segmentation, segmentId = self._loadBundledCase()
        widget = self._openPanel(volume, segmentation, segmentId)
        widget.covariateForm.setValues({"age": "52", "stage": "IIIa-b"})
        widget._onCovariatesChanged()
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
        import tempfile

        volume, segmentation, segmentId = self._loadBundledCase()
        widget = self._openPanel(volume, segmentation, segmentId)
        widget.covariateForm.setValues({"age": "61"})
        widget._onCovariatesChanged()
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
        self.assertEqual(widget.covariateForm.values(), {"age": "61"})
        self.assertEqual(widget.ui.groupLabel.text + widget.ui.resultLabel.text, shown)
        self.assertEqual(widget.ui.staleLabel.text, "")
        self.assertTrue(widget.ui.applyButton.enabled, widget.ui.applyButton.toolTip)

    def _loadBundledCase(self):
        from LABCRadiomicsLib import mrml

        imagePath, maskPath = bundledFiles()
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
        widget.modelChoice.choose(self.modelId)
        widget._onModelChanged()
        return widget

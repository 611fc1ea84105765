import json
import sys
import unittest
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


def registerSampleData() -> None:
    """Offer the bundled case in the Sample Data module."""
    from LABCRadiomicsPanel import sample_case

    sample_case.register()


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
    secondSegmentation, secondSegmentId - Another reader's segment of the tumor.
    breastSegmentation, breastSegmentId - The breast, where the model's preprocessing needs it.
    tissueSegmentation, tissueSegmentId - The reference tissue, where the model's preprocessing needs it.
    site - Where the MRI was made, for a model that was harmonized over sites; LABCRadiomicsPanel.site_choice.
    fromSlicerRadiomics - Score from the values that the SlicerRadiomics extension computes.
    result - The result document.
    cohort - What the fields of the cohort section hold, as a JSON object of texts.
    """

    inputVolume: vtkMRMLScalarVolumeNode
    segmentation: vtkMRMLSegmentationNode
    segmentId: str
    model: str = "demo-phantom"
    covariates: str = "{}"
    stability: bool = False
    secondSegmentation: vtkMRMLSegmentationNode
    secondSegmentId: str
    breastSegmentation: vtkMRMLSegmentationNode
    breastSegmentId: str
    tissueSegmentation: vtkMRMLSegmentationNode
    tissueSegmentId: str
    site: str
    fromSlicerRadiomics: bool = False
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
        from LABCRadiomicsPanel.input_choice import InputChoice
        from LABCRadiomicsPanel.input_watch import InputWatch
        from LABCRadiomicsPanel.inputs_form import InputsForm
        from LABCRadiomicsPanel.radiomics_install import RadiomicsOption
        from LABCRadiomicsPanel.result_actions import ResultActions
        from LABCRadiomicsPanel.result_view import ResultView
        from LABCRadiomicsPanel.scoring_run import ScoringRun
        from LABCRadiomicsPanel.steady_widgets import LabelHeights
        from LABCRadiomicsPanel.wording import notice

        labels = slicer.util.findChildren(self.ui.noticeLabel.parentWidget(), className="QLabel")
        self._labelHeights = LabelHeights(label for label in labels if label.wordWrap)  # forms care for their own
        self.inputs = InputsForm(self.ui, self._onModelChanged)
        self.resultView = ResultView(self.ui)
        self.cohort = CohortSection(self.ui, Path(__file__).resolve().parent, self.inputs.model, self._onCohortChanged)
        self.run = ScoringRun(self.ui, self.logic.score, self._say, self._checkCanApply, self._onRunFinished)
        self.actions = ResultActions(self.ui, self.resultView, self.resourcePath("requirements.txt"), self._say)
        self.radiomicsOption = RadiomicsOption(self.ui)
        self.inputWatch = InputWatch(self._onInputEdited, self._onSegmentRemoved)
        self.inputChoice = InputChoice(self.inputs.nodes, self.inputs.take)
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
        self.inputs.show(None)
        if self._parameterNode:
            self._parameterNodeGuiTag = self._parameterNode.connectGui(self.ui)
            node = self._parameterNode.parameterNode
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._updateFromParameterNode)
            self._updateFromParameterNode()

    # --- between the parameter node and the widgets that it cannot be connected to ---

    def _updateFromParameterNode(self, caller=None, event=None) -> None:
        from LABCRadiomicsPanel.inputs_form import readObject

        if self._updating or not self._parameterNode:
            return
        self._updating = True
        try:
            parameters = self._parameterNode
            self.inputs.show(parameters)
            self.cohort.setValues(readObject(parameters.cohort))
            choice = self.inputs.choice()
            if self.inputWatch.watch(choice.volumeNode, choice.segmentations):
                self._edited = self._editedUnseen(choice)
        finally:
            self._updating = False
        if not self.run.isRunning():
            self._say("")  # what was said was about the inputs of before
        self._showResult()
        self._checkCanApply()

    def _onModelChanged(self) -> None:
        self._updateFromParameterNode()  # the file behind the same path may be another now
        self.cohort.update()

    def _onCohortChanged(self) -> None:
        if not self._updating and self._parameterNode:
            self._parameterNode.cohort = json.dumps(self.cohort.values())

    def _onSegmentRemoved(self, segmentation) -> None:
        from LABCRadiomicsPanel import outdated

        document = self.resultView.document
        result = self.logic.getParameterNode().result  # another module may be open
        if document is not None and outdated.hasLostSegment(document, result, segmentation):
            self._onInputEdited()
        elif self._parameterNode:
            self._checkCanApply()

    def _onInputEdited(self) -> None:
        """A result belongs to the voxels and the contours that were scored."""
        from LABCRadiomicsPanel import outdated

        if self.resultView.document is not None:
            self._edited = outdated.EDITED
            self._scored = None
        if self._parameterNode:
            self._showResult()
            self._checkCanApply()

    # --- Apply ---

    def missingInput(self) -> str | None:
        """Say what is still needed before Apply can run; None when nothing is."""
        return _("A run is in progress") if self.run.isRunning() else self.inputs.missing()

    def _checkCanApply(self) -> None:
        missing = self.missingInput()
        self.ui.applyButton.enabled = missing is None
        self.ui.applyButton.toolTip = missing or _("Compute the radiomics score, risk group and survival")
        if missing is not None and not self.run.isRunning():  # a tooltip alone is easily missed
            self._say(missing)
        self.actions.updateCheck(missing)
        self.radiomicsOption.update()

    def onApply(self, _clicked: bool = False) -> None:
        """Score the chosen segment and show the result, or the reason why there is none, in the panel."""
        if self.missingInput() is None:
            self.run.start(self.inputs.choice())

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
        from LABCRadiomicsPanel.wording import error_box, linked, plain

        words = error_box(text) if problem else plain(text)
        self.ui.messageLabel.text = linked(words, written) if written else words
        self.ui.messageLabel.visible = bool(text)

    # --- result ---

    def _showResult(self) -> None:
        """Show the result that the scene holds, and say when it is not of what is chosen now."""
        from LABCRadiomicsLib.mrml import read_result
        from LABCRadiomicsPanel import outdated

        document = read_result(self._parameterNode.result) if self._parameterNode else None
        if document != self.resultView.document:
            self.resultView.show(document)
        if document is None:
            return
        result = self._parameterNode.result
        self.resultView.setStale(self._edited or outdated.difference(document, result, self.inputs.choice()))
        inMemory = self._scored is not None and self._scored.document == document
        self.actions.setCase(self._scored if inMemory else None, outdated.scoredChoice(document, result), self._edited)

    def _editedUnseen(self, choice) -> str:
        """Say that the nodes no longer hold what the scene's result was made of, which nobody saw change."""
        from LABCRadiomicsLib.mrml import read_result
        from LABCRadiomicsPanel import outdated

        result = self._parameterNode.result
        return outdated.edited(read_result(result), result, choice)

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
        """Compute the model's features by SlicerRadiomics too, and compare."""
        if self.missingInput() is None:
            choice = self.inputs.choice()
            self.actions.startCheck(choice.volumeNode, choice.roiNode, choice.segmentId, self.inputs.model.model)


#
# LABCRadiomicsLogic
#


class LABCRadiomicsLogic(ScriptedLoadableModuleLogic):
    """Scoring of nodes in the scene; needs no widget."""

    def getParameterNode(self):
        """Give what the user chose."""
        return LABCRadiomicsParameterNode(super().getParameterNode())

    def process(self, volumeNode, roiNode, segmentId, modelId, covariates=None, stability=False, progress=None, **more):
        """Score one patient.

        :param volumeNode: vtkMRMLScalarVolumeNode with the contrast-enhanced T1 MRI
        :param roiNode: vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode with the tumor
        :param segmentId: segment ID, or label value in a labelmap; None takes the only one there is
        :param modelId: id of a bundled model, or path of a model file
        :param covariates: clinical values by the names of the model's nomogram; absent ones are unknown
        :param stability: also score redrawn contours
        :param progress: called between steps with (done, total, what comes next); may raise to end the run
        :param more: others, fromSlicerRadiomics: see LABCRadiomicsPanel.chosen_case.Choice
        :return: LABCRadiomicsPanel.scored_case.ScoredCase; the scene is not changed
        :raises LABCRadiomicsLib.errors.LABCRadiomicsError: unusable input, in one sentence that says what to do
        """
        from LABCRadiomicsPanel.chosen_case import Choice

        choice = Choice(volumeNode, roiNode, segmentId, modelId, covariates or {}, stability, **more)
        return self.score(choice, progress)

    def score(self, choice, progress=None):
        """Score what is chosen; as process."""
        from LABCRadiomicsPanel.scored_case import score_case

        return score_case(choice, progress)

    def store(self, case):
        """Put a result into the scene's result nodes.

        :return: vtkMRMLTextNode with the result document
        """
        from LABCRadiomicsLib.mrml import store_result

        choice, prediction = case.choice, case.score.prediction
        nodes = choice.volumeNode, choice.roiNode
        return store_result(slicer.mrmlScene, case.document, case.model, prediction, *nodes, _, choice.others)


#
# LABCRadiomicsTest
#


class LABCRadiomicsTest(ScriptedLoadableModuleTest):
    """Runs on the bundled case, offline: in Slicer's self-test runner and, under pytest, outside Slicer."""

    def runTest(self):
        """Run every test of LABCRadiomicsPanel.self_test."""
        from LABCRadiomicsPanel.self_test import SelfTest

        for test in unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest):
            result = unittest.TestResult()
            test.run(result)
            self.assertEqual([text for _test, text in result.failures + result.errors], [])
            self.delayDisplay(f"{test.id()} passed")

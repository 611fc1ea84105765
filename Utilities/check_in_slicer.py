"""Try LABC Radiomics in a real Slicer: its self test, the time from click to result, the pictures of the documentation.

    Slicer --no-splash --python-script Utilities/check_in_slicer.py [FOLDER]

Needs nothing but Slicer 5.10 or later and this repository; offline. Where highdicom is installed too it files a result
in its DICOM study. Writes ``check.json`` and the pictures into FOLDER (``labcradiomics-check`` in the current folder),
and ends Slicer with 0 when everything passed, with 1 otherwise. The pictures are in the style that Slicer starts with:
choose *Dark Slicer* under *Edit, Application Settings, Appearance* and run it again for the dark ones, whose names end
in ``-dark``.
"""

import json
import sys
import time
import traceback
import unittest
from pathlib import Path

import qt
import slicer
import slicer.util

MODULE = "LABCRadiomics"
FOLDER = Path(__file__).resolve().parents[1] / MODULE
WINDOW = (1440, 900)  # pixels
REPEATS = 3
COMPARISON_SECONDS = 300
NAMES_OF_MANAGER = {
    "extensionMetadata",
    "installExtensionFromServer",
    "interactive",
    "isExtensionInstalled",
    "slicerArch",
    "slicerOs",
    "slicerVersion",
    "updateExtensionsMetadataFromServer",
}
COVARIATES = {"age": "52", "stage": "IIIa-b", "pcr": "no", "hr": "positive"}


def main() -> None:
    """Do all of it and end Slicer."""
    given = sys.argv[1:]
    folder = Path(given[0] if given else "labcradiomics-check").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    report = {"slicer": slicer.app.applicationVersion, "style": style(), "passed": False}
    try:
        load_module()
        report["self test"] = self_test()
        report |= try_panel(folder)
        report["study in the DICOM database"] = try_study(report["complaints"])
        report["passed"] = not (report["self test"]["failed"] or report["complaints"])
    except Exception:  # told in the report, which is all that is left of a run without a window
        report["defect"] = traceback.format_exc()
    (folder / "check.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))
    slicer.util.exit(0 if report["passed"] else 1)


def style() -> str:
    """Give the name of the application's style."""
    window = slicer.util.mainWindow()
    return window.style().objectName if window is not None else ""


def load_module() -> None:
    """Load the module of this repository, where it is not among the application's modules."""
    if not hasattr(slicer.modules, MODULE.lower()):
        factory = slicer.app.moduleManager().factoryManager()
        factory.registerModule(qt.QFileInfo(str(FOLDER / f"{MODULE}.py")))
        if not factory.loadModules([MODULE]):
            raise RuntimeError(f"Slicer could not load {FOLDER}: see the application's log.")


def self_test() -> dict:
    """Run the module's own tests."""
    from LABCRadiomicsPanel.self_test import SelfTest

    suite = unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest)
    result = unittest.TestResult()
    suite.run(result)
    failed = {test.id().rsplit(".", 1)[-1]: text for test, text in (*result.failures, *result.errors)}
    return {"ran": result.testsRun, "failed": failed}


def try_panel(folder: Path) -> dict:
    """Use the panel as a user does, on the bundled case; gives times, widths and what is wrong."""
    complaints = []
    window = slicer.util.mainWindow()
    slicer.mrmlScene.Clear(False)
    if window is not None:
        window.resize(*WINDOW)
        slicer.util.selectModule(MODULE)
    panel = slicer.util.getModuleWidget(MODULE)
    panel.enter()
    samples = FOLDER / "Resources" / "SampleData"
    slicer.util.loadVolume(str(samples / "breast1_image.nrrd")).SetName("Breast1 MRI")
    slicer.util.loadSegmentation(str(samples / "breast1_label.nrrd")).SetName("Breast1 tumor")
    settle()
    if not panel.ui.applyButton.enabled:
        return {"complaints": [f"Apply is disabled: {panel.ui.applyButton.toolTip}"]}
    panel.inputs.covariates.setValues(COVARIATES)
    panel.inputs.onCovariates()
    before = dock_width()
    picture(folder, "inputs")
    clicks = [timed(panel.ui.applyButton.click) for _ in range(REPEATS)]
    if panel.resultView.document is None:
        return {"complaints": [f"Apply gave no result: {panel.ui.messageLabel.text}"]}
    picture(folder, "result")
    panel.ui.showViewsButton.click()
    picture(folder, "views")
    panel.ui.showViewsButton.click()
    comparison = compare(panel, complaints)
    second = second_reader(panel, complaints)
    after = dock_width()
    picture(folder, "comparison")
    if after > before:
        complaints.append(f"The panel grew from {before} to {after} pixels.")
    return {
        "click to result, s": clicks,
        "dock width, px": [before, after],
        "comparison": comparison,
        "second reader": second,
        "extensions manager lacks": sorted(NAMES_OF_MANAGER - names_of_manager()),
        "complaints": complaints,
    }


def try_study(complaints: list) -> str:
    """File a result in its DICOM study, from an empty scene."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import dicom_in_slicer

    slicer.mrmlScene.Clear(False)
    panel = slicer.util.getModuleWidget(MODULE)
    panel.enter()
    return dicom_in_slicer.try_study(panel, complaints)


def compare(panel, complaints: list) -> str:
    """Compare with SlicerRadiomics where it is installed; gives the sentence that the panel shows."""
    if not panel.ui.checkButton.enabled:
        return "SlicerRadiomics is not installed."
    panel.ui.checkButton.click()
    end = time.monotonic() + COMPARISON_SECONDS
    while not panel.ui.checkButton.enabled and time.monotonic() < end:
        settle()
    text = panel.ui.checkLabel.text
    if not text.startswith("All "):
        complaints.append(f"The comparison with SlicerRadiomics: {text}")
    return text


def second_reader(panel, complaints: list) -> str:
    """Score the same mask, loaded a second time, as another reader's; gives what the panel shows of it."""
    mask = slicer.util.loadSegmentation(str(FOLDER / "Resources" / "SampleData" / "breast1_label.nrrd"))
    settle()
    panel.ui.secondSelector.setCurrentNode(mask)
    panel.ui.secondSelector.setCurrentSegmentID(mask.GetSegmentation().GetNthSegmentID(0))
    panel.ui.applyButton.click()
    settle()
    found = (panel.resultView.document or {}).get("second_reader")
    if not found or found["dice"] != 1 or not found["same_group"]:
        complaints.append(f"The same mask as a second reader's gave {found}: {panel.ui.messageLabel.text}")
    panel.ui.secondSelector.setCurrentNode(None)
    if panel.inputs.choice().others:
        complaints.append("The second reader cannot be taken away.")
    return str(found)


def names_of_manager() -> set:
    """Names that installing SlicerRadiomics needs, as far as this Slicer has them; nothing is installed."""
    manager = getattr(slicer.app, "extensionsManagerModel", lambda: None)()
    return {name for name in NAMES_OF_MANAGER if hasattr(manager, name)}


def timed(action) -> float:
    """Seconds of an action with all that the application does of it."""
    start = time.perf_counter()
    action()
    slicer.app.processEvents()
    return round(time.perf_counter() - start, 3)


def settle() -> None:
    """Let the application work off what is waiting."""
    for _ in range(10):
        slicer.app.processEvents()
        time.sleep(0.02)


def dock_width() -> int:
    """Width of the module panel's dock in pixels; 0 without a main window."""
    window = slicer.util.mainWindow()
    dock = slicer.util.findChild(window, "PanelDockWidget") if window is not None else None
    settle()
    return dock.width if dock is not None else 0


def picture(folder: Path, name: str) -> None:
    """Take a picture of the main window."""
    window = slicer.util.mainWindow()
    if window is not None:
        settle()
        suffix = "-dark" if "dark" in style().casefold() else ""
        window.grab().save(str(folder / f"{name}{suffix}.png"))


if __name__ == "__main__":
    main()

"""How the panel sits in its place: never wider than its dock, nothing cut, reached by keyboard, the result in view."""

import importlib
import itertools

import pytest

slicer = pytest.importorskip("slicer", reason="needs the slicer-core package")
pytest.importorskip("PySide6", reason="needs the PySide6-Essentials package")

from dataclasses import replace  # noqa: E402

from PySide6 import QtCore, QtWidgets  # noqa: E402

from LABCRadiomicsLib.model import registry  # noqa: E402
from LABCRadiomicsLib.model.file import save_model  # noqa: E402
from panel_reading import plain  # noqa: E402
from slicer_standin.proxies import unwrap  # noqa: E402
from slicer_standin.render import render, set_theme, show  # noqa: E402

pytest_plugins = ("slicer_standin.fixtures",)

NARROW = 400  # pixels from which on everything works; Slicer's own dock is 431 wide
LONG = "a_very_long_name_without_any_place_to_break_it_as_of_a_file_exported_by_some_other_program"
COHORT_STEPS = ("train", "associate prognosis")  # of the walk: the longest, and one with a second list


@pytest.fixture
def long_names(ready, tmp_path):
    """The case with a long model title, long covariates, a long path, and long node and segment names."""
    model = registry.find_model("demo-phantom")
    covariates = tuple(
        replace(covariate, label=f"{covariate.label} as it was found before the treatment of the patient began")
        for covariate in model.nomogram.covariates
    )
    path = tmp_path / f"{LONG}.json"
    title = "Radiomics score and nomogram of disease-free survival in locally advanced breast cancer, second edition"
    steps = {"step": "n4", "region": "breast"}, {"step": "reference-tissue", "tissue": f"tissue {LONG}"[:40]}
    extraction = replace(model.extraction, preprocessing=steps)
    nomogram = replace(model.nomogram, covariates=covariates)
    save_model(replace(model, title=title, nomogram=nomogram, extraction=extraction), path)
    ready.inputs.model.addFile(str(path))
    parameters = ready._parameterNode
    parameters.inputVolume.SetName(f"volume {LONG}")
    parameters.segmentation.SetName(f"segmentation {LONG}")
    parameters.segmentation.GetSegmentation().GetSegment(parameters.segmentId).SetName(f"segment {LONG}")
    for selector in (ready.ui.breastSelector, ready.ui.tissueSelector):
        selector.setCurrentNode(parameters.segmentation)
        selector.setCurrentSegmentID(parameters.segmentId)
    return ready


def apply(panel):
    panel.ui.applyButton.click()
    slicer.app.processEvents()
    assert panel.resultView.document is not None, panel.ui.messageLabel.text


def visible(root, cls):
    """Widgets of a class that are shown and not folded away."""
    return [widget for widget in unwrap(root).findChildren(cls) if widget.isVisible()]


def cut(panel_widget) -> list[str]:
    """Names of widgets that show less than their text."""
    found = []
    for label in visible(panel_widget, QtWidgets.QLabel):
        if label.wordWrap() and label.height() < label.heightForWidth(label.width()):
            found.append(
                f"{label.objectName() or label.text()}: {label.height()} of {label.heightForWidth(label.width())}"
            )
        if not label.wordWrap() and label.pixmap().isNull() and label.width() < label.sizeHint().width():
            found.append(label.objectName() or label.text())
    for button in visible(panel_widget, QtWidgets.QPushButton):
        needed = button.fontMetrics().horizontalAdvance(button.text()) + 4
        if button.width() < needed:
            found.append(f"{button.objectName()}: {button.width()} of {needed}")
    return found


def states(panel):
    """What a user may have on the screen, one after the other."""
    ui = panel.ui
    yield "before"
    ui.modelCardCollapsibleButton.collapsed = False
    yield "model card"
    ui.modelCardCollapsibleButton.collapsed = True
    ui.optionsCollapsibleButton.collapsed = False
    ui.siteLabel.visible = ui.siteSelector.visible = True
    ui.siteSelector.addItem(LONG, LONG)
    ui.siteSelector.setCurrentIndex(ui.siteSelector.count - 1)
    ui.installRadiomicsButton.click()
    yield "options"
    ui.optionsCollapsibleButton.collapsed = True
    apply(panel)
    yield "result"
    ui.contributionsCollapsibleButton.collapsed = False
    yield "contributions"
    ui.contributionsCollapsibleButton.collapsed = True
    ui.showNomogramButton.click()
    yield "nomogram"
    panel.inputs.covariates.setValues({"age": "50"})
    panel.inputs.onCovariates()
    panel._say(f"The values cannot be written to /home/{LONG}/{LONG}.json: no such folder.", True)
    ui.checkLabel.visible = True
    panel.resultView.showCheck(f"3 of 6 features differ from those of SlicerRadiomics; most: {LONG}, 1 here, 2 there.")
    yield "outdated"
    ui.cohortCollapsibleButton.collapsed = False
    ui.cohortOptionsCollapsibleButton.collapsed = False
    for step in COHORT_STEPS:
        panel.cohort.setValues({**panel.cohort.values(), "step": step, "features": f"/home/{LONG}/{LONG}.csv"})
        panel.cohort._say(f"{LONG} is done: {LONG}")
        yield f"cohort step {step}"


@pytest.mark.parametrize("dark", [False, True])
def test_walk_of_the_panel(long_names, app, dark):
    """At every width and in every state the panel asks for no more than 400 pixels, and nothing is cut."""
    set_theme(dark)
    for state in states(long_names):
        for width in (NARROW, 431, 600, 900):
            show(app.panel, width)
            assert app.panel.least_width() <= NARROW, state
            assert app.panel.width() == width, state
            assert cut(app.panel) == [], (state, width)
    set_theme(False)


def test_every_cohort_step_fits(ready, app):
    """At the least width, with every option unfolded."""
    ready.ui.cohortCollapsibleButton.collapsed = False
    ready.ui.cohortOptionsCollapsibleButton.collapsed = False
    for step in importlib.import_module("LABCRadiomicsPanel.cohort_steps").SHOWN:
        ready.cohort.setValues({**ready.cohort.values(), "step": step})
        show(app.panel, NARROW)
        assert app.panel.least_width() <= NARROW, step
        assert cut(app.panel) == [], step


def test_the_panel_can_be_narrowed_again(long_names, app):
    apply(long_names)
    long_names.ui.showNomogramButton.click()
    for width in (900, 431, NARROW):
        show(app.panel, width, 650)
        assert app.panel.width() == width
        assert long_names.ui.nomogramLabel.pixmap.width() == long_names.ui.nomogramLabel.width < width


def test_labels_are_no_higher_than_their_text_in_a_wider_panel(ready, app):
    apply(ready)
    for width in (NARROW, 900):
        show(app.panel, width)
        for name in ("modelSummaryLabel", "groupLabel", "resultLabel", "noticeLabel"):
            label = unwrap(getattr(ready.ui, name))
            alone = QtWidgets.QLabel(label.text())
            alone.setWordWrap(True)
            alone.setTextFormat(label.textFormat())
            assert label.height() == alone.heightForWidth(label.width()), (name, width)


def test_a_picture_at_the_edge_of_the_scroll_area_comes_to_rest(ready, app):
    """With a scroll bar it is lower and needs none, without one it is higher and needs one."""
    apply(ready)
    ready.ui.showNomogramButton.click()
    show(app.panel, 431)
    least = app.panel.widget().height()
    label = ready.ui.nomogramLabel
    for height in range(least - 60, least + 20, 4):
        widths = set()
        app.panel.resize(431, height)
        for _ in range(8):
            slicer.app.processEvents()
            widths.add(label.pixmap.width())
        assert len(widths) <= 2 and label.pixmap.width() <= label.width, height


def test_no_label_is_lower_than_its_text_where_the_panel_gets_its_least_height(ready, app):
    """As Slicer lays it out for a moment after a reload."""
    show(app.panel, 431, 650)
    app.current.onReload()
    apply(app.current)
    for _ in range(3):
        app.parent.resize(415, app.parent.minimumSizeHint().height())
        slicer.app.processEvents()
    app.panel.widget().layout().setSizeConstraint(QtWidgets.QLayout.SetNoConstraint)
    app.panel.setWidgetResizable(False)
    app.panel.widget().resize(415, app.panel.widget().layout().minimumSize().height())
    slicer.app.processEvents()
    assert cut(app.panel) == []


@pytest.mark.parametrize("height", [520, 650])
def test_result_is_in_view_after_apply(long_names, app, height):
    """In a window of 900 pixels, the Data Probe open or folded: group, gravest warning, score and survival together."""
    show(app.panel, 431, height)
    apply(long_names)
    for _ in range(3):
        slicer.app.processEvents()
    contents, seen = app.panel.widget(), app.panel.viewport().height()
    ui = long_names.ui
    top = unwrap(ui.groupLabel).mapTo(contents, QtCore.QPoint(0, 0)).y() + contents.pos().y()
    label = unwrap(ui.resultLabel)
    start = label.mapTo(contents, QtCore.QPoint(0, 0)).y() + contents.pos().y()
    survival, table, _ = ui.resultLabel.text.partition("</table>")
    survival += table
    assert "features outside the training cohort" in plain(survival) and "at 60 months" in plain(survival)
    head = QtWidgets.QLabel(survival)
    head.setWordWrap(True)
    assert top >= 0 and start + head.heightForWidth(label.width()) <= seen


def test_a_result_that_is_seen_is_not_scrolled(ready, app):
    show(app.panel, 431, 3000)
    apply(ready)
    assert app.panel.verticalScrollBar().value() == 0


def tab_stops(panel):
    """Names of what the Tab key visits, from the first input on."""
    widget = start = unwrap(panel.ui.inputVolumeSelector).findChild(QtWidgets.QComboBox)
    names = []
    while True:
        if widget.isVisible() and widget.isEnabled() and widget.focusPolicy() & QtCore.Qt.TabFocus:
            names.append(named(panel, widget))
        widget = widget.nextInFocusChain()
        if widget is start:
            return [name for name, _same in itertools.groupby(names) if name]


def named(panel, widget):
    """Name of the widget of the panel that a stop belongs to; that of a covariate or of a cohort field."""
    fields = {unwrap(field): name for name, (_covariate, field) in panel.inputs.covariates._fields.items()}
    fields |= {unwrap(editor): name for name, (_row, editor) in panel.cohort._form.editors.items()}
    while widget is not None:
        if widget in fields or widget.objectName() in vars(panel.ui):
            return fields.get(widget) or widget.objectName()
        widget = widget.parentWidget()
    return ""


def test_keyboard_alone_does(ready, app):
    """Choose, fill in, apply, read, save: in the order in which they are seen."""
    apply(ready)
    ready.ui.optionsCollapsibleButton.collapsed = False
    ready.ui.cohortCollapsibleButton.collapsed = False
    ready.ui.cohortStepSelector.setCurrentIndex(ready.ui.cohortStepSelector.findData("train"))
    show(app.panel, 431, 650)
    stops = tab_stops(ready)
    wanted = ["inputVolumeSelector", "segmentSelector", "modelSelector", "modelCardCollapsibleButton"]
    wanted += ["covariatesCollapsibleButton", *ready.inputs.covariates.names(), "stabilityCheckBox"]
    wanted += ["optionsCollapsibleButton", "secondSelector", "installRadiomicsButton", "applyButton"]
    wanted += [
        "resultCollapsibleButton",
        "resultLabel",
        "contributionsCollapsibleButton",
        "showViewsButton",
        "showNomogramButton",
        "saveReportButton",
    ]
    wanted += ["saveValuesButton", "cohortCollapsibleButton", "cohortStepSelector", "features", "outcomes", "time"]
    wanted += ["event", "out", "report", "cohortOptionsCollapsibleButton", "cohortLog"]
    assert [name for name in stops if name in wanted] == wanted
    ready.ui.cohortOptionsCollapsibleButton.collapsed = False
    show(app.panel, 431, 650)
    stops = tab_stops(ready)
    assert stops.index("cohortOptionsCollapsibleButton") < stops.index("penalty") < stops.index("cohortLog")
    shown, stops = list(ready.cohort._form.editors), stops[stops.index("cohortStepSelector") :]
    assert len(shown) > 30
    assert [name for name in stops if name in shown] == sorted(shown, key=lambda name: top_of(ready, name)) == shown


def top_of(panel, name):
    widget = unwrap(panel.cohort._form.editors[name][1])
    return widget.mapToGlobal(QtCore.QPoint(0, 0)).y()


def test_covariates_of_another_model_are_in_order_too(ready, app):
    show(app.panel, 431, 650)
    ready.ui.modelSelector.setCurrentIndex(ready.ui.modelSelector.findData("wang2022-labc-dfs"))
    show(app.panel, 431, 650)
    stops = tab_stops(ready)
    names = ready.inputs.covariates.names()
    assert [name for name in stops if name in (*names, "stabilityCheckBox")] == [*names, "stabilityCheckBox"]


def test_themes_differ(app, tmp_path, ready):
    light, dark = (render(app.panel, tmp_path / f"{dark}.png", 431, dark) for dark in (False, True))
    assert light.read_bytes() != dark.read_bytes()
    set_theme(False)

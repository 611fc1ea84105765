"""The panel has what the command line has, less what is listed with its reason."""

import xml.etree.ElementTree as ElementTree

from command_line import commands
from conftest import ROOT
from LABCRadiomicsLib.step_options import COMMANDS_LEFT_OUT, OPTIONS_LEFT_OUT, STEPS

UI = ROOT / "LABCRadiomics" / "Resources" / "UI" / "LABCRadiomics.ui"


def test_the_panel_has_every_command_but_those_listed():
    """What is no step of the table, and so of the panel, is left out with a reason."""
    left = {name for name in commands() if name.split()[0] in COMMANDS_LEFT_OUT}
    assert {name.split()[0] for name in left} == set(COMMANDS_LEFT_OUT)
    assert set(commands()) - left == {name for name in STEPS if name.split()[0] not in COMMANDS_LEFT_OUT}
    assert all(reason.endswith(".") and len(reason.split()) > 5 for reason in COMMANDS_LEFT_OUT.values())


def test_what_is_left_out_exists():
    for step, options in OPTIONS_LEFT_OUT.items():
        assert set(options) <= {row.name for row in STEPS[step].options}, step


SCORING = {  # the command's option: where the panel has it, outside the cohort section
    "image": "inputVolumeSelector",
    "mask": "segmentSelector",
    "label": "segmentSelector",
    "segment": "segmentSelector",
    "model": "modelSelector",
    "breast": "breastSelector",
    "tissue": "tissueSelector",
    "covariate": "covariatesFrame",
    "site": "siteSelector",
    "unknown_site": "siteSelector",
    "stability": "stabilityCheckBox",
    "second_reader": "secondSelector",
    "second_segment": "secondSelector",
    "show_group": "showGroupButton",
    "out": "saveReportButton",
    "json": "saveValuesButton",
}


def test_the_panel_scores_with_every_option_of_the_command_but_those_listed():
    """What is new in ``score`` gets a place in the panel, or a reason in ``left_out.py`` why it has none."""
    options = {one.name for one in commands()["score"].params} - {"help"}
    assert set(SCORING) == options - set(OPTIONS_LEFT_OUT["score"])
    widgets = {widget.get("name") for widget in ElementTree.parse(UI).getroot().iter("widget")}
    assert set(SCORING.values()) <= widgets
    assert all(reason.endswith(".") and len(reason.split()) > 5 for reason in OPTIONS_LEFT_OUT["score"].values())

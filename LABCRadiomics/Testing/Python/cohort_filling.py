"""What a user does in the panel's cohort section: choose a step, fill in its fields."""

import csv
import importlib


def cohort_steps():
    return importlib.import_module("LABCRadiomicsPanel.cohort_steps")


def choose_step(panel, name) -> None:
    for selector, data in ((panel.ui.cohortStepSelector, name.split()[0]), (panel.ui.cohortJobSelector, name)):
        if selector.findData(data) >= 0:
            selector.setCurrentIndex(selector.findData(data))


def editor(panel, name):
    """The widget of an option of the step that is shown."""
    return panel.cohort._form.editors[name][1]


def fill(panel, **texts) -> None:
    """Type or choose values of options as a user does."""
    for name, text in texts.items():
        row, widget = panel.cohort._form.editors[name]
        if row.kind in ("choice", "model"):
            widget.setCurrentIndex(widget.findData(text))
        elif row.kind == "flag":
            widget.checked = text
        elif widget.className() == "ctkPathLineEdit":
            widget.setCurrentPath(str(text))
        else:
            widget.text = text


def cases_table(path, breast1, count=1):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "image", "mask"])
        writer.writerows([f"case{number}", *map(str, breast1)] for number in range(count))
    return path

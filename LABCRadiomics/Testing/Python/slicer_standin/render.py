"""Draw the panel alone into a PNG file, in a light or a dark theme."""

from __future__ import annotations

from pathlib import Path

from PySide6 import QtCore, QtGui, QtWidgets

DARK = {
    QtGui.QPalette.Window: "#353535",
    QtGui.QPalette.WindowText: "#ffffff",
    QtGui.QPalette.Base: "#232323",
    QtGui.QPalette.AlternateBase: "#353535",
    QtGui.QPalette.Text: "#ffffff",
    QtGui.QPalette.Button: "#353535",
    QtGui.QPalette.ButtonText: "#ffffff",
    QtGui.QPalette.Mid: "#5a5a5a",
    QtGui.QPalette.Link: "#6cb6ff",
    QtGui.QPalette.PlaceholderText: "#a0a0a0",
    QtGui.QPalette.Highlight: "#2a82da",
}


def set_theme(dark: bool) -> None:
    """Let the application look light or dark."""
    application = QtWidgets.QApplication.instance()
    application.setStyle("Fusion")
    palette = QtGui.QPalette(QtGui.QColor("#efefef"))
    if dark:
        palette = QtGui.QPalette()
        for role, color in DARK.items():
            palette.setColor(role, QtGui.QColor(color))
        for role in (QtGui.QPalette.ButtonText, QtGui.QPalette.WindowText, QtGui.QPalette.Text):
            palette.setColor(QtGui.QPalette.Disabled, role, QtGui.QColor("#808080"))
    application.setPalette(palette)


def show(panel: QtWidgets.QScrollArea, width: int, height: int | None = None) -> None:
    """Show the module panel, off the screen, in a dock of a size; the dock is never narrower than the panel allows.

    Parameters
    ----------
    panel : scripted_module.ModulePanel
    width, height : int
        Pixels; without a height as high as all of the contents.
    """
    panel.setAttribute(QtCore.Qt.WA_DontShowOnScreen)
    panel.show()
    for _ in range(4):  # labels with wrapped text settle their height in steps
        contents = panel.widget().layout()
        panel.resize(max(width, panel.least_width()), height or contents.totalHeightForWidth(width) + 2)
        QtWidgets.QApplication.processEvents()


def render(panel, path: Path, width: int = 400, dark: bool = False, height: int | None = None) -> Path:
    """Draw the module panel into a PNG file.

    Parameters
    ----------
    panel, width, height
        As for :func:`show`.
    path : pathlib.Path
        PNG file.
    dark : bool
        Theme.
    """
    set_theme(dark)
    show(panel, width, height)
    pixmap = QtGui.QPixmap(panel.size())
    panel.render(pixmap)
    pixmap.save(str(path))
    return path

"""Draw the panel alone into a PNG file, in a light or a dark theme."""

from __future__ import annotations

from pathlib import Path

from PySide6 import QtCore, QtGui, QtWidgets

from .proxies import unwrap

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


def render(widget, path: Path, width: int = 400, dark: bool = False) -> Path:
    """Draw a widget with all of its contents.

    Parameters
    ----------
    widget : Proxy or QWidget
    path : pathlib.Path
        PNG file.
    width : int
        Pixels; the height is what the contents need.
    dark : bool
        Theme.
    """
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
    qt_widget = unwrap(widget)
    qt_widget.setAttribute(QtCore.Qt.WA_DontShowOnScreen)
    qt_widget.show()
    for _ in range(3):  # labels with wrapped text settle their height in steps
        qt_widget.resize(width, qt_widget.layout().totalHeightForWidth(width) if qt_widget.layout() else 10)
        application.processEvents()
    pixmap = QtGui.QPixmap(qt_widget.size())
    qt_widget.render(pixmap)
    pixmap.save(str(path))
    return path

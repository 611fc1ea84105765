"""The CTK widgets of the panel, on PySide6, as CTK's documentation describes them."""

from __future__ import annotations

import fnmatch
import re

from PySide6 import QtCore, QtGui, QtWidgets

Property, Signal, Slot = QtCore.Property, QtCore.Signal, QtCore.Slot


class ctkCollapsibleButton(QtWidgets.QWidget):
    """A section whose contents fold away under its title.

    As ctkCollapsibleButton.cpp: the horizontal policy Minimum makes its size hint its least width; contents of a folded
    section are hidden once it exists, and shown again when it is unfolded unless they were hidden themselves.
    """

    contentsCollapsed = Signal(bool)
    clicked = Signal(bool)
    toggled = Signal(bool)
    COLLAPSED_HEIGHT = 14

    def __init__(self, parent=None):
        super().__init__(parent)
        self._text, self._collapsed, self._forcing = "", False, False
        self._header = QtWidgets.QToolButton(self)
        self._header.setAutoRaise(True)
        self._header.setToolButtonStyle(QtCore.Qt.ToolButtonTextBesideIcon)
        self._header.clicked.connect(lambda: self.setCollapsed(not self._collapsed))
        self._header.setFocusPolicy(QtCore.Qt.NoFocus)  # the section itself is a button
        self.setFocusPolicy(QtCore.Qt.StrongFocus)
        self.setSizePolicy(QtWidgets.QSizePolicy.Minimum, QtWidgets.QSizePolicy.Preferred)
        self.setContentsMargins(0, self._button_size().height(), 0, 0)
        self._update()

    def _button_size(self):
        return self._header.sizeHint()

    def sizeHint(self):
        """Contents and title; the title and a strip below it when folded."""
        button = self._button_size()
        if self._collapsed:
            return button + QtCore.QSize(0, self.COLLAPSED_HEIGHT)
        return super().sizeHint().expandedTo(button + QtCore.QSize(0, self.COLLAPSED_HEIGHT))

    def minimumSizeHint(self):
        """As the size hint, of the contents' least size."""
        if self._collapsed:
            return self.sizeHint()
        return super().minimumSizeHint().expandedTo(self._button_size())

    def resizeEvent(self, event):
        """Keep the title over the whole width."""
        self._header.setGeometry(0, 0, self.width(), self.contentsMargins().top())
        super().resizeEvent(event)

    def paintEvent(self, event):
        """Draw the frame round the contents."""
        painter = QtGui.QPainter(self)
        painter.setPen(self.palette().color(QtGui.QPalette.Mid))
        top = self.contentsMargins().top()
        painter.fillRect(0, 0, self.width(), top, self.palette().color(QtGui.QPalette.Button))
        painter.drawRect(0, 0, self.width() - 1, self.height() - 1)
        super().paintEvent(event)

    def keyPressEvent(self, event):
        """Fold or unfold with the space bar."""
        if event.key() == QtCore.Qt.Key_Space:
            self.setCollapsed(not self._collapsed)
        else:
            super().keyPressEvent(event)

    def showEvent(self, event):
        """Hide what is folded away, now that the widget exists."""
        super().showEvent(event)
        self._update()

    def setCollapsed(self, collapsed):
        """Fold or unfold."""
        changed = collapsed != self._collapsed
        self._collapsed = collapsed
        self._update()
        self.updateGeometry()
        if changed:
            self.contentsCollapsed.emit(collapsed)

    def setText(self, text):
        """Set the title."""
        self._text = text
        self._update()

    def childEvent(self, event):
        """Follow what is added."""
        super().childEvent(event)
        if event.type() == QtCore.QEvent.ChildAdded and event.child().isWidgetType() and hasattr(self, "_header"):
            if event.child().isHidden() and event.child().testAttribute(QtCore.Qt.WA_WState_ExplicitShowHide):
                event.child().setProperty("visibilityToParent", False)
            event.child().installEventFilter(self)
            self._show_child(event.child())

    def eventFilter(self, child, event):
        """Remember what was shown or hidden by others, and keep it hidden while folded."""
        if not self._forcing and event.type() == QtCore.QEvent.ShowToParent:
            child.setProperty("visibilityToParent", True)
            self._show_child(child)
        elif not self._forcing and event.type() == QtCore.QEvent.HideToParent:
            child.setProperty("visibilityToParent", False)
        return False

    def _show_child(self, child):
        if not self.testAttribute(QtCore.Qt.WA_WState_Created) or child is self._header:
            return
        wanted = child.property("visibilityToParent") is not False
        self._forcing = True
        child.setVisible(wanted and not self._collapsed)
        if wanted:
            child.setAttribute(QtCore.Qt.WA_WState_ExplicitShowHide, False)
        self._forcing = False

    def _update(self):
        self._header.setText(self._text)
        self._header.setArrowType(QtCore.Qt.RightArrow if self._collapsed else QtCore.Qt.DownArrow)
        self.setMaximumHeight(self.sizeHint().height() if self._collapsed else 16777215)
        for child in self.findChildren(QtWidgets.QWidget, options=QtCore.Qt.FindDirectChildrenOnly):
            self._show_child(child)

    collapsed = Property(bool, lambda self: self._collapsed, lambda self, value: self.setCollapsed(value))
    text = Property(str, lambda self: self._text, lambda self, value: self.setText(value))


class ctkPathLineEdit(QtWidgets.QWidget):
    """A path with a button that opens a file dialog.

    As ctkPathLineEdit.cpp: only a path that fits the name filters is told as changed, and the validity only when it
    changes, so of an unusable path that is emptied nothing is heard.
    """

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)
    Files, Dirs, Drives, NoDot, NoDotDot = 0x2, 0x1, 0x4, 0x2000, 0x4000
    NoDotAndDotDot, Readable, Writable, Executable = 0x6000, 0x10, 0x20, 0x40
    AdjustToMinimumContentsLength = 2

    def __init__(self, parent=None):
        super().__init__(parent)
        self._values = {"filters": 0, "nameFilters": [], "sizeAdjustPolicy": self.AdjustToMinimumContentsLength}
        self._valid = False
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._box = QtWidgets.QComboBox()
        self._box.setEditable(True)
        self._line = self._box.lineEdit()
        self._button = QtWidgets.QToolButton()
        self._button.setText("...")
        layout.addWidget(self._box)
        layout.addWidget(self._button)
        self.setSizePolicy(QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        self.setFocusProxy(self._line)
        self._line.textChanged.connect(self._update)

    def comboBox(self):
        """Give the box with the path."""
        return self._box

    def _update(self, path):
        listed = re.findall(r"\((.*?)\)", " ".join(self._values["nameFilters"]))
        patterns = " ".join(listed).split() or ["?*"]
        before, self._valid = self._valid, any(fnmatch.fnmatch(path, pattern) for pattern in patterns)
        if self._valid:
            self.currentPathChanged.emit(path)
        if self._valid != before:
            self.validInputChanged.emit(self._valid)

    def setCurrentPath(self, path):
        """Set the path."""
        self._line.setText(path)

    currentPath = Property(str, lambda self: self._line.text(), lambda self, value: self.setCurrentPath(value))
    filters = Property(int, lambda self: self._values["filters"], lambda self, v: self._values.update(filters=v))
    nameFilters = Property(
        "QStringList", lambda self: self._values["nameFilters"], lambda self, v: self._values.update(nameFilters=v)
    )
    sizeAdjustPolicy = Property(
        int,
        lambda self: self._values["sizeAdjustPolicy"],
        lambda self, v: self._values.update(sizeAdjustPolicy=v),
    )


CUSTOM = (ctkCollapsibleButton, ctkPathLineEdit)

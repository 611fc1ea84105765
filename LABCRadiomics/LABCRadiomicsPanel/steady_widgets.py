"""Widgets that fit the panel whatever its width: labels as high as their text, a picture as wide as its place.

The module panel is a scroll area that now and then gives a widget no more than its least height, and a picture would
hold the panel at its own width; so both follow the width that they are given.
"""

import itertools
from html import escape

import qt

LABEL_WIDTH = 160  # pixels of the longest label of a form that is not wrapped


# A picture that grew into the place of the scroll bar would be too high without one, and too narrow with it, forever.
SCROLL_BAR = 32  # pixels by which a picture's place has to grow before the picture does


class LabelHeights(qt.QObject):
    """Keeps word-wrapped labels as high as their text, neither lower nor, once the panel is wider, higher."""

    def __init__(self, labels):
        """
        :param labels: word-wrapped QLabel widgets; those without a name get one
        """
        qt.QObject.__init__(self)
        self._labels = list(labels)
        self._fitted = {}  # width and text that each was fitted to, by its name
        self._scheduled = False
        for number, label in enumerate(self._labels):
            label.objectName = label.objectName or f"fittedLabel{number}"
            label.installEventFilter(self)

    def cleanup(self):
        """Let the labels be."""
        for label in self._labels:
            label.removeEventFilter(self)
        self._labels = []

    def eventFilter(self, label, event):
        """A new width or a new text (which is painted) may need another height; not set while it is being painted."""
        mayDiffer = event.type() == qt.QEvent.Resize or event.type() == qt.QEvent.Paint
        if mayDiffer and not self._scheduled and self._differs(label):
            self._scheduled = True
            qt.QTimer.singleShot(0, self._fit)
        return False

    def _differs(self, label):
        fitted = self._fitted.get(label.objectName) == (label.width, label.text)
        return not fitted or label.heightForWidth(label.width) > label.minimumHeight

    def _fit(self):
        self._scheduled = False
        for label in filter(self._differs, self._labels):
            self._fitted[label.objectName] = label.width, label.text
            label.minimumHeight = 0  # a label's height for its width is never below its least height
            label.minimumHeight = max(label.heightForWidth(label.width), 0)


def headingLabel(text):
    """Make the label of a heading between a form's rows, which does not widen the panel either."""
    label = qt.QLabel(f"<b>{escape(text)}</b>")
    label.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)
    label.wordWrap = True
    return label


def wrappedLabel(text):
    """Make the label of a form's row, which wraps a long text instead of widening the panel."""
    label = qt.QLabel()
    setWrappedText(label, text)
    return label


def setWrappedText(label, text):
    """Give the label of a form's row a text, in as many lines as it needs."""
    label.wordWrap = False
    label.text = text
    label.setFixedWidth(min(label.sizeHint.width(), LABEL_WIDTH))
    label.wordWrap = True


class FittedPicture(qt.QObject):
    """Shows a picture in a label, scaled to the label's width."""

    def __init__(self, label):
        """
        :param label: QLabel whose horizontal policy is Ignored, so that the picture does not widen it
        """
        qt.QObject.__init__(self)
        self._label = label
        self._picture = None
        self._shown = None  # width of what is shown
        label.installEventFilter(self)

    def cleanup(self):
        """Let the label be."""
        self._label.removeEventFilter(self)
        self._picture = None

    def setFile(self, path):
        """Show the picture of a file."""
        self._picture, self._shown = qt.QPixmap(path), None
        self._fit()

    def eventFilter(self, _label, event):
        """Scale again when the width changed."""
        if event.type() == qt.QEvent.Resize:
            self._fit()
        return False

    def _fit(self):
        width = self._label.width
        if self._picture is None or (self._shown is not None and 0 <= width - self._shown < SCROLL_BAR):
            return
        self._shown = width
        density = self._label.devicePixelRatioF()
        scaled = self._picture.scaledToWidth(max(int(width * density), 1), qt.Qt.SmoothTransformation)
        scaled.setDevicePixelRatio(density)
        self._label.setPixmap(scaled)


def showAtTop(widget):
    """Scroll the module panel so that a widget begins at its top, unless all of it can be seen already."""
    area = widget.parentWidget()
    while area is not None and not area.inherits("QScrollArea"):
        area = area.parentWidget()
    if area is None:
        return
    contents, seen = area.widget(), area.viewport().height
    top = widget.mapTo(contents, qt.QPoint(0, 0)).y()
    above = -contents.pos.y()  # what is scrolled away
    if top < above or top + widget.height > above + seen:
        area.ensureVisible(0, contents.height, 0, 0)
        area.ensureVisible(0, top, 0, 0)


def setTabOrder(*widgets):
    """Let the Tab key visit widgets one after the other."""
    for first, second in itertools.pairwise(widgets):
        qt.QWidget.setTabOrder(first, second)

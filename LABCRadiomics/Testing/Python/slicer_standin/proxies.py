"""Qt objects as PythonQt shows them: properties through the meta object, nothing that Slicer's class does not list.

PySide6 is the toolkit underneath; code under test never sees one of its objects, only a :class:`Proxy` of it. A
property is an attribute, a slot or invokable is called, a signal is connected by attribute or by its Qt 5 signature,
and what the class's list of a running Slicer does not name raises AttributeError, as PythonQt does.
"""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path

from PySide6 import QtCore, QtGui, QtWidgets

slot_errors: list[Exception] = []
#: Of every QObject, whether or not a list names it.
INHERITED = frozenset({"connect", "disconnect", "deleteLater", "objectName", "parent", "property", "setProperty"})


class Listing:
    """The lists of a running Slicer; without their folder everything that the toolkit has is let through."""

    folder: Path | None = None

    @classmethod
    def text(cls, name: str) -> str | None:
        """Give a class's list, None when there is none."""
        if cls.folder is None:
            return None
        return _read(cls.folder / f"{name}.txt")

    @classmethod
    def require(cls, class_name: str, member: str) -> None:
        """Refuse a member that Slicer does not list for a class."""
        names = _members(cls.folder, class_name) if cls.folder else None
        if names is not None and member not in names:
            raise AttributeError(f"{class_name} has no {member} in Slicer")

    @classmethod
    def require_signal(cls, class_name: str, signature: str) -> None:
        """Refuse a signal that Slicer does not list for a class."""
        text = cls.text(class_name)
        if text is not None and f"  {signature}\n" not in text + (cls.text("QWidget") or ""):
            raise AttributeError(f"{class_name} has no signal {signature} in Slicer")


@cache
def _read(path: Path) -> str | None:
    return path.read_text() if path.is_file() else None


@cache
def _members(folder: Path, name: str) -> frozenset[str] | None:
    text = _read(folder / f"{name}.txt")
    if text is None:
        return None
    listed = re.search(r"^(?:all attributes|attributes \(all\)):\n(.*)", text, re.DOTALL | re.MULTILINE)
    own = frozenset(listed.group(1).split()) | INHERITED
    return own if name == "QWidget" else own | _members(folder, "QWidget")


class Proxy:
    """One Qt object as PythonQt shows it."""

    __slots__ = ("_object", "_slots")

    def __init__(self, qt_object: QtCore.QObject):
        object.__setattr__(self, "_object", qt_object)
        object.__setattr__(self, "_slots", {})

    def __repr__(self) -> str:
        return f"<{class_name(self._object)} {self._object.objectName()!r}>"

    def __getattr__(self, name: str):
        qt_object = self._object
        if name not in getattr(qt_object, "unlisted", ()):
            Listing.require(class_name(qt_object), name)
        if name == "className":
            return lambda: class_name(qt_object)
        if _is_property(qt_object, name):
            return wrap(_read_property(qt_object, name))
        member = getattr(qt_object, name)
        if isinstance(member, QtCore.SignalInstance):
            return _Signal(self, name, member)
        if callable(member) and not isinstance(member, type):
            return lambda *arguments: wrap(member(*map(unwrap, arguments)))
        return member

    def __setattr__(self, name: str, value) -> None:
        qt_object = self._object
        Listing.require(class_name(qt_object), name)
        if not _is_property(qt_object, name):
            raise AttributeError(f"{class_name(qt_object)} has no property {name}")
        if name == "toolTip":
            value = trapped_tooltip(value)
        setter = getattr(qt_object, f"set{name[0].upper()}{name[1:]}", None)
        if setter is not None:
            setter(unwrap(value))
        elif not qt_object.setProperty(name, unwrap(value)):
            raise AttributeError(f"{class_name(qt_object)}.{name} does not take {value!r}")

    def connect(self, signature: str, slot) -> None:
        """Connect a signal given by its Qt 5 signature."""
        Listing.require_signal(class_name(self._object), signature)
        name, arguments = re.fullmatch(r"(\w+)\((.*)\)", signature).groups()
        _Signal(self, name, getattr(self._object, name), arguments.count(",") + 1 if arguments else 0).connect(slot)

    def disconnect(self, signature: str, slot) -> None:
        """Undo :meth:`connect`."""
        name = signature.partition("(")[0]
        _Signal(self, name, getattr(self._object, name)).disconnect(slot)

    def findChildren(self, _class=None):
        """Give all named descendants that are widgets."""
        return [wrap(child) for child in self._object.findChildren(QtWidgets.QWidget)]


class _Signal:
    def __init__(self, proxy: Proxy, name: str, signal: QtCore.SignalInstance, arity: int | None = None):
        self._proxy, self._name, self._signal, self._arity = proxy, name, signal, arity

    def connect(self, slot) -> None:
        takes = _positional(slot)
        limit = takes if self._arity is None else min(takes, self._arity)

        def relay(*values):
            try:
                slot(*map(wrap, values[:limit]))
            except Exception as error:  # Qt would go on: kept for the test to fail with
                slot_errors.append(error)

        self._proxy._slots[self._name, slot] = relay
        _fullest(self._signal).connect(relay)

    def disconnect(self, slot) -> None:
        _fullest(self._signal).disconnect(self._proxy._slots.pop((self._name, slot)))

    def __call__(self, *values) -> None:
        self._signal.emit(*map(unwrap, values))


def _fullest(signal: QtCore.SignalInstance) -> QtCore.SignalInstance:
    """The overload with the flag: PySide6 leaves out a signal's default argument unless told so."""
    try:
        return signal[bool]
    except (KeyError, IndexError):
        return signal


def _positional(slot) -> int:
    """How many positional arguments a slot takes: PythonQt drops those of the signal beyond it."""
    kinds = [parameter.kind for parameter in inspect.signature(slot).parameters.values()]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return 99
    return sum(kind in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD) for kind in kinds)


def trapped_tooltip(text: str) -> str:
    """What the application's ctkToolTipTrapper makes of a tooltip when it is set: plain text becomes rich text."""
    if not text or QtGui.Qt.mightBeRichText(text):
        return text
    return QtGui.Qt.convertFromPlainText(text, QtGui.Qt.WhiteSpaceMode.WhiteSpaceNormal)


def class_name(qt_object: QtCore.QObject) -> str:
    """The class that Slicer has: the nearest base that is listed, or the toolkit's own."""
    return _listed_name(Listing.folder, type(qt_object))


@cache
def _listed_name(folder: Path | None, kind: type) -> str:
    names = (base.__name__ for base in kind.__mro__ if folder and _read(folder / f"{base.__name__}.txt") is not None)
    return next(names, kind.__name__)


def _is_property(qt_object: QtCore.QObject, name: str) -> bool:
    return qt_object.metaObject().indexOfProperty(name) >= 0


def _read_property(qt_object: QtCore.QObject, name: str):
    try:
        return qt_object.property(name)
    except RuntimeError:  # a type without a converter: PySide6 reads it by its getter only
        return getattr(qt_object, name)()


def wrap(value):
    """Show a Qt object as PythonQt does; the same object always by the same proxy."""
    if isinstance(value, list):
        return [wrap(element) for element in value]
    if not isinstance(value, QtCore.QObject):
        return value
    if not hasattr(value, "standin_proxy"):
        value.standin_proxy = Proxy(value)
    return value.standin_proxy


def unwrap(value):
    """Give the Qt object behind a proxy, anything else as it is."""
    if isinstance(value, QObject):
        return value._filter
    return value._object if isinstance(value, Proxy) else value


class QObject:
    """``qt.QObject`` for a class made in Python that filters the events of widgets, as PythonQt lets it."""

    def __init__(self, parent=None):
        self._filter = _Filter(self)

    def eventFilter(self, watched, event):
        """Let every event through."""
        return False


class _Filter(QtCore.QObject):
    def __init__(self, owner: QObject):
        super().__init__()
        self._owner = owner

    def eventFilter(self, watched, event):
        try:
            return bool(self._owner.eventFilter(wrap(watched), event))
        except Exception as error:  # Qt would go on: kept for the test to fail with
            slot_errors.append(error)
            return False


class ClassProxy:
    """A Qt class as PythonQt shows it: makes proxies when called, holds enumerators and static functions."""

    def __init__(self, qt_class: type, name: str | None = None):
        self._class, self._name = qt_class, name or qt_class.__name__

    def __call__(self, *arguments):
        return wrap(self._class(*map(unwrap, arguments)))

    def __instancecheck__(self, instance) -> bool:
        return isinstance(unwrap(instance), self._class)

    def __getattr__(self, name: str):
        Listing.require(self._name, name)
        member = getattr(self._class, name)
        if inspect.isroutine(member):
            return lambda *arguments: wrap(member(*map(unwrap, arguments)))
        return member

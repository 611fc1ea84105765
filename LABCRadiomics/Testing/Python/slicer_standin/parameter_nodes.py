"""``slicer.parameterNodeWrapper``, as far as this module uses it: typed attributes kept in a real MRML node.

Follows Slicer's own: numbers, texts and flags are parameters, nodes are node references under the parameter's name; a
value is cached until the node is modified from outside; a widget is bound by its dynamic property SlicerParameterName.
"""

from __future__ import annotations

import typing
import weakref

import slicer
import slicer.util
import vtk

from .proxies import class_name

PROPERTY = "SlicerParameterName"


def _is_node(kind) -> bool:
    return isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode)


def _read(node, name, kind):
    if _is_node(kind):
        return node.GetNodeReference(name)
    text = node.GetParameter(name)
    return text == "True" if kind is bool else kind(text)


def _write(node, name, kind, value) -> None:
    allowed = (kind, type(None)) if _is_node(kind) else (int, float) if kind is float else kind
    if not isinstance(value, allowed):
        raise TypeError(f"{name} takes {kind.__name__}, not {value!r}")
    if _is_node(kind):
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, value.GetID() if value is not None else None)
    else:
        node.SetParameter(name, str(value))


def parameterNodeWrapper(cls):
    """Turn a class of annotations into a view of a parameter node."""
    cls.allParameters = typing.get_type_hints(cls)
    cls.defaults = {
        name: getattr(cls, name, None if _is_node(kind) else kind()) for name, kind in cls.allParameters.items()
    }
    for name in cls.allParameters:
        setattr(
            cls,
            name,
            property(lambda self, name=name: self._cache[name], lambda self, value, name=name: _set(self, name, value)),
        )
    for function in (_init, connectGui, disconnectGui, StartModify, EndModify, AddObserver, RemoveObserver, Modified):
        setattr(cls, "__init__" if function is _init else function.__name__, function)
    return cls


def _init(self, parameter_node) -> None:
    self.parameterNode = parameter_node
    self._connectors, self._next_tag, self._writing, self._updating = {}, 0, False, False
    for name, kind in self.allParameters.items():
        if not parameter_node.HasParameter(name):
            _write(parameter_node, name, kind, self.defaults[name])
    self._cache = {name: _read(parameter_node, name, kind) for name, kind in self.allParameters.items()}
    reference = weakref.ref(self)
    tag = parameter_node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: _refresh(reference()))
    weakref.finalize(self, parameter_node.RemoveObserver, tag)


def _refresh(self) -> None:
    if self is not None and not self._writing:
        self._cache = {name: _read(self.parameterNode, name, kind) for name, kind in self.allParameters.items()}


def _set(self, name, value) -> None:
    kind = self.allParameters[name]
    with slicer.util.NodeModify(self.parameterNode):
        _write(self.parameterNode, name, kind, value)
        self._cache[name] = _read(self.parameterNode, name, kind)


def _accessors(widget, kind):
    """Signal, reader and writer that Slicer's connector of this widget and type uses."""
    if class_name(widget._object) == "qMRMLNodeComboBox" and _is_node(kind):
        return widget.currentNodeChanged, widget.currentNode, widget.setCurrentNode
    if class_name(widget._object) == "QCheckBox" and kind is bool:
        return widget.stateChanged, lambda: widget.checked, lambda value: setattr(widget, "checked", value)
    raise RuntimeError(f"Unable to create GUI connector from datatype {kind} to widget {widget}")


def connectGui(self, gui) -> int:
    """Bind the widgets that name a parameter; the node's values go to them first."""
    tag, self._next_tag = self._next_tag, self._next_tag + 1
    bound = []
    for widget in vars(gui).values():
        name = widget.property(PROPERTY)
        if not name:
            continue
        signal, read, write = _accessors(widget, self.allParameters[name])
        write(getattr(self, name))

        changed = _gui_callback(self, name, read)
        signal.connect(changed)
        bound.append((name, write, signal, changed))
    observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: _update_gui(self))
    self._connectors[tag] = bound, observer
    return tag


def _gui_callback(self, name, read):
    def changed():
        if not self._updating:
            setattr(self, name, read())

    return changed


def _update_gui(self) -> None:
    if self._updating:
        return
    self._updating = True
    try:
        for bound, _observer in self._connectors.values():
            for name, write, _signal, _changed in bound:
                write(getattr(self, name))
    finally:
        self._updating = False


def disconnectGui(self, tag) -> None:
    """Undo :func:`connectGui`."""
    if tag in self._connectors:
        bound, observer = self._connectors.pop(tag)
        for _name, _write, signal, changed in bound:
            signal.disconnect(changed)
        self.RemoveObserver(observer)


def StartModify(self):
    """As of the node."""
    return self.parameterNode.StartModify()


def EndModify(self, was_modified):
    """As of the node."""
    return self.parameterNode.EndModify(was_modified)


def AddObserver(self, event, callback, priority=0.0):
    """As of the node."""
    return self.parameterNode.AddObserver(event, callback, priority)


def RemoveObserver(self, tag):
    """As of the node."""
    return self.parameterNode.RemoveObserver(tag)


def Modified(self):
    """As of the node."""
    return self.parameterNode.Modified()

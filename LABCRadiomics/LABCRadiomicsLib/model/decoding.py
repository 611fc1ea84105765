"""From JSON to the dataclasses of a model: each value is checked against its field's type and limits.

A model holds thousands of numbers, so what a field takes is worked out once per class, and the path of a fault is put
together on the way out of the objects and lists that hold it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, NoReturn, Union, get_args, get_origin

from .contents import Model
from .fields import file_key, has_default
from .rules import FieldError

_MAX_DEPTH = 8  # of pyradiomics parameters, the only free-form part of a model
_BOUNDS: dict[str, tuple[str, Callable[[float, float], bool]]] = {
    "minimum": ("at least", lambda value, bound: value >= bound),
    "maximum": ("at most", lambda value, bound: value <= bound),
    "exclusiveMinimum": ("above", lambda value, bound: value > bound),
}

_TOO_LARGE = "a number beyond 1e299"  # such as 1e999, which is infinite when read

_Decoder = Callable[[Any], Any]
"""Checks one JSON value and gives the attribute's; the path of its fault starts at that value."""


def parse_json(text: str) -> Any:
    """Parse JSON; what no field of a model accepts (NaN, a key given twice) is kept until its path can be named.

    Raises
    ------
    json.JSONDecodeError, RecursionError
    """
    return json.loads(text, object_pairs_hook=_pairs, parse_constant=_Unusable, parse_int=_int)


def decode(cls: type, document: Any, path: str = "") -> Any:
    """Make a dataclass of the model from parsed JSON.

    Parameters
    ----------
    cls : type
        The dataclass.
    document : object
        Parsed JSON.
    path : str
        Of the object in its file; empty for the whole file.

    Raises
    ------
    FieldError
        A field is missing, unknown, of a wrong type or out of its range.
    """
    try:
        return _object(cls)(document)
    except FieldError as fault:
        raise fault.within(path) from None


def fields_after(version: int) -> list[tuple[str, ...]]:
    """Give the paths of the fields that came with later versions of the format."""
    return [path for path, since in _additions(Model) if since > version]


def holds_key(document: Any, path: tuple[str, ...]) -> bool:
    """Say whether parsed JSON has a key within the objects of a path."""
    if not isinstance(document, dict) or path[0] not in document:
        return False
    return len(path) == 1 or holds_key(document[path[0]], path[1:])


def shown(value: Any) -> str:
    """Describe a JSON value in a few words."""
    if isinstance(value, _Unusable):
        return value.what
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"the text {_clipped(json.dumps(value))}"
    return _TOO_LARGE if isinstance(value, float) and math.isinf(value) else _clipped(json.dumps(value))


class _Unusable:
    """Stands in parsed JSON for what no field accepts, until the walk through the fields can name its path."""

    def __init__(self, what: str) -> None:
        self.what = what


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        result |= {key: _Unusable("a key given twice") for key in result if keys.count(key) > 1}
    return result


def _int(literal: str) -> int | _Unusable:
    return int(literal) if len(literal) < 300 else _Unusable(_TOO_LARGE)


@cache
def _fields_of(cls: type) -> dict[str, tuple[str, Any, bool, Mapping[str, Any]]]:
    """Give, for each key of a dataclass in the file: attribute, type, whether required, limits."""
    return {file_key(field): (field.name, field.type, not has_default(field), field.metadata) for field in fields(cls)}


def _additions(cls: type) -> Iterator[tuple[tuple[str, ...], int]]:
    """The fields of objects within objects that came after the first version; within lists there are none."""
    for key, (_, kind, _, limits) in _fields_of(cls).items():
        if "since" in limits:
            yield (key,), limits["since"]
        inner = next((one for one in (kind, *get_args(kind)) if isinstance(one, type) and is_dataclass(one)), None)
        if inner is not None and get_origin(kind) is not tuple:
            yield from (((key, *path), since) for path, since in _additions(inner))


@cache
def _object(cls: type) -> _Decoder:
    known = _fields_of(cls)
    decoders = {key: (attribute, _decoder(kind, limits)) for key, (attribute, kind, _, limits) in known.items()}
    required = [key for key, (_, _, is_required, _) in known.items() if is_required]

    def decode_object(value: Any) -> Any:
        if not isinstance(value, dict):
            _refuse(f"must be an object, not {shown(value)}")
        for key in value:
            if key not in decoders:
                _refuse("is not a field of the model format; remove it", key)
        for key in required:
            if key not in value:
                _refuse("is missing", key)
        arguments = {}
        for key, (attribute, decode_part) in decoders.items():
            if key in value:
                try:
                    arguments[attribute] = decode_part(value[key])
                except FieldError as fault:
                    raise fault.within(_clipped(key)) from None
        return cls(**arguments)

    return decode_object


def _decoder(kind: Any, limits: Mapping[str, Any]) -> _Decoder:
    """Give what decodes a field of a type with limits in the words of JSON Schema."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):  # X | None: absent is allowed, null is not
        return _decoder(arguments[0], limits)
    if origin is Literal:
        return _choice(arguments)
    if origin is tuple:
        return _list(arguments[0], limits)
    if origin is not None:
        return _mapping(arguments[1])
    if kind is float or kind is int:
        return _number(kind, limits)
    if kind is str:
        return _text(limits)
    return _free if kind is Any else _object(kind)


def _choice(choices: tuple[str, ...]) -> _Decoder:
    named = " or ".join(map(json.dumps, choices))

    def decode_choice(value: Any) -> Any:
        if not isinstance(value, str) or value not in choices:
            _refuse(f"must be {named}, not {shown(value)}")
        return value

    return decode_choice


def _list(kind: Any, limits: Mapping[str, Any]) -> _Decoder:
    least, own = limits.get("minItems", 0), limits.get("items", {})
    decode_item, holds = _decoder(kind, own), _all_hold(own)

    def decode_list(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            _refuse(f"must be a list, not {shown(value)}")
        if len(value) < least:
            _refuse(f"must hold at least {least} {'entry' if least == 1 else 'entries'}")
        if kind in (float, int) and set(map(type, value)) == {kind} and holds(min(value)) and holds(max(value)):
            return tuple(value)
        decoded: list[Any] = []
        try:
            for item in value:
                decoded.append(decode_item(item))
        except FieldError as fault:
            raise fault.within(f"[{len(decoded)}]") from None
        return tuple(decoded)

    return decode_list


def _all_hold(limits: Mapping[str, Any]) -> Callable[[float], bool]:
    """Give what says whether a number is finite and within all limits."""
    bounds = [(_BOUNDS[key][1], limits[key]) for key in _BOUNDS if key in limits]
    return lambda value: math.isfinite(value) and all(holds(value, bound) for holds, bound in bounds)


def _mapping(kind: Any) -> _Decoder:
    decode_key, decode_item = _text({}), _decoder(kind, {})

    def decode_mapping(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            _refuse(f"must be an object, not {shown(value)}")
        decoded = {}
        for key, item in value.items():
            decode_key(key)
            try:
                decoded[key] = decode_item(item)
            except FieldError as fault:
                raise fault.within(_clipped(key)) from None
        return decoded

    return decode_mapping


def _number(kind: type, limits: Mapping[str, Any]) -> _Decoder:
    bounds = [(*_BOUNDS[key], limits[key]) for key in _BOUNDS if key in limits]

    def decode_number(value: Any) -> float | int:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            _refuse(f"must be a finite number, not {shown(value)}")
        if kind is int and value != int(value):
            _refuse(f"must be a whole number, not {shown(value)}")
        value = kind(value)
        for words, holds, bound in bounds:
            if not holds(value, bound):
                _refuse(f"must be {words} {bound}, not {value}")
        return value

    return decode_number


def _text(limits: Mapping[str, Any]) -> _Decoder:
    least, pattern = limits.get("minLength", 0), limits.get("pattern")

    def decode_text(value: Any) -> str:
        if not isinstance(value, str):
            _refuse(f"must be a text, not {shown(value)}")
        if len(value) < least:
            _refuse("must not be empty")
        if not value.isascii() and re.search("[\ud800-\udfff]", value):
            _refuse("holds half of a surrogate pair, which UTF-8 cannot store")
        if pattern is not None and re.fullmatch(pattern, value) is None:
            _refuse(f"must match {pattern}, not {shown(value)}")
        return value

    return decode_text


_any_text = _text({})


def _free(value: Any, depth: int = _MAX_DEPTH) -> Any:
    """Check a value of pyradiomics' parameters: any JSON of sensible depth."""
    if depth == 0:
        _refuse("is nested too deeply")
    if isinstance(value, _Unusable) or (isinstance(value, float) and math.isinf(value)):
        _refuse(f"must not be {shown(value)}")
    if isinstance(value, str):
        return _any_text(value)
    if isinstance(value, dict):
        for key in value:
            _any_text(key)
        return {key: _free_within(_clipped(key), item, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_free_within(f"[{index}]", item, depth - 1) for index, item in enumerate(value)]
    return value


def _free_within(place: str, value: Any, depth: int) -> Any:
    try:
        return _free(value, depth)
    except FieldError as fault:
        raise fault.within(place) from None


def _refuse(problem: str, key: str = "") -> NoReturn:
    raise FieldError(_clipped(key), problem)


def _clipped(text: str) -> str:
    return text if len(text) <= 60 and text.isprintable() else ascii(text[:60])

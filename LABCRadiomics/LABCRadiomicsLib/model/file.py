"""Read and write model files: JSON, UTF-8, at most 5 MB, nothing executed, every fault named by its path."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ..errors import ModelError
from ..files import write_atomically
from .checks import FieldError, check, check_extraction
from .contents import FORMAT, FORMAT_VERSION, Extraction, Model
from .fields import file_key, has_default

MAX_BYTES = 5_000_000
_MAX_DEPTH = 8  # of pyradiomics parameters, the only free-form part of a model


def load_model(path: str | os.PathLike[str]) -> Model:
    """Read a model file and check it.

    Parameters
    ----------
    path : path
        A JSON file of at most 5 MB.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        The file cannot be read, is too large, is not JSON, or a field is missing, unknown, of a wrong type, out of
        its range, or at odds with another; the sentence names the file and the field's path.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path}: the model file cannot be read ({error.strerror}); check its path.") from error
    if len(data) > MAX_BYTES:
        raise ModelError(f"{path}: the file is larger than 5 MB, which no model is; check that it is a model file.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: byte {error.start} is not UTF-8 text; save the model as UTF-8 JSON.") from error
    return parse_model(text, str(path))


def parse_model(text: str, source: str) -> Model:
    """Make a model from the text of a model file.

    Parameters
    ----------
    text : str
        JSON.
    source : str
        What error messages call the text, usually the file's name.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        As :func:`load_model`.
    """
    try:
        document = json.loads(
            text, object_pairs_hook=_pairs, parse_constant=_Unusable, parse_float=_float, parse_int=_int
        )
        model = decode_model(document)
        check(model)
    except json.JSONDecodeError as error:
        raise ModelError(
            f"{source}: not valid JSON at line {error.lineno}, column {error.colno} ({error.msg}); "
            "the file may be truncated."
        ) from error
    except RecursionError as error:
        raise ModelError(f"{source}: brackets are nested too deeply for a model file; check the file.") from error
    except FieldError as fault:
        raise ModelError(f"{source}: {fault.path} {fault.problem}.") from fault
    return model


def save_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model file, whole or not at all; the same model gives the same bytes.

    Parameters
    ----------
    model : Model
    path : path
        Replaced when it exists.

    Raises
    ------
    ModelError
        The model is not valid (it would not load again), or the file cannot be written.
    """
    path = Path(path)
    text = format_model(model)
    parse_model(text, str(path))
    if len(text.encode("utf-8")) > MAX_BYTES:
        raise ModelError(f"{path}: the model takes more than 5 MB; store fewer baseline or Kaplan-Meier times.")
    try:
        write_atomically(path, text)
    except OSError as error:
        raise ModelError(f"{path}: the model cannot be written ({error.strerror}); choose another place.") from error


def format_model(model: Model) -> str:
    """Write a model as indented JSON with each list of numbers on one line."""
    document = model.to_document()
    return _format(document, "") + "\n"


def decode_model(document: Any) -> Model:
    """Make a model from parsed JSON, field by field, without checking fields against each other.

    Raises
    ------
    FieldError
        A field is missing, unknown, of a wrong type or out of its range.
    """
    _expect(isinstance(document, dict), "the file's content", "must be a JSON object")
    document = dict(document)
    _decode_header(document, "format", FORMAT)
    version = _decode_header(document, "format_version", *range(1, FORMAT_VERSION + 1))
    for path in fields_after(int(version)):
        problem = f"belongs to a later version of the model format than {version}; state that or remove the field"
        _expect(not _holds_key(document, path), ".".join(path), problem)
    return _decode_object(Model, document, "")


def decode_extraction(document: Any, path: str = "extraction") -> Extraction:
    """Make and check the part of a model that says how features are computed, from parsed JSON.

    Raises
    ------
    FieldError
        As :func:`decode_model`, or a setting, image type or class is not pyradiomics'.
    """
    extraction = _decode_object(Extraction, document, path)
    check_extraction(extraction)
    return extraction


class _Unusable:
    """Stands in parsed JSON for what no field accepts, until the walk through the fields can name its path."""

    def __init__(self, what: str) -> None:
        self.what = what


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        result[key] = _Unusable("a key given twice") if key in result else value
    return result


def _float(literal: str) -> float | _Unusable:
    value = float(literal)
    return value if math.isfinite(value) else _Unusable(f"{literal[:20]}, too large a number")


def _int(literal: str) -> int | _Unusable:
    return int(literal) if len(literal) < 300 else _Unusable("too large a number")


def _expect(condition: bool, path: str, problem: str) -> None:
    if not condition:
        raise FieldError(path, problem)


def _decode_header(document: dict[str, Any], key: str, *expected: str | int) -> str | int:
    _expect(key in document, key, "is missing: this is not a LABCRadiomics model file")
    value = document.pop(key)
    known = isinstance(value, (str, int, float)) and not isinstance(value, bool) and value in expected
    _expect(known, key, f"must be {' or '.join(map(json.dumps, expected))}, not {_shown(value)}")
    return value


def fields_after(version: int) -> list[tuple[str, ...]]:
    """Give the paths of the fields that came with later versions of the format."""
    return [path for path, since in _additions(Model) if since > version]


def _additions(cls: type) -> Iterator[tuple[tuple[str, ...], int]]:
    """The fields of objects within objects that came after the first version; within lists there are none."""
    for key, (_, kind, _, limits) in _plan(cls).items():
        if "since" in limits:
            yield (key,), limits["since"]
        inner = next((one for one in (kind, *get_args(kind)) if isinstance(one, type) and is_dataclass(one)), None)
        if inner is not None and get_origin(kind) is not tuple:
            yield from (((key, *path), since) for path, since in _additions(inner))


def _holds_key(document: Any, path: tuple[str, ...]) -> bool:
    if not isinstance(document, dict) or path[0] not in document:
        return False
    return len(path) == 1 or _holds_key(document[path[0]], path[1:])


@lru_cache
def _plan(cls: type) -> dict[str, tuple[str, Any, bool, Mapping[str, Any]]]:
    """Give, for each key of a dataclass in the file: attribute, type, whether required, limits."""
    types = get_type_hints(cls)
    return {
        file_key(field): (field.name, types[field.name], not has_default(field), field.metadata)
        for field in fields(cls)
    }


def _decode_object(cls: type, value: Any, path: str) -> Any:
    _expect(isinstance(value, dict), path, f"must be an object, not {_shown(value)}")
    plan = _plan(cls)
    for key in value:
        _expect(key in plan, _join(path, key), "is not a field of the model format; remove it")
    arguments = {}
    for key, (attribute, kind, required, limits) in plan.items():
        if key in value:
            arguments[attribute] = _decode(kind, value[key], _join(path, key), limits)
        else:
            _expect(not required, _join(path, key), "is missing")
    return cls(**arguments)


def _decode(kind: Any, value: Any, path: str, limits: Mapping[str, Any]) -> Any:
    """Check one JSON value against a field's type and limits and give the attribute's value."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):  # X | None: absent is allowed, null is not
        return _decode(arguments[0], value, path, limits)
    if origin is Literal:
        _expect(
            isinstance(value, str) and value in arguments, path, f"must be {_choices(arguments)}, not {_shown(value)}"
        )
        return value
    if origin is tuple:
        return _decode_list(arguments[0], value, path, limits)
    if origin is not None:
        return _decode_mapping(arguments[1], value, path)
    if kind is float or kind is int:
        return _decode_number(kind, value, path, limits)
    if kind is str:
        return _decode_text(value, path, limits)
    if kind is Any:
        return _decode_free(value, path, _MAX_DEPTH)
    return _decode_object(kind, value, path)


def _decode_list(kind: Any, value: Any, path: str, limits: Mapping[str, Any]) -> tuple[Any, ...]:
    if not isinstance(value, list):
        _expect(False, path, f"must be a list, not {_shown(value)}")
    least = limits.get("minItems", 0)
    _expect(len(value) >= least, path, f"must hold at least {least} {'entry' if least == 1 else 'entries'}")
    own = limits.get("items", {})
    if kind is float and not own and all(type(item) is float for item in value):
        return tuple(value)  # nothing to check: numbers that are not finite are no floats here
    return tuple(_decode(kind, item, f"{path}[{index}]", own) for index, item in enumerate(value))


def _decode_mapping(kind: Any, value: Any, path: str) -> dict[str, Any]:
    _expect(isinstance(value, dict), path, f"must be an object, not {_shown(value)}")
    return {_decode_text(key, path, {}): _decode(kind, item, _join(path, key), {}) for key, item in value.items()}


def _decode_number(kind: type, value: Any, path: str, limits: Mapping[str, Any]) -> float | int:
    # Sentences are made only where they are needed: a model holds thousands of numbers.
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        _expect(False, path, f"must be a finite number, not {_shown(value)}")
    if kind is not float and value != int(value):
        _expect(False, path, f"must be a whole number, not {_shown(value)}")
    value = kind(value)
    if "minimum" in limits:
        _expect(value >= limits["minimum"], path, f"must be at least {limits['minimum']}, not {value}")
    if "maximum" in limits:
        _expect(value <= limits["maximum"], path, f"must be at most {limits['maximum']}, not {value}")
    if "exclusiveMinimum" in limits:
        _expect(value > limits["exclusiveMinimum"], path, f"must be above {limits['exclusiveMinimum']}, not {value}")
    return value


def _decode_text(value: Any, path: str, limits: Mapping[str, Any]) -> str:
    _expect(isinstance(value, str), path, f"must be a text, not {_shown(value)}")
    _expect(len(value) >= limits.get("minLength", 0), path, "must not be empty")
    _expect(not re.search("[\ud800-\udfff]", value), path, "holds half of a surrogate pair, which UTF-8 cannot store")
    pattern = limits.get("pattern")
    _expect(
        pattern is None or re.fullmatch(pattern, value) is not None, path, f"must match {pattern}, not {_shown(value)}"
    )
    return value


def _decode_free(value: Any, path: str, depth: int) -> Any:
    """Check a value of pyradiomics' parameters: any JSON of sensible depth."""
    _expect(depth > 0, path, "is nested too deeply")
    _expect(not isinstance(value, _Unusable), path, f"must not be {_shown(value)}")
    if isinstance(value, dict):
        pairs = ((_decode_text(key, path, {}), item) for key, item in value.items())
        return {key: _decode_free(item, _join(path, key), depth - 1) for key, item in pairs}
    if isinstance(value, list):
        return [_decode_free(item, f"{path}[{index}]", depth - 1) for index, item in enumerate(value)]
    return _decode_text(value, path, {}) if isinstance(value, str) else value


def _join(path: str, key: str) -> str:
    return f"{path}.{_clipped(key)}" if path else _clipped(key)


def _clipped(text: str) -> str:
    return text if len(text) <= 60 and text.isprintable() else ascii(text[:60])


def _choices(values: tuple[str, ...]) -> str:
    return " or ".join(json.dumps(value) for value in values)


def _shown(value: Any) -> str:
    """Describe a JSON value in a few words."""
    if isinstance(value, _Unusable):
        return value.what
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"the text {_clipped(json.dumps(value))}"
    return _clipped(json.dumps(value))


def _format(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and value:
        parts = (f"{inner}{_dump(key)}: {_format(item, inner)}" for key, item in value.items())
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, (dict, list, str)) for item in value):
        return "[\n" + ",\n".join(inner + _format(item, inner) for item in value) + f"\n{indent}]"
    return _dump(value)


def _dump(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:  # NaN or infinity: written as such, so that reading back names the field
        return json.dumps(value, ensure_ascii=False)

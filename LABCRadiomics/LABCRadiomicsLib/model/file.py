"""Read and write model files: JSON, UTF-8, at most 5 MB, nothing executed, every fault named by its path."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..files import write_atomically
from .checks import FieldError, check, check_extraction
from .contents import FORMAT, FORMAT_VERSION, Extraction, Model
from .decoding import decode, fields_after, holds_key, parse_json, shown
from .rules import require

MAX_BYTES = 5_000_000


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
        model = decode_model(parse_json(text))
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
    require(isinstance(document, dict), "the file's content", "must be a JSON object")
    document = dict(document)
    _decode_header(document, "format", FORMAT)
    version = _decode_header(document, "format_version", *range(1, FORMAT_VERSION + 1))
    for path in fields_after(int(version)):
        problem = f"belongs to a later version of the model format than {version}; state that or remove the field"
        require(not holds_key(document, path), ".".join(path), problem)
    return decode(Model, document)


def decode_extraction(document: Any, path: str = "extraction") -> Extraction:
    """Make and check the part of a model that says how features are computed, from parsed JSON.

    Raises
    ------
    FieldError
        As :func:`decode_model`, or a setting, image type or class is not pyradiomics'.
    """
    extraction = decode(Extraction, document, path)
    check_extraction(extraction)
    return extraction


def _decode_header(document: dict[str, Any], key: str, *expected: str | int) -> str | int:
    require(key in document, key, "is missing: this is not a LABCRadiomics model file")
    value = document.pop(key)
    known = isinstance(value, (str, int, float)) and not isinstance(value, bool) and value in expected
    require(known, key, f"must be {' or '.join(map(json.dumps, expected))}, not {shown(value)}")
    return value


def _format(value: Any, indent: str) -> str:
    inner = indent + "  "
    if isinstance(value, dict) and value:
        parts = (f"{inner}{_dump(key)}: {_format(item, inner)}" for key, item in value.items())
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, (dict, list, str)) for item in value):
        return "[\n" + ",\n".join(inner + _format(item, inner) for item in value) + f"\n{indent}]"
    return _dump(value)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)  # NaN and infinity as such, so that reading back names the field

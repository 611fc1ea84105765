"""The JSON Schema and the loader accept and refuse the same files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

import example_models
from LABCRadiomicsLib.model.checks import FieldError
from LABCRadiomicsLib.model.file import decode_model, fields_after
from LABCRadiomicsLib.resources import models_folder

SCHEMA = json.loads((models_folder() / "model.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

Steps = tuple[str | int, ...]


def _at(document: Any, path: Steps) -> Any:
    for step in path:
        document = document[step]
    return document


def _text(path: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def _paths(value: Any, path: Steps = ()) -> Iterator[Steps]:
    """Every object, key and, of a list, first entry."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*path, key))


REPLACEMENTS = (None, True, 0, -1, 0.5, 1.5, 2.0, "", "text", [], [0, 1], {}, {"key": 1})


def _small() -> dict[str, Any]:
    """A document with every field and one entry a list: what decides here is each field, not their consistency."""
    document = example_models.document_2() | {"missing": example_models.incomplete_document()["missing"]}
    document["score"]["terms"].pop(0)
    age, stage, _ = document["nomogram"]["covariates"]
    document["nomogram"]["covariates"] = [stage | age]
    return _trimmed(document)


_LEAST = {"levels": 2, "repeats": 2, "spacing_mm_low": 3, "spacing_mm_high": 3}  # entries


def _trimmed(value: Any, least: int = 1) -> Any:
    if isinstance(value, dict):
        return {key: _trimmed(item, _LEAST.get(key, 1)) for key, item in value.items()}
    return [_trimmed(item) for item in value[:least]] if isinstance(value, list) else value


def _mutations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every way of deleting a key, adding one, and replacing a value, one at a time."""
    original = _small()
    for path in _paths(original):
        *parent, key = path
        for number, value in enumerate(REPLACEMENTS):
            document = json.loads(json.dumps(original))
            _at(document, tuple(parent))[key] = value
            yield f"{_text(path)} <- {REPLACEMENTS[number]!r}", document
        document = json.loads(json.dumps(original))
        del _at(document, tuple(parent))[key]
        yield f"{_text(path)} deleted", document
        if isinstance(_at(original, path), dict):
            document = json.loads(json.dumps(original))
            _at(document, path)["unheard-of"] = 1
            yield f"{_text(path)} with another key", document


def _is_decoded(document: dict[str, Any]) -> bool:
    try:
        decode_model(document)
    except FieldError:
        return False
    return True


def test_schema_and_loader_accept_the_same_mutations():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    outcomes = {True: 0, False: 0}
    different = []
    for what, document in _mutations():
        decoded = _is_decoded(document)
        outcomes[decoded] += 1
        if VALIDATOR.is_valid(document) != decoded:
            different.append(what)
    assert different == []
    assert outcomes[True] > 400
    assert outcomes[False] > 2000


def test_a_file_of_version_1_has_nothing_of_version_2():
    whole = example_models.document_2()
    assert VALIDATOR.is_valid(whole) and _is_decoded(whole)
    old = example_models.document()
    assert VALIDATOR.is_valid(old) and _is_decoded(old)
    assert len(fields_after(1)) == 8 and fields_after(2) == []
    for path in fields_after(1):
        document = example_models.document()
        value = _at(whole, path)
        for empty in (value, type(value)()):
            _at(document, path[:-1])[path[-1]] = empty
            assert not VALIDATOR.is_valid(document), path
            with pytest.raises(FieldError) as caught:
                decode_model(document)
            assert caught.value.path == ".".join(path) and "later version of the model format than 1" in str(
                caught.value
            )


def test_schema_describes_every_field():
    def undescribed(node: dict[str, Any], path: str) -> Iterator[str]:
        for name, child in node.get("properties", {}).items():
            if "$ref" not in child and not child.get("description"):
                yield f"{path}.{name}"

    nodes = {"": SCHEMA, **SCHEMA["$defs"]}
    assert [found for name, node in nodes.items() for found in undescribed(node, name)] == []

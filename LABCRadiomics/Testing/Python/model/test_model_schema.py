"""The JSON Schema and the loader accept and refuse the same files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin

import jsonschema
import pytest

import example_models
from LABCRadiomicsLib.model import Model, decoding
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


LIMITS = ("minimum", "maximum", "exclusiveMinimum", "minItems", "minLength", "pattern")


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    return SCHEMA["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def _limits_differ(cls: type, node: dict[str, Any], path: str = "") -> Iterator[str]:
    """Fields whose limits in the dataclass are not those of the schema, in a dataclass and all within it."""
    properties, required = node["properties"], set(node.get("required", ())) - {"format", "format_version"}
    declared = decoding._fields_of(cls)
    if {key for key, (_, _, is_required, _) in declared.items() if is_required} != required:
        yield f"{path}: required"
    for key, (_, kind, _, limits) in declared.items():
        own = _resolved(properties[key])
        entries = _resolved(own["items"]) if "items" in own else {}
        for where, stated, held in (("", limits, own), ("[]", limits.get("items", {}), entries)):
            if {name: stated[name] for name in LIMITS if name in stated} != {n: held[n] for n in LIMITS if n in held}:
                yield f"{path}.{key}{where}"
        for inner in (kind, *get_args(kind)):
            if is_dataclass(inner):
                yield from _limits_differ(inner, entries if get_origin(kind) is tuple else own, f"{path}.{key}")


def test_limits_of_fields_are_those_of_the_schema():
    assert list(_limits_differ(Model, SCHEMA)) == []


@pytest.mark.parametrize(
    ("path", "allowed", "refused"),
    [
        ("provenance.cohort.n", 1, 0),
        ("provenance.cohort.events", 0, -1),
        ("nomogram.baseline.survival[0]", 1, 1.001),
        ("nomogram.baseline.survival[3]", 0, -0.001),
        ("image.domain.volume_mm3_low", 0.001, 0),
        ("score.distribution.percent[2]", 100, 100.5),
        ("harmonization.sites[0].scale[1]", 0.001, 0),
    ],
)
def test_a_limit_is_allowed_or_refused_as_it_says(path, allowed, refused):
    for value, fits in ((allowed, True), (refused, False)):
        document = example_models.document_2()
        example_models.set_field(document, path, value)
        assert _is_decoded(document) is VALIDATOR.is_valid(document) is fits

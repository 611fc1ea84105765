"""From the dataclasses of a model to JSON, in the one form that files and fingerprints are made of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, get_args

from .fields import file_key, has_default


def canonical_json(document: Any) -> str:
    """Write JSON in the one form that fingerprints are taken of."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def version_of(model: Any, newest: int) -> int:
    """The format version that a model needs: that of the newest of the fields it uses, ``newest`` at most."""
    version = 1
    for since in _versions_used(model):
        version = max(version, since)
        if version == newest:
            break
    return version


def document_of(value: Any) -> Any:
    """Turn a dataclass into a dictionary in field order; an optional part that holds nothing has no key."""
    if isinstance(value, (str, float, int)):
        return value
    if isinstance(value, (list, tuple)):
        return list(value) if _is_row(value) else [document_of(item) for item in value]
    if isinstance(value, Mapping):
        return {key: document_of(value[key]) for key in sorted(value)}
    if value is None:
        return None
    return {
        part.key: _numbers(part.numbers, held) if part.numbers else document_of(held)
        for part, held in _used_parts(value)
    }


class _Part(NamedTuple):
    """A field of a dataclass of the model; ``numbers`` is what its numbers are, ``since`` its format version."""

    name: str
    key: str
    optional: bool
    since: int
    numbers: type | None


@cache
def _parts(cls: type) -> tuple[_Part, ...]:
    return tuple(
        _Part(
            declared.name,
            file_key(declared),
            has_default(declared),
            declared.metadata.get("since", 1),
            _number_kind(declared.type),
        )
        for declared in fields(cls)
    )


def _used_parts(value: Any) -> Iterator[tuple[_Part, Any]]:
    """Each field with what it holds, but for optional ones that hold nothing: None, or an empty collection."""
    cls: type = type(value)
    for part in _parts(cls):
        held = getattr(value, part.name)
        if held or not part.optional or not (held is None or isinstance(held, (tuple, Mapping))):
            yield part, held


def _versions_used(value: Any) -> Iterator[int]:
    if is_dataclass(value):
        for part, held in _used_parts(value):
            yield part.since
            yield from _versions_used(held)
    elif isinstance(value, tuple) and not _is_row(value):
        for item in value:
            yield from _versions_used(item)


def _is_row(values: Sequence[Any]) -> bool:
    """Say whether a list begins with a number, so holds nothing but numbers: most of a large model is such rows."""
    return bool(values) and isinstance(values[0], (float, int))


def _number_kind(declared: Any) -> type | None:
    """What the numbers in a field of a declared type are, ``tuple[float, ...]`` for example; None where it has none."""
    if declared is float or declared is int:
        return declared
    return next((kind for kind in map(_number_kind, get_args(declared)) if kind is not None), None)


def _numbers(kind: type, value: Any) -> Any:
    """Turn a field of numbers, each into a Python float or int, so that 12, 12.0 and numpy's 12.0 are one model."""
    if isinstance(value, (list, tuple)):
        return list(map(kind, value)) if _is_row(value) else [_numbers(kind, item) for item in value]
    if isinstance(value, Mapping):
        return {key: _numbers(kind, value[key]) for key in sorted(value)}
    return kind(value)

"""How a dataclass of the model declares what its file's fields may hold, in the words of JSON Schema."""

from __future__ import annotations

from dataclasses import MISSING, Field, field
from typing import Any


def limited(*, default: Any = None, optional: bool = False, **limits: Any) -> Any:
    """Declare a field with limits, written as JSON Schema's keywords; ``key`` is its name in the file."""
    return field(default=default, metadata=limits) if optional else field(metadata=limits)


def file_key(declared: Field[Any]) -> str:
    """Give the name a dataclass field has in the model file."""
    return declared.metadata.get("key", declared.name)


def has_default(declared: Field[Any]) -> bool:
    """Say whether a dataclass field may be absent from the model file."""
    return declared.default is not MISSING or declared.default_factory is not MISSING

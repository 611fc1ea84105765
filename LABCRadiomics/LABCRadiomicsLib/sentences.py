"""Numbers and lists as sentences say them."""

from __future__ import annotations

from collections.abc import Sequence


def many(count: int, noun: str) -> str:
    """A number with its noun: 1 case, 2 cases, 1,200 cases."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{count:,} {noun if count == 1 else plural}"


def was(count: int) -> str:
    """The verb that goes with a number."""
    return "was" if count == 1 else "were"


def listed(names: Sequence[object], most: int = 4, between: str = ", ") -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return between.join(map(str, names[:most])) + more


def joined(parts: Sequence[str]) -> str:
    """Parts of a sentence: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"

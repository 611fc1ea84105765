"""Texts of models and tables as Markdown that shows them as they are, whatever characters they hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_MARKS = re.compile(r"([\\`*\[\]]|(?<![^\W_])_|_(?![^\W_])|~(?=~))")
_AT_START = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[#+=>-]))")


def inline(value: object) -> str:
    """Give a text on one line, every character that Markdown or HTML would take for a mark being escaped.

    A bar is left alone, which ends a cell: :func:`table` sees to it.
    """
    text = _MARKS.sub(r"\\\1", " ".join(str(value).split()))
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    return _AT_START.sub(r"\1\\", re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text))


def code(value: object) -> str:
    """Give a name, a path or a number as code, on one line."""
    text = " ".join(str(value).split())
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence, margin = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{margin}{text}{margin}{fence}"


def bullets(sentences: Iterable[str]) -> list[str]:
    """Give the lines of a list, and an empty one after it; the sentences are Markdown already."""
    lines = [f"- {sentence}" for sentence in sentences]
    return [*lines, ""] if lines else []


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Give the lines of a table, and an empty one after it; the cells are Markdown already."""
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in rows]
    if not lines:
        return []
    return [f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}", *lines, ""]


def _cell(text: str) -> str:
    """A table's bars end a cell, within code too."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)

"""Commands made of the table of options: each row a parameter of the command, its values one object."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ..step_options import STEPS, Kind, Option, Step, split_texts

_TYPES: dict[Kind, type] = {Kind.WHOLE: int, Kind.NUMBER: float, Kind.FLAG: bool}


def command(name: str, run: Callable[..., None]) -> Callable[..., None]:
    """Make the function of a command.

    Parameters
    ----------
    name : str
        Of the step in :data:`..step_options.STEPS`.
    run : callable
        Called with an object of the class of what the step is asked, and by name with what the step takes beside it.
    """
    step = STEPS[name]
    beside = [row.name for row in step.beside]

    def called(**given: Any) -> None:
        values = {row.name: _value(row, given[row.name]) for row in step.options}
        rest = {one: values.pop(one) for one in beside}
        run(step.asked(**values), **rest)

    called.__name__, called.__doc__ = step.name.split()[-1], step.help
    parameters = [_parameter(row) for row in _in_order(step)]
    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    called.__annotations__ = {one.name: one.annotation for one in parameters}
    return called


def _in_order(step: Step) -> list[Option]:
    """Required options first, as a signature wants them; the order within stays."""
    return sorted(step.options, key=lambda row: not row.required)


def _parameter(row: Option) -> inspect.Parameter:
    default = inspect.Parameter.empty if row.required else _shown(row)
    return inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=_annotation(row))


def _annotation(row: Option) -> Any:
    about: dict[str, Any] = {"help": row.help, "min": row.least, "max": row.most, "metavar": row.metavar or None}
    if not row.flag:
        return Annotated[_type(row), typer.Argument(**about)]
    if row.usual and row.default is None:
        about["show_default"] = row.usual
    return Annotated[_type(row), typer.Option(row.flag, **about)]


def _type(row: Option) -> Any:
    """The type that the framework reads."""
    if row.repeated:
        return list[str] | None
    of: Any = Path if row.kind.is_path else _TYPES.get(row.kind, str)
    if row.kind is Kind.CHOICE:
        of = _choices(row.name, row.choices)
    return of if row.required or row.default is not None else of | None


def _choices(name: str, choices: tuple[str, ...]) -> Any:
    return StrEnum(name, {choice: choice for choice in choices})


def _shown(row: Option) -> Any:
    """The default as the framework takes it."""
    return (None if row.repeated else ",".join(row.default)) if isinstance(row.default, tuple) else row.default


def _value(row: Option, given: Any) -> Any:
    """A value as the class takes it."""
    if row.repeated:
        return tuple(given or ())
    if row.kind is Kind.TEXTS:
        return split_texts(given)
    return given.value if isinstance(given, StrEnum) else given

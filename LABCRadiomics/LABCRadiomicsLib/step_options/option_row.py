"""One row of the table: what an option is called, what it may be, what it is when nothing is given."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import InputError

CSV, JSON, PARAMETERS = "CSV table (*.csv)", "Model (*.json)", "Parameters (*.yaml *.yml *.json)"
TABLE, ANY_FILE = "Table (*.csv *.tsv *.txt *.gz)", ""
YES = "yes"  # the text of a flag that is set


def _(text: str) -> str:
    """Mark a text for the translators; the panel asks for its translation when it shows it."""
    return text


class Kind(StrEnum):
    """What a value is, so which field of a form takes it."""

    FILE = "file"
    NEW_FILE = "new file"
    FOLDER = "folder"
    NEW_FOLDER = "new folder"
    NAMED_FILE = "file or name"  # a file to read, or the name of one that comes along
    MODEL = "model"  # id of a bundled model, or path of a model file
    TEXT = "text"
    TEXTS = "texts"  # several texts between commas
    NUMBER = "number"
    WHOLE = "whole number"
    CHOICE = "choice"
    FLAG = "flag"

    @property
    def is_path(self) -> bool:
        """Whether the value is a path of the user's disk."""
        return self in (Kind.FILE, Kind.NEW_FILE, Kind.FOLDER, Kind.NEW_FOLDER)


@dataclass(frozen=True)
class Option:
    """One thing that a step is asked.

    Attributes
    ----------
    name : str
        Of the field of the step's class, and of the command's parameter.
    label : str
        In a form: a word or two.
    help : str
        One sentence that stands alone, shown by ``--help`` and as tooltip.
    kind : Kind
    required : bool
    default : Any
        None where it is required, or where nothing given means something of its own (``usual`` says what).
    flag : str
        On the command line; empty for an argument, which is given by its place.
    group : str
        Heading it stands under among the options of a form; empty for none.
    in_view : bool
        Whether a form shows it at once, though it is not required.
    usual : str
        What happens when nothing is given, where the default does not say it.
    unit : str
        Of a number; empty where it has none.
    least, most : float or None
        Limits of a number, both allowed.
    choices : tuple of str
        Of a choice.
    metavar : str
        What ``--help`` shows in the value's place; empty for its kind.
    files : str
        Filter of a dialog that asks for the file; empty for any file.
    shared : bool
        Whether steps with an option of this name mean the same thing by it, so that a form need not ask again.
    repeated : bool
        Whether the command line takes it several times, one text each.
    """

    name: str
    label: str
    help: str
    kind: Kind
    required: bool
    default: Any
    flag: str
    group: str = ""
    in_view: bool = False
    usual: str = ""
    unit: str = ""
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    metavar: str = ""
    files: str = CSV
    shared: bool = False
    repeated: bool = False

    @property
    def usually(self) -> str:
        """What a form shows in the place of a value that is not given; empty where that is nothing."""
        if self.usual or self.default is None or self.default is False or self.default == ():
            return self.usual
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    def value(self, text: str) -> Any:
        """Read what a form holds.

        Parameters
        ----------
        text : str
            Not empty.

        Raises
        ------
        InputError
            The text is none of the option's values; the sentence says which are.
        """
        text = text.strip()
        if self.kind is Kind.FLAG:
            return text == YES
        if self.kind is Kind.TEXTS:
            return split_texts(text)
        if self.kind is Kind.CHOICE and text not in self.choices:
            raise InputError(f"{self.label} must be one of {', '.join(self.choices)}, not {text!r}.")
        if self.kind in (Kind.NUMBER, Kind.WHOLE):
            return self._number(text)
        return Path(text) if self.kind.is_path else text

    def _number(self, text: str) -> float | int:
        try:
            number = int(text) if self.kind is Kind.WHOLE else float(text)
        except ValueError:
            number = None
        if number is None or number != number or not self._within(number):
            what = "a whole number" if self.kind is Kind.WHOLE else "a number, with a point before decimals"
            raise InputError(f"{self.label} must be {what}{self._limits()}, not {text!r}.")
        return number

    def _within(self, number: float) -> bool:
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)

    def _limits(self) -> str:
        if self.least is not None and self.most is not None:
            return f", from {self.least:g} to {self.most:g}"
        return "" if self.least is None else f", {self.least:g} or more"


def split_texts(text: str) -> tuple[str, ...]:
    """Texts between commas, each once, without the spaces around them."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def argument(label: str, help: str, **rest: Any) -> Any:
    """Declare an option that the command line takes by its place; ``rest`` as :func:`option`."""
    return option(label, help, flag="", **rest)


def option(
    label: str,
    help: str,
    *,
    default: Any = dataclasses.MISSING,
    flag: str | None = None,
    kind: Kind | None = None,
    **rest: Any,
) -> Any:
    """Declare an option as a field of a step's class, whose annotation says what it may be.

    Parameters
    ----------
    label, help : str
    default : Any, optional
        Without one, the option is required.
    flag : str, optional
        Default: the field's name with hyphens.
    kind : Kind, optional
        Where the annotation does not say it: a path is a file to read and a text a text unless this says otherwise.
    rest
        Further attributes of :class:`Option`.
    """
    row = {"label": label, "help": help, "flag": flag, "kind": kind, **rest}
    return dataclasses.field(default=default, metadata={"option": row})


T = typing.TypeVar("T")


@typing.dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(argument, option))
def declares(of: type[T]) -> type[T]:
    """Make the class of what a step is asked: a frozen dataclass whose fields are its options."""
    return dataclass(frozen=True, kw_only=True)(of)


@cache
def options_of(asked: type) -> tuple[Option, ...]:
    """The options that a class made by :func:`declares` holds, in their order."""
    hints = typing.get_type_hints(asked)
    return tuple(_row(field, hints[field.name]) for field in dataclasses.fields(asked))


def _row(field: dataclasses.Field[Any], hint: Any) -> Option:
    row = dict(field.metadata["option"])
    kind, choices = _kind(hint)
    flag = row.pop("flag")
    return Option(
        name=field.name,
        kind=row.pop("kind") or kind,
        required=field.default is dataclasses.MISSING,
        default=None if field.default is dataclasses.MISSING else field.default,
        flag=f"--{field.name.replace('_', '-')}" if flag is None else flag,
        choices=choices,
        **row,
    )


_KINDS = {Path: Kind.FILE, bool: Kind.FLAG, int: Kind.WHOLE, float: Kind.NUMBER, str: Kind.TEXT}


def _kind(hint: Any) -> tuple[Kind, tuple[str, ...]]:
    """The kind that an annotation means, and the choices that it leaves."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        (hint,) = (one for one in typing.get_args(hint) if one is not type(None))
    if typing.get_origin(hint) is typing.Literal:
        return Kind.CHOICE, typing.get_args(hint)
    return Kind.TEXTS if typing.get_origin(hint) is tuple else _KINDS[hint], ()

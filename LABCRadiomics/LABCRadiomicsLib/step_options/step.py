"""A step: one command, and the form that the panel makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .option_row import Kind, Option, options_of


@dataclass(frozen=True)
class Handover:
    """What a step makes for another one.

    Attributes
    ----------
    made_by : str
        Name of the option with the path that the step writes.
    file : str
        Name of the file within that folder; empty where the path is the file.
    step, option : str
        Who reads it.
    """

    made_by: str
    step: str
    option: str
    file: str = ""


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes
    ----------
    name : str
        Words of the command, such as ``train`` or ``associate gsea``.
    title : str
        In a list of steps.
    help : str
        One sentence, of ``--help`` and of the panel.
    asked : type
        The class that :func:`.option_row.declares` made.
    beside : tuple of Option
        What the command takes besides, which is no matter of what is computed: where it is written.
    packages : tuple of str
        What it needs that Slicer does not bring, besides the command line's own.
    hands_over : tuple of Handover
    one_of : tuple of str
        Names of options one of which has to be given, though none is required by itself.
    """

    name: str
    title: str
    help: str
    asked: type
    beside: tuple[Option, ...] = ()
    packages: tuple[str, ...] = ()
    hands_over: tuple[Handover, ...] = ()
    one_of: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[Option, ...]:
        """All that it takes: arguments, what is required, the rest in the order of its class."""
        own = options_of(self.asked)
        arguments = [row for row in own if not row.flag]
        return (*arguments, *self.beside, *(row for row in own if row.flag))

    def option(self, name: str) -> Option:
        """The option of a name."""
        return next(row for row in self.options if row.name == name)

    def arguments(self, texts: Mapping[str, str]) -> list[str]:
        """The command line, after ``labcradiomics``, for what a form holds.

        Parameters
        ----------
        texts : mapping of str to str
            By the names of options; what is empty or absent is not given.
        """
        given = [(row, text) for row in self.options if (text := texts.get(row.name, "").strip())]
        flags = [row.flag if row.kind is Kind.FLAG else f"{row.flag}={text}" for row, text in given if row.flag]
        return [*self.name.split(), *flags, "--", *(text for row, text in given if not row.flag)]

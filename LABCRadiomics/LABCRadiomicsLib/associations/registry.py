"""The jobs by name: what each is asked, and how it is run. Commands, ``all`` and the Slicer panel call them here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..step_options import ASSOCIATE, STEPS, Option, options_of
from .section import Section


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes
    ----------
    name : str
        Of its command, and of its file in :mod:`.jobs`.
    """

    name: str

    @property
    def options_type(self) -> type[Any]:
        """The class of what it is asked, in :mod:`..step_options`."""
        return STEPS[self._step].asked

    @property
    def options(self) -> dict[str, Option]:
        """All that it is asked, by name."""
        return {row.name: row for row in options_of(STEPS[self._step].asked)}

    @property
    def run(self) -> Callable[[Any], Section]:
        """The job itself."""
        return self._module.run

    def files(self, options: Any) -> tuple[Path, ...]:
        """Every file the job reads."""
        return self._module.files(options)

    @property
    def _step(self) -> str:
        return f"{ASSOCIATE} {self.name}"

    @property
    def _module(self) -> Any:
        return importlib.import_module(f".jobs.{self.name}", __package__)


#: In the order in which they are done; ``all`` is these together.
JOBS = {
    name: Job(name)
    for group, _, name in (step.partition(" ") for step in STEPS)
    if group == ASSOCIATE and name != "all"
}

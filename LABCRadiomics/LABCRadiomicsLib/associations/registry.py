"""The jobs by name: what each is asked, and how it is run. Commands, ``all`` and the Slicer panel call them here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .section import Section


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes
    ----------
    name : str
        Of the command.
    title : str
    module : str
        In :mod:`.jobs`.
    options : str
        Name of the class of its options.
    """

    name: str
    title: str
    module: str
    options: str

    @property
    def options_type(self) -> type[Any]:
        """The class of the options: a frozen dataclass whose fields say in ``metadata`` what they are."""
        return getattr(self._module, self.options)

    @property
    def run(self) -> Callable[[Any], Section]:
        """The job itself."""
        return self._module.run

    def files(self, options: Any) -> tuple[Path, ...]:
        """Every file the job reads."""
        return self._module.files(options)

    def option_rows(self) -> list[tuple[str, Any, str]]:
        """Name, default and help of every option, for a form."""
        return [(field.name, field.default, field.metadata["help"]) for field in fields(self.options_type)]

    @property
    def _module(self) -> Any:
        return importlib.import_module(f".jobs.{self.module}", __package__)


JOBS = {
    job.name: job
    for job in (
        Job("expression", "Gene expression", "expression", "ExpressionOptions"),
        Job("gsea", "Gene set enrichment", "gsea", "GseaOptions"),
        Job("enrichment", "Over-represented gene sets", "enrichment", "EnrichmentOptions"),
        Job("prognosis", "Survival by genes", "prognosis", "PrognosisOptions"),
        Job("purity", "Tumor purity", "purity", "PurityOptions"),
        Job("immune", "Immune cells", "immune", "ImmuneOptions"),
        Job("immunophenoscore", "Immunophenoscore", "immunophenoscore", "ImmunophenoscoreOptions"),
        Job("histopathology", "Histopathology", "histopathology", "HistopathologyOptions"),
        Job("clusters", "Clusters of the features", "clusters", "ClustersOptions"),
    )
}

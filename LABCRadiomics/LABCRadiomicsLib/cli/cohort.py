"""Commands on cohorts: ``simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import ProgressBar


def simulate(
    patients: Annotated[int, typer.Option(min=1, help="Number of patients.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")],
    out: Annotated[Path, typer.Option(help="New or empty folder.")],
    readers: Annotated[int, typer.Option(help="Contours per tumor.")] = 2,
    jobs: Annotated[int, typer.Option(min=1, help="Patients simulated at once.")] = 2,
) -> None:
    """Write a simulated cohort: phantom MRI, contours, outcomes and the truth."""
    from ..simulation import write_simulation

    with ProgressBar("simulating") as advance:
        folder = write_simulation(out, patients, seed, readers, jobs, advance)
    print(f"{patients} simulated patients in {folder}. Simulated data: no patient is described.")


COMMANDS = (simulate,)

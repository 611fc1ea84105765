"""Commands on what a score goes along with: ``associate expression | gsea | enrichment | ...``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..step_options import ASSOCIATE, STEPS, EverythingOptions
from .common import remark, say
from .declared import command

if TYPE_CHECKING:
    from ..associations.folder import WrittenFolder

app = typer.Typer(
    help="What the score goes along with: genes, pathways, cells, tissue. Each job writes a folder with a page.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def _run_all(asked: EverythingOptions, out: Path) -> None:
    """Do ``associate all``."""
    from ..associations.workflow import associate_all
    from .common import ProgressBar

    with ProgressBar("associating") as advance:
        done = associate_all(asked.config, out, advance)
    _say(list(done.sections), done.written)
    for name, reason in {**done.skipped, **done.failed}.items():
        remark(f"{name} was not done: {reason}")
    if done.resumed:
        say(f"Taken from the interrupted run: {', '.join(done.resumed)}.")
    if done.failed:
        raise typer.Exit(2)


def _run(name: str, asked: Any, out: Path) -> None:
    """Do a job, write its folder, and say what was found."""
    from ..associations.workflow import associate

    done = associate(name, vars(asked), out)
    _say([done.section], done.written)


def _say(sections: list[Any], written: WrittenFolder) -> None:
    for section in sections:
        for notice in section.notices:
            remark(notice.message)
        for count in section.tests:
            say(
                f"{count.what} ({count.groups}): {count.tests} tests, {count.found} with p below {count.alpha:g} "
                f"({count.expected:.1f} expected by chance), {count.surviving} with {count.correction}."
            )
    if written.remark:
        remark(written.remark)
    say(f"Report: {written.index}")


for step in STEPS:
    group, _, job = step.partition(" ")
    if group == ASSOCIATE:
        app.command(job)(command(step, _run_all if job == "all" else partial(_run, job)))

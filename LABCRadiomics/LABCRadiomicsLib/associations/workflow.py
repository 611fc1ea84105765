"""All jobs that the inputs of a configuration allow, into one folder; an interrupted run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError, LABCRadiomicsError
from ..files import refuse_overwriting, sha256_of
from ..step_options import GroupOptions
from .config import IMPLIED, Configuration, read_configuration
from .differential_expression import NoDifferentialGenesError
from .folder import WrittenFolder, discard_parts, load_part, save_part, write_folder
from .groups import NORMAL_GROUP, Grouping
from .options import grouping_of
from .registry import JOBS
from .section import Section

PROGRESS = ".associations-progress"
_BEFORE = {"gsea": "ranks", "enrichment": "expression", "prognosis": "expression"}  # what expression makes for them
_ONLY_MAIN = ("enrichment", "prognosis")  # not repeated for the contrasts with normal tissue


@dataclass(frozen=True)
class Associations:
    """What was done.

    Attributes
    ----------
    sections : tuple of Section
    written : WrittenFolder
    skipped : dict of str to str
        Jobs that nobody asked for and that these inputs do not allow, and why.
    failed : dict of str to str
        Jobs that could not be done, and why.
    resumed : tuple of str
        Jobs taken from an interrupted run.
    """

    sections: tuple[Section, ...]
    written: WrittenFolder
    skipped: dict[str, str]
    failed: dict[str, str]
    resumed: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """One job, and what was written."""

    section: Section
    written: WrittenFolder


def associate(job: str, options: Mapping[str, Any], out: str | Path) -> Done:
    """Do one job and write its folder: what the commands and the Slicer panel call.

    Parameters
    ----------
    job : str
        Of :data:`.registry.JOBS`.
    options : mapping
        By the names of the fields of the job's options; those left out have their defaults.
    out : path
        Folder for the results; those of an earlier run are replaced.

    Raises
    ------
    LABCRadiomicsError
        An input is unusable or would be overwritten; the sentence says which, where, and what to do.
    """
    asked = JOBS[job].options_type(**options)
    refuse_overwriting(JOBS[job].files(asked), folders=[out])
    section = JOBS[job].run(asked)
    grouping = grouping_of(asked) if options.get("groups") or options.get("scores") else None
    title = f"{section.title} and the radiomics score"
    return Done(section, write_folder(out, [section], title, grouping=grouping))


@dataclass(frozen=True)
class _Task:
    """One job with a contrast of its own; ``suffix`` names the files of the contrasts with normal tissue."""

    job: str
    suffix: str
    options: dict[str, Any]

    @property
    def name(self) -> str:
        return self.job + (f"_{self.suffix}" if self.suffix else "")


def associate_all(
    config: str | Path, out: str | Path, progress: Callable[[int, int], None] | None = None
) -> Associations:
    """Do every job.

    Parameters
    ----------
    config : path
        YAML or JSON.
    out : path
        Folder for the results.
    progress : callable of (int, int), optional
        Told jobs done and jobs in all.

    Raises
    ------
    LABCRadiomicsError
        The configuration is unusable, or no job could be done.
    """
    plan, out = read_configuration(config), Path(out)
    inputs = [value for options in plan.options.values() for value in options.values() if isinstance(value, Path)]
    refuse_overwriting([plan.path, *inputs], folders=[out])
    parts = out / PROGRESS
    tasks = list(_tasks(plan))
    sections: list[Section] = []
    skipped: dict[str, str] = {}
    failed: dict[str, str] = {}
    resumed = []
    for at, task in enumerate(tasks):
        if progress is not None:
            progress(at, len(tasks))
        try:
            section, old = _do(task, parts)
        except LABCRadiomicsError as error:
            skip = isinstance(error, NoDifferentialGenesError) or (task.job in IMPLIED and task.job not in plan.asked)
            (skipped if skip else failed)[task.name] = _without_folders(str(error), task, parts)
            continue
        sections.append(section)
        if old:
            resumed.append(task.name)
    if progress is not None:
        progress(len(tasks), len(tasks))
    if not sections:
        discard_parts(parts)
        if out.is_dir() and not any(out.iterdir()):
            out.rmdir()
        name, reason = next(iter({**failed, **skipped}.items()))
        raise InputError(f"no job of {plan.path} could be done; {name}: {reason}")
    kept = load_everything(sections, parts)
    discard_parts(parts)
    written = write_folder(
        out, kept, plan.title, demonstration=plan.demonstration, not_done={**failed, **skipped},
        grouping=_grouping(plan),
    )  # fmt: skip
    return Associations(tuple(kept), written, skipped, failed, tuple(resumed))


def _grouping(plan: Configuration) -> Grouping | None:
    """The groups of the first job that has any, for the page."""
    for name, options in plan.options.items():
        asked = JOBS[name].options_type
        if issubclass(asked, GroupOptions) and ("groups" in options or "scores" in options):
            return grouping_of(asked(**options))
    return None


def _without_folders(sentence: str, task: _Task, parts: Path) -> str:
    """A reason as it may stand on a page for others: files by their names."""
    for value in task.options.values():
        if isinstance(value, (Path, str)) and Path(value).name:
            sentence = sentence.replace(str(value), Path(value).name)
    return re.sub(rf"{re.escape(str(parts))}[/\\][^/\\]+[/\\]", "", sentence)


def load_everything(sections: list[Section], parts: Path) -> list[Section]:
    """Sections with the bytes of their tables, before the parts on the disk go away."""
    return [
        replace(section, csv={name: (parts / section.job / name).read_bytes() for name in section.csv})
        for section in sections
    ]


def _tasks(plan: Configuration) -> Iterator[_Task]:
    expression = plan.options.get("expression")
    for job, options in plan.options.items():
        yield _Task(job, "", options)
        if plan.normal and expression is not None and job in ("expression", *_BEFORE) and job not in _ONLY_MAIN:
            groups = str(expression.get("contrast") or "high-low").split("-")
            if len(groups) != 2:
                raise InputError(f"{plan.path}: key normal needs a contrast of two plain names, such as high-low.")
            for group in groups:
                contrast = f"{group}-{NORMAL_GROUP}"
                yield _Task(job, contrast, {**options, "contrast": contrast} if job == "expression" else options)


def _do(task: _Task, parts: Path) -> tuple[Section, bool]:
    """Do a job, or take it from the interrupted run."""
    job = JOBS[task.job]
    options = dict(task.options)
    if task.job in _BEFORE and _BEFORE[task.job] not in options:
        name = f"expression_{task.suffix}" if task.suffix else "expression"
        made = parts / name / f"{name}.csv"
        if not made.is_file():
            raise InputError("the job expression was not done, whose table it needs.")
        options[_BEFORE[task.job]] = made
    asked = job.options_type(**options)
    key = _key(task, asked, job.files(asked))
    folder = parts / task.name
    found = load_part(folder, key)
    if found is not None:
        return found, True
    section = _renamed(job.run(asked), task)
    save_part(folder, section, key)
    return section, False


def _renamed(section: Section, task: _Task) -> Section:
    if not task.suffix:
        return section
    contrast = task.suffix.replace("-", " minus ", 1)
    return replace(
        section,
        job=task.name,
        title=f"{section.title}: {contrast}",
        csv={name.replace(task.job, task.name, 1): table for name, table in section.csv.items()},
        figures={f"{name}_{task.suffix}": figure for name, figure in section.figures.items()},
    )


def _key(task: _Task, options: Any, files: tuple[Path, ...]) -> str:
    """What a finished job was made from: version, options and the bytes of its inputs."""
    values = {name: str(value) for name, value in vars(options).items() if not isinstance(value, Path)}
    inputs = [sha256_of(path) if path.is_file() else "" for path in files]
    text = json.dumps([__version__, task.name, values, inputs], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()

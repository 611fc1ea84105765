"""The folder of associations: ``associations.json``, a table a job, figures, and the index page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import output_folder, write_atomically
from ..notices import Notice
from ..report.page import Figure, Table, page_html
from ..tables.csv_table import write_table
from ..tables.report_folder import report_document
from .groups import Grouping
from .page import associations_page
from .section import Section, TestCount

DOCUMENT, INDEX, FIGURES = "associations.json", "index.html", "figures"
_PART = "section.json"


@dataclass(frozen=True)
class WrittenFolder:
    """The page, and a sentence on files in the folder that are not ours (empty where there are none)."""

    index: Path
    remark: str


def write_folder(
    folder: str | Path,
    sections: Sequence[Section],
    title: str = "Associations of the radiomics score",
    *,
    demonstration: bool = False,
    not_done: Mapping[str, str] | None = None,
    grouping: Grouping | None = None,
) -> WrittenFolder:
    """Write everything, or nothing; files of an earlier run are replaced.

    Parameters
    ----------
    folder : path
        Made when it does not exist.
    sections : sequence of Section
    title : str
    demonstration : bool
        Whether the data are simulated.
    not_done : mapping of str to str, optional
        Jobs that could not be done, and why.
    grouping : Grouping, optional
        Who is in which group.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    with output_folder(folder) as filling:
        place = filling.path
        (place / FIGURES).mkdir()
        for section in sections:
            _write_tables(place, section)
            for name, figure in section.figures.items():
                write_atomically(place / FIGURES / f"{name}.png", figure.png)
        document = associations_document(sections, title, demonstration=demonstration, not_done=not_done)
        write_atomically(place / DOCUMENT, _json(document))
        write_atomically(
            place / INDEX, page_html(associations_page(sections, title, demonstration, not_done, grouping))
        )
    return WrittenFolder(filling.target / INDEX, filling.remark)


def associations_document(
    sections: Sequence[Section], title: str, *, demonstration: bool, not_done: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Give sections as ``associations.json`` holds them."""
    inputs = {name: value for section in sections for name, value in section.inputs.items()}
    findings = {
        "report": "associations",
        "title": title,
        "status": "demonstration" if demonstration else "research",
        "tests": [
            {"job": section.job, **vars(count), "expected_by_chance": count.expected}
            for section in sections
            for count in section.tests
        ],
        "jobs": {
            section.job: {
                **section.findings,
                "files": list(section.csv),
                "notes": [notice.to_dict() for notice in section.notices],
                "inputs": section.inputs,
            }
            for section in sections
        },
        "not_done": dict(not_done or {}),
    }
    return report_document(findings, inputs)


def save_part(folder: Path, section: Section, key: str) -> None:
    """Keep a finished job so that an interrupted run need not do it again."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_tables(folder, section)
    for name, figure in section.figures.items():
        write_atomically(folder / f"{name}.png", figure.png)
    document = {
        "key": key,
        "job": section.job,
        "title": section.title,
        "sentences": section.sentences,
        "tables": [{**vars(table), "numeric": sorted(table.numeric)} for table in section.tables],
        "figures": {name: {"alt": figure.alt, "caption": figure.caption} for name, figure in section.figures.items()},
        "findings": section.findings,
        "csv": list(section.csv),
        "tests": [vars(count) for count in section.tests],
        "notices": [notice.to_dict() for notice in section.notices],
        "inputs": section.inputs,
    }
    write_atomically(folder / _PART, _json(report_document(document, section.inputs)))
    # Jobs that read the table of this one learn from it what was compared.
    write_atomically(folder / DOCUMENT, _json(associations_document([section], section.title, demonstration=False)))


def load_part(folder: Path, key: str) -> Section | None:
    """Read a finished job back; None when there is none, or it was made from other inputs or options."""
    try:
        found = json.loads((folder / _PART).read_text(encoding="utf-8"))
        if found["key"] != key:
            return None
        return Section(
            job=found["job"],
            title=found["title"],
            sentences=tuple(found["sentences"]),
            tables=tuple(_table(one) for one in found["tables"]),
            figures={
                name: Figure((folder / f"{name}.png").read_bytes(), words["alt"], words["caption"])
                for name, words in found["figures"].items()
            },
            findings=found["findings"],
            csv={name: (folder / name).read_bytes() for name in found["csv"]},
            tests=tuple(TestCount(**one) for one in found["tests"]),
            notices=tuple(Notice(**one) for one in found["notices"]),
            inputs=found["inputs"],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # half of a part is none: the job is done again


def discard_parts(folder: Path) -> None:
    """Take finished jobs away when the whole run is done."""
    shutil.rmtree(folder, ignore_errors=True)


def _table(found: Mapping[str, Any]) -> Table:
    rows = tuple(tuple(row) for row in found["rows"])
    return Table(tuple(found["header"]), rows, found["caption"], frozenset(found["numeric"]), found["note"])


def _write_tables(folder: Path, section: Section) -> None:
    for name, content in section.csv.items():
        if isinstance(content, bytes):
            write_atomically(folder / name, content)
        else:
            write_table(folder / name, *content)


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, allow_nan=False) + "\n"

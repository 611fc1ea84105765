"""The configuration of ``associate all``: shared inputs, groups, and options of single jobs, from YAML or JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..settings_files import read_settings_file
from ..step_options import Kind, Option, split_texts
from .gene_sets import BUNDLED
from .registry import JOBS

#: Keys that several jobs share, and what they are.
SHARED = {
    "scores": "table case,score", "groups": "table case,group", "split": "thirds or cutoff", "cutoff": "number",
    "model": "id or path of a model", "contrast": "A-B", "case_column": "column that names the cases",
    "covariates": "table of clinical values", "adjust": "its columns to adjust for",
    "features": "radiomics features", "features_id": "their column that names the cases",
    "outcomes": "table of follow-up", "time": "its months", "event": "its events",
    "expression": "matrix of genes", "sets": "GMT file or hallmark", "immune": "fractions of cells",
    "histopathology": "QuPath's export", "normal": "also compare with normal tissue",
    "title": "of the page", "demonstration": "whether the data are simulated", "jobs": "only these jobs",
    "options": "of single jobs",
}  # fmt: skip

# Which input makes a job possible, and which shared keys it takes, by the name of its option.
_INPUT = {
    "expression": ("matrix", "expression"), "purity": ("matrix", "expression"),
    "immunophenoscore": ("matrix", "expression"), "immune": ("table", "immune"),
    "histopathology": ("export", "histopathology"), "clusters": ("features", "features"),
}  # fmt: skip
_GROUPED = ("scores", "groups", "split", "cutoff", "model", "contrast", "case_column")
_FROM_EXPRESSION = {"gsea": "ranks", "enrichment": "expression", "prognosis": "expression"}
#: Jobs that an input makes possible although nobody asked: when they cannot be done, that is said and no failure.
IMPLIED = ("gsea", "enrichment", "prognosis", "purity", "immunophenoscore")


@dataclass(frozen=True)
class Configuration:
    """What is to be done.

    Attributes
    ----------
    path : pathlib.Path
    title : str
    demonstration : bool
    normal : bool
        Whether expression is compared with normal tissue too.
    options : dict of str to dict
        Options of every job that the inputs allow, by name; inputs made by other jobs are missing.
    asked : frozenset of str
        Jobs that were named, so that it is an error when they cannot be done.
    """

    path: Path
    title: str
    demonstration: bool
    normal: bool
    options: dict[str, dict[str, Any]]
    asked: frozenset[str]


def read_configuration(path: str | Path) -> Configuration:
    """Read and check a configuration; paths in it are relative to it.

    Raises
    ------
    InputError, CohortError, DependencyError
        The file is no YAML or JSON, a key or value is not understood, or a file named does not exist.
    """
    path = Path(path)
    found = _read(path)
    unknown = [key for key in found if key not in SHARED]
    if unknown:
        raise InputError(f"{path}: key {unknown[0]} is not known; use {', '.join(SHARED)}.")
    given = found.get("options") or {}
    if not isinstance(given, Mapping) or not all(isinstance(value, Mapping) for value in given.values()):
        raise InputError(
            f"{path}: key options must hold jobs with their options, such as gsea: with permutations: 2000."
        )
    for name in given:
        if name not in JOBS:
            raise InputError(f"{path}: options has {name}, which is no job; use {', '.join(JOBS)}.")
    only = found.get("jobs")
    chosen = _names(only, path) if only is not None else tuple(JOBS)
    options = {}
    for name in chosen:
        made = _options_of(name, found, dict(given.get(name, {})))
        if made is not None:
            options[name] = _typed(name, made, path)
        elif only is not None or name in given:
            needed = _INPUT.get(name, (None, "expression"))[1]
            raise InputError(f"{path}: job {name} has no input; give the key {needed}.")
    if not options:
        raise InputError(f"{path}: no input is given; give expression, immune, histopathology or features.")
    return Configuration(
        path=path,
        title=str(found.get("title", "Associations of the radiomics score")),
        demonstration=_flag(found, "demonstration", path),
        normal=_flag(found, "normal", path),
        options=options,
        asked=frozenset((*(only or ()), *given)),
    )


def _read(path: Path) -> dict[str, Any]:
    found = read_settings_file(path, f"The configuration {path}")
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise InputError(f"{path}: a configuration holds keys such as scores, expression, immune; see the tutorial.")
    return found


def _names(value: Any, path: Path) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names:
        raise InputError(f"{path}: key jobs must list jobs: {', '.join(JOBS)}.")
    for name in names:
        if name not in JOBS:
            raise InputError(f"{path}: jobs has {name!r}, which is no job; use {', '.join(JOBS)}.")
    return tuple(name for name in JOBS if name in names)


def _flag(found: Mapping[str, Any], key: str, path: Path) -> bool:
    value = found.get(key, False)
    if not isinstance(value, bool):
        raise InputError(f"{path}: key {key} must be true or false, not {value!r}.")
    return value


def _options_of(name: str, found: Mapping[str, Any], own: dict[str, Any]) -> dict[str, Any] | None:
    """Options of a job from its own and the shared ones; None where its input is missing."""
    known = JOBS[name].options
    taken = {
        key: found[key] for key in (*_GROUPED, "covariates", "adjust", "features_id") if key in known and key in found
    }
    for key in ("features", "outcomes", "time", "event", "sets"):
        if key in known and key in found and not (name == "histopathology" and key in ("time", "event")):
            taken[key] = found[key]
    if name in _INPUT:
        option, shared = _INPUT[name]
        if shared in found:
            taken[option] = found[shared]
        if option not in taken and option not in own:
            return None
    if name == "clusters":
        taken.setdefault("features_id", "case")  # case_column is of the groups here
        if "outcomes" in taken and not {"time", "event"} <= {*taken, *own}:
            taken.pop("outcomes")
    if name in _FROM_EXPRESSION and "expression" not in found and _FROM_EXPRESSION[name] not in own:
        return None
    if name in ("gsea", "prognosis"):
        taken.pop("contrast", None)
    if name in ("gsea", "enrichment"):
        taken.setdefault("sets", next(iter(BUNDLED)))
    if name == "prognosis":
        return _prognosis(found, taken, own)
    return {**taken, **own}


def _prognosis(found: Mapping[str, Any], taken: dict[str, Any], own: dict[str, Any]) -> dict[str, Any] | None:
    if "matrix" in own:  # a table of its own, with its own outcome unless it says otherwise
        return {**{key: value for key, value in taken.items() if key == "case_column"}, **own}
    if "outcomes" not in {*taken, *own} or not {"time", "event"} <= {*taken, *own}:
        return None
    return {"matrix": found["expression"], "genes": "differential", **taken, **own}


def _typed(name: str, values: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Values as the options of a job want them."""
    rows = JOBS[name].options
    typed = {}
    for key, value in values.items():
        if key not in rows:
            raise InputError(f"{path}: {name} has no option {key}; use {', '.join(rows)}.")
        typed[key] = _value(value, rows[key], f"{path}: option {key} of {name}", path.parent)
    return typed


def _value(value: Any, row: Option, what: str, folder: Path) -> Any:
    """A value of the file as the option takes it.

    Raises
    ------
    InputError
        It is of another kind, or out of the option's limits or choices.
    """
    if value is None and not row.required and row.default is None:
        return None
    wanted, types = _TYPES.get(row.kind, ("a text", (str,)))
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise InputError(f"{what} must be {wanted}, not {value!r}.")
    if row.kind is Kind.FILE or (row.kind is Kind.NAMED_FILE and value not in BUNDLED):
        found = _existing(str(value), what, folder)
        return found if row.kind is Kind.FILE else str(found)
    if row.kind is Kind.TEXTS:
        return _texts(value, what)
    if row.kind in (Kind.NUMBER, Kind.WHOLE, Kind.CHOICE):
        try:
            return row.value(str(value))
        except InputError as error:
            raise InputError(f"{what}: {error}") from error
    return value


_TYPES: dict[Kind, tuple[str, tuple[type, ...]]] = {
    Kind.FILE: ("a path", (str,)),
    Kind.FLAG: ("true or false", (bool,)),
    Kind.WHOLE: ("a whole number", (int,)),
    Kind.NUMBER: ("a number", (int, float)),
    Kind.TEXTS: ("a list of texts", (str, list)),
}


def _texts(value: Any, what: str) -> tuple[str, ...]:
    parts = split_texts(value) if isinstance(value, str) else value
    if not all(isinstance(part, str) for part in parts):
        raise InputError(f"{what} must be a list of texts, not {value!r}.")
    return tuple(part.strip() for part in parts if part.strip())


def _existing(text: str, what: str, folder: Path) -> Path:
    found = folder / Path(text).expanduser()
    if not found.is_file():
        raise InputError(
            f"{what}: the file {found} does not exist; correct the path, which is relative to the configuration."
        )
    return found

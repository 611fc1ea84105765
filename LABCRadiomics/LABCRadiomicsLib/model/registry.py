"""The models at hand: those bundled with the module, and files."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ModelError
from ..resources import models_folder
from .contents import Model
from .file import load_model

_SCHEMAS = ".schema.json"  # how the names of the files' descriptions end


def bundled_model_files() -> tuple[Path, ...]:
    """Files of the bundled models, sorted; a model's file is named by its id."""
    return tuple(sorted(path for path in models_folder().glob("*.json") if not path.name.endswith(_SCHEMAS)))


def bundled_models() -> tuple[Model, ...]:
    """Read every bundled model.

    Returns
    -------
    tuple of Model
        Sorted by id.

    Raises
    ------
    ModelError
        A bundled file was damaged.
    """
    return tuple(load_model(path) for path in bundled_model_files())


def model_path(id_or_path: str | os.PathLike[str]) -> Path:
    """Give the file of a bundled model by its id; what is no bundled id is taken as a path."""
    bundled = {path.stem: path for path in bundled_model_files()}
    return bundled.get(str(id_or_path)) or Path(id_or_path)


def find_model(id_or_path: str | os.PathLike[str]) -> Model:
    """Read a bundled model by its id, or a model file.

    Parameters
    ----------
    id_or_path : str or path
        An id such as ``"demo-phantom"``; what is no bundled id is taken as a path.

    Returns
    -------
    Model

    Raises
    ------
    ModelError
        There is neither; the sentence lists the known ids. Or the file is not a valid model.
    """
    path = model_path(id_or_path)
    if not path.is_file():
        known = ", ".join(path.stem for path in bundled_model_files()) or "none"
        raise ModelError(f"{id_or_path}: no such model or model file; the bundled models are {known}.")
    return load_model(path)

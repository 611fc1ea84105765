"""Files of settings that people write by hand, YAML or JSON: read in one way, refused in the same words.

May import: errors.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import DependencyError, InputError


def read_settings_file(path: Path, what: str) -> Any:
    """Read what a file holds: JSON where its name ends in ``.json``, else YAML 1.2.

    Parameters
    ----------
    path : pathlib.Path
    what : str
        How messages call the file.

    Returns
    -------
    object
        Dictionaries, lists, texts, numbers; not checked further.

    Raises
    ------
    InputError
        The file cannot be read, is not UTF-8, or holds no JSON or YAML.
    DependencyError
        The file is YAML and no package that reads it is installed.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{what} is not UTF-8 text at byte {error.start}: save it as UTF-8.") from error
    except OSError as error:
        raise InputError(f"{what} cannot be read ({error.strerror or error}): check its path.") from error
    if path.suffix == ".json":
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{what} is no JSON ({_one_line(error)}): correct it.") from error
    try:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import YAMLError
    except ImportError as error:
        raise DependencyError(
            f"{what} is YAML, which needs the package ruamel.yaml: install it with pip install ruamel.yaml, "
            "or give the same as JSON."
        ) from error
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{what} is no YAML ({_one_line(error)}): correct it.") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")

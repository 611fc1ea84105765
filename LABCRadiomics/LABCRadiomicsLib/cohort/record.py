"""What a feature table was made with: a small JSON file beside it, from which ``train`` takes a model's extraction."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from .. import __version__
from ..errors import CohortError
from ..features import ENGINE, PYRADIOMICS_VERSION, ExtractionSettings, engine_versions
from ..files import write_atomically
from ..imaging.volume import AS_LOADED
from ..model import Extraction
from ..model.checks import FieldError
from ..model.file import decode_extraction


def record_path(features_path: str | os.PathLike[str]) -> Path:
    """Give the path of the record of a feature table: ``FEATURES.csv`` has ``FEATURES.settings.json``."""
    return Path(features_path).with_suffix(".settings.json")


def software_versions() -> dict[str, str]:
    """Give the versions that feature values may depend on."""
    return {"labcradiomics": __version__, "engine": ENGINE, **engine_versions()}


def extraction_of(settings: ExtractionSettings, axes: Iterable[str] = ()) -> Extraction:
    """Give extraction settings as a model file holds them.

    Parameters
    ----------
    settings : ExtractionSettings
    axes : iterable of str
        Axis codes of the volumes; stored when the array order is as-loaded and all agree.
    """
    known = set(axes)
    return Extraction(
        setting={name: value for name, value in settings.setting.items() if value is not None},
        image_type={name: dict(custom or {}) for name, custom in settings.image_types.items()},
        feature_class={name: list(features) for name, features in settings.feature_classes.items()},
        pyradiomics_version=PYRADIOMICS_VERSION,
        array_order=settings.array_order,
        axes=known.pop() if settings.array_order == AS_LOADED and len(known) == 1 else None,
    )


def extraction_document(extraction: Extraction) -> dict[str, object]:
    """Give an extraction as JSON holds it."""
    optional = {"pyradiomics_version": extraction.pyradiomics_version, "axes": extraction.axes}
    return {
        **{name: dict(part) for name, part in extraction.parameters().items()},
        "array_order": extraction.array_order,
        **{name: value for name, value in optional.items() if value is not None},
    }


def write_record(features_path: str | os.PathLike[str], extraction: Extraction, counts: Mapping[str, int]) -> Path:
    """Write the record of a feature table, whole or not at all.

    Parameters
    ----------
    features_path : path
        The table.
    extraction : Extraction
    counts : mapping of str to int
        Numbers of cases and of features.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    path = record_path(features_path)
    document = {"extraction": extraction_document(extraction), **counts, "software": software_versions()}
    write_atomically(path, json.dumps(document, indent=2, allow_nan=False) + "\n")
    return path


def read_extraction(features_path: str | os.PathLike[str]) -> Extraction | None:
    """Read how a feature table was made, from the record beside it.

    Parameters
    ----------
    features_path : path
        The table; only its name is used.

    Returns
    -------
    Extraction or None
        None when there is no record: the features are somebody else's.

    Raises
    ------
    CohortError
        The record is there but malformed.
    """
    path = record_path(features_path)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return decode_extraction(document["extraction"])
    except FileNotFoundError:
        return None
    except FieldError as fault:
        raise CohortError(f"{path}: {fault.path} {fault.problem}; delete the file or extract again.") from fault
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CohortError(f"{path} is no record of an extraction: delete the file or extract again.") from error

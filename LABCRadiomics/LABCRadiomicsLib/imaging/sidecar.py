"""What the JSON file beside an image says of it: dcm2niix writes one, with what it took from the DICOM headers.

Source: the BIDS specification, "Magnetic Resonance Imaging"; times are in seconds there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .source import Source

_SUFFIXES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
_LARGEST = 1_000_000  # bytes; such files have a few thousand
_TEXTS = {
    "modality": "Modality", "manufacturer": "Manufacturer", "device": "ManufacturersModelName",
    "series_description": "SeriesDescription", "sequence_name": "SequenceName", "body_part": "BodyPartExamined",
}  # fmt: skip
_OF_A_SCAN = ("Modality", "Manufacturer", "MagneticFieldStrength", "EchoTime", "SeriesDescription", "ImageType")


def with_sidecar(source: Source, path: Path) -> Source:
    """Add to what is known of an image what the file of its name that ends in ``.json`` says.

    Parameters
    ----------
    source : Source
        As the image's own file tells it.
    path : pathlib.Path
        Of the image.

    Returns
    -------
    Source
        The same where there is no such file, or it is of something else.
    """
    suffix = next((end for end in _SUFFIXES if path.name.casefold().endswith(end)), None)
    if suffix is None:
        return source
    found = _read(path.with_name(f"{path.name[: -len(suffix)]}.json"))
    if found is None:
        return source
    echo, kind = _number(found, "EchoTime"), found.get("ImageType")
    told: dict[str, Any] = {name: _text(found, key) for name, key in _TEXTS.items()}
    told |= {
        "field_strength_tesla": _number(found, "MagneticFieldStrength"),
        "echo_time_ms": None if echo is None else 1000 * echo,
        "image_type": tuple(map(str, kind)) if isinstance(kind, list) else None,
    }
    return replace(source, **{name: value for name, value in told.items() if value is not None})


def _read(path: Path) -> Mapping[str, Any] | None:
    """The file's content where it tells of a scan; a file that cannot be read or is of something else tells nothing."""
    try:
        if path.stat().st_size > _LARGEST:
            return None
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and any(key in found for key in _OF_A_SCAN) else None


def _text(found: Mapping[str, Any], key: str) -> str | None:
    value = found.get(key)
    return value.strip() or None if isinstance(value, str) else None


def _number(found: Mapping[str, Any], key: str) -> float | None:
    value = found.get(key)
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if usable else None  # type: ignore[arg-type]

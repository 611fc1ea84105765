"""What a feature table was made with: a small JSON file beside it, from which ``train`` takes a model's extraction."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .. import __version__
from ..errors import CohortError
from ..features import ENGINE, PYRADIOMICS_VERSION, ExtractionSettings, engine_versions
from ..files import write_atomically
from ..imaging.volume import AS_LOADED
from ..model import Extraction, Model, Score
from ..model.checks import FieldError
from ..model.file import decode_extraction
from ..preprocessing import Step, describe, read_steps
from ..sentences import listed


def record_path(features_path: str | os.PathLike[str]) -> Path:
    """Give the path of the record of a feature table: ``FEATURES.csv`` has ``FEATURES.settings.json``."""
    return Path(features_path).with_suffix(".settings.json")


def software_versions() -> dict[str, str]:
    """Give the versions that feature values may depend on."""
    return {"labcradiomics": __version__, "engine": ENGINE, **engine_versions()}


def extraction_of(settings: ExtractionSettings, axes: Iterable[str] = (), *, steps: Sequence[Step] = ()) -> Extraction:
    """Give extraction settings as a model file holds them.

    Parameters
    ----------
    settings : ExtractionSettings
    axes : iterable of str
        Axis codes of the volumes; stored when the array order is as-loaded and all agree.
    steps : sequence of Step
        What was done to the images before.
    """
    known = set(axes)
    return Extraction(
        setting={name: value for name, value in settings.setting.items() if value is not None},
        image_type={name: dict(custom or {}) for name, custom in settings.image_types.items()},
        feature_class={name: list(features) for name, features in settings.feature_classes.items()},
        pyradiomics_version=PYRADIOMICS_VERSION,
        array_order=settings.array_order,  # type: ignore[arg-type]  # checked where settings are made
        axes=known.pop() if settings.array_order == AS_LOADED and len(known) == 1 else None,
        preprocessing=tuple(describe(steps)),
    )


def extraction_document(extraction: Extraction) -> dict[str, object]:
    """Give an extraction as JSON holds it."""
    optional = {"pyradiomics_version": extraction.pyradiomics_version, "axes": extraction.axes}
    return {
        **{name: dict(part) for name, part in extraction.parameters().items()},
        "array_order": extraction.array_order,
        **{name: value for name, value in optional.items() if value is not None},
        **({"preprocessing": [dict(step) for step in extraction.preprocessing]} if extraction.preprocessing else {}),
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


def recorded_software(features_path: str | os.PathLike[str]) -> dict[str, str] | None:
    """Read which software made a feature table, from the record beside it; None where none says so.

    Raises
    ------
    CohortError
        The record is there but no JSON.
    """
    path = record_path(features_path)
    try:
        versions = json.loads(path.read_text(encoding="utf-8")).get("software")
        return versions and {str(name): str(version) for name, version in versions.items()}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError) as error:
        raise CohortError(f"{path} is no record of an extraction: delete the file or extract again.") from error


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


def agreed_extraction(
    features_path: str | os.PathLike[str],
    settings_path: str | os.PathLike[str] | None = None,
    array_order: str | None = None,
) -> Extraction | None:
    """Say how a feature table was made: by the record beside it, with which what else is given has to agree.

    Parameters
    ----------
    features_path : path
        The table.
    settings_path : path, optional
        Pyradiomics parameter file that the user says the table was made with.
    array_order : str, optional
        Order of the axes that the user says it was made with.

    Returns
    -------
    Extraction or None
        The record's. Without a record what is given; None where nothing is.

    Raises
    ------
    CohortError
        The record is malformed, or something given disagrees with it; the sentence names both values.
    InputError
        The parameter file is not accepted by pyradiomics.
    """
    recorded = read_extraction(features_path)
    given = None
    if settings_path is not None:
        order = array_order or (recorded.array_order if recorded else AS_LOADED)
        given = extraction_of(ExtractionSettings.from_parameters(Path(settings_path), order))
    if recorded is None:
        return given
    differences = _differences(recorded, given) if given else []
    if array_order not in (None, recorded.array_order):
        differences.insert(0, f"array order {recorded.array_order}, not {array_order}")
    if differences:
        raise CohortError(
            f"{record_path(features_path)} says that the features were made with {listed(differences, 3, '; ')}: "
            "leave --settings and --array-order out, or give the table that was made with them."
        )
    return recorded


def require_made_for(model: Model, features_path: str | os.PathLike[str]) -> None:
    """Refuse a feature table that was made otherwise than a model's features are.

    Parameters
    ----------
    model : Model
        One without an extraction takes any table.
    features_path : path
        A table without a record beside it is taken as it is: its features are somebody else's.

    Raises
    ------
    CohortError
        Settings, axis order or preprocessing differ; the sentence names both values.
    """
    recorded = read_extraction(features_path)
    if recorded is None or model.extraction is None:
        return
    made, wanted = recorded, model.extraction
    differences = []
    if made.array_order != wanted.array_order:
        differences.append(f"array order {made.array_order}, not {wanted.array_order}")
    steps = [[step.get("step") for step in describe(read_steps(part.preprocessing))] for part in (made, wanted)]
    if read_steps(made.preprocessing) != read_steps(wanted.preprocessing):
        one, other = (", ".join(map(str, part)) or "none" for part in steps)
        differences.append(f"preprocessing {one}, not {other}" if one != other else f"other parameters of {one}")
    differences += _differences(made, wanted, only=model)
    if differences:
        raise CohortError(
            f"{record_path(features_path)} says that the features were made with {listed(differences, 3, '; ')}, "
            f"as model {model.id} has it: extract them with --model {model.id}."
        )


def _differences(recorded: Extraction, given: Extraction, only: Model | None = None) -> list[str]:
    """What a record and a parameter file say differently, as ``setting binWidth 25, not 10``.

    Which classes of features are computed changes no value, so that a table may hold fewer than the file asks for. With
    a model ``only`` the image types that its score is made of count.
    """
    sentences = []
    parts = ("setting", recorded.setting, given.setting), ("imageType", recorded.image_type, given.image_type)
    for part, ours, theirs in parts:
        names = {*ours, *theirs}
        if only is not None and only.score is not None and part == "imageType":
            names = {name for name in names if _used(name, only.score)}
        for name in sorted(names):
            values = [_comparable(side.get(name, "nothing")) for side in (ours, theirs)]
            if values[0] != values[1]:
                sentences.append(f"{part} {name} {values[0]}, not {values[1]}")
    return sentences


def _used(image_type: str, score: Score) -> bool:
    """Whether a score has a feature of an image type."""
    stem = {"LoG": "log-sigma-", "LBP2D": "lbp-2d", "LBP3D": "lbp-3d"}.get(image_type, image_type.lower())
    return any(term.feature.lower().startswith(stem) for term in score.terms)


def _comparable(value: object) -> str:
    """A setting as one text, so that 25 and 25.0, a tuple and a list are the same."""
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_comparable, value))}]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{value:g}"
    return str(value) if value or value is False else "as it is"

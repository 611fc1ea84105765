"""Whether an image and a tumor are of the kind that a model was made from: its domain.

A score can be computed from any voxels. What is checked here is whether the number then means anything: modality and
sequence as the headers tell them, voxel size, scanner, size of the tumor, and whether the score's features lie among
those of the training patients, jointly and not only one by one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

import numpy as np

from .imaging import Region, Source
from .model import Domain, Model, Score
from .notices import Notice
from .statistics.joint_distance import joint_distance

USUAL, FAR = 99.0, 1.5
"""Percent of the training patients within the usual distance; how many times that distance is far."""

_T2 = re.compile(r"\bt2|\bstir\b|\btirm\b|\bflair\b", re.IGNORECASE)
_DIFFUSION = re.compile(r"\bdwi\b|\badc\b|\bdiff|\btrace|\bep2d|\bb[ =_-]?\d{2,4}\b", re.IGNORECASE)
_BEFORE = re.compile(
    r"\bpre\b|\bpre[ _-]?(contrast|gd|gad|km)|\bwithout (contrast|gd)|\bnativ\b|\bunenhanced\b", re.IGNORECASE
)
_DERIVED = re.compile(r"\bsub(traction|s)?\b|\bmip\b|\bser\b|\bpe\d?\b map", re.IGNORECASE)
_LONG_ECHO_MS = 40.0  # of a spin echo or gradient echo beyond which contrast is T2's


def domain_notices(
    model: Model, region: Region, values: Mapping[str, float], source: Source | None = None
) -> list[Notice]:
    """Hold an image, its region and its features against what the model was made from.

    Parameters
    ----------
    model : Model
    region : Region
        In the model's axis order.
    values : mapping
        Feature values by name, at least the score's.
    source : Source, optional
        What the headers say.

    Returns
    -------
    list of Notice
        Grave where the number would mean nothing.
    """
    notices: list[Notice] = []
    if source is not None:
        notices += _kind_of_image(model, source)
    if model.image.domain is not None:
        notices += _scan(model.image.domain, region, source)
    if model.score is not None:
        notices += _joint_distance(model.score, values)
    return notices


def _kind_of_image(model: Model, source: Source) -> Iterable[Notice]:
    """Modality, sequence and timing, as far as headers and model tell them."""
    wanted = model.image.modality.upper()
    if source.modality and source.modality.upper() != wanted:
        text = f"The image is of modality {source.modality}, the model is made from {wanted}: the score means nothing."
        yield Notice("other-modality", text, grave=True)
        return
    if model.provenance.origin == "simulated" and source.is_dicom:
        text = "The model was made from simulated images and this is a scan of somebody: the score means nothing."
        yield Notice("simulated-model", text, grave=True)
    told = " ".join(filter(None, (source.series_description, source.sequence_name))).replace("_", " ")
    sequence = model.image.sequence.casefold()
    if "t1" in sequence and "t2" not in sequence:
        other = "diffusion" if _DIFFUSION.search(told) else "T2" if _T2.search(told) or _long_echo(source) else None
        if other is not None:
            what = f"The series seems to be {other} ({_quoted(told, source)})"
            yield Notice("other-sequence", f"{what}, the model is made from {model.image.sequence}.", grave=True)
            return
    if "contrast" in sequence and "without" not in sequence:
        if _BEFORE.search(told):
            what = f"The series seems to be from before contrast ({_quoted(told, source)})"
            yield Notice("before-contrast", f"{what}, the model is made from images after it.", grave=True)
        elif _DERIVED.search(told):
            what = f"The series seems to be a derived image ({_quoted(told, source)})"
            yield Notice("derived-image", f"{what}, the model is made from the scan itself.", grave=True)


def _long_echo(source: Source) -> bool:
    return source.echo_time_ms is not None and source.echo_time_ms > _LONG_ECHO_MS


def _quoted(told: str, source: Source) -> str:
    echo = f"echo time {source.echo_time_ms:g} ms" if source.echo_time_ms is not None else ""
    return ", ".join(filter(None, (repr(told.strip()) if told.strip() else "", echo)))


def _scan(domain: Domain, region: Region, source: Source | None) -> Iterable[Notice]:
    """Voxel size, tumor volume and scanner against the cohort's; half and double are still like it."""
    if domain.spacing_mm_low is not None and domain.spacing_mm_high is not None:
        ranges = zip("ijk", region.image.spacing, domain.spacing_mm_low, domain.spacing_mm_high, strict=True)
        for axis, step, low, high in ranges:
            if not low / 1.01 <= step <= high * 1.01:
                text = f"Voxels are {step:.4g} mm along {axis}, {_between(low, high, 'mm')} in the training cohort."
                yield Notice("other-voxel-size", text, grave=not low / 2 <= step <= high * 2)
    if domain.volume_mm3_low is not None and domain.volume_mm3_high is not None:
        volume = float(np.count_nonzero(region.inside) * np.prod(region.image.spacing))
        low, high = domain.volume_mm3_low, domain.volume_mm3_high
        if not low <= volume <= high:
            shown = _between(low / 1000, high / 1000, "cm3")
            text = f"The segment has {volume / 1000:.3g} cm3, tumors of the training cohort had {shown}."
            yield Notice("other-volume", text, grave=not low / 3 <= volume <= high * 3)
    if source is not None:
        yield from _scanner(domain, source)


def _scanner(domain: Domain, source: Source) -> Iterable[Notice]:
    strength, maker = source.field_strength_tesla, _first_word(source.manufacturer)
    strengths, makers = domain.field_strengths_t, {_first_word(name) for name in domain.manufacturers}
    if strength is not None and strengths and not any(abs(strength - known) <= 0.2 for known in strengths):
        known = ", ".join(f"{each:g}" for each in strengths)
        text = f"The scanner has {strength:g} tesla, those of the training cohort had {known}."
        yield Notice("other-field-strength", text)
    if maker and makers and maker not in makers:
        known = ", ".join(domain.manufacturers)
        text = f"The scanner is by {source.manufacturer}, those of the training cohort were by {known}."
        yield Notice("other-manufacturer", text)


def _first_word(name: str | None) -> str:
    """A manufacturer's name without what follows it: SIEMENS and Siemens Healthineers are one."""
    return (name or "").casefold().split(maxsplit=1)[0] if (name or "").strip() else ""


def _between(low: float, high: float, unit: str) -> str:
    return f"{low:.4g} {unit}" if math.isclose(low, high, rel_tol=1e-3) else f"{low:.4g} to {high:.4g} {unit}"


def _joint_distance(score: Score, values: Mapping[str, float]) -> Iterable[Notice]:
    """Mahalanobis distance of the score's features from the training mean."""
    known = score.distribution
    if known is None:
        return
    row = [values[term.feature] for term in score.terms]
    distance = float(joint_distance(row, known.mean, known.covariance))
    usual = usual_distance(known.percent, known.distance, len(score.terms))
    if distance > usual:
        text = (
            f"The features of the score lie together {distance:.3g} standard distances from the training mean; "
            f"{USUAL:g}% of the training patients lie within {usual:.3g}."
        )
        yield Notice("far-from-training", text, grave=distance > FAR * usual)


def usual_distance(percent: Iterable[float], distance: Iterable[float], dimensions: int) -> float:
    """The Mahalanobis distance within which 99% of the training patients lie.

    Parameters
    ----------
    percent, distance : iterable of float
        As measured in training; where 99% is not among them, as many normally distributed patients would have it.
    dimensions : int
        Number of features.
    """
    measured = dict(zip(percent, distance, strict=True))
    if USUAL in measured:
        return measured[USUAL]
    # Wilson and Hilferty's approximation of the chi-square quantile, within 1% here; 2.3263 is the normal 99% point.
    third = 2 / (9 * dimensions)
    return math.sqrt(dimensions * (1 - third + 2.3263 * math.sqrt(third)) ** 3)

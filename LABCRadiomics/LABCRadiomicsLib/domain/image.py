"""What headers and voxels tell of an image: modality, sequence, timing, processing, scanner, voxel size, direction."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from ..imaging import Region, Source, Volume
from ..model import Domain, Model
from ..notices import Notice
from .wording import AXES, axis_of, between

_T1 = re.compile(r"\bt1", re.IGNORECASE)  # beside which T2 may be a visit
_T2 = re.compile(r"\bt2|\bstir\b|\btirm\b|\bflair\b|\bhaste\b", re.IGNORECASE)
_DIFFUSION = re.compile(r"\bdwi\b|\badc\b|\bdiff|\btrace|\bep2d|\bdwibs\b|\bb[ =-]?\d{2,4}\b", re.IGNORECASE)
_BEFORE = re.compile(
    r"\bpre\b(?! ?-?(op|nac|treat|therap|chemo|surg|biop|menop))|\bpre ?-?(contrast|gd|gad|km)|\bnon ?-?contrast\b"
    r"|\bwithout (contrast|gd|gad)|\bw ?/?o (contrast|gd|gad)|\bnativ\b|\bunenhanced\b",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\bpost|\bafter\b|\bce\b|\benhanced\b", re.IGNORECASE)
_DERIVED = re.compile(
    r"\bsub(s|tr\w*)?\b|\bmi?n?ip\b|\bmax ?ip\b|\bmpr\b|^ser$|\bser map|\bpe ?\d? ?map|\bwash ?-?(in|out)\b|\bttp\b"
    r"|\bk ?trans\b|\bkep\b|\bmaps?\b|\bslope\b|\bphase image\b",
    re.IGNORECASE,
)
# What follows ORIGINAL or DERIVED and PRIMARY or SECONDARY in Image Type, which many an archive sets for all it holds.
# Source: DICOM PS3.3, C.7.6.1.1.2, C.8.3.1.1.1, C.8.16.1; the makers' own words in their conformance statements.
_TYPES = {
    "diffusion": {"DIFFUSION", "ADC", "TRACE", "TRACEW", "FA", "EADC", "EXPONENTIAL ADC"},
    "T2": {"T2", "STIR", "T2_STAR", "T2 MAP", "T2_MAP", "FLAIR"},
    "derived": {
        "SUBTRACTION", "SUBTRACT", "SUB", "MIP", "MINIP", "MNIP", "PROJECTION IMAGE", "PROJECTION", "MPR",
        "REFORMATTED", "CURVED MPR", "COLLAPSE", "SCREEN SAVE", "P", "PHASE", "PHASE MAP", "R", "REAL", "I",
        "IMAGINARY", "LOCALIZER", "T1 MAP", "T1_MAP", "F", "FAT", "OPP_PHASE", "TTP", "MTT", "WASH-IN", "WASH-OUT",
        "MAXIMUM", "MINIMUM", "STD_DEVIATION",
    },
}  # fmt: skip
_BREAST = re.compile(r"BREAST|MAMM|CHEST|THORAX|AXILL|BODY|UNKNOWN|^BR$", re.IGNORECASE)
_LONG_ECHO_MS = 40.0  # of a spin echo or gradient echo beyond which contrast is T2's
_BELOW_ZERO = 0.01  # share of voxels; interpolation leaves a few beside bright edges
_TILTED_DEGREES = 15.0
_FIRST_PHASE = re.compile(r"phase 1 of (\d+)")


def kind_of_image(model: Model, source: Source) -> Iterable[Notice]:
    """Modality, sequence, timing and processing, as far as headers and model tell them."""
    wanted = model.image.modality.upper()
    if source.modality and source.modality.upper() != wanted:
        text = f"The image is of modality {source.modality}, the model is made from {wanted}: the score means nothing."
        yield Notice("other-modality", text, grave=True)
        return
    if source.captured:
        text = "The image is a screenshot (secondary capture): its values are no longer the scanner's."
        yield Notice("derived-image", text, grave=True)
        return
    if model.provenance.origin == "simulated" and (source.is_dicom or source.manufacturer):
        text = "The model was made from simulated images and this is a scan of somebody: the score means nothing."
        yield Notice("simulated-model", text, grave=True)
    if source.body_part and not _BREAST.search(source.body_part):
        text = f"The headers name the body part {source.body_part}, and models of breast tumors know no other."
        yield Notice("other-body-part", text, grave=True)
    yield from _sequence_and_timing(model.image.sequence.casefold(), model.image.sequence, source)


def _sequence_and_timing(sequence: str, wanted: str, source: Source) -> Iterable[Notice]:
    """Sequence, then whether before contrast or derived, each told once."""
    told = " ".join(filter(None, (source.series_description, source.sequence_name))).replace("_", " ")
    types = {part.strip().upper() for part in source.image_type[2:]}
    seems = f"({_quoted(told, source)})"
    if "t1" in sequence and "t2" not in sequence:
        if _DIFFUSION.search(told) or types & _TYPES["diffusion"] or (source.b_value or 0) > 0:
            other = "diffusion"
        elif (
            (_T2.search(told) and not _T1.search(told))
            or types & _TYPES["T2"]
            or (source.echo_time_ms or 0) > _LONG_ECHO_MS
        ):
            other = "T2"
        else:
            other = None
        if other is not None:
            text = f"The series seems to be {other} {seems}, the model is made from {wanted}."
            yield Notice("other-sequence", text, grave=True)
            return
    if "contrast" in sequence and "without" not in sequence:
        first = _FIRST_PHASE.search(source.phase or "")
        if _BEFORE.search(told) and not _AFTER.search(told):
            text = f"The series seems to be from before contrast {seems}, the model is made from images after it."
            yield Notice("before-contrast", text, grave=True)
        elif first and int(first[1]) > 1:
            text = (
                f"This is the first of {first[1]} acquisitions, which is usually the one before contrast; the model is "
                "made from images after it."
            )
            yield Notice("first-acquisition", text)
    if _DERIVED.search(told) or types & _TYPES["derived"]:
        text = f"The series seems to be a derived image {seems}, the model is made from the scan itself."
        yield Notice("derived-image", text, grave=True)


def _quoted(told: str, source: Source) -> str:
    parts = [repr(told.strip())] if told.strip() else []
    if len(source.image_type) > 2:
        parts.append("image type " + "\\".join(source.image_type))
    if source.echo_time_ms is not None:
        parts.append(f"echo time {source.echo_time_ms:g} ms")
    if source.b_value:
        parts.append(f"b-value {source.b_value:g} s/mm2")
    return ", ".join(parts)


def image_notices(model: Model, image: Volume) -> Iterable[Notice]:
    """What the voxels themselves tell of an image whose headers say nothing."""
    if model.image.modality.upper() != "MR":
        return
    if image.array.min() >= 0:  # which is quickly seen, and true of most
        return
    below = np.count_nonzero(image.array < 0) / image.array.size
    if below > _BELOW_ZERO:
        text = (
            f"{below:.0%} of the image's voxels are below zero, which an MRI as scanned never is: it may be CT, a "
            "subtraction or phase image, or normalized already."
        )
        # Where the training features are known, their distance says whether the cohort's images were so too.
        yield Notice("below-zero", text, grave=model.score is None or model.score.distribution is None)


def scan_notices(model: Model, region: Region, source: Source | None) -> Iterable[Notice]:
    """Voxel size, direction and scanner; half and double the cohort's voxel size are still like it."""
    yield from _direction(region)
    domain = model.image.domain
    if domain is None:
        return
    if domain.spacing_mm_low is not None and domain.spacing_mm_high is not None:
        ranges = zip(region.image.spacing, domain.spacing_mm_low, domain.spacing_mm_high, strict=True)
        for axis, (step, low, high) in enumerate(ranges):
            if not low / 1.01 <= step <= high * 1.01:
                along, usual = AXES[axis_of(region.image, axis)], between(low, high, "mm")
                text = f"Voxels measure {step:.4g} mm {along}, {usual} in the training cohort."
                yield Notice("other-voxel-size", text, grave=not low / 2 <= step <= high * 2)
    if source is not None:
        yield from _scanner(domain, source)


def _direction(region: Region) -> Iterable[Notice]:
    """How far the volume's axes are turned from the patient's."""
    straight = np.abs(region.image.direction).max(axis=0)
    degrees = float(np.degrees(np.arccos(np.clip(straight.min(), -1, 1))))
    if degrees > _TILTED_DEGREES:
        text = (
            f"The slices are tilted by {degrees:.0f} degrees against the patient's axes; wavelet and texture features "
            "depend on their direction."
        )
        yield Notice("tilted", text)


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

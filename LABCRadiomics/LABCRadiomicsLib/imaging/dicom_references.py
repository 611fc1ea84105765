"""What a segmentation or structure set says it was drawn on: series, and instances of images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .dicom_headers import items, text

if TYPE_CHECKING:
    from pydicom import Dataset


def referenced_series(header: Dataset) -> tuple[str, ...]:
    """UIDs of the series that an object refers to, each once."""
    found = [text(item, "SeriesInstanceUID") for item in items(header, "ReferencedSeriesSequence")]
    found += [text(series, "SeriesInstanceUID") for series in _rt_series(header)]
    return tuple(dict.fromkeys(uid for uid in found if uid))


def referenced_instances(header: Dataset) -> tuple[str, ...]:
    """UIDs of the image instances that an object refers to, each once."""
    found: list[str | None] = []
    for series in items(header, "ReferencedSeriesSequence"):
        found += _instances(series, "ReferencedInstanceSequence")
    for series in _rt_series(header):
        found += _instances(series, "ContourImageSequence")
    found += _instances(header, "SourceImageSequence")
    groups = [*items(header, "SharedFunctionalGroupsSequence"), *items(header, "PerFrameFunctionalGroupsSequence")]
    for group in groups:
        for derivation in items(group, "DerivationImageSequence"):
            found += _instances(derivation, "SourceImageSequence")
    return tuple(dict.fromkeys(uid for uid in found if uid))


def _instances(item: Dataset, sequence: str) -> list[str | None]:
    return [text(reference, "ReferencedSOPInstanceUID") for reference in items(item, sequence)]


def _rt_series(header: Dataset) -> Iterator[Dataset]:
    for frame in items(header, "ReferencedFrameOfReferenceSequence"):
        for study in items(frame, "RTReferencedStudySequence"):
            yield from items(study, "RTReferencedSeriesSequence")

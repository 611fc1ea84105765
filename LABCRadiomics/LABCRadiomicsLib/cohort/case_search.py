"""What images and masks a folder tree holds, by their headers alone: DICOM series, segmentations, volume files."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import LABCRadiomicsError
from ..imaging.acquisitions import Acquisition, acquisitions_of
from ..imaging.dicom_headers import number, quiet_pydicom, read_header, text
from ..imaging.dicom_images import Series, frames_of_series, require_places, slice_stack
from ..imaging.dicom_references import referenced_instances, referenced_series
from ..imaging.dicom_segments import segments_of
from ..imaging.itk_files import format_of, header_of
from ..imaging.segment_choice import Segment
from ..imaging.structure_sets import rois_of

if TYPE_CHECKING:
    from pydicom import Dataset

_VOLUMES = re.compile(r"(\.seg)?\.(nrrd|nhdr|nii|nii\.gz|mha|mhd)$", re.IGNORECASE)
_MASK_WORDS = frozenset((
    "mask", "masks", "seg", "segs", "segmentation", "segmentations", "label", "labels", "labelstr", "roi", "rois",
    "tumor", "tumour", "lesion", "gt", "groundtruth", "annotation", "annotations", "contour", "contours", "voi",
    "reader1", "reader2",
))  # fmt: skip
_IMAGE_WORDS = frozenset(["image", "images", "img", "imagestr", "mri", "mr", "volume", "scan", "dce"])
_PHASE = re.compile(r"(?:t|p|ph|phase|post|acq|dce)?(\d{1,4})")
_PRE = frozenset(("pre", "precontrast"))


@dataclass(frozen=True)
class Phase:
    """One acquisition of a series, or one file of a patient.

    Attributes
    ----------
    said : str
        In words, for lists.
    seconds : float or None
        After the first.
    """

    said: str
    seconds: float | None = None


@dataclass(frozen=True)
class FoundImage:
    """An image that could be scored.

    Attributes
    ----------
    path : pathlib.Path
        File, or folder of a DICOM series.
    series : str
        UID of the series where its folder holds several; else empty.
    uid, patient, study, date, frame_of_reference, description : str
        As headers hold them, empty where they do not; the patient of a file is the key of its name.
    phases : tuple of Phase
    when : float or None
        Time of its first acquisition, in seconds.
    geometry : tuple
        Equal for series whose voxels lie at the same places.
    derived : bool
        Whether it was computed of other images, or is a localizer.
    problem : str
        Why it cannot be read, empty where it can.
    order : int
        Of files of one patient: the number of the phase in the name.
    """

    path: Path
    series: str = ""
    uid: str = ""
    patient: str = ""
    study: str = ""
    date: str = ""
    frame_of_reference: str = ""
    description: str = ""
    phases: tuple[Phase, ...] = (Phase("one volume"),)
    when: float | None = None
    geometry: tuple = ()
    derived: bool = False
    problem: str = ""
    order: int = -1


@dataclass(frozen=True)
class FoundMask:
    """A mask of some image.

    Attributes
    ----------
    path : pathlib.Path
    patient, study, frame_of_reference, description : str
        See :class:`FoundImage`.
    name : str
        Of files: the name without what says that it is a mask.
    segments : tuple of Segment
        What it names; empty for label masks.
    series : tuple of str
        UIDs of the series it refers to.
    instances : tuple of str
        UIDs of the image instances it refers to.
    """

    path: Path
    patient: str = ""
    study: str = ""
    frame_of_reference: str = ""
    description: str = ""
    name: str = ""
    segments: tuple[Segment, ...] = ()
    series: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()

    @property
    def is_dicom(self) -> bool:
        """Whether it names its study."""
        return bool(self.study)


@dataclass
class Found:
    """All that a tree holds.

    Attributes
    ----------
    images, masks
    places : dict of str to tuple of int
        For each instance of an image, the number of the image and of the acquisition that hold it.
    unread : list of (pathlib.Path, str)
        Files that cannot be read, and why.
    """

    images: list[FoundImage] = field(default_factory=list)
    masks: list[FoundMask] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    unread: list[tuple[Path, str]] = field(default_factory=list)


def search(folder: Path, progress: Callable[[int, int], None] | None = None) -> Found:
    """Look through a folder tree.

    Parameters
    ----------
    folder : pathlib.Path
    progress : callable, optional
        Called with the number of folders done and their total.
    """
    found = Found()
    folders = list(_folders(folder))
    for done, (place, names) in enumerate(folders, 1):
        volumes = [name for name in names if _VOLUMES.search(name)]
        for name in volumes:
            _add_volume(found, place / name, folder)
        _add_dicom(found, place, [place / name for name in names if not _VOLUMES.search(name)])
        if progress is not None:
            progress(done, len(folders))
    return found


def _folders(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    for place, below, names in os.walk(folder):
        below.sort()
        yield Path(place), sorted(name for name in names if not name.startswith("."))


def _add_volume(found: Found, path: Path, top: Path) -> None:
    words = _words(_VOLUMES.sub("", path.name))
    around = {word for part in path.relative_to(top).parts[:-1] for word in _words(part)}
    is_mask = bool(_MASK_WORDS & {*words, *around}) or ".seg." in path.name.casefold()
    folder = "" if path.parent == top else " ".join(_words(path.parent.name))
    named = [word for word in words if word not in _MASK_WORDS]
    if is_mask:
        key = " ".join(word for word in named if word not in _IMAGE_WORDS) or folder
        found.masks.append(FoundMask(path, patient=key, name=" ".join(named), description=path.name))
        return
    order, kept = _phase_of([word for word in words if word not in _IMAGE_WORDS])
    key = " ".join(kept) or folder
    found.images.append(
        FoundImage(path, patient=key, description=path.name, problem=_volume_problem(path), order=order)
    )


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.casefold()) if word]


def _phase_of(words: list[str]) -> tuple[int, list[str]]:
    """The number of the phase that a name ends with, and the words before it; -1 where it ends with none."""
    if len(words) > 1 and words[-1] in _PRE:
        return 0, words[:-1]
    if len(words) > 1 and (match := _PHASE.fullmatch(words[-1])):
        return int(match[1]), words[:-1]
    return -1, words


def _volume_problem(path: Path) -> str:
    """Why a volume file cannot be read, as far as its header shows."""
    try:
        lacking = header_of(path, format_of(path), f"Image {path}").lacking
    except LABCRadiomicsError as error:
        return str(error)
    return f"it does not say how large its voxels are, for {lacking}" if lacking else ""


@quiet_pydicom()
def _add_dicom(found: Found, place: Path, paths: list[Path]) -> None:
    groups: dict[str, dict[Path, Dataset]] = defaultdict(dict)
    for path in paths:
        try:
            header = read_header(path)
        except LABCRadiomicsError as error:
            found.unread.append((path, str(error)))
            continue
        if header is not None:
            groups[text(header, "SeriesInstanceUID") or ""][path] = header
    series = [Series(uid, headers) for uid, headers in groups.items()]
    images = [part for part in series if part.is_image]
    for part in series:
        if part.is_image:
            _add_series(found, place, part, alone=len(images) == 1)
        elif part.modality in ("SEG", "RTSTRUCT"):
            found.masks += [_mask(path, header) for path, header in part.headers.items()]


def _add_series(found: Found, place: Path, series: Series, alone: bool) -> None:
    first = series.first
    phases: tuple[Phase, ...] = ()
    acquisitions: list[Acquisition] = []
    problem, geometry = "", ()
    try:
        frames, _ = frames_of_series(series, "it")
        acquisitions = acquisitions_of(require_places(frames, "it"), "it")
        phases = tuple(Phase(part.describe(), part.seconds) for part in acquisitions)
        problem = _irregular(acquisitions)
        geometry = _geometry(acquisitions[0])
    except LABCRadiomicsError as error:
        problem = str(error)
    kind = text(first, "ImageType") or ""
    at = len(found.images)
    for order, part in enumerate(acquisitions):
        found.places.update({frame.instance_uid: (at, order) for frame in part.frames if frame.index == 0})
    path = next(iter(series.headers)) if len(series.headers) == 1 else place
    found.images.append(
        FoundImage(
            path=path,
            series="" if alone or path.is_file() else series.uid,
            uid=series.uid,
            patient=text(first, "PatientID") or "",
            study=text(first, "StudyInstanceUID") or "",
            date=text(first, "StudyDate") or "",
            frame_of_reference=text(first, "FrameOfReferenceUID") or "",
            description=" ".join(filter(None, (text(first, "SeriesDescription"), text(first, "SequenceName")))),
            phases=phases,
            when=_when(acquisitions, first),
            geometry=geometry,
            derived="DERIVED" in kind or "LOCALIZER" in kind,
            problem=problem,
        )
    )


def _irregular(acquisitions: list[Acquisition]) -> str:
    for part in acquisitions:
        if problem := slice_stack(part.frames, "it").irregularity():
            return f"it makes no regular grid, because {problem}"
    return ""


def _geometry(acquisition: Acquisition) -> tuple:
    first, last = acquisition.frames[0], acquisition.frames[-1]
    rounded = [tuple(round(value, 2) for value in part) for part in
               (first.position, last.position, first.orientation, first.pixel_spacing)]  # fmt: skip
    return (first.size, len(acquisition.frames), *rounded)


def _when(acquisitions: list[Acquisition], header: Dataset) -> float | None:
    for name in ("acquisition time", "content time", "trigger time"):
        times = [frame.marks[name] for part in acquisitions for frame in part.frames if name in frame.marks]
        if times:
            return min(float(time) for time in times)
    return number(header, "SeriesNumber")


def _mask(path: Path, header: Dataset) -> FoundMask:
    named = segments_of(header) if text(header, "Modality") == "SEG" else rois_of(header)
    return FoundMask(
        path,
        patient=text(header, "PatientID") or "",
        study=text(header, "StudyInstanceUID") or "unknown",
        frame_of_reference=text(header, "FrameOfReferenceUID") or "",
        description=text(header, "SeriesDescription") or "",
        segments=tuple(named),
        series=referenced_series(header),
        instances=referenced_instances(header),
    )

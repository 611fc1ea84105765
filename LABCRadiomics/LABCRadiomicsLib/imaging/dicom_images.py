"""DICOM images to a volume: which files, which series, which acquisition, and only where they make a regular grid."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import GeometryError, InputError
from ..notices import Notice
from ..sentences import many
from .acquisitions import ADVICE, ADVICE_FOR_MASKS, FIRST_POST, Acquisition, acquisitions_of, choose_acquisition
from .dicom_headers import NO_IMAGE_MODALITIES, Frame, PlacedFrame, frames_of, number, read_header, text
from .dicom_pixels import rescaled, stored_frames
from .slice_grids import SliceStack, plane_axes
from .source import Reading, Source
from .volume import as_slicer_loads

if TYPE_CHECKING:
    from pydicom import Dataset

_READ_AT_ONCE = 256 * 1024**2  # bytes; larger folders are read twice, so that only the chosen acquisition is held
_GAUSS = 100.0  # no magnet has so many tesla: some GE headers state gauss
_SPACING_TOLERANCE = 1e-3
_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and the multi-frame ones below it


@dataclass(frozen=True)
class Series:
    """The files of one DICOM series.

    Attributes
    ----------
    uid : str
    headers : dict of pathlib.Path to pydicom.Dataset
        Without pixels, in the order of the files' names.
    """

    uid: str
    headers: dict[Path, Dataset]

    @property
    def first(self) -> Dataset:
        """The header of the first file."""
        return next(iter(self.headers.values()))

    @property
    def modality(self) -> str:
        """Such as MR or SEG."""
        return text(self.first, "Modality") or ""

    @property
    def is_image(self) -> bool:
        """Whether the series holds images rather than segmentations, contours, reports, ..."""
        return self.modality not in NO_IMAGE_MODALITIES and "Rows" in self.first

    def answers_to(self, wanted: str) -> bool:
        """Whether a user means this series by a number, description or UID."""
        series = number(self.first, "SeriesNumber")
        names = {self.uid, (text(self.first, "SeriesDescription") or "").casefold()}
        return wanted.strip().casefold() in names | ({f"{series:g}"} if series is not None else set())

    def describe(self) -> str:
        """Number, description and count of files, for lists."""
        name = text(self.first, "SeriesDescription") or self.modality or "without description"
        series = number(self.first, "SeriesNumber")
        count = len(self.headers)
        kind = ", localizer" if "LOCALIZER" in (text(self.first, "ImageType") or "") else ""
        where = "" if series is None else f"{series:g} "
        return f"{where}{name!r} ({count} file{'s' * (count != 1)}{kind})"


def series_in(paths: Iterable[Path], whole: bool = False) -> list[Series]:
    """Read the headers of files and sort them by series; what is not DICOM is passed over.

    Parameters
    ----------
    paths : iterable of pathlib.Path
    whole : bool
        Read the pixels too, which takes hardly longer where they are wanted next.

    Raises
    ------
    InputError
        A file that is DICOM by its name or beginning cannot be read.
    """
    found: dict[str, dict[Path, Dataset]] = defaultdict(dict)
    for path in sorted(paths):
        header = read_header(path, whole=whole)
        if header is not None:
            found[text(header, "SeriesInstanceUID") or ""][path] = header
    return [Series(uid, headers) for uid, headers in found.items()]


def files_in(folder: Path) -> list[Path]:
    """The files of a folder, not those of the folders in it."""
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except OSError as error:
        raise InputError(f"{folder} cannot be read ({error.strerror or error}): check the path.") from error


def image_series(path: Path, role: str, wanted: str | None = None) -> Series:
    """The image series of a folder, or that of one file.

    Parameters
    ----------
    path : pathlib.Path
    role : str
        ``"Image"`` or ``"Mask"``, for messages.
    wanted : str, optional
        Which series, where there are several: its number, its description or its UID.

    Raises
    ------
    InputError
        There is none, or there are several and not one is meant.
    """
    files = files_in(path) if path.is_dir() else [path]
    found = series_in(files, whole=sum(file.stat().st_size for file in files) <= _READ_AT_ONCE)
    images = [series for series in found if series.is_image]
    if not images:
        others = ", ".join(sorted({series.modality or "unknown" for series in found}))
        what = f"holds no DICOM images, only {others}" if found else "holds no DICOM series"
        raise InputError(f"{role} {path} {what}: give a folder with the files of one series.")
    listed = "; ".join(series.describe() for series in images[:8]) + ("; ..." if len(images) > 8 else "")
    if wanted is not None:
        meant = [series for series in images if series.answers_to(wanted)]
        if len(meant) != 1:
            count = "no" if not meant else str(len(meant))
            raise InputError(f"{role} {path} holds {count} series {wanted!r} ({listed}): choose another with --series.")
        return meant[0]
    if len(images) > 1:
        advice = "choose one with --series, or give" if role == "Image" else "give"
        raise InputError(
            f"{role} folder {path} holds {len(images)} DICOM series ({listed}): {advice} a folder with just one."
        )
    return images[0]


def read_dicom_image(
    path: Path,
    role: str,
    phase: str | None = None,
    spacing: tuple[float, float, float] | None = None,
    regular_grid: bool = False,
    wanted: str | None = None,
) -> Reading:
    """Read one acquisition of a DICOM series.

    Parameters
    ----------
    path : pathlib.Path
        A folder with one series, or a file of one or many frames.
    role : str
        ``"Image"`` or ``"Mask"``, for messages.
    phase : str, optional
        Which acquisition, where there are several; see :func:`.acquisitions.choose_acquisition`.
    spacing : tuple of float, optional
        Voxel size along i, j, k in mm, for headers that have none.
    regular_grid : bool
        Resample slices that make no regular grid, instead of refusing them.
    wanted : str, optional
        Which series of several; see :func:`image_series`.

    Returns
    -------
    Reading

    Raises
    ------
    InputError, GeometryError
        There is not one image series; several acquisitions and none chosen; no voxel size or position; slices that make
        no regular grid.
    """
    series = image_series(path, role, wanted)
    what = f"{role} {path}"
    frames, notices = frames_of_series(series, what)
    placed, given = _placed(frames, what, spacing)
    found = acquisitions_of(placed, what)
    chosen = choose_acquisition(found, phase, what, ADVICE if role == "Image" else ADVICE_FOR_MASKS)
    acquisition = found[chosen]
    stack = slice_stack(acquisition.frames, what)
    problem = stack.irregularity()
    if problem is not None and not (regular_grid and role == "Image"):  # labels are not to be interpolated
        raise GeometryError(
            f"{what} makes no regular grid, because {problem}: complete the series"
            f"{', or add --regular-grid to resample it onto one' if role == 'Image' else ''}."
        )
    values = rescaled(stored_frames(acquisition.frames, series.headers), acquisition.frames)
    notices += [*given, *_chosen_notices(found, chosen, phase), *scaling_notices(acquisition.frames)]
    if problem is None:
        volume = stack.assemble(values)
    else:
        volume, notice = stack.resample(values, role.lower())
        notices.append(notice)
    source = replace(
        source_of(series, acquisition.frames),
        phase=_phase_name(found, chosen) if len(found) > 1 else None,
        given_spacing_mm=spacing if given else None,
        resampled=problem is not None,
    )
    return Reading(as_slicer_loads(volume), source, tuple(notices))


def frames_of_series(series: Series, what: str) -> tuple[list[Frame], list[Notice]]:
    """All frames of a series, an instance that is there twice counted once.

    Raises
    ------
    InputError
        Two files claim to be the same instance at the same place and differ.
    """
    frames = [frame for path, header in series.headers.items() for frame in frames_of(path, header)]
    mosaic = next((frame for frame in frames if "MOSAIC" in str(frame.marks.get("image type"))), None)
    if mosaic is not None:
        raise InputError(f"{what} holds slices tiled into one picture (a mosaic): export it slice by slice.")
    seen: dict[tuple, Frame] = {}
    repeated: list[Frame] = []
    for frame in frames:
        key = (frame.instance_uid, frame.index, frame.position) if frame.instance_uid else (frame.path, frame.index)
        first = seen.setdefault(key, frame)
        if first is not frame:
            repeated.append(frame)
            one, other = stored_frames([first, frame], series.headers)
            if not np.array_equal(one, other):
                raise InputError(
                    f"{what} holds two files of the same instance that differ ({first.name}, {frame.name}): "
                    "remove the wrong one."
                )
    if not repeated:
        return frames, []
    count = len({frame.path for frame in repeated})
    role = what.split()[0].lower()
    notice = f"{count} of the {role}'s files hold an instance that another file holds too; each was counted once"
    return list(seen.values()), [Notice("duplicates", notice)]


def slice_stack(frames: Sequence[PlacedFrame], what: str) -> SliceStack:
    """The places of an acquisition's frames.

    Raises
    ------
    InputError
        There is one slice, and the headers do not say how thick it is.
    """
    first = frames[0]
    single = _thickness(first)
    if len(frames) == 1 and single is None:
        raise InputError(f"{what} is one slice of unknown thickness (no SliceThickness): give its size with --spacing.")
    rows, columns = first.pixel_spacing
    one_file = len({frame.path for frame in frames}) == 1
    names = [f"frame {frame.index + 1}" if one_file else frame.path.name for frame in frames]
    positions = np.array([frame.position for frame in frames])
    return SliceStack(positions, plane_axes(first.orientation, what), (columns, rows), names, single)


def _thickness(frame: Frame) -> float | None:
    return frame.slice_distance or frame.slice_thickness


def require_places(frames: Sequence[Frame], what: str) -> list[PlacedFrame]:
    """Give frames as ones of known place, or refuse those that do not say how large their pixels are, where they lie.

    Raises
    ------
    InputError
    """
    lacking = lacking_places(frames)
    if not lacking:
        return [placed for frame in frames if (placed := frame.placed()) is not None]
    name, without = next(iter(lacking.items()))
    some = "" if len(without) == len(frames) else f" in {len(without)} of {len(frames)} images ({without[0].name})"
    raise InputError(
        f"{what} has no usable {' and no '.join(lacking)}{some}, so its voxel size"
        f"{'' if list(lacking) == ['PixelSpacing'] else ' or place'} is not known: export it with {name}, "
        "or give the voxel size with --spacing X,Y,Z."
    )


def lacking_places(frames: Sequence[Frame]) -> dict[str, list[Frame]]:
    """The attributes that frames have not, with these frames."""
    lacking = {
        "PixelSpacing": [frame for frame in frames if frame.pixel_spacing is None],
        "ImagePositionPatient": [frame for frame in frames if frame.position is None],
        "ImageOrientationPatient": [frame for frame in frames if frame.orientation is None],
    }
    return {name: without for name, without in lacking.items() if without}


def _placed(
    frames: list[Frame], what: str, spacing: tuple[float, float, float] | None
) -> tuple[list[PlacedFrame], list[Notice]]:
    """Refuse frames that do not say how large their pixels are and where they lie, or take the size that is given."""
    if spacing is None:
        return require_places(frames, what), []
    missing = list(lacking_places(frames))
    if not missing:
        placed = require_places(frames, what)
        if len(placed) == 1 and not _thickness(placed[0]):
            text = f"a slice thickness of {spacing[2]:g} mm was given, because the file has none"
            return [replace(placed[0], slice_distance=spacing[2])], [Notice("spacing-given", text)]
        _require_same_spacing(placed, what, spacing)
        return placed, []
    columns, rows, slices = spacing
    if missing != ["PixelSpacing"]:
        frames = _in_given_order(frames, what, slices)
    placed = require_places([replace(frame, pixel_spacing=(rows, columns)) for frame in frames], what)
    text = f"voxel size {columns:g} x {rows:g} x {slices:g} mm was given, because the files have no {missing[0]}"
    if len(frames) > 1 and missing == ["PixelSpacing"]:
        found = slice_stack(_first_acquisition(placed, what), what).spacing
        if abs(found - slices) > 0.05 * slices:
            raise InputError(f"{what} has slices {found:.4g} mm apart where --spacing says {slices:g} mm: correct it.")
    return [replace(frame, slice_distance=slices) for frame in placed], [Notice("spacing-given", text)]


def _first_acquisition(frames: Sequence[PlacedFrame], what: str) -> tuple[PlacedFrame, ...]:
    return acquisitions_of(frames, what)[0].frames


def _require_same_spacing(frames: Sequence[PlacedFrame], what: str, spacing: tuple[float, float, float]) -> None:
    rows, columns = frames[0].pixel_spacing
    found = np.array([columns, rows])
    if np.abs(found - spacing[:2]).max() > _SPACING_TOLERANCE * found.max():
        raise InputError(
            f"{what} states its own voxel size ({columns:g} x {rows:g} mm in plane), not the one of --spacing: "
            "leave the option out."
        )


def _in_given_order(frames: list[Frame], what: str, distance: float) -> list[Frame]:
    """Place frames of unknown position one above the other, ordered by slice location, instance or frame number."""
    for key in (lambda f: f.slice_location, lambda f: f.instance_number, lambda f: f.index):
        values = [key(frame) for frame in frames]
        if None not in values and len(set(values)) == len(values):
            ordered = sorted(frames, key=key)
            break
    else:
        raise InputError(f"{what} has no positions, and nothing else orders its slices: export it again.")
    return [
        replace(frame, position=(0.0, 0.0, place * distance), orientation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0))
        for place, frame in enumerate(ordered)
    ]


def _phase_name(found: Sequence[Acquisition], chosen: int) -> str:
    return f"phase {chosen + 1} of {len(found)} ({found[chosen].describe()})"


def _chosen_notices(found: Sequence[Acquisition], chosen: int, phase: str | None) -> list[Notice]:
    if phase == FIRST_POST:
        why = (
            "the second was taken for the first after contrast, for the headers do not say when contrast was given"
            if len(found) > 1
            else "there is only one acquisition, and whether it is the first after contrast was not checked"
        )
        return [Notice("phase-chosen", f"{_phase_name(found, chosen)} was read; {why}")]
    if len(found) == 1:
        return []
    notices = [Notice("phase-chosen", f"{_phase_name(found, chosen)} was read, as chosen")]
    most = max(len(acquisition.frames) for acquisition in found)
    if len(found[chosen].frames) < most:
        text = f"the phase that was read has {many(len(found[chosen].frames), 'slice')} where another has {most}"
        notices.append(Notice("phase-incomplete", text))
    return notices


def scaling_notices(frames: Sequence[Frame]) -> list[Notice]:
    """Say that values are rescaled otherwise than by one slope, or by a real-world-value map."""
    notices = []
    if any(frame.scaling.of_real_world for frame in frames):
        notices.append(Notice("real-world-values", "the real-world-value map of the files was applied to the voxels"))
    if any(frame.scaling.other_real_world for frame in frames):
        text = "the files hold a real-world-value map too, which says otherwise than their rescaling and was not used"
        notices.append(Notice("real-world-values-unused", text))
    pairs = Counter((frame.scaling.slope, frame.scaling.intercept) for frame in frames)
    if len(pairs) > 1:
        text = f"the slices have {len(pairs)} different rescale slopes or intercepts; each was applied to its own slice"
        notices.append(Notice("rescaled-by-slice", text))
    return notices


def source_of(series: Series, frames: Sequence[Frame]) -> Source:
    """What the headers of a series say of it beside the voxels."""
    header = series.headers[frames[0].path]
    field = number(header, "MagneticFieldStrength")
    many = any(frame.index for frame in frames)
    marks = frames[0].marks
    kind = str(marks.get("image type") or text(header, "ImageType") or "")
    return Source(
        files=tuple(dict.fromkeys(frame.path for frame in frames)),
        form="DICOM multi-frame" if many else "DICOM series",
        modality=text(header, "Modality"),
        manufacturer=text(header, "Manufacturer"),
        device=text(header, "ManufacturerModelName"),
        sequence_name=text(header, "SequenceName") or text(header, "PulseSequenceName"),
        series_description=text(header, "SeriesDescription"),
        field_strength_tesla=None if field is None else field / 1e4 if field > _GAUSS else field,
        echo_time_ms=_number_of(marks, "echo time"),
        b_value=_number_of(marks, "b-value"),
        image_type=tuple(part.strip() for part in kind.split("\\")) if kind else (),
        body_part=text(header, "BodyPartExamined"),
        captured=(text(header, "SOPClassUID") or "").startswith(_SECONDARY_CAPTURE),
        patient_id=text(header, "PatientID"),
        series_uid=series.uid or None,
        frame_of_reference_uid=text(header, "FrameOfReferenceUID"),
    )


def _number_of(marks: Mapping[str, float | str], name: str) -> float | None:
    value = marks.get(name)
    return value if isinstance(value, float) else None

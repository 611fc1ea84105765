"""Where an image came from: what its files say beside the voxels, for checks of the domain and for DICOM reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..notices import Notice
from .volume import Volume


@dataclass(frozen=True)
class Source:
    """What the files of an image say about it; None stands for what they do not say.

    Attributes
    ----------
    files : tuple of pathlib.Path
        The files the voxels were read from, in the order of the slices; DICOM reports refer to them.
    form : str
        What the files are, such as ``"DICOM series"`` or ``"NRRD file"``.
    modality, manufacturer, device, sequence_name, series_description : str or None
        As DICOM headers hold them, or the file that a converter of DICOM left beside the image.
    field_strength_tesla, echo_time_ms : float or None
    b_value : float or None
        Of diffusion weighting, in s/mm2.
    image_type : tuple of str
        DICOM's Image Type, such as ``("DERIVED", "SECONDARY", "MIP")``.
    body_part : str or None
        Body Part Examined.
    captured : bool
        Whether the image is a screenshot (secondary capture).
    patient_id, series_uid, frame_of_reference_uid : str or None
    phase : str or None
        The acquisition that was chosen of several, in words: ``"phase 2 of 6, 00:01:32 after the first"``.
    given_spacing_mm : tuple of float or None
        Voxel size along i, j, k that the user gave because the files have none.
    resampled : bool
        Whether slices at uneven distances were resampled onto a regular grid, as asked.
    segment : str or None
        Name of the segment or ROI that was taken from a file that names them.
    """

    files: tuple[Path, ...] = ()
    form: str = ""
    modality: str | None = None
    manufacturer: str | None = None
    device: str | None = None
    sequence_name: str | None = None
    series_description: str | None = None
    field_strength_tesla: float | None = None
    echo_time_ms: float | None = None
    b_value: float | None = None
    image_type: tuple[str, ...] = ()
    body_part: str | None = None
    captured: bool = False
    patient_id: str | None = field(default=None, repr=False)
    series_uid: str | None = None
    frame_of_reference_uid: str | None = None
    phase: str | None = None
    given_spacing_mm: tuple[float, float, float] | None = None
    resampled: bool = False
    segment: str | None = None

    @property
    def is_dicom(self) -> bool:
        """Whether the files are DICOM."""
        return self.form.startswith("DICOM")


@dataclass(frozen=True)
class Reading:
    """A volume as it was read, what was noticed on the way, and where it came from."""

    volume: Volume
    source: Source = Source()
    notices: tuple[Notice, ...] = ()

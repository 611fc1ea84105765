"""What is to be scored, copied out of the scene: image, mask and how to know them again; and the score itself."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import slicer

from ..errors import GeometryError, InputError
from ..imaging import Volume
from ..notices import Notice
from ..scoring.site_adjustment import REFUSE, UnknownSite
from .segments import mask_from_segment
from .volumes import image_from_volume, mask_from_labelmap, source_of_volume

if TYPE_CHECKING:
    from ..model import Model
    from ..patient import Extractor, PatientResult, Progress

SECOND_READER, BREAST, TISSUE = "second_reader", "breast", "tissue"
"""What a segment beside the tumor's is: another reader's contour, and what the model's preprocessing measures."""
_OUTLINED = {SECOND_READER: "the tumor", BREAST: "the breast", TISSUE: "the reference tissue"}


def images_from_nodes(
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    roi_node: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode,
    roi: str | int | None,
) -> tuple[Volume, Volume, list[Notice]]:
    """Copy what is to be scored out of the scene; later changes of the nodes do not reach the copies.

    Parameters
    ----------
    volume_node, roi_node, roi
        As for :func:`score_nodes`.

    Returns
    -------
    image, mask : Volume
        The mask is 1 inside the ROI.
    notices : list of Notice
        See :func:`mask_from_segment`.

    Raises
    ------
    InputError, GeometryError
        A node is missing, empty or of the wrong kind, or the two do not describe one region of space.
    """
    image = image_from_volume(volume_node)
    if roi_node is not None and roi_node.IsA("vtkMRMLSegmentationNode"):
        return image, *mask_from_segment(roi_node, None if roi is None else str(roi), volume_node)
    return image, mask_from_labelmap(roi_node, roi), []


def other_masks(
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    others: Mapping[str, tuple[slicer.vtkMRMLSegmentationNode, str]],
) -> tuple[dict[str, Volume], list[Notice]]:
    """Copy the segments beside the tumor's out of the scene, each on the volume's grid.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
    others : mapping
        Segmentation and segment ID by what it is: :data:`SECOND_READER`, :data:`BREAST`, :data:`TISSUE`.

    Returns
    -------
    dict of str to Volume
        In the given order.
    list of Notice
        See :func:`mask_from_segment`.

    Raises
    ------
    InputError, GeometryError
        See :func:`mask_from_segment`.
    """
    masks, notices = {}, []
    for name, (node, segment_id) in others.items():
        masks[name], noticed = mask_from_segment(node, segment_id, volume_node, _OUTLINED[name])
        notices += noticed
    return masks, notices


def fingerprint(image: Volume, mask: Volume, others: Iterable[Volume] = ()) -> dict[str, Any]:
    """Tell what was scored from what may have been edited since; a saved and loaded scene gives the same.

    Parameters
    ----------
    image, mask : Volume
        See :func:`images_from_nodes`.
    others : iterable of Volume
        See :func:`other_masks`.

    Returns
    -------
    dict
        ``voxels``: SHA-256 of the voxel arrays; ``grid``: spacing, origin and direction of the image (mm, LPS).
    """
    digest = hashlib.sha256()
    for part in (image, mask, *others):
        digest.update(np.ascontiguousarray(part.array).data)
    grid = np.concatenate([image.spacing, image.origin, image.direction.ravel()]).tolist()
    return {"voxels": digest.hexdigest(), "grid": grid}


def is_unchanged(
    known: Mapping[str, Any],
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    roi_node: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode,
    roi: str | int | None,
    others: Mapping[str, tuple[slicer.vtkMRMLSegmentationNode, str]] | None = None,
) -> bool:
    """Say whether nodes still hold what a :func:`fingerprint` was taken of (positions within 1e-4 mm)."""
    try:
        image, mask, _ = images_from_nodes(volume_node, roi_node, roi)
        masks, _ = other_masks(volume_node, others or {})
    except (InputError, GeometryError):
        return False
    now = fingerprint(image, mask, masks.values())
    return now["voxels"] == known["voxels"] and np.allclose(now["grid"], known["grid"], rtol=0, atol=1e-4)


def score_nodes(
    volume_node: slicer.vtkMRMLScalarVolumeNode,
    roi_node: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode,
    roi: str | int | None,
    model: Model,
    covariates: Mapping[str, object] | None = None,
    *,
    contours: int = 0,
    others: Mapping[str, tuple[slicer.vtkMRMLSegmentationNode, str]] | None = None,
    site: str | None = None,
    unknown_site: UnknownSite = REFUSE,
    chosen_model: str | None = None,
    dicom_files: Sequence[str] = (),
    progress: Progress | None = None,
    extractor: Extractor | None = None,
) -> PatientResult:
    """Score one patient from nodes of a scene, which is not changed.

    Parameters
    ----------
    volume_node : vtkMRMLScalarVolumeNode
        The MRI.
    roi_node : vtkMRMLSegmentationNode or vtkMRMLLabelMapVolumeNode
        Holds the tumor.
    roi : str, int or None
        Segment ID, or label value in a labelmap; None takes the only one there is.
    model : Model
        A model that can score.
    covariates : mapping, optional
        Clinical values by the names of the model's nomogram.
    contours : int
        How many redrawn contours to score as well.
    others : mapping, optional
        Segments beside the tumor's, see :func:`other_masks`.
    site, unknown_site
        See :func:`.patient.score_patient`.
    chosen_model : str, optional
        The id or path by which the model was chosen, for the document.
    dicom_files : sequence of str
        The files that the volume was loaded from, whose headers it is held against.
    progress : callable, optional
        Called before each step, see :func:`.patient.score_patient`; may raise to end the run.
    extractor : callable, optional
        Other software that computes the features, see :func:`.patient.score_patient`.

    Returns
    -------
    PatientResult
        Its document names the nodes, and holds the :func:`fingerprint` of their voxels; among the warnings is what
        :func:`mask_from_segment` noted, and :func:`.imaging.loaded_series.remarks_on_loaded`.

    Raises
    ------
    InputError, GeometryError
        A node is missing, empty or of the wrong kind, or the two do not describe one region of space.
    LABCRadiomicsError
        See :func:`.patient.score_patient`.
    """
    # With the features, which converting nodes does not need.
    from ..features import extract_region
    from ..patient import READ, score_patient, steps_of
    from ..preprocessing import Masks

    if progress is not None:
        progress(0, steps_of(contours), READ)
    start = time.perf_counter()
    image, mask, notices = images_from_nodes(volume_node, roi_node, roi)
    masks, noticed = other_masks(volume_node, others or {})
    notices = [*notices, *noticed]
    source = source_of_volume(volume_node)
    if dicom_files:
        from ..imaging.loaded_series import remarks_on_loaded, source_of_loaded  # brings pydicom

        source = source_of_loaded(dicom_files) or source
        notices = [*remarks_on_loaded(dicom_files, image), *notices]
    inputs = {
        "volume": volume_node.GetName(),
        **_segment_names(roi_node, roi),
        "regions": {name: _segment_names(*other) for name, other in (others or {}).items()},
        "fingerprint": fingerprint(image, mask, masks.values()),
        "model": chosen_model or model.id,
    }
    return score_patient(
        model,
        image,
        mask,
        covariates,
        contours=contours,
        second_mask=masks.get(SECOND_READER),
        masks=Masks(masks.get(BREAST), masks.get(TISSUE)),
        source=source,
        site=site,
        unknown_site=unknown_site,
        notices=notices,
        inputs=inputs,
        read_seconds=time.perf_counter() - start,
        progress=progress,
        extractor=extractor or extract_region,
    )


def _segment_names(
    roi_node: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode, roi: str | int | None
) -> dict[str, Any]:
    """A segment in words that stay right when nodes are renamed or removed later."""
    name = str(roi)
    if roi_node.IsA("vtkMRMLSegmentationNode"):
        segmentation = roi_node.GetSegmentation()
        roi = roi or segmentation.GetNthSegmentID(0)
        name = segmentation.GetSegment(roi).GetName()
    return {"segmentation": roi_node.GetName(), "segment": name, "segment_id": roi}

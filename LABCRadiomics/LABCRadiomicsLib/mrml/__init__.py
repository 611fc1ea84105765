"""MRML nodes to images, results to MRML nodes: what the scene shows is what is scored.

Runs in the Slicer application and, with the ``slicer-core`` package, outside it. The user's nodes are only read.
``results`` keeps a result in the scene; ``region_nodes`` gives another module what is scored; ``scene`` makes and fills
scenes outside the application.

May import: errors, notices, feature_words, imaging, preprocessing, features, model, scoring, patient.
"""

from .inputs import (
    BREAST,
    SECOND_READER,
    TISSUE,
    fingerprint,
    images_from_nodes,
    is_unchanged,
    other_masks,
    score_nodes,
)
from .region_nodes import nodes_of_region
from .results import REGIONS, SEGMENTATION, VOLUME, read_result, result_nodes, show_group, store_result
from .scene import load_segmentation, load_volume, new_scene
from .segments import mask_from_segment
from .volumes import can_be_mri, dicom_modality, image_from_volume, mask_from_labelmap

__all__ = [
    "BREAST",
    "REGIONS",
    "SECOND_READER",
    "SEGMENTATION",
    "TISSUE",
    "VOLUME",
    "can_be_mri",
    "dicom_modality",
    "fingerprint",
    "image_from_volume",
    "images_from_nodes",
    "is_unchanged",
    "load_segmentation",
    "load_volume",
    "mask_from_labelmap",
    "mask_from_segment",
    "new_scene",
    "nodes_of_region",
    "other_masks",
    "read_result",
    "result_nodes",
    "score_nodes",
    "show_group",
    "store_result",
]

"""MRML nodes to images, results to MRML nodes: what the scene shows is what is scored.

Runs in the Slicer application and, with the ``slicer-core`` package, outside it. The user's nodes are only read.
``results`` keeps a result in the scene; ``scene`` makes and fills scenes outside the application.

May import: errors, notices, imaging, model, scoring, patient.
"""

from .inputs import fingerprint, images_from_nodes, is_unchanged, score_nodes
from .results import SEGMENTATION, VOLUME, read_result, result_nodes, show_group, store_result
from .scene import load_segmentation, load_volume, new_scene
from .segments import mask_from_segment
from .volumes import can_be_mri, dicom_modality, image_from_volume, mask_from_labelmap

__all__ = [
    "SEGMENTATION",
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
    "read_result",
    "result_nodes",
    "score_nodes",
    "show_group",
    "store_result",
]

"""Radiomics features of one image and one mask: an engine of our own, equal to pyradiomics 3.0.1 to the last bit.

``extraction`` walks the steps; ``settings`` and ``parameters`` are what can be asked for, ``registry`` what there is;
``roi_preparation`` and ``filters`` (``wavelet``, ``wavelet_filters``) make images; ``voxels``, ``gray_levels``,
``texture`` and ``zones`` are what the classes share: ``first_order``, ``shape`` (``mesh``, ``mesh_table``,
``diameters``), ``glcm``, ``glrlm``, ``glszm`` and ``gldm`` (``sized``), ``ngtdm``. Only ``reference`` knows
pyradiomics, for what nothing else here computes.

May import: errors, notices, sentences, settings_files, feature_names, imaging.
"""

from .extraction import FeatureValues, engine_versions, extract, extract_region, region_diagnostics
from .registry import ENGINE, PYRADIOMICS_VERSION
from .settings import ExtractionSettings

__all__ = [
    "ENGINE",
    "PYRADIOMICS_VERSION",
    "ExtractionSettings",
    "FeatureValues",
    "engine_versions",
    "extract",
    "extract_region",
    "region_diagnostics",
]

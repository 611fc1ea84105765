"""Radiomics features of one image and one mask, equal to pyradiomics' own to the last bit.

``extraction`` walks pyradiomics' steps on the ROI's block alone; ``classes``, ``matrices``, ``mesh`` and ``wavelet``
are its steps made faster, and ``settings`` is what can be asked for. Every file but ``wavelet`` needs pyradiomics.

May import: errors, notices, imaging.
"""

from .extraction import FeatureValues, extract, extract_region
from .settings import ExtractionSettings

__all__ = [
    "ExtractionSettings",
    "FeatureValues",
    "extract",
    "extract_region",
]

"""A result as DICOM objects of the study that was scored, to be filed with it.

``objects`` holds what they have in common, ``structured_report`` the measurements, ``segmentation`` the contour,
``encapsulated_pdf`` the report for people, ``feature_codes`` codes and units; ``study`` writes them together.

May import: errors, files, imaging, scoring.
"""

from .objects import read_sources, write_object
from .segmentation import contour_segmentation
from .structured_report import structured_report
from .study import STUDY_FILES, write_study

__all__ = ["STUDY_FILES", "contour_segmentation", "read_sources", "structured_report", "write_object", "write_study"]

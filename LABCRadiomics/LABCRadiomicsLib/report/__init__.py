"""The report of a patient, as HTML that needs nothing else and as PDF; a model's card; the templates of every page.

May import: errors, files, resources, feature_names, feature_words, model, scoring, patient, plots.
"""

from .card_markdown import card_markdown
from .patient import patient_html, write_patient_report
from .patient_pdf import patient_pdf
from .patient_pictures import PatientPictures, draw_patient

__all__ = [
    "PatientPictures",
    "card_markdown",
    "draw_patient",
    "patient_html",
    "patient_pdf",
    "write_patient_report",
]

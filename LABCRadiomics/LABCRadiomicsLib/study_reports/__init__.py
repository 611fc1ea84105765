"""What a training and a validation leave behind: ``report.json``, tables, the model and a page, in one folder.

One file a section (``..._section``): it takes the objects of the study and gives its part of ``report.json``, its
tables and its part of the page. ``training_report`` and ``validation_report`` list their sections and write the top of
the page; ``writing`` puts it all on disk, once everything is made.

May import: errors, resources, sentences, tables, statistics, model, performance, scoring, training, validation, plots, report, papers.
"""  # noqa: E501

from .training_report import training_document, write_training_report
from .validation_report import validation_document, write_validation_report

__all__ = [
    "training_document",
    "validation_document",
    "write_training_report",
    "write_validation_report",
]

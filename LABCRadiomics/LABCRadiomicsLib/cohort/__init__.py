"""Features of many cases: from a case table to a feature table, and how far readers agree on it.

``extraction`` runs the cases through ``execution`` (processes or a cluster), keeps each in a ``journal`` and leaves a
``record`` of the settings beside the table; ``agreement`` compares the tables of two readers.

May import: errors, notices, files, tables, statistics, imaging, features, model.
"""

from .extraction import Case, CohortExtraction, errors_path, extract_cases, journal_path, read_cases

__all__ = [
    "Case",
    "CohortExtraction",
    "errors_path",
    "extract_cases",
    "journal_path",
    "read_cases",
]

"""Features of many cases: from a case table to a feature table, and how far readers agree on it.

``case_search`` and ``case_pairing`` make a case table of a folder tree; ``case_table`` is what there is to extract
from; ``feature_table`` runs the cases through ``execution`` (processes or a cluster), keeps each in a ``journal`` and
leaves a ``record`` of the settings beside the table; ``agreement`` compares the tables of two readers, which
``reader_segments`` makes of two segments in one file a case.

May import: errors, notices, sentences, files, tables, statistics, imaging, preprocessing, features, model.
"""

from .case_pairing import CaseSearch, Rules, find_cases, unpaired_path
from .case_table import Case, read_cases
from .feature_table import CohortExtraction, errors_path, extract_cases, journal_path

__all__ = [
    "Case",
    "CaseSearch",
    "CohortExtraction",
    "Rules",
    "errors_path",
    "extract_cases",
    "find_cases",
    "journal_path",
    "read_cases",
    "unpaired_path",
]

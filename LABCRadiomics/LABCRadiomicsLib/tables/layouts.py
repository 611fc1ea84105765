"""Tables that other software writes in a layout of its own: turned where that is plain, else named with what to do."""

from __future__ import annotations

from ..errors import CohortError
from .csv_table import Table
from .feature_columns import is_feature_name

# The header of SlicerRadiomics' table: the parts of a feature's name, then one column a segment.
_PARTS = ("image type", "feature class", "feature name")


def cases_as_rows(table: Table) -> Table:
    """Give a feature table with one row a case, as SlicerRadiomics' table is when it is turned.

    Parameters
    ----------
    table : Table
        As it was read; given back when it is no table of SlicerRadiomics.

    Raises
    ------
    CohortError
        The rows are features in a layout that does not say what the columns are.
    """
    header = table.names
    if tuple(name.casefold() for name in header[:3]) == _PARTS and len(header) > 3:
        return _turned(table)
    first = table.row_names or (table.texts(header[0]) if header else ())
    if first and sum(map(is_feature_name, first)) > len(first) / 2 and not any(map(is_feature_name, header)):
        raise CohortError(
            f"{table.path} has one row a feature and one column a case: transpose it, so that it has one row a case, "
            "one column a feature, and a column case."
        )
    return table


def _turned(table: Table) -> Table:
    parts = [table.texts(name) for name in table.names[:3]]
    features = ["_".join(part) for part in zip(*parts, strict=True)]
    repeated = next((name for at, name in enumerate(features) if name in features[:at]), None)
    if repeated is not None:
        raise CohortError(f"{table.path}: feature {repeated} has two rows; keep one.")
    cases = table.names[3:]
    values = [table.texts(case) for case in cases]
    columns = {"case": cases} | dict(zip(features, zip(*values, strict=True), strict=True))
    return Table(table.path, columns, range(1, len(cases) + 1), decimal_comma=table.decimal_comma, turned=True)

"""The table of a cohort's images and masks."""

from __future__ import annotations

import os
from dataclasses import dataclass

from ..errors import CohortError
from ..tables.csv_table import read_table


@dataclass(frozen=True)
class Case:
    """One row of a case table.

    Attributes
    ----------
    name : str
    row : int
        As a spreadsheet counts, the header being row 1.
    image, mask, label : str
        As the table holds them; an empty label stands for the only one there is.
    """

    name: str
    row: int
    image: str
    mask: str
    label: str = ""

    def roi_label(self) -> int | None:
        """Give the label as a number; a data frame may have made ``1.0`` of it.

        Raises
        ------
        CohortError
            The cell is no whole number.
        """
        if not self.label:
            return None
        try:
            value = float(self.label)
            if value != int(value):
                raise ValueError(value)
        except (ValueError, OverflowError):
            raise CohortError(f"Label {self.label!r} is not a whole number: correct column label.") from None
        return int(value)


def read_cases(path: str | os.PathLike[str]) -> tuple[Case, ...]:
    """Read a case table: case, image, mask and, where masks hold several, label.

    Raises
    ------
    CohortError
        The table is malformed, or names a case twice. A cell that cannot be used is its own case's error, later.
    """
    table = read_table(path)
    names, images, masks = table.cases(), table.texts("image"), table.texts("mask")
    labels = table.texts("label") if "label" in table.names else ("",) * len(table)
    return tuple(map(Case, names, table.row_numbers, images, masks, labels))

"""The table of a cohort's images and masks, and what each case says of how they are read."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from ..errors import CohortError, InputError
from ..imaging import ReadingOptions
from ..imaging.reading import parse_spacing
from ..tables.cells import CellError, whole_number
from ..tables.csv_table import Table, read_table

# Columns that a case table may have besides case, image and mask; an empty cell says nothing.
OPTIONAL_COLUMNS = ("label", "segment", "phase", "spacing", "series", "breast", "tissue")


@dataclass(frozen=True)
class Case:
    """One row of a case table.

    Attributes
    ----------
    name : str
    row : int
        As a spreadsheet counts, the header being row 1.
    image, mask, label, segment, phase, spacing, series : str
        As the table holds them; empty ones say nothing. See :class:`.imaging.ReadingOptions`.
    breast, tissue : str
        Paths of masks that preprocessing may need, see :class:`.preprocessing.Masks`.
    """

    name: str
    row: int
    image: str
    mask: str
    label: str = ""
    segment: str = ""
    phase: str = ""
    spacing: str = ""
    series: str = ""
    breast: str = ""
    tissue: str = ""

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
            return whole_number(self.label)
        except CellError:
            raise CohortError(f"Label {self.label!r} is not a whole number: correct column label.") from None

    def reading_options(self, general: ReadingOptions) -> ReadingOptions:
        """Give what the row says of reading its files, and in general where it says nothing.

        Raises
        ------
        CohortError
            The cell of column spacing is not three sizes.
        """
        try:
            spacing = parse_spacing(self.spacing) if self.spacing else general.spacing
        except InputError as error:
            raise CohortError(f"{error} It stands in column spacing.") from error
        return replace(
            general,
            segment=self.segment or general.segment,
            phase=self.phase or general.phase,
            spacing=spacing,
            series=self.series or general.series,
            label=self.roi_label(),
        )


def read_cases(path: str | os.PathLike[str] | Table) -> tuple[Case, ...]:
    """Read a case table: case, image, mask and, where they are needed, the other columns.

    Raises
    ------
    CohortError
        The table is malformed, or names a case twice. A cell that cannot be used is its own case's error, later.
    """
    table = read_table(path)
    names = table.cases()
    images, masks = (table.texts(table.find(name) or name) for name in ("image", "mask"))
    found = map(table.find, OPTIONAL_COLUMNS)
    others = [table.texts(name) if name else ("",) * len(table) for name in found]
    return tuple(map(Case, names, table.row_numbers, images, masks, *others))

"""The two tables of a study, features and outcomes, and the columns that matter in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import CohortError
from ..files import sha256_of, shown_name
from .cohort import OutcomeTable, read_outcomes
from .csv_table import CASE, Table


@dataclass(frozen=True, kw_only=True)
class StudyTables:
    """Where a study's patients are.

    Attributes
    ----------
    features, outcomes : pathlib.Path or Table
        One row a case each. Only files have hashes.
    time, event : str
        Columns of the outcomes with the months of follow-up, and with whether it ended with the event.
    case_column : str
        Column that names the cases; the features may call it ``case``, as those of ``extract`` do.
    competing : bool
        Whether the event column holds causes: 1 the event, 2, 3, ... competing events.
    """

    features: Path | Table
    outcomes: Path | Table
    time: str
    event: str
    case_column: str = CASE
    competing: bool = False

    def read_outcomes(self) -> OutcomeTable:
        """Read follow-up and clinical values; raises as :func:`.cohort.read_outcomes`."""
        return read_outcomes(self.outcomes, self.case_column, self.time, self.event, competing=self.competing)

    @contextmanager
    def naming_outcomes(self) -> Iterator[None]:
        """Put the path of the outcome table in front of what is said of its cases."""
        try:
            yield
        except CohortError as error:
            raise CohortError(f"{self.outcomes}: {error}") from error

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that is read."""
        return tuple(path for path in (self.features, self.outcomes) if not isinstance(path, Table))

    def hashes(self) -> dict[str, str]:
        """Give the SHA-256 of every file by its name, for the record."""
        return {shown_name(path): sha256_of(path) for path in self.files}

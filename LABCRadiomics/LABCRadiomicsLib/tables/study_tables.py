"""The two tables of a study, features and outcomes, and the columns that matter in them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..files import sha256_of
from .cohort import FeatureTable, OutcomeTable, read_features, read_outcomes
from .csv_table import CASE, read_table


@dataclass(frozen=True, kw_only=True)
class StudyTables:
    """Where a study's patients are.

    Attributes
    ----------
    features, outcomes : pathlib.Path
        One row a case each.
    time, event : str
        Columns of the outcomes with the months of follow-up, and with whether it ended with the event.
    case_column : str
        Column that names the cases; the features may call it ``case``, as those of ``extract`` do.
    """

    features: Path
    outcomes: Path
    time: str
    event: str
    case_column: str = CASE

    @property
    def case_column_of_features(self) -> str:
        """What the feature table calls its cases."""
        return case_column_of(self.features, self.case_column)

    def read_features(self, columns: str | None = None) -> FeatureTable:
        """Read the features, or those of a regular expression; raises as :func:`.cohort.read_features`."""
        return read_features(self.features, columns, id=self.case_column_of_features)

    def read_outcomes(self) -> OutcomeTable:
        """Read follow-up and clinical values; raises as :func:`.cohort.read_outcomes`."""
        return read_outcomes(self.outcomes, self.case_column, self.time, self.event)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that is read."""
        return self.features, self.outcomes

    def hashes(self) -> dict[str, str]:
        """Give the SHA-256 of every file by its name, for the record."""
        return {path.name: sha256_of(path) for path in self.files}


def case_column_of(features: Path, case_column: str) -> str:
    """Give the column that names the cases of a feature table: the one asked for, else ``case``."""
    return case_column if case_column in read_table(features).names else CASE

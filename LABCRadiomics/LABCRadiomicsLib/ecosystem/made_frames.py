"""How results become pandas DataFrames, and remarks become warnings; pandas is imported when one is made."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import DependencyError

if TYPE_CHECKING:
    import pandas as pd

    from ..notices import Notice


class StudyWarning(UserWarning):
    """What to know before trusting the numbers of a DataFrame."""


def make_frame(header: Sequence[str], rows: Iterable[Sequence[object]]) -> pd.DataFrame:
    """Make a DataFrame of a table's header and rows."""
    return load_pandas().DataFrame(list(rows), columns=list(header))


def warn_of(notices: Iterable[Notice]) -> None:
    """Warn of each notice, as of the line that called the caller."""
    for notice in notices:
        warnings.warn(notice.message, StudyWarning, stacklevel=3)


def load_pandas() -> Any:
    """Give pandas, which nothing else of the library needs.

    Raises
    ------
    DependencyError
        It is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise DependencyError("Data frames need the package pandas; install it with pip install pandas.") from error
    return pandas

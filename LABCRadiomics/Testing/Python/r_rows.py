"""One row a statistic: our numbers beside R's, and beside other packages' where they have the same call.

A test file of a room of ``statistics`` registers its rows with `row` and tests them with ``test_equal_to_r =
equal_to_r(__name__)``; `test_statistics_against_r` makes the table of `Docs/methods.md` of all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from r_reference import relative_difference

Pairs = list[tuple[object, object]]


@dataclass(frozen=True)
class Other:
    """The same call in another Python package.

    Attributes
    ----------
    package : str
    compare : callable
        Gives pairs of our numbers and the package's.
    at_most, at_least : float
        Between which the largest relative difference must lie, so that the document's reason stays true.
    why : str
        Why it differs, or how far it agrees.
    """

    package: str
    compare: Callable[[], Pairs]
    at_most: float
    at_least: float
    why: str


@dataclass(frozen=True)
class Row:
    """One line of the table: what is compared, how closely it must agree, and what it yields."""

    statistic: str
    ours: str
    r: str
    tolerance: float
    compare: Callable[[], Pairs]
    others: tuple[Other, ...] = ()

    @property
    def difference(self) -> float:
        """Largest relative difference from R."""
        return largest_difference(self.compare)

    def line(self) -> str:
        """The row as `Docs/methods.md` has it."""
        beside = "; ".join(f"{o.package} {largest_difference(o.compare):.0e}: {o.why}" for o in self.others) or "-"
        numbers = f"{self.difference:.1e} | {self.tolerance:.0e}"
        return f"| {self.statistic} | `{self.ours}` | `{self.r}` | {numbers} | {beside} |"


ROWS: dict[str, list[Row]] = {}


@cache
def largest_difference(compare: Callable[[], Pairs]) -> float:
    """Largest relative difference over all pairs."""
    return max(relative_difference(ours, reference) for ours, reference in compare())


def row(
    statistic: str, ours: str, r: str, tolerance: float = 1e-6, others: tuple[Other, ...] = ()
) -> Callable[[Callable[[], Pairs]], Callable[[], Pairs]]:
    """Register the decorated function, which returns pairs of our numbers and R's."""

    def register(compare: Callable[[], Pairs]) -> Callable[[], Pairs]:
        ROWS.setdefault(compare.__module__, []).append(Row(statistic, ours, r, tolerance, compare, others))
        return compare

    return register


def equal_to_r(module: str) -> Callable[[Row], None]:
    """Give the test of all rows that ``module`` has registered."""
    rows = ROWS[module]

    @pytest.mark.parametrize("entry", rows, ids=[entry.statistic for entry in rows])
    def test(entry: Row) -> None:
        assert entry.difference <= entry.tolerance
        for other in entry.others:
            pytest.importorskip(other.package.replace("scikit-survival", "sksurv"))
            assert other.at_least <= largest_difference(other.compare) <= other.at_most, other.package

    return test


def compared(result: object, reference: dict, names: dict[str, str]) -> Pairs:
    """Pairs of attributes of a result and columns of a table."""
    return [(getattr(result, ours), reference[theirs]) for ours, theirs in names.items()]

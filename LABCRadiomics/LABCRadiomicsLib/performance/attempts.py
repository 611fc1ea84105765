"""Statistics that do not exist on every cohort: tried, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ..errors import InputError
from ..notices import Notice

T = TypeVar("T")


def attempt(function: Callable[[], T]) -> T | None:
    """Give what a statistic yields, None where it does not exist on these patients."""
    try:
        return function()
    except InputError:
        return None


class Attempts:
    """Notices as they come up; a statistic that does not exist becomes one."""

    def __init__(self, notices: Iterable[Notice] = ()):
        self.notices = list(notices)

    def add(self, code: str, message: str) -> None:
        """Note something."""
        self.notices.append(Notice(code, message))

    def __call__(self, what: str, function: Callable[[], T]) -> T | None:
        """Give what a statistic yields, or None and a notice that says what was tried and why it failed."""
        try:
            return function()
        except InputError as error:
            self.add("not-measured", f"{what} could not be measured: {error}")
            return None

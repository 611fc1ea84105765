"""How long the patients of a study were followed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..statistics.kaplan_meier import kaplan_meier
from .sections import Section


def follow_up_section(months: np.ndarray, event: np.ndarray) -> Section:
    """Give the median follow-up by the reverse Kaplan-Meier method (Schemper and Smith 1996), and the longest.

    Parameters
    ----------
    months : numpy.ndarray, shape (n,)
    event : numpy.ndarray of bool, shape (n,)
    """
    found = kaplan_meier(months, ~event)  # the end of follow-up is what is waited for
    follow_up: dict[str, Any] = {
        "method": "reverse Kaplan-Meier",
        "median_months": found.median,
        "lower": found.median_lower,
        "upper": found.median_upper,
        "longest_months": months.max(),
    }
    return Section.of({"follow_up": follow_up})

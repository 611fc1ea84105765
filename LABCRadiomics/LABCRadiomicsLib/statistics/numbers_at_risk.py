"""Numbers at risk under Kaplan-Meier curves."""

from __future__ import annotations

from typing import Any

import numpy as np


def month_ticks(last: float) -> np.ndarray:
    """Ticks of an axis from 0 to a last month: whole years where there are years, at most ten."""
    step = next((step for step in (1, 3, 6, 12, 24, 48) if last / step <= 9), 96)
    return np.arange(0, last + 1e-9, step)


def numbers_at_risk(high: np.ndarray, months: np.ndarray) -> dict[str, Any]:
    """Count the patients of each risk group still under follow-up at the ticks of the axis.

    Parameters
    ----------
    high : numpy.ndarray of bool, shape (n,)
        Who is in the high-risk group.
    months : numpy.ndarray, shape (n,)
        Follow-up.

    Returns
    -------
    dict
        ``months``, ``low`` and ``high``: lists of one length, as ``groups.at_risk`` of a report holds them.
    """
    ticks = month_ticks(float(months.max()))
    return {
        "months": ticks.tolist(),
        "low": [int((months[~high] >= tick).sum()) for tick in ticks],
        "high": [int((months[high] >= tick).sum()) for tick in ticks],
    }

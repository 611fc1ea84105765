"""Do more of some chosen genes belong to a set than chance would have it? The hypergeometric test."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ..statistics.baseline_table import benjamini_hochberg


@dataclass(frozen=True)
class OverRepresentation:
    """One set tested.

    Attributes
    ----------
    set : str
    overlap : int
        Chosen genes that are in the set.
    set_size : int
        Genes of the set within the universe.
    query : int
        Chosen genes within the universe.
    universe : int
        Tested genes that are in any set.
    p, p_adjusted : float
        Probability of at least this overlap by chance; Benjamini and Hochberg over the sets with any overlap.
    genes : tuple of str
        The overlap, in alphabetical order.
    """

    set: str
    overlap: int
    set_size: int
    query: int
    universe: int
    p: float
    p_adjusted: float
    genes: tuple[str, ...]


def over_representation(
    chosen: Collection[str],
    tested: Collection[str],
    sets: Mapping[str, Collection[str]],
    *,
    least: int = 10,
    most: int = 500,
) -> tuple[OverRepresentation, ...]:
    """Test every set, sorted by p.

    Parameters
    ----------
    chosen : collection of str
        Genes in question, such as the differentially expressed ones.
    tested : collection of str
        All genes that could have been chosen.
    sets : mapping of str to collection of str
        Genes of each set.
    least, most : int
        Sets that have fewer or more genes within the universe are left out.

    Returns
    -------
    tuple of OverRepresentation
        Sets without any chosen gene are left out, as the R function does.

    Notes
    -----
    The universe is the tested genes that occur in any set. Equals ``clusterProfiler::enricher`` of R with
    ``universe`` given (and its silent restriction of the universe, which the result says).
    """
    tested = set(tested)
    universe = tested & set().union(*sets.values()) if sets else set()
    query = set(chosen) & universe
    found = []
    for name, genes in sets.items():
        members = set(genes) & universe
        overlap = members & query
        if overlap and least <= len(members) <= most:
            found.append((name, len(members), tuple(sorted(overlap))))
    p = [hypergeometric_tail(len(genes), len(universe), size, len(query)) for _, size, genes in found]
    adjusted = benjamini_hochberg(p) if found else np.array([])
    rows = [
        OverRepresentation(name, len(genes), size, len(query), len(universe), one, float(fdr), genes)
        for (name, size, genes), one, fdr in zip(found, p, adjusted, strict=True)
    ]
    return tuple(sorted(rows, key=lambda row: row.p))


def hypergeometric_tail(overlap: int, universe: int, size: int, query: int) -> float:
    """Probability of at least ``overlap`` common genes of two sets drawn from a universe.

    The ratios of neighboring probabilities are exact, so the sum is too, to some 1e-14, however small it is.
    """
    low, high = max(0, size + query - universe), min(size, query)
    if overlap <= low:
        return 1.0
    k = np.arange(low, high)
    with np.errstate(divide="ignore"):
        ratio = (size - k) * (query - k) / ((k + 1.0) * (universe - size - query + k + 1.0))
    # Relative to the tail's first term and upward; the rest of the mass relative to it downward.
    start = overlap - low
    upward = np.cumprod(ratio[start:])
    with np.errstate(over="ignore"):
        downward = np.cumprod(1 / ratio[:start][::-1])
    tail, rest = 1 + upward.sum(), downward.sum()
    if np.isfinite(tail + rest):
        return float(tail / (tail + rest))
    logs = np.concatenate(([0.0], np.cumsum(np.log(ratio))))
    logs -= logs.max()
    mass = np.exp(logs)
    return float(mass[start:].sum() / mass.sum())

"""Which genes differ between groups of patients: linear models with moderated t tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import CohortError
from ..notices import Notice
from ..sentences import listed, many
from ..statistics.baseline_table import benjamini_hochberg
from ..statistics.linear_models import LinearFits, fit_linear_models
from ..statistics.moderated_t import moderated_t, moderated_t_beyond, variance_prior
from .design import CONTRAST_COLUMN, Covariates, Design, make_design
from .expression_matrix import (
    COUNTS,
    LOGS,
    Z_SCORES,
    ExpressionMatrix,
    extremes_notice,
    repeated_notice,
    sample_values,
    understood,
    unvarying,
)
from .groups import NORMAL_GROUP, Contrast, Grouping, find_contrast
from .normalization import expressed, log_cpm, scaling_factors
from .samples import Samples, match_samples, require_sizes
from .voom import voom

SCORE = "score"  # the contrast that is the score itself
_LEAST_GENES = 3


class NoDifferentialGenesError(CohortError):
    """No gene passes the thresholds, so that what is asked about such genes has no answer."""


@dataclass(frozen=True)
class Thresholds:
    """When a gene counts as differentially expressed: beyond ``log_fc`` either way and ``fdr`` below."""

    log_fc: float = 1.0
    fdr: float = 0.05


@dataclass(frozen=True)
class Method:
    """How genes are tested.

    Attributes
    ----------
    data : {"counts", "logs", "z-scores"}, optional
        What the matrix holds; found out where not said.
    robust : bool
        Genes of unusual variance are moderated less.
    quality : bool
        Samples are weighted by how well the model fits them (counts only).
    beyond : float
        Test against this log fold change instead of zero (``treat``).
    """

    data: str | None = None
    robust: bool = False
    quality: bool = False
    beyond: float = 0.0


@dataclass(frozen=True)
class DifferentialExpression:
    """Result of one comparison; arrays of shape (g,) by gene, sorted by p.

    Attributes
    ----------
    contrast : str
        In words: what is subtracted from what.
    first, second : str
        The groups; empty for a slope on the score.
    genes : tuple of str
    log_fc : ndarray
        Mean of the first group minus that of the second, in base 2 logarithms (of z-scores: in those units; on the
        score: a unit of the score).
    average : ndarray
        Mean over all samples, base 2 logarithm of counts per million for counts.
    t, p, p_adjusted : ndarray
        Moderated t, its two-sided p, and that by Benjamini and Hochberg.
    values : ndarray, shape (g, n)
        Log expression, for figures.
    samples, groups : tuple of str, length n
    sizes : dict of str to int
        Samples of each group.
    data : str
    total : int
        Genes of the matrix; ``genes`` are those tested.
    prior_df : float
        Degrees of freedom the common variance is worth (the median where genes differ).
    columns : tuple of str
        Of the model.
    steps : tuple of str
        What was done, in words.
    thresholds : Thresholds
    method : Method
    notices : tuple of Notice
    """

    contrast: str
    first: str
    second: str
    genes: tuple[str, ...]
    log_fc: np.ndarray
    average: np.ndarray
    t: np.ndarray
    p: np.ndarray
    p_adjusted: np.ndarray
    values: np.ndarray
    samples: tuple[str, ...]
    groups: tuple[str, ...]
    sizes: dict[str, int]
    data: str
    total: int
    prior_df: float
    columns: tuple[str, ...]
    steps: tuple[str, ...]
    thresholds: Thresholds
    method: Method
    notices: tuple[Notice, ...]

    @property
    def significant(self) -> np.ndarray:
        """Which genes pass the thresholds; differences of z-scores are no fold changes and have no threshold."""
        found = self.p_adjusted < self.thresholds.fdr
        if self.folds and not self.method.beyond:
            found &= np.abs(self.log_fc) > self.thresholds.log_fc
        return found

    @property
    def folds(self) -> bool:
        """Whether ``log_fc`` is a logarithm of a ratio."""
        return self.data != Z_SCORES and bool(self.first)

    @property
    def up(self) -> tuple[str, ...]:
        """Genes significantly higher in the first group."""
        return tuple(self.genes[at] for at in np.flatnonzero(self.significant & (self.log_fc > 0)))

    @property
    def down(self) -> tuple[str, ...]:
        """Genes significantly lower in the first group."""
        return tuple(self.genes[at] for at in np.flatnonzero(self.significant & (self.log_fc < 0)))


def compare_expression(
    matrix: ExpressionMatrix,
    grouping: Grouping,
    contrast: str | None = None,
    method: Method = Method(),
    thresholds: Thresholds = Thresholds(),
    covariates: Covariates | None = None,
) -> DifferentialExpression:
    """Test every gene.

    Parameters
    ----------
    matrix : ExpressionMatrix
    grouping : Grouping
        Thirds of a score are taken among the patients that have expression.
    contrast : str, optional
        ``A-B``: A minus B; ``normal`` is normal tissue (samples of type 11); ``score`` is the slope on the score.
    method, thresholds
    covariates : Covariates, optional
        To adjust for.

    Returns
    -------
    DifferentialExpression

    Raises
    ------
    CohortError, InputError
        The matrix is not what ``method`` says, groups do not match it, or too little is left.

    Notes
    -----
    Counts: filter by expression, TMM, voom, linear model, moderated t. Logarithms: linear model, moderated t with a
    trend of the variance. z-scores: without the trend. As limma and edgeR of R do.
    """
    matrix, data = understood(matrix, method.data)
    source = matrix.path.name
    samples = match_samples(
        matrix.columns, grouping, source, thirds_of_table=True, normals=wants_normal(contrast), unread=matrix.unread,
        rows=matrix.genes,
    )  # fmt: skip
    pair, weight = _contrast_of(contrast, samples, source)
    chosen = np.flatnonzero(np.isfinite(weight))
    cases = [samples.names[at].case for at in chosen]
    design = make_design(weight[chosen], pair.words if pair else "a unit of the score", cases, covariates)
    used = chosen[design.rows]
    groups = np.array(samples.groups, dtype=object)[used]
    for name in (pair.first, pair.second) if pair else ():
        if (groups == name).sum() < 2:
            raise CohortError(f"{source}: group {name} has fewer than 2 samples with all covariates; leave some out.")
    values = sample_values(matrix, samples, data)[:, used]
    fitted = _fit(values, matrix.genes, design, data, method, source)
    order = np.lexsort((-np.abs(fitted.t), fitted.p))
    names, counts = np.unique(groups.astype(str), return_counts=True)
    return DifferentialExpression(
        contrast=pair.words if pair else "slope on the score",
        first=pair.first if pair else "",
        second=pair.second if pair else "",
        genes=tuple(fitted.genes[at] for at in order),
        log_fc=fitted.fits.coefficients[order, CONTRAST_COLUMN],
        average=fitted.fits.mean[order],
        t=fitted.t[order],
        p=fitted.p[order],
        p_adjusted=benjamini_hochberg(fitted.p)[order],
        values=fitted.values[order],
        samples=tuple(samples.cases[at] for at in used),
        groups=tuple(groups),
        sizes=dict(zip(names.tolist(), counts.tolist(), strict=True)),
        data=data,
        total=len(matrix.genes),
        prior_df=float(np.median(fitted.prior_df)),
        columns=design.columns,
        steps=fitted.steps,
        thresholds=thresholds,
        method=method,
        notices=(
            *matrix.notices,
            *grouping.notices,
            *samples.notices,
            *repeated_notice(samples, data),
            *extremes_notice(matrix, data),
            *design.notices,
            *fitted.notices,
        ),
    )


def wants_normal(contrast: str | None) -> bool:
    """Whether a contrast names normal tissue."""
    return contrast is not None and NORMAL_GROUP in contrast.casefold().replace(" minus ", "-").split("-")


def _contrast_of(text: str | None, samples: Samples, source: str) -> tuple[Contrast | None, np.ndarray]:
    """The two groups (None for a slope), and each sample's weight: 1 and 0, or its score; NaN in neither."""
    if text is not None and text.strip().casefold() == SCORE:
        scores = samples.grouping.scores
        weight = np.array([scores.get(name.case, np.nan) for name in samples.names])
        if not np.isfinite(weight).any():
            given = samples.grouping.source.name
            raise CohortError(f"contrast score needs scores, and {given} has groups: give --scores.")
        return None, weight
    names = tuple(dict.fromkeys((*samples.grouping.names, *samples.groups)))
    pair = find_contrast(text, names, samples.grouping.source)
    require_sizes(samples, pair, source)
    first, second = samples.rows(pair.first), samples.rows(pair.second)
    return pair, np.where(first, 1.0, np.where(second, 0.0, np.nan))


@dataclass(frozen=True)
class _Fitted:
    genes: tuple[str, ...]
    values: np.ndarray
    fits: LinearFits
    t: np.ndarray
    p: np.ndarray
    prior_df: float | np.ndarray
    steps: tuple[str, ...]
    notices: tuple[Notice, ...]


def _fit(values: np.ndarray, genes: tuple[str, ...], design: Design, data: str, method: Method, source: str) -> _Fitted:
    notices: list[Notice] = []
    if data == COUNTS:
        kept, steps = expressed(values, design.matrix), []
        _require_genes(kept, source, "have counts worth testing")
        values = values[kept]
        sizes = values.sum(axis=0) * scaling_factors(values)
        steps.append(f"{kept.sum()} of {kept.size} genes have counts worth testing (filterByExpr)")
        ready = voom(values, sizes, design.matrix, quality=method.quality)
        values, weights = ready.values, ready.weights
        steps += ["library sizes scaled by TMM", "voom with sample weights" if method.quality else "voom"]
    else:
        kept, steps, weights = np.isfinite(values).sum(axis=1) > design.matrix.shape[1], [], None
        _require_genes(kept, source, "have enough values")
        notices += _unvarying_notice(genes, unvarying(values) & kept)
        values = values[kept]
        holes = int(np.isnan(values).any(axis=1).sum())
        if holes:
            notices.append(
                Notice(
                    "gene-missing-values", f"{holes} genes lack a value in some sample and were tested on the others."
                )
            )
        if method.quality:
            raise CohortError(f"{source} holds {data}: sample weights need counts; leave out --quality-weights.")
    fits = fit_linear_models(values, design.matrix, weights)
    trend = fits.mean if data == LOGS else None
    prior = variance_prior(fits.variance, fits.df, trend=trend, robust=method.robust)
    steps.append(
        "moderated t"
        + (" with a trend of the variance" if data == LOGS else "")
        + (", robust" if method.robust else "")
    )
    if method.beyond:
        steps.append(f"tested against a log fold change of {method.beyond:g} (treat)")
        tests = moderated_t_beyond(fits, CONTRAST_COLUMN, prior, method.beyond)
    else:
        tests = moderated_t(fits, CONTRAST_COLUMN, prior)
    names = tuple(genes[at] for at in np.flatnonzero(kept))
    return _Fitted(names, values, fits, tests.t, tests.p, prior.df, tuple(steps), tuple(notices))


def _unvarying_notice(genes: tuple[str, ...], flat: np.ndarray) -> list[Notice]:
    if not flat.any():
        return []
    names = [genes[at] for at in np.flatnonzero(flat)]
    count = many(len(names), "gene")
    text = f"Without variance between these samples: {count} ({listed(names)}), with p 1 and counted as tested."
    return [Notice("gene-without-variance", text)]


def _require_genes(kept: np.ndarray, source: str, what: str) -> None:
    if kept.sum() < _LEAST_GENES:
        raise CohortError(f"{source}: only {kept.sum()} of {kept.size} genes {what}; give more genes or samples.")


def log_expression(values: np.ndarray, data: str) -> np.ndarray:
    """Values as logarithms: counts become log counts per million, others stay."""
    if data != COUNTS:
        return values
    return log_cpm(values, values.sum(axis=0) * scaling_factors(values))

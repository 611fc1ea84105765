"""t tests of many variables at once whose variances are drawn toward what all of them have in common.

A variance of a few patients is uncertain; thousands of genes measured on the same patients say how variances are
spread, and each gene's is squeezed toward that (empirical Bayes).
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special, stats

from ..errors import InputError
from .linear_models import LinearFits
from .lowess import lowess

_TAILS = (0.05, 0.1)  # of the log variances, held back when outliers shall not count
_TREND_SPAN = 0.4  # of the local regression under outliers
_MOST_SPLINE_DF = 4


@dataclass(frozen=True)
class VariancePrior:
    """What the variances of all variables have in common: a scaled inverse chi-square distribution.

    Attributes
    ----------
    variance : float or ndarray, shape (g,)
        Its scale, one for all or one for each variable's mean.
    df : float or ndarray, shape (g,)
        Degrees of freedom that it is worth; smaller for outliers.
    """

    variance: float | np.ndarray
    df: float | np.ndarray


@dataclass(frozen=True)
class ModeratedT:
    """Moderated t tests; arrays of shape (g,), NaN where a variable could not be tested."""

    t: np.ndarray
    p: np.ndarray
    df: np.ndarray


def variance_prior(
    variance: np.ndarray, df: np.ndarray, *, trend: np.ndarray | None = None, robust: bool = False
) -> VariancePrior:
    """Estimate the prior of residual variances.

    Parameters
    ----------
    variance, df : ndarray, shape (g,)
        Residual variances and their degrees of freedom; variables without are left out.
    trend : ndarray, shape (g,), optional
        Mean of each variable, on which the prior's variance depends.
    robust : bool
        Whether variables of unusual variance are kept from widening the prior, and moderated less.

    Returns
    -------
    VariancePrior

    Raises
    ------
    InputError
        Fewer than three variables have a variance.

    Notes
    -----
    Smyth 2004 (moments of the log variances), Phipson et al. 2016 (robust: winsorized moments). Equals
    ``limma::squeezeVar`` of R.
    """
    variance, df = np.asarray(variance, dtype=float), np.broadcast_to(np.asarray(df, dtype=float), np.shape(variance))
    usable = np.isfinite(variance) & (df > 0)
    if usable.sum() < 3:
        raise InputError(f"{usable.sum()} variables have a residual variance; at least three are needed.")
    covariate = None if trend is None else np.asarray(trend, dtype=float)[usable]
    find = _robust_prior if robust else _moment_prior
    found = find(variance[usable], df[usable], covariate)
    return VariancePrior(*(_everywhere(part, usable) for part in (found.variance, found.df)))


def moderated_t(fits: LinearFits, column: int, prior: VariancePrior) -> ModeratedT:
    """Test whether a coefficient is zero.

    Parameters
    ----------
    fits : LinearFits
    column : int
        Of the design.
    prior : VariancePrior

    Notes
    -----
    Equals ``limma::eBayes`` of R.
    """
    error, df = _posterior(fits, column, prior)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = fits.coefficients[:, column] / error
    return ModeratedT(t, 2 * special.stdtr(df, -np.abs(t)), df)


def moderated_t_beyond(fits: LinearFits, column: int, prior: VariancePrior, least: float) -> ModeratedT:
    """Test whether a coefficient is beyond ``least`` either way; ``t`` is zero within it.

    Notes
    -----
    McCarthy and Smyth 2009; equals ``limma::treat`` of R.
    """
    error, df = _posterior(fits, column, prior)
    size = np.abs(fits.coefficients[:, column])
    with np.errstate(invalid="ignore", divide="ignore"):
        near, far = (size - least) / error, (size + least) / error
    p = special.stdtr(df, -near) + special.stdtr(df, -far)
    return ModeratedT(np.sign(fits.coefficients[:, column]) * np.maximum(near, 0), p, df)


def _posterior(fits: LinearFits, column: int, prior: VariancePrior) -> tuple[np.ndarray, np.ndarray]:
    """Standard error of a coefficient with the moderated variance, and its degrees of freedom."""
    own = np.where(fits.df > 0, fits.variance, 0.0)
    weight = np.broadcast_to(np.asarray(prior.df, dtype=float), own.shape)
    with np.errstate(invalid="ignore"):
        mixed = (fits.df * own + weight * prior.variance) / (fits.df + weight)
    posterior = np.where(np.isfinite(weight), mixed, prior.variance)
    df = np.minimum(fits.df + weight, fits.df.sum())
    return fits.unscaled[:, column] * np.sqrt(posterior), df


def _everywhere(part: float | np.ndarray, usable: np.ndarray) -> float | np.ndarray:
    """A part of the prior for all variables; those without a variance of their own get the median."""
    if np.ndim(part) == 0 or usable.all():
        return part
    whole = np.full(usable.shape, np.median(part))
    whole[usable] = part
    return whole


def _moment_prior(variance: np.ndarray, df: np.ndarray, trend: np.ndarray | None) -> VariancePrior:
    """By mean and variance of the logarithms, whose sampling error is known."""
    middle = float(np.median(variance)) or 1.0
    floored = np.maximum(variance, 1e-5 * middle)
    logs = np.log(floored) - special.digamma(df / 2) + np.log(df / 2)
    rank = 1 if trend is None else min(_spline_df(variance.size), np.unique(trend).size)
    if trend is None or rank < 2:
        mean: float | np.ndarray = float(logs.mean())
    else:
        basis, _ = np.linalg.qr(_natural_spline(trend, rank))
        mean = basis @ (basis.T @ logs)
    spread = float(((logs - mean) ** 2).sum() / (logs.size - rank) - special.polygamma(1, df / 2).mean())
    if spread > 0:
        found = 2 * trigamma_inverse(spread)
        return VariancePrior(np.exp(mean + special.digamma(found / 2) - np.log(found / 2)), found)
    return VariancePrior(float(floored.mean()) if rank < 2 else np.exp(mean), np.inf)


def _spline_df(n: int) -> int:
    return 1 + (n >= 3) + (n >= 6) + (n >= 30)


def _natural_spline(x: np.ndarray, df: int) -> np.ndarray:
    """Basis of the natural cubic splines with ``df`` knots at the range's ends and equal shares of the points."""
    x = (x - x.min()) / (np.ptp(x) or 1.0)
    knots = np.quantile(x, np.linspace(0, 1, df))
    cubes = [np.maximum(x - knot, 0) ** 3 for knot in knots]
    slopes = [(cubes[k] - cubes[-1]) / (knots[-1] - knots[k]) for k in range(df - 1)]
    return np.column_stack([np.ones_like(x), x, *(slopes[k] - slopes[-1] for k in range(df - 2))])


def trigamma_inverse(value: float) -> float:
    """Where the trigamma function has a positive value, by Newton steps on its reciprocal (Smyth 2004)."""
    if value > 1e7:
        return float(1 / np.sqrt(value))
    if value < 1e-6:
        return 1 / value
    x = 0.5 + 1 / value
    for _ in range(50):
        trigamma = float(special.polygamma(1, x))
        step = trigamma * (1 - trigamma / value) / float(special.polygamma(2, x))
        x += step
        if -step / x < 1e-8:
            break
    return x


def _robust_prior(variance: np.ndarray, df: np.ndarray, trend: np.ndarray | None) -> VariancePrior:
    """By winsorized moments; outliers get a prior worth less (Phipson et al. 2016)."""
    n = variance.size
    variance = np.maximum(variance, 1e-12 * float(np.median(variance)))
    plain = _moment_prior(variance, df, trend)
    if max(_TAILS) < 1 / n or np.isinf(plain.df):
        return plain
    variance, own = _at_largest_df(variance, df, plain), float(df.max())
    logs = np.log(variance)
    if trend is None:
        cut = int(n * _TAILS[1])
        line: float | np.ndarray = float(np.sort(logs)[cut : n - cut].mean())
    else:
        line = lowess(trend, logs, span=_TREND_SPAN)
    held = np.clip(logs - line, *np.quantile(logs - line, (_TAILS[0], 1 - _TAILS[1])))
    found = _df_of_spread(float(held.var(ddof=1)), own, float(plain.df))
    center = line + held.mean() - _winsorized_moments(own, found)[0]
    ratio = np.exp(logs - center)
    return VariancePrior(np.exp(center), _df_by_outlyingness(ratio, own, found))


def _at_largest_df(variance: np.ndarray, df: np.ndarray, prior: VariancePrior) -> np.ndarray:
    """Variances of fewer degrees of freedom moved to the same quantile at the most degrees that any has."""
    fewer = df < df.max() - 1e-14
    if not fewer.any():
        return variance
    scale = np.broadcast_to(prior.variance, variance.shape)[fewer]
    ratio = stats.f.isf(stats.f.sf(variance[fewer] / scale, df[fewer], prior.df), df.max(), prior.df)
    moved = variance.copy()
    moved[fewer] = ratio * scale
    return moved


def _df_of_spread(spread: float, own: float, plain: float) -> float:
    """Degrees of freedom at which winsorized log F ratios spread as much as the data do; at least ``plain``."""

    def excess(x: float) -> float:
        return float(np.log(spread / _winsorized_moments(own, x / (1 - x) if x < 1 else np.inf)[1]))

    if excess(1.0) <= 0:
        return np.inf
    low = plain / (1 + plain)
    if excess(low) >= 0:
        return plain
    x = float(optimize.brentq(excess, low, 1.0, xtol=1e-14, rtol=1e-14))
    return x / (1 - x)


def _winsorized_moments(df1: float, df2: float) -> tuple[float, float]:
    """Mean and variance of the logarithm of an F ratio whose tails are held back, by Gauss-Legendre quadrature."""
    ratio = stats.chi2(df1, scale=1 / df1) if np.isinf(df2) else stats.f(df1, df2)
    ends = ratio.ppf((_TAILS[0], 1 - _TAILS[1]))
    low, high = ends / (1 + ends)
    nodes, weights = np.polynomial.legendre.leggauss(128)
    at = low + (high - low) * (nodes + 1) / 2
    inner = at / (1 - at)
    mass = (high - low) * weights / 2 * ratio.pdf(inner) / (1 - at) ** 2
    tails = np.array(_TAILS)
    mean = mass @ np.log(inner) + tails @ np.log(ends)
    return float(mean), float(mass @ (np.log(inner) - mean) ** 2 + tails @ (np.log(ends) - mean) ** 2)


def _df_by_outlyingness(ratio: np.ndarray, df1: float, df2: float) -> float | np.ndarray:
    """Prior degrees of freedom of each variable, the fewer the less its F ratio can be explained."""
    n = ratio.size
    with np.errstate(divide="ignore"):
        log_tail = np.log(stats.chi2.sf(ratio * df1, df1) if np.isinf(df2) else special.fdtrc(df1, df2, ratio))
    expected = np.log((n - stats.rankdata(ratio) + 0.5) / n)
    log_inlier = np.minimum(log_tail - expected, 0)
    if not (log_inlier < 0).any():
        return df2
    order = np.argsort(log_tail, kind="stable")
    inlier = np.exp(log_inlier)
    if np.isinf(df2):
        shrunk = np.where(log_inlier < 0, inlier * n * df1, np.inf)
        shrunk[order] = np.maximum.accumulate(shrunk[order])
        return shrunk
    least = 0.0
    if np.isfinite(log_tail.min()):  # a prior at which the farthest outlier is the median
        least = np.log(0.5) / float(log_tail.min()) * df2
        least *= np.log(0.5) / float(np.log(special.fdtrc(df1, least, ratio.max())))
    shrunk = inlier * df2 - np.expm1(log_inlier) * least
    ordered = shrunk[order]
    running = np.cumsum(ordered) / np.arange(1, n + 1)
    lowest = int(running.argmin())
    ordered[: lowest + 1] = running[lowest]
    shrunk[order] = np.maximum.accumulate(ordered)
    return shrunk

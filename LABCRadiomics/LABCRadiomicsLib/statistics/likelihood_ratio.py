"""The likelihood-ratio test of a Cox model within a larger one."""

import math
from dataclasses import dataclass

from scipy import stats

from ..errors import InputError
from .cox import CoxModel

_SAME = 1e-9  # relative difference of log likelihoods without covariates of the same patients
_HIGHER = 1e-7  # by which the smaller model's maximum may exceed the larger one's: rounding


@dataclass(frozen=True)
class LikelihoodRatio:
    """Twice the gain in log partial likelihood, its degrees of freedom and p value."""

    chisq: float
    df: int
    p: float


def likelihood_ratio_of(chisq: float, df: int = 1) -> LikelihoodRatio:
    """Give the test that a chi-square with so many degrees of freedom makes."""
    return LikelihoodRatio(chisq, df, float(stats.chi2.sf(chisq, df)))


def likelihood_ratio(smaller: CoxModel, larger: CoxModel) -> LikelihoodRatio:
    """Test whether the covariates that the larger model has more than the smaller one matter.

    Parameters
    ----------
    smaller, larger : CoxModel
        Of the same patients; the covariates of ``larger`` include those of ``smaller``.

    Returns
    -------
    LikelihoodRatio

    Raises
    ------
    InputError
        Models of other patients or with other ties, or not nested.

    Notes
    -----
    Equals ``anova(coxph, coxph)`` of R.
    """
    if (smaller.n, smaller.events, smaller.ties) != (larger.n, larger.events, larger.ties) or not math.isclose(
        smaller.loglik_null, larger.loglik_null, rel_tol=_SAME
    ):
        raise InputError("smaller and larger are models of different patients or treat ties differently.")
    df = larger.coef.size - smaller.coef.size
    gain = larger.loglik - smaller.loglik
    if df < 1 or gain < -_HIGHER * abs(larger.loglik):
        raise InputError("smaller is not part of larger: it has as many covariates, or fits better.")
    return likelihood_ratio_of(max(0.0, 2 * gain), df)

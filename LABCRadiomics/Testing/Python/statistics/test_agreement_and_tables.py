"""Agreement of readers, tests of baseline tables, the points of a nomogram."""

import numpy as np
import pytest

from LABCRadiomicsLib.statistics.agreement import FORMS, intraclass_correlation
from LABCRadiomicsLib.statistics.baseline_table import benjamini_hochberg, chi_square, fisher_exact, t_test
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.statistics.nomogram import nomogram_scale
from r_reference import columns, gbsg2, table
from r_rows import Pairs, compared, equal_to_r, row

_ICC = {"icc": "ICC", "f": "F", "df1": "df1", "df2": "df2", "p": "p", "lower": "lower bound", "upper": "upper bound"}


@row("six intraclass correlations with limits", "intraclass_correlation", "psych::ICC")
def _icc() -> Pairs:
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    pairs = compared(intraclass_correlation(ratings), table("shrout_fleiss_icc"), _ICC)
    readers = columns(table("extra_icc_ratings"), ["first", "second"])
    return pairs + compared(intraclass_correlation(readers), table("extra_icc"), _ICC)


@row("Benjamini-Hochberg", "benjamini_hochberg", "stats::p.adjust")
def _bh() -> Pairs:
    return [(benjamini_hochberg(table("transbig_univariable_cox")["p"]), table("extra_bh")["adjusted"])]


@row("chi-square, Fisher and t tests", "chi_square, fisher_exact, t_test", "stats::chisq.test, fisher.test, t.test")
def _baseline() -> Pairs:
    data, reference = gbsg2(), table("extra_baseline")

    def counts(name: str, levels: tuple[str, ...]) -> list[list[int]]:
        return [
            [int(np.sum((data[name] == level) & (data["menostat"] == status))) for status in ("Post", "Pre")]
            for level in levels
        ]

    two, three = counts("horTh", ("no", "yes")), counts("tgrade", ("I", "II", "III"))
    no, yes = data["age"][data["horTh"] == "no"], data["age"][data["horTh"] == "yes"]
    tests = [chi_square(two), chi_square(three), fisher_exact(two)]
    results = [*tests, t_test(no, yes), t_test(no, yes, equal_variances=True)]
    known = ~np.isnan(reference["statistic"])
    statistics = np.array([result.statistic for result in results])
    return [(statistics[known], reference["statistic"][known]), ([result.p for result in results], reference["p"])]


@row("nomogram points", "nomogram_scale", "rms::nomogram")
def _nomogram() -> Pairs:
    reference, coef = table("gbsg2_rms_nomogram_points"), table("gbsg2_rms_cph_coef")
    values, variable = reference["value"].astype(float), reference["variable"]
    axes = [weight * values[variable == name] for name, weight in zip(coef["feature"], coef["coef"], strict=True)]
    scale = nomogram_scale([axis.min() for axis in axes], [axis.max() for axis in axes])
    pairs = [(scale.points_per_unit, 15.92954219)]  # gbsg2_rms_nomogram.txt prints 15.92954
    for index, name in enumerate(coef["feature"]):
        effects = np.zeros((axes[index].size, len(axes)))
        effects[:, index] = axes[index]
        pairs.append((scale.points(effects)[:, index], reference["points"][variable == name]))
    return pairs


test_equal_to_r = equal_to_r(__name__)


def test_icc_forms_by_name_and_features_without_variance() -> None:
    ratings = np.random.default_rng(0).normal(size=(851, 20, 1)) + np.zeros(2)
    ratings = ratings + 0.1 * np.random.default_rng(1).normal(size=ratings.shape)
    ratings[3] = 1.0
    result = intraclass_correlation(ratings)
    icc, lower, upper = result.form("ICC2")
    assert np.array_equal(icc, result.icc[:, FORMS.index("ICC2")], equal_nan=True)
    assert np.isnan(icc[3]) and np.isfinite(np.delete(icc, 3)).all()
    known = np.delete(np.arange(851), 3)
    assert (lower[known] < icc[known]).all() and (icc[known] < upper[known]).all()


def test_benjamini_hochberg_leaves_untested_features_out() -> None:
    adjusted = benjamini_hochberg([0.01, np.nan, 0.04])
    assert adjusted[[0, 2]] == pytest.approx([0.02, 0.04]) and np.isnan(adjusted[1])


def test_nomogram_from_points_to_survival() -> None:
    data, coef = gbsg2(), table("gbsg2_rms_cph_coef")
    names = list(coef["feature"])
    x = columns(data, names)
    model = cox(x, data["months"], data["event"])
    scale = nomogram_scale(model.coef * x.min(axis=0), model.coef * x.max(axis=0))
    total = scale.points(model.coef * x[:5]).sum(axis=1)
    lp = scale.linear_predictor(total) - model.center @ model.coef
    at = np.searchsorted(model.baseline.time, [36, 60], side="right") - 1
    survival = model.baseline.survival[at] ** np.exp(lp)[:, None]
    assert survival == pytest.approx(model.survival(x[:5], [36, 60]).survival, rel=1e-9)

"""ComBat against sva and neuroCombat, and as a thing that is kept: new patients of known sites, new sites, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.combat import _shrunken, combat
from r_reference import columns, table
from r_rows import Pairs, equal_to_r, row

DATA = table("combat_data")
NAMES = [name for name in DATA if name.startswith("X")]
X, SITE = columns(DATA, NAMES), DATA["site"]
CALLS = {
    "plain": (SITE, None, None),
    "covariates": (SITE, np.c_[DATA["age"], DATA["er"]], None),
    "reference": (SITE, DATA["age"][:, None], "B"),
    "one patient": (np.append(SITE[:-1], "D"), None, None),
}


@row("ComBat: plain, covariates, reference batch, a batch of one", "combat", "sva::ComBat", tolerance=1e-8)
def _sva() -> Pairs:
    reference, pairs = table("combat_adjusted"), []
    for call, (site, covariates, base) in CALLS.items():
        expected = columns({name: reference[name][reference["call"] == call] for name in NAMES}, NAMES)
        pairs.append((combat(X, site, covariates, reference=base).apply(X, site, covariates), expected))
    return pairs


@row("ComBat: a category, with and without a reference batch", "combat", "neuroCombat (Python)", tolerance=1e-8)
def _neurocombat() -> Pairs:
    reference, pairs = table("combat_neurocombat"), []
    kept = np.delete(np.arange(len(NAMES)), 3)  # neuroCombat has no rule for a feature that is constant in a site
    er = DATA["er"][:, None]
    for call, base in (("er", None), ("reference", "B")):
        expected = columns({n: v[reference["call"] == call] for n, v in reference.items()}, np.array(NAMES)[kept])
        pairs.append((combat(X[:, kept], SITE, er, reference=base).apply(X[:, kept], SITE, er), expected))
    return pairs


test_equal_to_r = equal_to_r(__name__)


def test_a_patient_is_adjusted_alone_as_within_the_cohort() -> None:
    site, covariates, _ = CALLS["covariates"]
    fitted = combat(X, site, covariates)
    whole = fitted.apply(X, site, covariates)
    for patient in (0, 30, 47):
        alone = fitted.apply(X[[patient]], [site[patient]], covariates[[patient]])
        assert np.array_equal(alone[0], whole[patient])
    assert np.array_equal(whole[:, 3], X[:, 3])  # constant in site C: left alone
    assert not fitted.adjusted[3] and fitted.adjusted.sum() == len(NAMES) - 1


def test_sites_agree_afterwards_and_covariate_effects_stay() -> None:
    rng = np.random.default_rng(0)
    age, site = rng.normal(size=300), np.repeat(["x", "y", "z"], 100)
    base = rng.normal(size=(300, 40)) + age[:, None] * np.linspace(-1, 1, 40)
    moved = base * np.repeat([1.0, 2.0, 0.5], 100)[:, None] + np.repeat([0.0, 3.0, -1.0], 100)[:, None]
    adjusted = combat(moved, site, age[:, None]).apply(moved, site, age[:, None])
    means = np.array([adjusted[site == s].mean(axis=0) for s in "xyz"])
    assert np.ptp(means, axis=0).max() < 0.7 and np.ptp([moved[site == s].mean() for s in "xyz"]) > 3.5
    slope = np.polyfit(age, adjusted, 1)[0]
    assert np.corrcoef(slope, np.linspace(-1, 1, 40))[0, 1] > 0.99


def test_a_site_learned_later_becomes_like_the_others() -> None:
    old, varying = np.array(SITE) != "C", np.delete(X, 3, axis=1)
    fitted = combat(varying[old], SITE[old], reference="A")
    more = fitted.add_batch("C", varying[~old])
    assert more.batches == ("A", "B", "C") and fitted.batches == ("A", "B")
    assert np.array_equal(more.apply(varying[old], SITE[old]), fitted.apply(varying[old], SITE[old]))
    # With a reference, mean and scale are the reference's: a site learned later is as if it had been there.
    together = combat(varying, SITE, reference="A")
    assert more.apply(varying, SITE) == pytest.approx(together.apply(varying, SITE), rel=1e-10)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: f.apply(X, ["Z"] * 48), "batch at row 0 is 'Z', which is not known; known are A, B, C"),
        (lambda f: f.apply(X[:, :3], SITE), "features has 3 columns where ComBat was fitted to 10"),
        (lambda f: f.apply(X, SITE[:3]), "batch has 3 labels where 48"),
        (lambda f: f.apply(X, SITE, X), "covariates has 10 columns where ComBat was fitted to 0"),
        (lambda f: f.add_batch("A", X), "label 'A' is a known batch"),
        (lambda f: f.add_batch("Z", X[:1]), "features has one patient"),
        (lambda f: f.add_batch("Z", np.ones((4, 10))), "features column 0 is constant in batch 'Z'"),
        (lambda f: combat(X, SITE, (SITE == "A")[:, None] * 1.0), "covariates are collinear or confounded"),
        (lambda f: combat(X, SITE, reference="Q"), "reference 'Q' is no batch; batches are A, B, C"),
        (lambda f: combat(X[:, :1], SITE), "features has fewer than two columns"),
        (lambda f: combat(X, ["A"] * 48), "batch has one group only"),
        (lambda f: combat(np.where(X > 9, np.nan, X), SITE), "features has missing values"),
    ],
)
def test_what_cannot_be_adjusted_is_refused(call, message) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        call(combat(X, SITE))


def test_two_features_borrow_from_each_other() -> None:
    """What is borrowed shrinks the shifts of the sites, so their means do not quite meet."""
    adjusted = combat(X[:, :2], SITE).apply(X[:, :2], SITE)
    before, after = (
        np.ptp([values[site == SITE].mean(axis=0) for site in "ABC"], axis=0) for values in (X[:, :2], adjusted)
    )
    assert (after > 1e-4).all() and (after < before).all()


def test_a_site_learned_later_for_one_feature_gets_its_own_mean_and_spread() -> None:
    """A score of one feature that was fitted among others: there is nothing to borrow from."""
    fitted = combat(X, SITE, reference="A")
    of_one = replace(
        fitted, mean=fitted.mean[:1], covariate_effects=fitted.covariate_effects[:, :1], scale=fitted.scale[:1],
        shift=fitted.shift[:, :1], stretch=fitted.stretch[:, :1], adjusted=fitted.adjusted[:1],
    )  # fmt: skip
    new = 3 * X[:8, :1] + 11
    found = of_one.add_batch("Z", new).apply(new, ["Z"] * 8)
    assert found.mean() == pytest.approx(fitted.mean[0]) and found.std(ddof=1) == pytest.approx(fitted.scale[0])
    means = replace(of_one, mean_only=True)
    assert of_one.add_batch("Z", new[:2]).batches[-1] == "Z"  # two patients are enough
    moved = means.add_batch("Z", new).apply(new, ["Z"] * 8)
    assert moved.mean() == pytest.approx(fitted.mean[0]) and moved.std() == pytest.approx(new.std())
    assert means.add_batch("Z", np.full((3, 1), 5.0)).apply([[5.0]], ["Z"])[0, 0] == pytest.approx(fitted.mean[0])


def test_shrinking_ends_where_both_equations_hold() -> None:
    """Posterior mean and variance of each feature given the other (Johnson et al. 2007, equations 3 and 4)."""
    z = np.random.default_rng(2).normal(0.8, 1.7, (9, 6)) * np.linspace(0.6, 1.5, 6)
    mean, variance = z.mean(axis=0), z.var(axis=0, ddof=1)
    shift, stretch = _shrunken(z, mean, False)
    prior, spread = mean.mean(), mean.var(ddof=1)
    a = 2 + variance.mean() ** 2 / variance.var(ddof=1)
    b = variance.mean() * (a - 1)
    assert shift == pytest.approx((9 * spread * mean + stretch * prior) / (9 * spread + stretch), rel=1e-4)
    assert stretch == pytest.approx((b + ((z - shift) ** 2).sum(axis=0) / 2) / (4.5 + a - 1), rel=1e-4)
    alone, ones = _shrunken(z, mean, True)
    assert alone == pytest.approx((spread * mean + prior) / (spread + 1)) and ones.tolist() == [1] * 6

"""Cox models against R: univariable in bulk, multivariable, individual survival, the test of proportional hazards."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.statistics.cox import CovariateError, cox, explain
from LABCRadiomicsLib.statistics.cox_screening import univariable_cox
from LABCRadiomicsLib.statistics.individual_survival import Baseline, individual_survival
from LABCRadiomicsLib.statistics.likelihood_ratio import likelihood_ratio
from LABCRadiomicsLib.statistics.proportional_hazards import proportional_hazards
from other_packages import cox_others, individual_survival_others, proportional_hazards_others
from r_reference import columns, gbsg2, table, transbig
from r_rows import Pairs, compared, equal_to_r, row
from survival_cohorts import FIVE, FULL, article_like, follow_up, gbsg2_cox, lung_known, whole_months


@row("univariable Cox, Efron", "univariable_cox", "survival::coxph")
def _univariable_efron() -> Pairs:
    reference = table("gbsg2_univariable_cox_efron")
    result = univariable_cox(columns(gbsg2(), reference["feature"]), *follow_up())
    names = ["coef", "se", "hr", "lower", "upper", "z", "p", "loglik"]
    return compared(result, reference, dict(zip(names, names, strict=True)))


@row("univariable Cox, Breslow", "univariable_cox", "survival::coxph")
def _univariable_breslow() -> Pairs:
    reference = table("gbsg2_univariable_cox_breslow")
    result = univariable_cox(columns(gbsg2(), reference["feature"]), *follow_up(), ties="breslow")
    return compared(result, reference, {"coef": "coef", "se": "se", "p": "p"})


@row("univariable Cox, 76 features", "univariable_cox", "survival::coxph")
def _univariable_transbig() -> Pairs:
    reference, data = table("transbig_univariable_cox"), transbig()
    result = univariable_cox(columns(data, reference["feature"]), data["months"], data["event"])
    return compared(result, reference, {"coef": "coef", "se": "se", "p": "p"})


@row("univariable Cox, heavily tied times", "univariable_cox", "survival::coxph")
def _univariable_tied() -> Pairs:
    reference = table("extra_tied_cox")
    pairs = []
    for ties in ("efron", "breslow"):
        part = {name: values[reference["ties"] == ties] for name, values in reference.items()}
        result = univariable_cox(columns(gbsg2(), part["feature"]), *whole_months(), ties=ties)
        pairs += compared(result, part, {"coef": "coef", "se": "se", "loglik": "loglik"})
    return pairs


@row("multivariable Cox, Efron", "cox", "survival::coxph", others=cox_others())
def _multivariable() -> Pairs:
    names = ["coef", "se", "hr", "lower", "upper", "z", "p"]
    return compared(
        gbsg2_cox(tuple(FULL)), table("gbsg2_multivariable_cox_efron"), dict(zip(names, names, strict=True))
    )


@row("covariance of the coefficients", "cox", "stats::vcov")
def _covariance() -> Pairs:
    return [(gbsg2_cox(tuple(FULL)).covariance, columns(table("gbsg2_multivariable_cox_vcov"), FULL))]


@row("linear predictor, differences between patients", "CoxModel.linear_predictor", "stats::predict")
def _linear_predictor() -> Pairs:
    ours, reference = gbsg2_cox(tuple(FULL)).linear_predictor(columns(gbsg2(), FULL)), table("gbsg2_lp")["lp"]
    return [(ours - ours.min(), reference - reference.min())]


@row("multivariable Cox, Breslow, tied times", "cox", "survival::coxph")
def _multivariable_breslow() -> Pairs:
    model = cox(columns(gbsg2(), FIVE), *whole_months(), ties="breslow")
    return compared(model, table("extra_breslow_cox"), {"coef": "coef", "se": "se", "p": "p"})


@row(
    "individual survival with log-log limits",
    "CoxModel.survival",
    "survival::survfit.coxph",
    others=individual_survival_others(),
)
def _individual_survival() -> Pairs:
    result = gbsg2_cox(tuple(FULL)).survival([[50, 0, 0, 1, 0, 25, 3, 50]], [12, 36, 60])
    reference = table("gbsg2_individual_survival")
    return [(getattr(result, name)[0], reference[key]) for name, key in _SURVIVAL.items()]


_SURVIVAL = {"survival": "surv", "se": "se", "lower": "lower", "upper": "upper"}


@row("individual survival, Breslow, three kinds of limits", "individual_survival", "survival::survfit.coxph")
def _individual_survival_breslow() -> Pairs:
    model = cox(columns(gbsg2(), FIVE), *whole_months(), ties="breslow")
    reference = table("extra_breslow_survival")
    pairs = []
    for limits in ("log-log", "log", "plain"):
        result = model.survival([[50, 1, 25, 3, 50]], [12, 36, 60], limits=limits)
        rows = reference["limits"] == limits
        pairs += [(getattr(result, name)[0], reference[key][rows]) for name, key in _SURVIVAL.items()]
    return pairs


@row("nomogram model's survival and log limits", "CoxModel.survival", "rms::survest", tolerance=1e-3)
def _rms_survest() -> Pairs:
    reference = table("gbsg2_rms_survest")
    result = gbsg2_cox(tuple(FIVE)).survival(columns(reference, FIVE), [36, 60], limits="log")
    return [
        (result.survival, columns(reference, ["s36", "s60"])),
        (result.lower, columns(reference, ["l36", "l60"])),
        (result.upper, columns(reference, ["u36", "u60"])),
    ]


@row("proportional-hazards test", "proportional_hazards", "survival::cox.zph", others=proportional_hazards_others())
def _zph() -> Pairs:
    result = proportional_hazards(columns(gbsg2(), FULL), *follow_up())
    reference = table("gbsg2_cox_zph")
    tied = proportional_hazards(columns(gbsg2(), FIVE), *whole_months(), ties="breslow")
    extra = table("extra_breslow_zph")
    return [
        (np.append(result.chisq, result.global_chisq), reference["chisq"]),
        (np.append(result.p, result.global_p), reference["p"]),
        (np.append(tied.chisq, tied.global_chisq), extra["chisq"]),
        (np.append(tied.p, tied.global_p), extra["p"]),
    ]


@row("likelihood-ratio test of nested models", "likelihood_ratio", "stats::anova(coxph, coxph)")
def _likelihood_ratio() -> Pairs:
    lung = lung_known()
    small, large = (cox(columns(lung, n), lung["time"], lung["event"]) for n in (["age"], ["age", "sex", "ph.ecog"]))
    return compared(likelihood_ratio(small, large), table("likelihood_ratio"), {"chisq": "chisq", "df": "df", "p": "p"})


test_equal_to_r = equal_to_r(__name__)


def test_only_nested_models_of_the_same_patients_are_compared() -> None:
    lung = lung_known()
    age, sex, both = (cox(columns(lung, n), lung["time"], lung["event"]) for n in (["age"], ["sex"], ["age", "sex"]))
    other = cox(columns(lung, ["age"])[1:], lung["time"][1:], lung["event"][1:])
    breslow = cox(columns(lung, ["age"]), lung["time"], lung["event"], ties="breslow")
    for smaller, larger, message in (
        (age, sex, "smaller is not part of larger"),
        (both, age, "smaller is not part of larger"),
        (other, both, "smaller and larger are models of different patients"),
        (breslow, both, "smaller and larger are models of different patients"),
    ):
        with pytest.raises(InputError, match=message):
            likelihood_ratio(smaller, larger)


def test_unfittable_features_are_reported_and_the_others_fitted() -> None:
    x, time, event = article_like(6)
    alone = univariable_cox(x, time, event)
    x[:, 0] = 0.1 + 0.2
    x[:, 1] = -time
    x[:, 2] = time
    x[:, 3] = np.where(time < time[event].min(), 5.0, 1.0)  # varies only before the first event
    result = univariable_cox(x, time, event)
    assert result.status.tolist() == ["constant", "separation", "separation", "constant", "ok", "ok"]
    assert np.isnan(result.p[:4]).all() and np.isnan(result.coef[:4]).all()
    assert result.coef[4:] == pytest.approx(alone.coef[4:], rel=1e-12)


def test_a_feature_out_of_iterations_is_reported() -> None:
    x, time, event = article_like(4)
    result = univariable_cox(x, time, event, max_iterations=1)
    assert set(result.status) == {"not converged"} and np.isnan(result.se).all()


def test_outliers_and_large_offsets_do_not_break_the_solve() -> None:
    x, time, event = article_like(3)
    x[0, 0] = 1e6  # one extreme patient
    x[:, 1] = 1e8 + x[:, 1]
    result = univariable_cox(x, time, event)
    assert (result.status == "ok").all()
    for column in (0, 1):
        model = cox(x[:, [column]], time, event)
        assert result.coef[column] == pytest.approx(model.coef[0], rel=1e-5)


def test_a_limit_beyond_all_numbers_is_infinite_without_a_word() -> None:
    x, time, event = article_like(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = cox(x[:, [0]] * 1e-6, time, event)
    assert model.upper[0] == np.inf
    assert model.lower[0] <= model.hr[0] <= model.upper[0]
    assert model.p[0] == pytest.approx(cox(x[:, [0]], time, event).p[0], rel=1e-6)


def test_univariable_cox_at_the_article_s_size() -> None:
    x, time, event = article_like(851)
    result = univariable_cox(x, time, event)
    assert (result.status == "ok").all()
    for column in (0, 400, 850):
        assert result.coef[column] == pytest.approx(cox(x[:, [column]], time, event).coef[0], rel=1e-5)


def test_survival_needs_only_stored_numbers() -> None:
    names = ["age", "horTh1", "pnodes"]
    data = gbsg2()
    model = cox(columns(data, names), data["months"], data["event"])
    stored = Baseline(
        *(np.array([float(repr(v)) for v in column]) for column in (
            model.baseline.time.tolist(),
            model.baseline.cumulative_hazard.tolist(),
            model.baseline.hazard_variance.tolist(),
        )),
        mean_shift=np.array(model.baseline.mean_shift.tolist()),
        last_follow_up=model.baseline.last_follow_up,
    )  # fmt: skip
    patients = [[50, 0, 3], [70, 1, 12]]
    here = model.survival(patients, [12, 36, 60])
    there = individual_survival(patients, model.coef, model.covariance, model.center, stored, [12, 36, 60])
    for name in ("survival", "se", "lower", "upper"):
        assert np.array_equal(getattr(here, name), getattr(there, name))
    assert (here.lower < here.survival).all() and (here.survival < here.upper).all()


def test_the_scoring_path_needs_no_scipy_for_individual_survival(fresh_python) -> None:
    code = (
        "import sys, LABCRadiomicsLib.statistics.individual_survival;"
        "print([n for n in ('scipy', 'pandas', 'lifelines', 'sksurv') if n in sys.modules])"
    )
    assert fresh_python(code).strip() == "[]"


def test_survival_before_the_first_event_is_one_without_limits() -> None:
    model = cox([[1.0], [2.0], [4.0], [1.5]], [5, 6, 7, 8], [1, 0, 1, 0])
    result = model.survival([[2.0]], [1.0])
    assert (result.survival[0, 0], result.se[0, 0]) == (1, 0)
    assert np.isnan([result.lower[0, 0], result.upper[0, 0]]).all()


def test_null_loglik_is_that_of_no_covariates() -> None:
    model = cox([[1.0], [2.0], [4.0], [1.5]], [5, 6, 7, 8], [1, 0, 1, 0])
    assert model.loglik_null == pytest.approx(-np.log(4) - np.log(2))
    assert (model.n, model.events) == (4, 2)


def test_a_level_whose_patients_all_fare_alike_is_named() -> None:
    """The rarest such level first, the reference level too; a number is named with what is wrong with it."""
    event = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 0], dtype=bool)
    grade = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 0], [0, 0], [1, 0], [0, 0], [0, 0]], float)
    site = np.array([0, 0, 0, 0, 1, 1, 0, 1, 0, 0], float)[:, None]
    age = np.arange(10.0)[:, None]
    error = CovariateError(0, "is constant among those at risk; leave it out.")
    told = explain(error, ["age", "grade=2", "grade=3", "site=B"], np.c_[age, grade, site], event)
    assert told == (
        "level B of site is that of 3 of 10 patients, 3 of them with the event, too few to tell its risk; merge it "
        "with another level or leave site out."
    )
    told = explain(error, ["age", "grade=2", "grade=3"], np.c_[age, grade], event & (grade.any(axis=1)))
    assert told.startswith("the reference level of grade is that of 4 of 10 patients, 0 of them with the event, ")
    both = np.c_[grade[:, :1], np.where(np.arange(10) == 6, 1.0, 0)[:, None]]
    told = explain(error, ["grade=2", "grade=3"], both, event)
    assert told.startswith("level 3 of grade is that of 1 of 10 patients, 0 of them with the event, ")
    assert explain(error, ["age", "grade=2", "grade=3"], np.c_[age, grade], event) == (
        "age is constant among those at risk; leave it out."
    )
    assert explain(InputError("too many."), ["age"], age, event) == "too many."


def test_standard_errors_are_those_of_one_model_a_feature_in_its_own_unit() -> None:
    x, time, event = article_like(5)
    x = x * [1, 1e3, 1e-3, 5, 0.2] + [0, 1e4, 7, -3, 0]
    found = univariable_cox(x, time, event, level=0.9)
    for column in range(5):
        alone = cox(x[:, [column]], time, event, level=0.9)
        for name in ("coef", "se", "z", "p", "hr", "lower", "upper"):
            assert getattr(found, name)[column] == pytest.approx(getattr(alone, name)[0], rel=1e-6), name
        assert found.loglik[column] == pytest.approx(alone.loglik, rel=1e-10)


def test_a_larger_model_that_fits_worse_is_not_of_these_patients() -> None:
    lung = lung_known()
    age, both = (cox(columns(lung, names), lung["time"], lung["event"]) for names in (["age"], ["age", "sex"]))
    for loss, refused in ((1e-9, False), (1e-5, True)):
        worse = replace(both, loglik=age.loglik - loss * abs(age.loglik))
        if refused:
            with pytest.raises(InputError, match="smaller is not part of larger"):
                likelihood_ratio(age, worse)
        else:
            assert (likelihood_ratio(age, worse).chisq, likelihood_ratio(age, worse).p) == (0, 1)


def test_the_likelihood_is_flat_at_the_coefficient_to_the_last_digits():
    """Of 300 small cohorts without ties, by the score equation written out; the last Newton step is taken."""
    rng = np.random.default_rng(4)
    for _ in range(300):
        x, time = rng.normal(size=30), rng.exponential(size=30)
        event = rng.random(30) < 0.7
        order = np.argsort(time)
        x, died = x[order], event[order]
        coef = cox(x[:, None], time[order], died).coef[0]
        weight = np.exp(coef * (x - x.mean()))
        s0, s1, s2 = (np.cumsum((weight * x**power)[::-1])[::-1] for power in range(3))
        slope = (x - s1 / s0)[died].sum()
        information = (s2 / s0 - (s1 / s0) ** 2)[died].sum()
        assert abs(slope / information) < 1e-12

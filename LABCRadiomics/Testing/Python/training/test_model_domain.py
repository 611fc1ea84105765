"""What a model keeps of its training cohort for the domain check."""

import numpy as np
import pytest

from LABCRadiomicsLib.model.additions import LEAST_CASES
from LABCRadiomicsLib.statistics.joint_distance import joint_distance
from LABCRadiomicsLib.training.model_domain import distances_from_the_others, feature_distribution, image_domain

RNG = np.random.default_rng(5)


def test_the_distance_is_r_mahalanobis():
    """R: sqrt(mahalanobis(c(1, 2), c(0, 0), matrix(c(2, 0.5, 0.5, 1), 2)))."""
    assert joint_distance([1, 2], [0, 0], [[2, 0.5], [0.5, 1]]) == pytest.approx(2.0, abs=1e-12)


def test_scales_do_not_matter_and_constant_directions_do_not_count():
    x = RNG.normal(size=(60, 3)) @ RNG.normal(size=(3, 3))
    scales = np.array([1e-9, 1.0, 1e9])
    one = joint_distance(x, x.mean(0), np.cov(x, rowvar=False))
    other = joint_distance(x * scales, (x * scales).mean(0), np.cov(x * scales, rowvar=False))
    assert other == pytest.approx(one, rel=1e-6)
    wider = np.column_stack([x, np.ones(60), x[:, 0]])
    assert joint_distance(wider, wider.mean(0), np.cov(wider, rowvar=False)) == pytest.approx(one, rel=1e-6)


def test_a_distribution_sums_up_the_patients():
    x = RNG.normal(size=(200, 4))
    found = feature_distribution(x)
    assert found.n == 200 and found.mean == pytest.approx(x.mean(0))
    assert np.array(found.covariance) == pytest.approx(np.cov(x, rowvar=False))
    distances = distances_from_the_others(x, x.mean(0), np.cov(x, rowvar=False))
    assert [np.mean(distances <= limit) for limit in found.distance] == pytest.approx([0.90, 0.95, 0.99], abs=0.006)


def test_a_patient_is_measured_from_the_others():
    x = RNG.normal(size=(25, 4)) @ RNG.normal(size=(4, 4))
    others = [np.delete(x, at, axis=0) for at in range(25)]
    one_by_one = [joint_distance(row, o.mean(0), np.cov(o, rowvar=False)) for row, o in zip(x, others, strict=True)]
    assert distances_from_the_others(x, x.mean(0), np.cov(x, rowvar=False)) == pytest.approx(one_by_one, rel=1e-9)


def test_later_patients_of_the_same_law_are_seldom_far():
    """With 15 features of 60 patients; distances of patients from themselves among others would call 20% far."""
    beyond = []
    for _ in range(40):
        found = feature_distribution(RNG.normal(size=(60, 15)))
        later = joint_distance(RNG.normal(size=(50, 15)), found.mean, found.covariance)
        beyond.append(np.mean(later > found.distance[found.percent.index(99.0)]))
    assert 0.005 < np.mean(beyond) < 0.04


def test_a_patient_without_whom_others_do_not_spread_has_no_distance():
    x = RNG.normal(size=(40, 2))
    x[:, 1] = 0.0
    x[0, 1] = 1.0
    found = feature_distribution(x)
    assert np.isfinite(found.distance).all() and 90.0 in found.percent and 99.0 not in found.percent


@pytest.mark.parametrize("shape", [(9, 2), (12, 11), (30, 0)])
def test_few_patients_are_not_summed_up(shape):
    assert feature_distribution(RNG.normal(size=shape)) is None


def test_the_domain_comes_from_the_diagnostics_of_the_cases(tmp_path):
    path = tmp_path / "features.csv"
    rows = [f"c{at},1.5,{500 + at},0.7 0.7 {2 + at / 100}" for at in range(40)]
    header = "case,original_firstorder_Mean,diagnostics_volume_mm3,diagnostics_spacing_mm"
    path.write_text("\n".join([header, *rows, "other,1,9e9,9 9 9"]) + "\n", encoding="utf-8")
    found = image_domain(path, [f"c{at}" for at in range(40)])
    assert (found.volume_mm3_low, found.volume_mm3_high) == pytest.approx(np.percentile(np.arange(500, 540), (1, 99)))
    assert found.spacing_mm_high == pytest.approx((0.7, 0.7, np.percentile(2 + np.arange(40) / 100, 99)))
    assert (found.mean_low, found.contrast_high) == (None, None)
    path.write_text("case,original_firstorder_Mean\nc1,1\n", encoding="utf-8")
    assert image_domain(path, ["c1"]) is None


def test_other_readers_contours_belong_to_the_domain(tmp_path):
    paths = tmp_path / "one.csv", tmp_path / "two.csv"
    header = "case,f,diagnostics_volume_mm3,diagnostics_spacing_mm,diagnostics_mean,diagnostics_contrast"
    for path, add in zip(paths, (0, 100), strict=True):
        contrast = ["" if at == 3 else f"{(at + add) / 100}" for at in range(20)]
        rows = [f"c{at},1,{500 + at + add},1 1 2,{at + add},{contrast[at]}" for at in range(20)]
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    one, both = (image_domain(paths[0], [f"c{at}" for at in range(20)], others=paths[1:n]) for n in (1, 2))
    values = np.r_[np.arange(20), np.arange(100, 120)]
    assert one.mean_high == pytest.approx(np.percentile(np.arange(20), 99))
    assert (both.mean_low, both.mean_high) == pytest.approx(np.percentile(values, (1, 99)))
    known = np.delete(values, (3, 23)) / 100
    assert (both.contrast_low, both.contrast_high) == pytest.approx(np.percentile(known, (1, 99)))


@pytest.mark.parametrize(("makers", "strengths", "known"), [
    (["GE"] * 10 + ["SIEMENS"] * 10, ["1.494"] * 12 + ["3"] * 8, (("GE", "SIEMENS"), (1.5, 3.0))),
    (["GE"] * 19 + [""], ["1.5"] * 20, ((), (1.5,))),
])  # fmt: skip
def test_scanners_belong_to_the_domain_where_every_case_names_its_own(tmp_path, makers, strengths, known):
    header = (
        "case,f,diagnostics_volume_mm3,diagnostics_spacing_mm,diagnostics_manufacturer,diagnostics_field_strength_t"
    )
    rows = [f"c{at},1,500,1 1 2,{makers[at]},{strengths[at]}" for at in range(20)]
    (tmp_path / "f.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    found = image_domain(tmp_path / "f.csv", [f"c{at}" for at in range(20)])
    assert (found.manufacturers, found.field_strengths_t) == known


def test_few_patients_leave_no_distribution():
    """A mean of so few would tell of single ones; with many features it also takes more patients than features."""
    assert feature_distribution(RNG.normal(size=(LEAST_CASES, 2))).n == LEAST_CASES
    assert feature_distribution(RNG.normal(size=(LEAST_CASES - 1, 2))) is None
    assert feature_distribution(RNG.normal(size=(32, 30))).n == 32
    assert feature_distribution(RNG.normal(size=(31, 30))) is None
    assert feature_distribution(np.empty((40, 0))) is None

"""Agreement of readers from their feature tables: real test-retest data, undefined correlations, bad input."""

import csv
import itertools
import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import f as f_distribution

from LABCRadiomicsLib.cohort import extract_cases
from LABCRadiomicsLib.cohort.agreement import reader_agreement, write_agreement
from LABCRadiomicsLib.cohort.record import record_path
from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.features.settings import ExtractionSettings
from LABCRadiomicsLib.simulation import write_simulation
from LABCRadiomicsLib.tables.cohort import read_features, read_icc
from LABCRadiomicsLib.tables.csv_table import write_table


@pytest.fixture
def agree(run):
    """Call ``agreement`` in this process; gives exit code, stdout, stderr."""
    return partial(run, "agreement")


@pytest.fixture
def tables(tmp_path):
    """Write feature tables from arrays of shape (cases, features); gives their paths."""

    def write(*arrays, features=None, cases=None):
        paths = []
        for number, array in enumerate(arrays, 1):
            names = features or [f"f{at}" for at in range(array.shape[1])]
            rows = [[case, *row] for case, row in zip(cases or map(str, range(len(array))), array, strict=True)]
            paths.append(tmp_path / f"reader{number}.csv")
            write_table(paths[-1], ["case", *names], rows)
        return paths

    return write


def _scans(shared_data: Path, structure: str, folder: Path) -> tuple[Path, Path]:
    """Both scans of one structure of every patient of QIN-PROSTATE-Repeatability, each as a feature table."""
    (source,) = (shared_data / "qin-prostate-testretest").glob("*FullStudySettings_3D_bin20.csv")
    with source.open(newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["segmentedStructure"] == structure]
    rows.sort(key=lambda row: row["study"])  # patient_date_time
    patients = [list(group) for _, group in itertools.groupby(rows, lambda row: row["study"].split("_")[0])]
    others = ("study", "series", "canonicalType", "segmentedStructure")
    names = [name for name in rows[0] if not name.startswith("general_info_") and name not in others]
    paths = folder / "scan1.csv", folder / "scan2.csv"
    for path, scan in zip(paths, (0, 1), strict=True):
        cells = [[float(patient[scan][name]) for name in names] for patient in patients]
        cases = [patient[scan]["study"].split("_")[0] for patient in patients]
        write_table(path, ["case", *names], [[case, *row] for case, row in zip(cases, cells, strict=True)])
    return paths


def _icc_by_moments(first: np.ndarray, second: np.ndarray) -> float:
    """ICC(2,1) of two readers from variances and the mean difference, without mean squares."""
    n, difference = len(first), first - second
    spread = first.var(ddof=1) + second.var(ddof=1)
    covariance = np.cov(first, second)[0, 1]
    return 2 * covariance / (spread + difference.mean() ** 2 - difference.var(ddof=1) / n)


def _limits(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """95% limits of ICC(2,1) as Shrout and Fleiss 1979 print them, for two readers."""
    n, k = len(first), 2
    both = np.column_stack([first, second])
    bms = k * both.mean(axis=1).var(ddof=1)
    jms = n * both.mean(axis=0).var(ddof=1)
    ems = ((both - both.mean(1, keepdims=True) - both.mean(0) + both.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    icc, fj = _icc_by_moments(first, second), jms / ems
    part = n * (1 + (k - 1) * icc) - k * icc
    df = (k - 1) * (n - 1) * (k * icc * fj + part) ** 2 / ((n - 1) * k**2 * icc**2 * fj**2 + part**2)
    upper_f, lower_f = f_distribution.ppf(0.975, n - 1, df), f_distribution.ppf(0.975, df, n - 1)
    common = k * jms + (k * n - k - n) * ems
    lower = n * (bms - upper_f * ems) / (upper_f * common + n * bms)
    return lower, n * (lower_f * bms - ems) / (common + n * lower_f * bms)


def test_real_test_retest_features(shared_data, tmp_path, agree):
    first, second = _scans(shared_data, "WholeGland", tmp_path)
    out = tmp_path / "icc.csv"
    code, stdout, _ = agree(first, second, "--out", out)
    assert code == 0
    scans = read_features(first), read_features(second)
    assert len(scans[0].cases) == 15 and scans[0].cases == scans[1].cases
    found = read_icc(out)
    assert tuple(found) == scans[0].names and len(found) > 1200
    checked = 0
    for name, one, two in zip(scans[0].names, scans[0].values.T, scans[1].values.T, strict=True):
        if np.ptp([one, two]) == 0:
            assert math.isnan(found[name][0])
            continue
        expected = _icc_by_moments(one, two), *_limits(one, two)
        np.testing.assert_allclose(found[name], expected, rtol=1e-7, atol=1e-9, err_msg=name)
        checked += 1
    assert checked > 1200
    exceeding = sum(icc > 0.75 for icc, _, _ in found.values())
    assert 100 < exceeding < 1200
    assert f"{exceeding} of {len(found)} features have an ICC(2,1) above 0.75 (15 cases, 2 readers)" in stdout
    assert found["original_shape_Volume"][0] > 0.9  # the size of the gland is repeatable, and by far not everything is


def test_readers_of_the_simulation_agree_as_their_contours_do(tmp_path, agree):
    folder = write_simulation(tmp_path / "simulation", 6, seed=3, readers=3, jobs=2)
    settings = ExtractionSettings.from_parameters(
        {"imageType": {"Original": {}}, "featureClass": {"firstorder": [], "shape": []}}, "LPS"
    )
    tables = [tmp_path / f"r{reader}.csv" for reader in (1, 2, 3)]
    for reader, path in enumerate(tables, 1):
        extract_cases(folder / ("cases.csv" if reader == 1 else f"cases_reader{reader}.csv"), path, settings, jobs=2)
    out = tmp_path / "icc.csv"
    code, stdout, _ = agree(tables[0], tables[1], "--repeat", tables[2], "--out", out, "--min-icc", 0.9)
    assert code == 0 and "between readers and on repetition" in stdout
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["feature", "icc", "lower", "upper", "icc_repeat", "lower_repeat", "upper_repeat"]
    volume = next(row for row in rows if row["feature"] == "original_shape_MeshVolume")
    assert float(volume["icc"]) > 0.9 and float(volume["icc_repeat"]) > 0.9
    both = sum(min(float(row["icc"]), float(row["icc_repeat"])) > 0.9 for row in rows)
    assert f"{both} of {len(rows)} features" in stdout
    assert sum(icc > 0.9 for icc, _, _ in read_icc(out).values()) == both

    # Tables of different settings are not compared.
    record = record_path(tables[1])
    record.write_text(record.read_text().replace('"array_order": "LPS"', '"array_order": "as-loaded"'))
    with pytest.raises(CohortError, match="made with different extraction settings"):
        reader_agreement(*tables[:2])


def test_the_repetition_counts_too(tables):
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(20, 2))
    noise = np.array([[0.05, 2.0]])
    first, second = truth, truth + 0.05 * rng.normal(size=truth.shape)
    repeated = truth + noise * rng.normal(size=truth.shape)
    paths = tables(first, second, repeated)
    assert reader_agreement(*paths[:2], columns=".").exceeding(0.75).tolist() == [True, True]
    found = reader_agreement(*paths, columns=".")
    assert found.exceeding(0.75).tolist() == [True, False]
    np.testing.assert_allclose(found.repeated.icc[0], _icc_by_moments(first[:, 0], repeated[:, 0]), rtol=1e-9)


def test_features_without_a_correlation_are_empty_and_do_not_exceed(tables, tmp_path, agree):
    rng = np.random.default_rng(2)
    good = rng.normal(size=10)
    missing = good.copy()
    missing[3] = np.nan
    arrays = [np.column_stack([np.full(10, 0.1), good + shift, missing]) for shift in (0, 0.01)]
    out = tmp_path / "icc.csv"
    code, stdout, stderr = agree(
        *tables(*arrays, features=["constant", "good", "missing"]), "--out", out, "--feature-columns", "."
    )
    assert code == 0 and "1 of 3 features" in stdout
    assert "without an ICC, which counts as too low: 2 features: " in stderr
    assert stderr.endswith(": constant, missing.\n")
    lines = out.read_text().splitlines()
    assert lines[1] == "constant,,," and lines[3] == "missing,,,"
    assert math.isnan(read_icc(out)["constant"][0])


def test_common_cases_and_features_alone_are_compared_and_it_is_said(tmp_path):
    rng = np.random.default_rng(3)
    values = rng.normal(size=(6, 3))
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    write_table(first, ["case", "x", "y"], [[f"p{at}", *values[at, :2]] for at in range(5)])
    other = values + 0.1 * rng.normal(size=values.shape)
    write_table(second, ["case", "z", "x"], [[f"p{at}", other[at, 2], other[at, 0]] for at in (5, 4, 3, 2, 1)])
    found = reader_agreement(first, second, columns=".")
    assert found.features == ("x",) and found.between.cases == 4
    np.testing.assert_allclose(found.between.icc[0], _icc_by_moments(values[1:5, 0], other[1:5, 0]), rtol=1e-12)
    assert [notice.message for notice in found.notices] == [
        "Left out: 1 case of a.csv that not every table has.",
        "Left out: 1 feature of a.csv that not every table has.",
        "Left out: 1 case of b.csv that not every table has.",
        "Left out: 1 feature of b.csv that not every table has.",
    ]


def test_bad_input(tables, tmp_path, agree):
    rng = np.random.default_rng(4)
    first, second = tables(rng.normal(size=(5, 2)), rng.normal(size=(5, 2)))
    other = tmp_path / "other.csv"
    for content, sentence in (
        ("case,f0,f1\n0,1,2\n1,2,3\n9,1,1\n", "have 2 cases in common: give at least 3"),
        ("case,g0\n0,1\n1,2\n2,2\n", "have no feature in common"),
        ("case,f0,f1\n0,1,2\n1,two,3\n", "row 3, column f0: 'two' is not a number"),
        ("case,f0\n0,1\n0,2\n", "row 3, column case: 0 repeats row 2"),
    ):
        other.write_text(content)
        code, stdout, stderr = agree(first, other, "--feature-columns", ".")
        assert code == 2 and stdout == "" and sentence in stderr and stderr.count("\n") == 1
    assert agree(first, second, "--min-icc", 2)[0] == 2
    assert agree(first, tmp_path / "absent.csv")[0] == 2
    with pytest.raises(CohortError, match="cannot be written"):
        write_agreement(tmp_path / "absent" / "icc.csv", reader_agreement(first, second, columns="."))

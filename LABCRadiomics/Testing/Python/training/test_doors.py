"""Cohorts as they come: holes in the features, folds of one's own, few events; what is said of them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.model.file import load_model
from LABCRadiomicsLib.statistics.lasso import lasso_cv
from LABCRadiomicsLib.tables.csv_table import Table, read_table, write_table
from LABCRadiomicsLib.training import Plan, Procedure, Recipe, TrainingCohort, train
from LABCRadiomicsLib.training.missing_features import learn_fill, settle_missing
from LABCRadiomicsLib.training.subgroups import _wilcoxon_p
from LABCRadiomicsLib.training.training_tables import TrainingTables
from r_reference import table
from training_data import MAIN_EFFECTS, cohort, write_cohort

VETERAN = ["squamous", "smallcell", "adeno", "trt", "karno", "diagtime", "age", "prior"]
QUICK = Recipe(n_folds=5, horizon=48.0)


def with_holes(share: float, seed: int = 5) -> tuple[TrainingCohort, np.ndarray]:
    whole = cohort(seed, 120, 12, MAIN_EFFECTS)
    holes = np.random.default_rng(seed).random(whole.features.shape) < share
    features = np.where(holes, np.nan, whole.features)
    return TrainingCohort(whole.names, features, whole.months, whole.event, cases=whole.cases), holes


def test_holes_are_refused_with_their_number_and_what_to_do():
    data, holes = with_holes(0.02)
    counts = holes.sum(), holes.any(axis=0).sum(), holes.any(axis=1).sum()
    with pytest.raises(CohortError) as told:
        train(data, Plan(recipe=QUICK, bootstrap=0))
    assert "{} empty cells in {} features of {} cases".format(*counts) in str(told.value)
    assert "--missing impute" in str(told.value) and "--max-missing" in str(told.value)


def test_cases_or_features_with_holes_are_left_out():
    data, holes = with_holes(0.02)
    cases, (told,) = settle_missing(data, "cases", None)
    assert len(cases) == (~holes.any(axis=1)).sum() and not np.isnan(cases.features).any()
    assert f"{holes.any(axis=1).sum()} cases" in told.message
    data, holes = with_holes(0.01)
    features, (told,) = settle_missing(data, "features", None)
    assert 0 < len(features.names) == (~holes.any(axis=0)).sum() and len(features) == len(data)
    assert f"{holes.any(axis=0).sum()} features" in told.message
    assert settle_missing(data, None, 0.0)[0].names == features.names
    some, notices = settle_missing(data, "impute", 0.01)
    kept = holes.mean(axis=0) <= 0.01
    assert some.names == tuple(name for name, stays in zip(data.names, kept, strict=True) if stays)
    assert [notice.code for notice in notices] == ["features-with-missing", "features-imputed"]
    with pytest.raises(CohortError, match="nothing is left to train on"):
        settle_missing(with_holes(0.9)[0], "features", None)
    with pytest.raises(CohortError, match="no case is whole"):
        settle_missing(with_holes(0.9)[0], "cases", None)


def test_imputation_takes_the_median_of_the_patients_trained_on():
    data, _ = with_holes(0.03)
    training = train(data, Plan(recipe=QUICK, bootstrap=3, missing="impute"))
    column = data.features[:, 0]
    assert training.built.fill.medians[0] == np.median(column[~np.isnan(column)])
    assert training.cohort.features[np.isnan(column), 0] == pytest.approx(training.built.fill.medians[0])
    assert {f"f{at}" for at in (1, 2, 3)} <= {term.feature for term in training.score.stored.terms}
    # A model made from some patients fills the others with its own medians, not with theirs.
    procedure = Procedure.of(data, QUICK)
    half = np.arange(0, 120, 2)
    built = procedure.build(half, 1)
    assert built.fill.medians == pytest.approx(np.nanmedian(data.features[half], axis=0))
    (found,) = procedure.apply(built, np.arange(1, 120, 2))
    expected = learn_fill(data.features[half]).apply(data.features[1::2]) @ built.coefficients
    assert found.values == pytest.approx(expected)


def test_the_command_takes_a_table_with_holes(run, tmp_path):
    folder = write_cohort(tmp_path, 1, effects=MAIN_EFFECTS)
    with (folder / "features.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    rows[3][2], rows[7][2], rows[7][5] = "", "NA", ""
    write_table(folder / "features.csv", header, rows)
    options = (
        "train", folder / "features.csv", folder / "outcomes.csv", "--time", "months", "--event", "event", "--out",
        tmp_path / "m.json", "--report", tmp_path / "r", "--bootstrap", 0, "--feature-columns", ".",
    )  # fmt: skip
    code, _, err = run(*options)
    assert code == 2 and "3 empty cells in 2 features of 2 cases" in err
    code, _, err = run(*options, "--missing", "impute")
    assert code == 0 and "3 empty cells in 2 features of 2 cases: the median" in err
    code, _, err = run(*options, "--max-missing", 0)
    assert code == 0 and "Left out: 2 features with empty cells: f2, f5" in err


def test_a_fold_without_event_is_taken_as_glmnet_takes_it(tmp_path):
    """And its label stays what the table of folds calls it."""
    data = cohort(3, 120, 10, MAIN_EFFECTS)
    labels = np.arange(120) % 9 + 2
    labels[~data.event & (np.arange(120) % 4 == 0)] = 11
    folds = {case: str(label) for case, label in zip(data.cases, labels, strict=True)}
    training = train(data, Plan(recipe=QUICK, bootstrap=0), folds=folds)
    assert np.array_equal(training.score.folds, labels)
    assert "Fold 11 has no patient with the event" in " ".join(notice.message for notice in training.notices)
    kept = training.built.selection.kept
    assert (
        training.built.selection.penalty == lasso_cv(data.features[:, kept], data.months, data.event, labels).lambda_min
    )


def test_the_elastic_net_equals_r(run, tmp_path):
    """``cv.glmnet(x, Surv(time, status), family = "cox", alpha = 0.5, foldid = )`` on veteran, through the command."""
    data, folds = table("veteran"), table("lasso_divisions")["V1"]
    names, cases = VETERAN, [f"P{at}" for at in range(data["time"].size)]
    write_table(tmp_path / "features.csv", ["case", *names], zip(cases, *(data[name] for name in names), strict=True))
    outcomes = zip(cases, data["time"] / 30.4375, data["event"].astype(int), strict=True)
    write_table(tmp_path / "outcomes.csv", ["case", "months", "event"], outcomes)
    write_table(tmp_path / "folds.csv", ["case", "fold"], zip(cases, folds.astype(int), strict=True))
    arguments = (
        "train", tmp_path / "features.csv", tmp_path / "outcomes.csv", "--time", "months", "--event", "event",
        "--feature-columns", ".", "--p", 1, "--horizon", 6, "--bootstrap", 0, "--out", tmp_path / "m.json",
        "--report", tmp_path / "report", "--alpha", 0.5,
    )  # fmt: skip
    code, _, err = run(*arguments, "--folds", tmp_path / "folds.csv")
    assert code == 0, err
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    reference = table("elastic_net_cv")
    rows = reference["share"] == 0.5
    for ours, theirs in (("lambda", "lambda"), ("mean", "cvm"), ("sd", "cvsd")):
        assert [row[ours] for row in report["cv"]] == pytest.approx(reference[theirs][rows].tolist(), rel=1e-6)
    found = {term["feature"]: term["coefficient"] for term in report["score_terms"]}
    expected = dict(zip(names, table("elastic_net_coef")["V1"], strict=True))
    assert [found.get(name, 0.0) for name in names] == pytest.approx([expected[name] for name in names], rel=1e-6)
    methods = load_model(tmp_path / "m.json").provenance.methods
    assert any("Elastic net (alpha 0.5)-Cox regression" in sentence for sentence in methods)
    code, _, err = run(*arguments, "--folds", tmp_path / "folds.csv", "--cv-repeats", 3)
    assert code == 2 and "cannot be dealt anew in --cv-repeats" in err


def test_a_repeated_cross_validation_averages_its_divisions():
    patients = cohort(4, n=100, p=10, effects=(1.0,))
    procedure = Procedure.of(patients, Recipe(n_folds=5, cv_repeats=3))
    divisions = procedure.folds(7)
    assert divisions.shape == (3, 100) and len({row.tobytes() for row in divisions}) == 3
    assert (divisions[0] == Procedure.of(patients, Recipe(n_folds=5)).folds(7)).all()
    built = procedure.build(procedure.everyone, 7, folds=divisions, strict=True)
    kept = procedure.features[:, built.selection.kept]
    single = [lasso_cv(kept, procedure.months, procedure.event, row).mean for row in divisions]
    assert built.selection.path.mean == pytest.approx(np.mean(single, axis=0), rel=1e-6)


def test_folds_keep_the_names_they_have(run, tmp_path):
    folder = write_cohort(tmp_path, 1, effects=MAIN_EFFECTS)
    cases = [f"case-{at}" for at in range(1, 121)]
    labels = [str(at % 9 + 2) for at in range(120)]  # 2 to 10
    write_table(folder / "folds.csv", ["case", "fold"], zip(cases, labels, strict=True))
    code, _, err = run(
        "train", folder / "features.csv", folder / "outcomes.csv", "--time", "months", "--event", "event", "--out",
        tmp_path / "m.json", "--report", tmp_path / "r", "--bootstrap", 0, "--feature-columns", ".", "--folds",
        folder / "folds.csv",
    )  # fmt: skip
    assert code == 0, err
    assert list(read_table(tmp_path / "r" / "scores.csv").texts("fold")) == labels


def test_the_test_of_two_groups_is_the_one_that_is_named():
    """R: wilcox.test(a, b)$p.value, exact and with ties."""
    a, b = np.array([1.1, 2.4, 3.3, 0.2, 5.6, 7.1]), np.array([2.2, 8.8, 9.1, 4.4, 6.6])
    assert _wilcoxon_p(a, b) == pytest.approx(0.177489177489, rel=1e-10)
    a, b = np.array([1.0, 2, 2, 3, 4, 5, 5]), np.array([2.0, 3, 5, 6, 6, 7, 8, 8])
    assert _wilcoxon_p(a, b) == pytest.approx(0.0353906070066, rel=1e-10)


def test_nested_validation_is_a_measure_of_optimism():
    training = train(cohort(9, 90, 8, MAIN_EFFECTS), Plan(recipe=QUICK, bootstrap=0, nested=1, reclassification=0))
    codes = {notice.code for notice in training.notices}
    assert "optimism-unknown" not in codes
    kinds = {(figure.label, figure.kind) for figure in training.performance}
    assert ("C-index, radiomics score alone", "optimism-corrected") in kinds


def test_hazards_that_are_not_proportional_are_said():
    """The effect of the score turns round at 30 months."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 6))
    early = 60 * rng.exponential(size=200) * np.exp(-1.5 * x[:, 0])
    months = np.where(early < 30, early, 30 + 40 * rng.exponential(size=200) * np.exp(1.0 * x[:, 0]))
    data = TrainingCohort(
        tuple(f"f{at}" for at in range(6)), x, months, months < 120, cases=tuple(map(str, range(200)))
    )
    training = train(data, Plan(recipe=QUICK, bootstrap=0, reclassification=0))
    assert "change over time" in next(n.message for n in training.notices if n.code == "hazards-not-proportional")
    steady = train(cohort(9, 150, 8, MAIN_EFFECTS), Plan(recipe=QUICK, bootstrap=0, reclassification=0))
    assert "hazards-not-proportional" not in {notice.code for notice in steady.notices}


def test_every_file_that_a_training_reads_is_known_and_tables_at_hand_are_none(tmp_path):
    paths = [tmp_path / f"{name}.csv" for name in ("features", "outcomes", "icc", "folds")]
    at_hand = Table(Path("frame"), {"case": ["a"]}, [2])
    names = {"time": "months", "event": "event"}
    whole = TrainingTables(features=paths[0], outcomes=paths[1], icc=paths[2], folds=paths[3], **names)
    assert whole.files == tuple(paths)
    some = TrainingTables(features=at_hand, outcomes=paths[1], icc=at_hand, folds=paths[3], **names)
    assert some.files == (paths[1], paths[3])
    assert TrainingTables(features=paths[0], outcomes=at_hand, **names).files == (paths[0],)

"""The steps of a cohort on data frames give what the commands give on the CSV files of the same data."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import training_data
from LABCRadiomicsLib import ecosystem
from LABCRadiomicsLib.cli import application
from LABCRadiomicsLib.ecosystem.frame_table import FrameTable
from LABCRadiomicsLib.errors import CohortError, DependencyError
from LABCRadiomicsLib.model import load_model
from LABCRadiomicsLib.tables.csv_table import read_table
from LABCRadiomicsLib.training import Plan

COLUMNS = {"time": "months", "event": "event"}


def run(*arguments) -> None:
    found = CliRunner().invoke(application(str(arguments[0])), [str(one) for one in arguments])
    assert found.exit_code == 0, found.output + str(found.exception)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Folder of the tables, the tables as frames, and a training on each of the two ways."""
    folder = training_data.write_cohort(tmp_path_factory.mktemp("study"), 5, effects=training_data.MAIN_EFFECTS)
    features, outcomes = (
        pd.read_csv(folder / f"{name}.csv", float_precision="round_trip") for name in ("features", "outcomes")
    )
    columns = ["--time", "months", "--event", "event"]
    run(
        "train", folder / "features.csv", folder / "outcomes.csv", *columns, "--feature-columns", "^f", "--covariates",
        "age,stage", "--bootstrap", 0, "--out", folder / "model.json", "--report", folder / "report",
    )  # fmt: skip
    trained = ecosystem.train(
        features, outcomes, **COLUMNS, feature_columns="^f", covariates=["age", "stage"],
        plan=Plan(bootstrap=0, reclassification=0),
    )  # fmt: skip
    return folder, features, outcomes, trained


def test_train_makes_the_model_of_the_command(study):
    folder, _, _, trained = study
    command = load_model(folder / "model.json")
    for part in ("score", "cutoff", "nomogram", "groups"):
        assert getattr(trained.model, part) == getattr(command, part)
    report = json.loads((folder / "report" / "report.json").read_text())
    assert list(trained.performance["value"]) == [row["value"] for row in report["performance"]]
    assert dict(trained.terms.itertuples(index=False)) == {
        row["feature"]: row["coefficient"] for row in report["score_terms"]
    }
    assert list(trained.screening["p"]) == [row["p"] for row in report["univariable"]]
    assert [notice.code for notice in trained.notices] == [note["code"] for note in report["notes"]]
    assert set(trained.scores.columns) == {"case", "score", "risk_group"} and len(trained.scores) == 120


def test_apply_validate_and_recalibrate_give_what_the_commands_give(study):
    folder, features, outcomes, trained = study
    tables = folder / "features.csv", folder / "outcomes.csv"
    columns = ["--time", "months", "--event", "event"]
    run("apply", folder / "model.json", tables[0], "--covariates", tables[1], "--out", folder / "scores.csv")
    scores = ecosystem.apply(trained.model, features, outcomes)
    written = pd.read_csv(folder / "scores.csv", float_precision="round_trip")
    assert list(scores.columns) == list(written.columns)
    pd.testing.assert_frame_equal(scores.replace("", np.nan), written, check_dtype=False, rtol=0, atol=0)

    run("validate", folder / "model.json", *tables, *columns, "--report", folder / "validation", "--bootstrap", 20)
    validated = ecosystem.validate(folder / "model.json", features, outcomes, **COLUMNS, bootstrap=20)
    report = json.loads((folder / "validation" / "report.json").read_text())
    assert list(validated.performance["value"]) == [row["value"] for row in report["performance"]]
    assert any("training patients" in notice.message for notice in validated.notices)
    pd.testing.assert_frame_equal(validated.scores, scores)

    run("recalibrate", folder / "model.json", *tables, *columns, "--out", folder / "again.json", "--method", "slope")
    again = ecosystem.recalibrate(trained.model, features, outcomes, **COLUMNS, method="slope")
    assert again.nomogram == load_model(folder / "again.json").nomogram


def test_agreement_gives_the_table_of_the_command(study, tmp_path):
    folder, features, _, _ = study
    rng = np.random.default_rng(0)
    second = features.copy()
    second.iloc[:, 1:] += rng.normal(scale=0.5, size=second.iloc[:, 1:].shape)
    second.to_csv(tmp_path / "second.csv", index=False)
    command = ["agreement", folder / "features.csv", tmp_path / "second.csv", "--feature-columns", "^f"]
    run(*command, "--out", tmp_path / "icc.csv")
    found = ecosystem.agreement(features, second, feature_columns="^f")
    written = pd.read_csv(tmp_path / "icc.csv", float_precision="round_trip")
    pd.testing.assert_frame_equal(found, written, rtol=1e-12)
    outcomes = study[2]
    plan = Plan(bootstrap=0, reclassification=0, min_icc=0.7)
    trained = ecosystem.train(features, outcomes, **COLUMNS, feature_columns="^f", icc=found, plan=plan, p=0.2)
    assert len(trained.screening) == (found["icc"] > 0.7).sum() and trained.training.plan.recipe.p == 0.2


def test_the_index_can_name_the_cases(study):
    _, features, outcomes, trained = study
    wanted = ecosystem.apply(trained.model, features, outcomes)
    for named in (features.set_index("case"), features.set_index("case").rename_axis(None)):
        pd.testing.assert_frame_equal(ecosystem.apply(trained.model, named, outcomes.set_index("case")), wanted)


def test_extract_cases_gives_the_table_of_the_command(breast1, tmp_path):
    image, mask = breast1
    cases = pd.DataFrame({"case": ["01", "02"], "image": [image.name, "absent.nrrd"], "mask": mask.name, "label": 1.0})
    with pytest.warns(ecosystem.StudyWarning, match=r"case 02 has no features: .*absent\.nrrd"):
        found = ecosystem.extract_cases(cases, folder=image.parent, model="demo-phantom", jobs=1)
    cases.assign(image=[image, image], mask=mask).head(1).to_csv(tmp_path / "cases.csv", index=False)
    run(
        "extract", tmp_path / "cases.csv", "--model", "demo-phantom", "--features", "model", "--jobs", 1,
        "--out", tmp_path / "features.csv",
    )  # fmt: skip
    written = pd.read_csv(tmp_path / "features.csv", dtype={"case": str}, float_precision="round_trip")
    pd.testing.assert_frame_equal(found, written, rtol=0, atol=0)
    assert found.attrs["extraction"].array_order == "LPS"
    assert found.copy().attrs["extraction"] == found.attrs["extraction"]
    with pytest.raises(CohortError, match=r"None of the 1 cases has features; 02: .*absent\.nrrd"):
        ecosystem.extract_cases(cases[1:], folder=image.parent, jobs=1)
    with pytest.raises(CohortError, match="cases, row 1, column case: 01 repeats row 0"):
        ecosystem.extract_cases(cases.assign(case="01"), folder=image.parent)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ([1.0, np.nan, 3.0], "row 1, column f: the cell is empty"),
        ([1.0, np.inf, 3.0], "row 1, column f: 'inf' is not a number"),
        (["1", "x", "3"], "row 1, column f: 'x' is not a number"),
        (["1", "1,5", "3"], "row 1, column f: '1,5' is not a number"),
        (pd.array([1, None, 3], dtype="Int64"), "row 1, column f: the cell is empty"),
        (pd.to_datetime(["2020-01-01"] * 3), "row 0, column f: '2020-01-01 00:00:00' is a date"),
    ],
)
def test_a_cell_that_is_no_number_is_named(values, what):
    table = FrameTable(pd.DataFrame({"case": ["a", "b", "c"], "f": values}), "features")
    with pytest.raises(CohortError, match=f"features, {what}"):
        table.numbers("f")


def test_missing_values_of_every_kind_are_empty_cells(tmp_path):
    frame = pd.DataFrame(
        {
            "case": ["a", "b"],
            "text": [None, " x "],
            "whole": pd.array([1, None], dtype="Int64"),
            "flag": [True, False],
            "maybe": pd.array([True, None], dtype="boolean"),
            "day": pd.to_datetime(["2020-01-01", None]),
            "level": pd.Categorical(["II", None]),
        }
    )
    table = FrameTable(frame, "outcomes")
    assert [table.texts(name) for name in ("text", "whole", "flag", "maybe", "level")] == [
        ("", "x"), ("1", ""), ("1", "0"), ("1", ""), ("II", ""),
    ]  # fmt: skip
    assert table.texts("day")[1] == ""
    numbers = pd.DataFrame({"case": ["a", "b"], "f": [0.1 + 0.2, 1e-300], "g": [2, 3]})
    numbers.to_csv(tmp_path / "numbers.csv", index=False)
    file, frame = read_table(tmp_path / "numbers.csv"), FrameTable(numbers, "features")
    assert all((file.numbers(name) == frame.numbers(name)).all() for name in "fg")
    assert file.texts("g") == frame.texts("g")


@pytest.mark.parametrize(
    ("frame", "what"),
    [
        ([1, 2], "features is a list: give a pandas DataFrame"),
        (pd.DataFrame({"case": []}), "the table is empty"),
        (pd.DataFrame([[1, 2]], columns=["f", "f"]), "column f occurs twice"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "several levels"),
    ],
)
def test_what_is_no_table_is_refused(frame, what):
    with pytest.raises(CohortError, match=what):
        FrameTable(frame, "features")


def test_errors_name_the_frame(study):
    _, features, outcomes, trained = study
    wrong = outcomes.assign(months=outcomes["months"].where(outcomes.index != 3, -1.0))
    with pytest.raises(CohortError, match="outcomes, row 3, column months: -1 months is not above zero"):
        ecosystem.train(features, wrong, **COLUMNS, feature_columns="^f")
    with pytest.raises(CohortError, match=r"^features: column .* is missing, which the score"):
        ecosystem.apply(trained.model, features[["case", "f20"]])
    with pytest.raises(CohortError, match=r"^covariates: case case-1 and 4 more"):
        ecosystem.apply(trained.model, features, outcomes[5:])


def test_without_pandas_the_error_names_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(DependencyError, match="package pandas"):
        ecosystem.extract_cases(None)

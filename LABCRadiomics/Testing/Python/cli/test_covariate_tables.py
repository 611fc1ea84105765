"""One reading of clinical columns by train, apply, validate, recalibrate and score: the same cells, the same values."""

import csv
import json
import shutil

import numpy as np
import pytest

from LABCRadiomicsLib.model.file import load_model
from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.tables.csv_table import read_table
from training_data import MAIN_EFFECTS, write_cohort

OUTCOME = ("--time", "months", "--event", "event")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return write_cohort(tmp_path_factory.mktemp("tables"), 2, n=120, effects=MAIN_EFFECTS)


@pytest.fixture
def write(tables, tmp_path):
    """Write the outcome table with one more column, or with another header."""

    def call(name="extra", cells=None, separator=",", rename=None):
        with (tables / "outcomes.csv").open(newline="") as file:
            header, *rows = csv.reader(file)
        if cells is not None:
            header, rows = [*header, name], [[*row, cell] for row, cell in zip(rows, cells, strict=True)]
        path = tmp_path / "outcomes.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file, delimiter=separator)
            writer.writerows([[(rename or {}).get(name, name) for name in header], *rows])
        return path

    return call


@pytest.fixture
def train(run, tables, tmp_path):
    def call(outcomes, covariates):
        model = tmp_path / "model.json"
        options = ("--covariates", covariates, "--bootstrap", 0, "--jobs", 1, "--n-folds", 5, "--feature-columns", ".")
        where = ("--out", model, "--report", tmp_path / "report")
        code, _, err = run("train", tables / "features.csv", outcomes, *OUTCOME, *options, *where)
        return code, err, model

    return call


@pytest.fixture
def of_age_and_stage(train, write, tables):
    """A model file with these covariates, trained once for all tests of this file."""
    model = tables / "of_age_and_stage.json"
    if not model.exists():
        shutil.copy(train(write(), "age,stage")[2], model)
    return model


def ages(count=120):
    return 40 + np.arange(count) % 31 + 0.5


def test_a_column_of_decimal_commas_is_one_column_to_all(run, train, write, tables, tmp_path):
    points = write("years", [str(age) for age in ages()])
    expected = train(points, "years")[2]
    run("apply", expected, tables / "features.csv", "--covariates", points, "--out", tmp_path / "expected.csv")
    fitted = load_model(expected)
    commas = write("years", [str(age).replace(".", ",") for age in ages()])
    code, err, model = train(commas, "years")
    assert code == 0, err
    found = load_model(model)
    assert found.nomogram == fitted.nomogram and found.nomogram.covariates[0].type == "number"
    given = (model, tables / "features.csv", commas)
    assert run("apply", *given[:2], "--covariates", commas, "--out", tmp_path / "scores.csv")[0] == 0
    assert read_table(tmp_path / "scores.csv").texts("survival_36") == read_table(tmp_path / "expected.csv").texts(
        "survival_36"
    )
    code, _, err = run(
        "validate", *given, *OUTCOME, "--report", tmp_path / "v", "--bootstrap", 0, "--comparator", "years"
    )
    assert code == 0, err
    metrics = {
        row["metric"]: row["value"] for row in json.loads((tmp_path / "v" / "report.json").read_text())["performance"]
    }
    months, event = (read_table(points).numbers(name) for name in ("months", "event"))
    fitted_alone = cox(ages()[:, None], months, event.astype(bool)).linear_predictor(ages()[:, None])
    assert metrics["C-index, years"] == pytest.approx(harrell_c(fitted_alone, months, event.astype(bool)).c, abs=1e-12)
    code, _, err = run("recalibrate", *given, *OUTCOME, "--out", tmp_path / "again.json")
    assert code == 0, err
    again = load_model(tmp_path / "again.json")
    assert again.nomogram.center["years"] == pytest.approx(ages().mean(), abs=1e-12)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([f"{20 + at},{100 + at}" for at in range(120)], "'20,100', which can be 20100 or 20.100"),
        ([f"1\u202f{100 + at}" for at in range(120)], "which has thousands marks"),
        (["1501.75", *[f"{20 + at},5" for at in range(119)]], "has a decimal comma where '1501.75'"),
        ([f"{at}%" for at in range(120)], "which has a percent sign"),
        (["1,2", "2,0", "3"] * 40, "or two codes"),
    ],
)
def test_doubtful_numbers_are_refused_by_training(train, write, cells, words, tmp_path):
    code, err, model = train(write("volume", cells), "age,volume")
    assert code == 2 and "covariate volume" in err and words in err and "outcomes.csv: case case-" in err
    assert not model.exists() and not (tmp_path / "report").exists()


def test_the_same_cells_are_refused_by_all(run, train, write, tables, tmp_path):
    model = train(write("volume", [str(1000 + 7 * at) for at in range(120)]), "volume")[2]
    bad = write("volume", [f"{1 + at // 100},{100 + at:03d}" for at in range(120)])
    given = (model, tables / "features.csv")
    for call in (
        ("apply", *given, "--covariates", bad, "--out", tmp_path / "s.csv"),
        ("validate", *given, bad, *OUTCOME, "--report", tmp_path / "v"),
        ("recalibrate", *given, bad, *OUTCOME, "--out", tmp_path / "r.json"),
    ):
        code, _, err = run(*call)
        assert code == 2 and "outcomes.csv: case case-1: covariate volume: '1,100' can be 1100 or 1.100" in err
    assert not any((tmp_path / name).exists() for name in ("s.csv", "v", "r.json"))


def test_levels_with_an_underscore_are_levels(train, write):
    code, err, model = train(write("grade", ["1_2", "2_3", "3_4"] * 40), "grade")
    assert code == 0, err
    (grade,) = load_model(model).nomogram.covariates
    assert (grade.type, grade.levels, grade.reference) == ("category", ("1_2", "2_3", "3_4"), "1_2")


@pytest.mark.parametrize("age", ["5_2", "12,345", "1\u202f052", "inf", "0x34", "\uff15\uff12", "52 y"])
def test_a_flag_is_read_as_strictly_as_a_cell(run, breast1, age):
    code, out, err = run("score", *breast1, "--covariate", f"age={age}", "--json")
    assert (code, out) == (2, "") and "covariate age: " in err and "a number from 0 to 120 (years)" in err


def test_a_flag_may_have_a_decimal_comma(run, breast1):
    found = [json.loads(run("score", *breast1, "--covariate", f"age={age}", "--json")[1]) for age in ("48.5", "48,5")]
    assert found[0]["linear_predictor"] == found[1]["linear_predictor"]


@pytest.mark.parametrize("name", ["Age", "AGE", "age (years)", "age "])
def test_a_column_of_almost_that_name_is_asked_about(run, of_age_and_stage, write, tables, tmp_path, name):
    other = write(rename={"age": name})
    given = (of_age_and_stage, tables / "features.csv")
    for call in (
        ("apply", *given, "--covariates", other, "--out", tmp_path / "s.csv"),
        ("validate", *given, other, *OUTCOME, "--report", tmp_path / "v"),
        ("recalibrate", *given, other, *OUTCOME, "--out", tmp_path / "r.json"),
    ):
        code, _, err = run(*call)
        if name.strip() == "age":  # blanks around a name are not part of it
            assert code == 0, err
        else:
            assert code == 2 and f"there is a column {name}" in err and "outcomes.csv" in err


def test_a_column_that_is_not_there_is_named(run, of_age_and_stage, write, tables, tmp_path):
    other = write(rename={"age": "alter", "stage": "stadium"})
    given = (of_age_and_stage, tables / "features.csv")
    code, _, err = run("apply", *given, "--covariates", other, "--out", tmp_path / "s.csv")
    assert code == 0
    assert "no column age, stage" in err and "alter, stadium, pcr, hr" in err
    code, out, err = run("validate", *given, other, *OUTCOME, "--report", tmp_path / "v", "--bootstrap", 0)
    assert code == 0 and "no column age, stage" in out + err
    code, _, err = run("recalibrate", *given, other, *OUTCOME, "--out", tmp_path / "r.json")
    assert code == 2 and "no column age, stage" in err and not (tmp_path / "r.json").exists()

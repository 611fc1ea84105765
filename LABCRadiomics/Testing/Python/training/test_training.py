"""The command ``train``: every step against R, the files it writes, covariates of every kind, and bad input."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from LABCRadiomicsLib.files import FILE_LIST
from LABCRadiomicsLib.model.file import load_model
from LABCRadiomicsLib.scoring import predict
from LABCRadiomicsLib.scoring.wording import without_image
from LABCRadiomicsLib.statistics.cox import cox
from LABCRadiomicsLib.tables.cohort import read_features
from LABCRadiomicsLib.tables.csv_table import read_table, write_table
from r_reference import DAYS_PER_MONTH, FOLDER, relative_difference, table
from training_data import MAIN_EFFECTS, write_cohort

DESIGN_KEYS = {
    "n", "events", "features_in", "features_icc", "features_univariable", "univariable", "lambda_min", "lambda_1se",
    "lambda", "cv", "score_terms", "roc", "performance", "optimism", "nomogram", "notes",
}  # fmt: skip


@pytest.fixture
def trained(run, tmp_path):
    """Train on the tables of a folder; gives report.json, and leaves model.json and report in ``tmp_path``."""

    def call(folder: Path, *arguments):
        code, out, err = run(
            "train", folder / "features.csv", folder / "outcomes.csv", "--time", "months", "--event", "event",
            "--out", tmp_path / "model.json", "--report", tmp_path / "report", "--feature-columns", ".", *arguments,
        )  # fmt: skip
        assert code == 0, err
        assert str(tmp_path / "model.json") in out
        return json.loads((tmp_path / "report" / "report.json").read_text())

    return call


@pytest.fixture
def refused(run, tmp_path):
    """Train with bad input; gives the one sentence, nothing having been written."""

    def call(folder: Path, *arguments):
        code, out, err = run(
            "train", folder / "features.csv", folder / "outcomes.csv", "--time", "months", "--event", "event",
            "--out", tmp_path / "model.json", "--report", tmp_path / "report", "--bootstrap", 0,
            "--feature-columns", ".", *arguments,
        )  # fmt: skip
        assert (code, out) == (2, ""), err
        assert not (tmp_path / "model.json").exists() and not (tmp_path / "report").exists()
        sentence = err.removeprefix("labcradiomics: ").rstrip("\n")
        assert "\n" not in sentence and "Traceback" not in sentence
        return sentence

    return call


# --- Against R -------------------------------------------------------------------------------------------------------


def column(rows: list[dict], name: str) -> np.ndarray:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], float)


def coefficients(report: dict, names) -> np.ndarray:
    found = {term["feature"]: term["coefficient"] for term in report["score_terms"]}
    return np.array([found.get(str(name), 0.0) for name in names])


def scores(folder: Path) -> np.ndarray:
    return read_table(folder / "report" / "scores.csv").numbers("score")


def test_transbig_equals_r(trained, tmp_path):
    """Univariable p, features kept, penalties, deviance, coefficients, score, AUC and cutoff of R's workflow."""
    data = read_table(FOLDER / "transbig.csv")
    names = [name for name in data.names if name.startswith("X")]
    cases = [f"T{at}" for at in range(len(data))]
    write_table(
        tmp_path / "features.csv",
        ["case", *names],
        zip(cases, *(data.numbers(name) for name in names), strict=True),
    )
    months = data.numbers("time") / DAYS_PER_MONTH
    write_table(
        tmp_path / "outcomes.csv", ["case", "months", "event"], zip(cases, months, data.events("event")[0], strict=True)
    )
    folds = table("transbig_foldid")["fold"].astype(int)
    write_table(tmp_path / "folds.csv", ["case", "fold"], zip(cases, folds, strict=True))
    report = trained(tmp_path, "--folds", tmp_path / "folds.csv", "--bootstrap", 0, "--feature-columns", "^X")

    univariable, cv = table("transbig_univariable_cox"), table("transbig_cvglmnet")
    assert [row["feature"] for row in report["univariable"]] == univariable["feature"].tolist()
    assert relative_difference(column(report["univariable"], "p"), univariable["p"]) < 1e-6
    assert relative_difference(column(report["univariable"], "coef"), univariable["coef"]) < 1e-6
    assert report["features_univariable"] == (univariable["p"] < 0.05).sum() == 13
    penalties = table("transbig_lambda")["lambda"]
    assert relative_difference([report["lambda_min"], report["lambda_1se"]], penalties) < 1e-6
    assert report["lambda"] == report["lambda_min"]
    assert relative_difference(column(report["cv"], "lambda"), cv["lambda"]) < 1e-6
    assert relative_difference(column(report["cv"], "mean"), cv["cvm"]) < 1e-6
    assert relative_difference(column(report["cv"], "sd"), cv["cvsd"]) < 1e-6
    # glmnet's coefficients are short of the maximum by up to 1e-4 of their value (Docs/methods.md).
    reference = table("transbig_coef_lambda.min")
    assert relative_difference(coefficients(report, reference["feature"]), reference["coef"]) < 1e-3
    assert np.abs(scores(tmp_path) - table("transbig_score")["score"]).max() < 1e-4
    best = table("transbig_score_youden_60m")
    ours = [report["roc"][name] for name in ("auc", "tpr", "fpr")]
    assert relative_difference(ours, [best[name][0] for name in ("auc", "tpr", "fpr")]) < 1e-6
    # R's label of the cutoff is the lowest score that is still positive; ours is the next below: score > cutoff.
    assert report["roc"]["lowest_positive"] == pytest.approx(best["cut"][0], rel=1e-5)
    score = scores(tmp_path)
    assert report["roc"]["cutoff"] == score[score < report["roc"]["lowest_positive"] - 1e-12].max()


@pytest.fixture
def ispy1_tables(shared_data, shared_reference, tmp_path) -> Path:
    """The I-SPY1 table as it is for features, with outcomes in months and R's folds beside it."""
    source = shared_data / "ispy1" / "ISPY1_captk_features_plus_outcome_merged.csv"
    data = read_table(source)
    (tmp_path / "features.csv").write_bytes(source.read_bytes())
    cases = data.cases("SUBJECTID")
    months = data.numbers("RFS") / DAYS_PER_MONTH
    clinical = [data.texts(name) for name in ("age", "HR Pos", "Her2MostPos", "PCR")]
    write_table(
        tmp_path / "outcomes.csv",
        ["SUBJECTID", "months", "event", "age", "HR", "HER2", "pCR"],
        zip(cases, months, data.events("rfs_ind")[0], *clinical, strict=True),
    )
    folds = table("foldid", shared_reference / "ispy1")["fold"].astype(int)
    write_table(tmp_path / "folds.csv", ["case", "fold"], zip(cases, folds, strict=True))
    return tmp_path


def test_ispy1_equals_r(trained, ispy1_tables, shared_reference):
    """370 collinear radiomics features; some are constant. Covariates with unknown values go along."""
    report = trained(
        ispy1_tables, "--id", "SUBJECTID", "--feature-columns", "^T1_", "--folds", ispy1_tables / "folds.csv",
        "--bootstrap", 0, "--covariates", "age,HR", "--candidates", "HER2,pCR", "--subgroups", "HR",
    )  # fmt: skip
    folder = shared_reference / "ispy1"
    univariable, summary = table("univariable_cox", folder), {n: v[0] for n, v in table("summary", folder).items()}
    ours = {row["feature"]: row for row in report["univariable"]}
    p = np.array([np.nan if ours[name]["p"] is None else ours[name]["p"] for name in univariable["feature"]])
    known = ~np.isnan(p)
    assert known.mean() > 0.95
    assert relative_difference(p[known], univariable["p"][known]) < 1e-6
    assert not (univariable["p"][~known] < 0.05).any()
    assert report["features_in"] == len(ours) == 370
    assert report["features_univariable"] == summary["n_selected"] == 146
    assert report["lambda_min"] == pytest.approx(summary["lambda_min"], rel=1e-6)
    assert report["lambda_1se"] == pytest.approx(summary["lambda_1se"], rel=1e-6)
    reference = table("coef_lambda.min", folder)
    assert len(report["score_terms"]) == summary["nonzero"] == 10
    # On features so collinear glmnet stops within 5e-3 of its coefficients' values (Docs/methods.md).
    assert relative_difference(coefficients(report, reference["feature"]), reference["coef"]) < 5e-3
    # R's score is of the same coefficients; where their rounding orders two patients otherwise, figures would jump.
    assert np.abs(scores(ispy1_tables) - table("score", folder)["score"]).max() < 1e-4
    found = [report["roc"][name] for name in ("auc", "tpr", "fpr")]
    assert relative_difference(found, [summary[name] for name in ("auc", "tpr", "fpr")]) < 1e-6
    assert report["roc"]["lowest_positive"] == pytest.approx(summary["cutoff"], rel=1e-4)
    c = next(row for row in report["performance"] if row["metric"] == "C-index, radiomics score alone")
    assert c["value"] == pytest.approx(summary["c_index"], rel=1e-6)
    assert (c["upper"] - c["lower"]) / 2 / 1.959963984540054 == pytest.approx(summary["c_se"], rel=1e-5)
    codes = {note["code"] for note in report["notes"]}
    assert {"unknown-covariates", "few-events-per-parameter", "more-candidates-than-events"} <= codes
    rows = report["covariates"]["multivariable"]
    assert [row["parameter"] for row in rows][:2] == ["age", "HR"] and rows[-1]["parameter"] == "score"


# --- What is written -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_report_and_model_of_a_cohort_with_covariates(trained, tmp_path):
    folder = write_cohort(tmp_path, 1, n=150, effects=MAIN_EFFECTS)
    report = trained(
        folder, "--bootstrap", 6, "--nested", 1, "--permutations", 3, "--covariates", "age,stage", "--candidates",
        "pcr,hr", "--stage", "stage", "--subgroups", "hr,age", "--n-folds", 5, "--horizon", 48,
    )  # fmt: skip
    assert set(report) >= DESIGN_KEYS
    assert report["n"] == 150 and report["features_in"] == report["features_icc"] == 20
    assert {f"f{at}" for at in (1, 2, 3)} <= {term["feature"] for term in report["score_terms"]}
    kinds = {(row["metric"], row["kind"]) for row in report["performance"]}
    for marker in ("nomogram", "radiomics score alone"):
        assert {(f"C-index, {marker}", kind) for kind in ("apparent", "optimism-corrected")} <= kinds
    row = next(row for row in report["optimism"]["rows"] if row["metric"] == "C-index, nomogram")
    stored = next(r for r in report["performance"] if (r["metric"], r["kind"]) == (row["metric"], "optimism-corrected"))
    assert stored["value"] == row["corrected"]["value"]
    assert row["optimism"] == pytest.approx(row["apparent"]["value"] - row["corrected"]["value"])
    assert {"age", "stage=III", "stage=IV", "score"} <= {e["parameter"] for e in report["covariates"]["multivariable"]}
    assert {row["new"] for row in report["comparison"]["added"]} >= {"nomogram", "radiomics score alone"}
    assert all(row["idi"]["lower"] <= row["idi"]["value"] for row in report["comparison"]["added"])
    assert {row["covariate"] for row in report["subgroups"]} == {"hr", "age"}
    added = {row["without"]: row for row in report["added_by_score"]}
    assert set(added) == {"clinical model", "stage alone"}
    for row in added.values():
        assert row["verdict"] == "adds" and row["c_index"]["gain"]["lower"] < row["c_index"]["gain"]["value"]
        assert row["apparent_likelihood_ratio"]["chisq"] > row["likelihood_ratio"]["chisq"]
        assert row["idi"]["lower"] < row["idi"]["value"] < row["idi"]["upper"]
    assert report["nested"]["folds"] == 10 and report["permutation"]["p"] == 0.25
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names >= {
        "report.json", "model.json", "index.html", "univariable.csv", "cv.csv", "path.csv", "score_terms.csv",
        "scores.csv", "roc.csv", "kaplan_meier.csv", "covariates.csv", "proportional_hazards.csv",
        "calibration_groups.csv", "calibration_curve.csv", "decision_curve.csv", "models.csv", "added_value.csv",
        "subgroups.csv", "subgroup_effects.csv", "baseline_table.csv", "performance.csv", "optimism.csv",
        "selection_frequency.csv", "nested.csv", "permutation.csv",
    }  # fmt: skip
    assert [name for name in names if name.startswith(".")] == [FILE_LIST]
    model = load_model(tmp_path / "model.json")
    assert model.fingerprint == report["fingerprint"] == load_model(tmp_path / "report" / "model.json").fingerprint
    assert model.extraction is None and model.status == "complete" and model.nomogram.horizons_months[-1] == 60
    assert {found.name: found.verdict for found in model.comparators} == dict.fromkeys(added, "adds")
    clinical, stage = read_table(folder / "outcomes.csv"), np.array(read_table(folder / "outcomes.csv").texts("stage"))
    design = np.column_stack([stage == "III", stage == "IV"]).astype(float)
    fitted = cox(design, clinical.numbers("months"), clinical.events("event")[0])
    alone = next(found for found in model.comparators if found.name == "stage alone")
    ours = [alone.log_hazard({"stage": level}) for level in stage]
    assert ours == pytest.approx(fitted.linear_predictor(design).tolist(), abs=1e-9)
    survival = fitted.survival(design, np.array([48.0])).survival[:, 0]
    assert [alone.survival(value, 48.0) for value in ours] == pytest.approx(survival.tolist(), rel=1e-8)
    assert alone.log_hazard({"stage": None}) is None and alone.survival(0.0, 1e4) is None
    values = {term.feature: 0.0 for term in model.score.terms}
    some = {c.name: c.low if c.type == "number" else (c.levels or ("no", "yes"))[1] for c in model.nomogram.covariates}
    predicted = predict(model, values, some)
    first = model.comparators[0]
    known = {covariate.name: covariate.value for covariate in predicted.covariates}
    said = without_image(model, predicted)
    assert f"{100 * first.survival(first.log_hazard(known), 60.0):.1f}% at 60 months" in said
    assert said.endswith("In training, on patients left out, the score added to them.")
    assert without_image(model, predict(model, values)) == ""


def test_model_scores_the_cohort_it_was_made_from(trained, tmp_path):
    """Score, group, linear predictor and survival by ``predict`` are those of training, with R's limits beside them."""
    folder = write_cohort(tmp_path, 2, n=120, effects=MAIN_EFFECTS)
    trained(folder, "--bootstrap", 0, "--covariates", "age,stage,hr", "--n-folds", 5)
    model, written = load_model(tmp_path / "model.json"), read_table(tmp_path / "report" / "scores.csv")
    features, clinical = read_features(folder / "features.csv", "."), read_table(folder / "outcomes.csv")
    columns = {name: clinical.texts(name) for name in ("age", "stage", "hr")}
    predictions = [
        predict(model, dict(zip(features.names, row, strict=True)), {name: v[at] for name, v in columns.items()})
        for at, row in enumerate(features.values)
    ]
    assert [p.score for p in predictions] == pytest.approx(written.numbers("score"), abs=1e-12)
    assert tuple(p.risk_group for p in predictions) == written.texts("risk_group")
    assert [p.linear_predictor for p in predictions] == pytest.approx(written.numbers("linear_predictor"), abs=1e-9)
    design = np.column_stack([
        clinical.numbers("age"),
        *(np.array(columns["stage"]) == level for level in ("III", "IV")),
        np.array(columns["hr"]) == "positive",
        written.numbers("score"),
    ]).astype(float)  # fmt: skip
    fitted = cox(design, clinical.numbers("months"), clinical.events("event")[0])
    direct = fitted.survival(design, np.array([12.0, 36.0, 60.0]))
    for name, values in (("probability", direct.survival), ("lower", direct.lower), ("upper", direct.upper)):
        ours = [[getattr(estimate, name) for estimate in p.survival] for p in predictions]
        assert np.allclose(ours, values, rtol=1e-8)
    high = written.numbers("score") > model.cutoff.value
    assert (model.groups.high.n, model.groups.low.n) == (high.sum(), (~high).sum())


@pytest.fixture
def extracted(tmp_path):
    """Tables whose features are pyradiomics', as R writes their names, and the options of a quick training."""
    from LABCRadiomicsLib.feature_names import FEATURES

    folder = write_cohort(tmp_path, 3, p=18, effects=MAIN_EFFECTS)
    lines = (folder / "features.csv").read_text().splitlines()
    names = [f"wavelet.LLH_firstorder_{name}" for name in sorted(FEATURES["firstorder"])]
    (folder / "features.csv").write_text("\n".join([",".join(["case", *names]), *lines[1:]]) + "\n")
    return folder, ("--bootstrap", 0, "--n-folds", 5)


def write_lps_record(features: Path) -> None:
    from LABCRadiomicsLib.cohort.record import extraction_of, write_record
    from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings

    settings = ExtractionSettings.from_parameters(SLICER_RADIOMICS_PARAMETERS, "LPS")
    write_record(features, extraction_of(settings), {"cases": 120, "features": 18})


def test_extraction_comes_from_the_record_and_without_one_from_the_settings(trained, refused, extracted, tmp_path):
    folder, options = extracted
    trained(folder, *options)
    assert load_model(tmp_path / "model.json").extraction is None
    (folder / "params.yaml").write_text("setting:\n  binWidth: 10\nimageType:\n  Wavelet: {}\n")
    trained(folder, *options, "--settings", folder / "params.yaml")
    extraction = load_model(tmp_path / "model.json").extraction
    assert extraction.setting["binWidth"] == 10 and extraction.array_order == "as-loaded"
    write_lps_record(folder / "features.csv")
    trained(folder, *options)
    model = load_model(tmp_path / "model.json")
    assert model.extraction.array_order == "LPS" and model.extraction.setting["binWidth"] == 25
    assert all(term.feature.startswith("wavelet-LLH_") for term in model.score.terms)


def test_a_parameter_file_that_agrees_with_the_record_leaves_the_axis_order_to_it(trained, extracted, tmp_path):
    """The panel gives one settings field to extraction and training: the model must not lose the record's order."""
    folder, options = extracted
    write_lps_record(folder / "features.csv")
    (folder / "params.yaml").write_text(
        "setting:\n  binWidth: 25.0\n  symmetricalGLCM: true\n  correctMask: true\n"
        "imageType:\n  Original: {}\n  Wavelet: {}\n"
    )
    trained(folder, *options, "--settings", folder / "params.yaml")
    assert load_model(tmp_path / "model.json").extraction.array_order == "LPS"


def test_settings_that_disagree_with_the_record_are_refused_with_both_values(refused, extracted, tmp_path):
    folder, options = extracted
    write_lps_record(folder / "features.csv")
    (folder / "params.yaml").write_text(
        "setting:\n  binWidth: 10\n  correctMask: true\nimageType:\n  Original: {}\n  Wavelet: {}\n"
    )
    sentence = refused(folder, *options, "--settings", folder / "params.yaml")
    assert "features.settings.json says that the features were made with setting binWidth 25, not 10" in sentence
    assert "array order LPS, not as-loaded" in refused(folder, *options, "--array-order", "as-loaded")


def test_settings_that_do_not_make_the_features_are_refused(refused, extracted):
    folder, options = extracted
    (folder / "params.yaml").write_text("imageType:\n  Original: {}\n")
    assert "not among the images" in refused(folder, *options, "--settings", folder / "params.yaml")


def test_agreement_filter_and_notes(trained, tmp_path):
    folder = write_cohort(tmp_path, 4, effects=MAIN_EFFECTS)
    with (folder / "features.csv").open() as file:
        rows = list(csv.reader(file))
    for at, row in enumerate(rows):
        row.append("flat" if at == 0 else "7")
    write_table(folder / "features.csv", rows[0], rows[1:])
    values = {f"f{at}": 0.9 for at in range(1, 11)} | {"f4": 0.75, "f5": float("nan"), "flat": 1.0}
    write_table(folder / "icc.csv", ["feature", "icc", "lower", "upper"], [(n, v, v, v) for n, v in values.items()])
    report = trained(folder, "--icc", folder / "icc.csv", "--bootstrap", 0, "--n-folds", 5)
    # f4 does not exceed the limit, f5 has no correlation, f11 to f20 are not in the table.
    assert report["features_in"] == 21 and report["features_icc"] == 9
    assert [row["feature"] for row in report["univariable"]] == [
        *(f"f{at}" for at in (1, 2, 3, 6, 7, 8, 9, 10)),
        "flat",
    ]
    assert report["univariable"][-1]["status"] == "constant" and not report["univariable"][-1]["kept"]
    notes = {note["code"]: note["message"] for note in report["notes"]}
    assert "want of an intraclass correlation: 10 features, such as f11." in notes["icc-missing"]
    assert "1 feature with one value" in notes["constant-features"]
    assert "optimism-unknown" in notes


# --- Bad input -------------------------------------------------------------------------------------------------------


def edited(folder: Path, name: str, change) -> None:
    """Rewrite a table; ``change`` takes and gives the list of its rows, the header first."""
    with (folder / name).open(newline="") as file:
        rows = list(csv.reader(file))
    header, *body = change(rows)
    with (folder / name).open("w", newline="") as file:
        csv.writer(file).writerows([header, *body])


def constant(position: int, value: str):
    return lambda rows: [rows[0], *([*row[:position], value, *row[position + 1 :]] for row in rows[1:])]


BAD_TABLES = {
    "few events": ("outcomes.csv", constant(2, "0"), (), "has 0 events in 120 patients"),
    "no outcome": ("outcomes.csv", lambda rows: rows[:-2], (), "Case case-119 and 1 more of the feature table has no"),
    "one level": ("outcomes.csv", constant(4, "II"), ("--covariates", "stage"), "stage has only the value II"),
    "no value": ("outcomes.csv", constant(4, ""), ("--covariates", "stage"), "covariate stage has no value"),
    "odd cell": (
        "outcomes.csv",
        lambda rows: [*rows[:-1], [*rows[-1][:3], "old", *rows[-1][4:]]],
        ("--covariates", "age"),
        "case case-120: covariate age has 37 different values, among them 'old', which is not a number",
    ),
    "no column": ("outcomes.csv", lambda rows: rows, ("--covariates", "cT"), "no column cT; its covariates are"),
    "text feature": ("features.csv", constant(3, "x"), (), "row 2, column f3: 'x' is not a number"),
    "flat features": (
        "features.csv", lambda rows: [rows[0], *([row[0], *["1"] * 20] for row in rows[1:])], (), "univariable p below",
    ),
    "horizon": ("outcomes.csv", lambda rows: rows, ("--horizon", 400), "horizon 400 is beyond the longest follow-up"),
    "late columns": ("features.csv", lambda rows: rows, ("--feature-columns", "^T1_"), "has no column that matches"),
    "bad name": (
        "outcomes.csv",
        lambda rows: [["HR Pos" if cell == "hr" else cell for cell in rows[0]], *rows[1:]],
        ("--covariates", "HR Pos"),
        "column HR Pos cannot name a covariate",
    ),
    "strict p": ("features.csv", lambda rows: rows, ("--p", 1e-30), "No feature has a univariable p below 1e-30"),
    "bad out": ("features.csv", lambda rows: rows, ("--out", "nowhere/model.json"), "give --out a file in a folder"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TABLES)
def test_bad_tables_and_options(refused, tmp_path, name):
    file, change, options, sentence = BAD_TABLES[name]
    folder = write_cohort(tmp_path, 1, effects=MAIN_EFFECTS)
    edited(folder, file, change)
    assert sentence in refused(folder, *options)


def test_bad_fold_and_agreement_tables(refused, tmp_path):
    folder = write_cohort(tmp_path, 1, effects=MAIN_EFFECTS)
    cases = [f"case-{at}" for at in range(1, 120)]
    write_table(folder / "folds.csv", ["case", "fold"], [(case, at % 5) for at, case in enumerate(cases)])
    assert "Case case-120 has no fold" in refused(folder, "--folds", folder / "folds.csv")
    write_table(folder / "icc.csv", ["feature", "icc", "lower", "upper"], [("f1", 0.5, 0.4, 0.6)])
    assert "No feature has an intraclass correlation above 0.75" in refused(folder, "--icc", folder / "icc.csv")

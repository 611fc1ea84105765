"""A model applied to tables: which columns it takes, in which order, and what is said of those that are not there."""

import csv
import re
from dataclasses import replace

import numpy as np
import pytest

from example_models import FEATURES, document, document_2, model
from LABCRadiomicsLib import NOTICE
from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.scoring import predict
from LABCRadiomicsLib.scoring.cohort import (
    clinical_values,
    match_covariates,
    read_model_features,
    score_cases,
    score_cohort,
    scores_table,
    sites_of,
    write_scores,
)
from LABCRadiomicsLib.tables.cohort import CovariateTable, FeatureTable, OutcomeTable

CASES = ("a", "b", "c")
CLINICAL = {"age": ("40", "50", "60"), "stage": ("II", "IIIc", "IIIa-b"), "pcr": ("no", "yes", "no")}


def features(cases=CASES) -> FeatureTable:
    """Cases that differ in their mean only, by 100 each: their scores by 1."""
    rows = [[FEATURES["original_firstorder_Mean"] + 100 * at, *list(FEATURES.values())[1:]] for at in range(len(cases))]
    return FeatureTable(cases, tuple(FEATURES), np.array(rows))


def outcomes(cases=("c", "x", "a", "b")) -> OutcomeTable:
    at = {"a": 0, "b": 1, "c": 2}
    columns = {name: tuple(cells[at.get(case, 0)] for case in cases) for name, cells in CLINICAL.items()}
    months = np.array([10.0 * (at.get(case, 8) + 1) for case in cases])
    return OutcomeTable(cases=cases, months=months, event=months > 15, columns=columns)


def test_a_cohort_is_scored_in_the_order_of_its_features():
    made = model()
    found = score_cohort(made, features(), outcomes())
    assert (
        found.cases == CASES and found.months.tolist() == [10, 20, 30] and found.event.tolist() == [False, True, True]
    )
    assert found.columns["age"] == ("40", "50", "60")
    assert [notice.code for notice in found.notices] == ["outcomes-without-features"]
    assert found.notices[0].message == "Not scored: 1 case with an outcome and without features."
    for at in range(3):
        values = FEATURES | {"original_firstorder_Mean": 200.0 + 100 * at}
        clinical = {name: cells[at] for name, cells in CLINICAL.items()}
        assert found.predictions[at] == predict(made, values, clinical)
    assert np.diff(found.score) == pytest.approx([1, 1])
    assert found.high.tolist() == [score > 4 for score in found.score] and found.high.any() and not found.high.all()
    assert found.linear_predictor.tolist() == [prediction.linear_predictor for prediction in found.predictions]
    assert found.parameters.shape == (3, 5) and found.parameters[1].tolist()[:4] == [50, 0, 1, 1]
    assert found.risk(36).tolist() == [1 - prediction.survival[1].probability for prediction in found.predictions]
    assert found.survival(36.5) is None and found.risk(36.5) is None
    assert score_cohort(made, features(), outcomes(CASES)).notices == ()


def test_what_a_model_lacks_no_case_has():
    whole = model()
    poor = replace(whole, cutoff=None, nomogram=replace(whole.nomogram, center=None, baseline=None))
    found = score_cohort(poor, features(), outcomes())
    assert found.high is None and found.survival(36) is None and found.linear_predictor is not None
    one_unknown = outcomes()
    one_unknown.columns["age"] = ("60", "40", "", "50")  # of patient a
    found = score_cohort(poor, features(), one_unknown)
    assert found.linear_predictor is None and found.parameters is None


def test_columns_of_a_feature_table(tmp_path):
    path, made = tmp_path / "f.csv", model()
    path.write_text("case,other,original_shape_Sphericity,wavelet.LLH_glcm_Idmn,original_firstorder_Mean\np,x,3,2,1\n")
    read = read_model_features(path, made)
    assert read.names == tuple(FEATURES) and read.values.tolist() == [[1, 2, 3]] and read.cases == ("p",)
    path.write_text("case,wavelet.LLH_glcm_Idmn,wavelet-LLH_glcm_Idmn\np,1,1\n")
    with pytest.raises(CohortError, match=r"columns wavelet.LLH_glcm_Idmn and wavelet-LLH_glcm_Idmn are one feature"):
        read_model_features(path, made)
    path.write_text("case,original_firstorder_Mean\np,1\n")
    with pytest.raises(CohortError, match="column wavelet-LLH_glcm_Idmn, original_shape_Sphericity is missing"):
        read_model_features(path, made)
    path.write_text("case,none\np,1\n")
    with pytest.raises(
        CohortError, match=r"column original_firstorder_Mean, wavelet-LLH_glcm_Idmn, original_shape_Sph\w+ is"
    ):
        read_model_features(path, made)
    changed = document()
    changed["score"]["terms"] += [
        {"feature": f"original_glcm_{name}", "coefficient": 1} for name in ("Idmn", "Contrast")
    ]
    with pytest.raises(CohortError, match="original_shape_Sphericity and 2 more is missing"):
        read_model_features(path, model(changed))
    del changed["score"]["terms"][-1]
    with pytest.raises(CohortError, match="original_shape_Sphericity and 1 more is missing"):
        read_model_features(path, model(changed))


def test_features_named_as_r_does_and_others_beside_them_are_scored_alike():
    table = features()
    others = np.full((len(CASES), 1), np.nan)
    as_r = FeatureTable(
        CASES, ("other", *(name.replace("-", ".") for name in table.names)), np.hstack([others, table.values])
    )
    assert score_cases(model(), as_r) == score_cases(model(), table)


def test_a_bad_case_is_named():
    table = features()
    table.values[1, 0] = np.nan
    with pytest.raises(CohortError, match=r"^case b: "):
        score_cases(model(), table)


def test_covariates_by_column():
    made = model()
    values, notices = clinical_values(made, CASES, CLINICAL)
    assert values == {"age": (40.0, 50.0, 60.0), "stage": CLINICAL["stage"], "pcr": (0, 1, 0)} and notices == ()
    values, (notice,) = clinical_values(made, CASES, {"age": CLINICAL["age"], "grade": ("1", "2", "3")})
    assert set(values) == {"age"} and notice.code == "covariate-column-absent"
    assert "has no column stage, pcr, which model made-up takes" in notice.message
    assert notice.message.endswith("The table's columns are age, grade.")
    assert clinical_values(made, CASES, {})[1][0].message.endswith("The table's columns are none.")
    for count, end in ((12, "x11."), (13, "x11 and 1 more.")):
        many = {f"x{at}": ("", "", "") for at in range(count)}
        assert clinical_values(made, CASES, many)[1][0].message.endswith(end)


@pytest.mark.parametrize("name", ["Age", "AGE (years)", " age_", "A-ge [y]"])
def test_a_column_that_is_named_almost_so_is_asked_about(name):
    with pytest.raises(CohortError, match=rf"column age, .* but there is a column {re.escape(name)}: name it age"):
        clinical_values(model(), CASES, {name: ("1", "2", "3")})


def test_a_covariate_table_in_the_order_of_the_cases():
    table = CovariateTable(cases=("c", "b", "a"), columns={"age": ("60", "50", "40")}, decimal_marks=frozenset())
    assert match_covariates(CASES, table) == {"age": ("40", "50", "60")}
    with pytest.raises(CohortError, match="case z of the feature table has no row in the covariate table"):
        match_covariates(("a", "z"), table)
    assert sites_of(features(), table, None) is None
    sited = CovariateTable(cases=("c", "b", "a"), columns={"site": (" A ", "", "B")}, decimal_marks=frozenset())
    assert sites_of(features(), sited, "site") == ("B", None, "A")
    with pytest.raises(CohortError, match="there is no column place with the sites; the columns are site"):
        sites_of(features(), sited, "place")


def test_sites_of_a_cohort():
    plain, harmonized = model(), model(document_2())
    with pytest.raises(CohortError, match="was not harmonized over sites, so it takes none"):
        score_cases(plain, features(), sites=("A", "A", "A"))
    with pytest.raises(CohortError, match="say with --site where the cases come from"):
        score_cases(harmonized, features())
    with pytest.raises(CohortError, match=r"2 of 3 cases, the first b, are of others: Z \(1\), no site \(1\)"):
        score_cases(harmonized, features(), sites=("A", "Z", None))
    found = score_cases(harmonized, features(), sites=("A", "Z", None), unknown_site="as-measured")
    assert [any(n.code == "not-harmonized" for n in one.warnings) for one in found] == [False, True, True]


def test_the_table_of_scores(tmp_path):
    made = model()
    table = features(("a", "b"))
    known = predict(made, FEATURES, {"age": 40, "stage": "II", "pcr": "no"})
    changed = document()
    del changed["nomogram"]["center"], changed["nomogram"]["baseline"]
    changed["missing"] = [{"part": f"nomogram.{part}", "what": "-", "where": "-"} for part in ("center", "baseline")]
    without = predict(model(changed), FEATURES)
    header, rows = scores_table(table.cases, [without, known], {"site": ("A", "B")})
    ends = [f"survival_{months}{end}" for months in (12, 36, 60) for end in ("", "_lower", "_upper")]
    start = ["case", "score", "risk_group", "linear_predictor"]
    assert header == [*start, *ends, "warnings", "model_status", "notice", "site"]
    assert rows[0][4:13] == (None,) * 9 and rows[0][13] == ";".join(dict.fromkeys(n.code for n in without.warnings))
    assert rows[1][:4] == ("b", known.score, known.risk_group, known.linear_predictor)
    limits = [end for e in known.survival for end in (e.probability, e.lower, e.upper)]
    assert rows[1][4:] == (*limits, ";".join(n.code for n in known.warnings), "demonstration", NOTICE, "B")
    write_scores(tmp_path / "s.csv", table.cases, [without, known])
    read = list(csv.reader((tmp_path / "s.csv").open(encoding="utf-8")))
    assert read[0] == header[:-1] and float(read[2][1]) == known.score and read[1][4] == ""

"""The article's statistics on real radiomics, I-SPY1, as R computed them."""

import csv

import numpy as np
import pytest

from LABCRadiomicsLib.statistics.concordance import harrell_c
from LABCRadiomicsLib.statistics.cox_screening import univariable_cox
from LABCRadiomicsLib.statistics.kaplan_meier import logrank
from LABCRadiomicsLib.statistics.lasso import lasso_cv
from LABCRadiomicsLib.statistics.roc import time_dependent_roc, youden_cutoff
from r_reference import DAYS_PER_MONTH, relative_difference, table


@pytest.fixture(scope="module")
def ispy1(shared_data, shared_reference) -> dict:
    """161 patients of I-SPY1, their T1 features, and what R made of them."""
    with (shared_data / "ispy1" / "ISPY1_captk_features_plus_outcome_merged.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))
    reference = {name: table(name, shared_reference / "ispy1") for name in (
        "univariable_cox", "foldid", "cvglmnet", "coef_lambda.min", "coef_lambda.1se", "score", "summary", "logrank"
    )}  # fmt: skip

    def column(name: str) -> np.ndarray:
        index = header.index(name)
        return np.array([float(row[index]) for row in rows])

    return reference | {"column": column, "time": column("RFS") / DAYS_PER_MONTH, "event": column("rfs_ind") == 1}


def test_ispy1_univariable_cox(ispy1) -> None:
    reference = ispy1["univariable_cox"]
    x = np.column_stack([ispy1["column"](name) for name in reference["feature"]])
    result = univariable_cox(x / x.std(axis=0, ddof=1), ispy1["time"], ispy1["event"])
    fitted = result.status == "ok"
    assert fitted.mean() > 0.95
    assert relative_difference(result.p[fitted], reference["p"][fitted]) < 1e-6
    assert relative_difference(result.se[fitted], reference["se"][fitted]) < 1e-6
    # A feature that R fits only up to an infinite coefficient, or that does not vary, is not selected by R either.
    assert not (reference["p"][~fitted] < 0.05).any()


@pytest.mark.slow
def test_ispy1_lasso(ispy1) -> None:
    """R stopped at 70 penalties (its iteration limit) and, features being collinear, short of its own optimum."""
    names = ispy1["coef_lambda.min"]["feature"]
    x = np.column_stack([ispy1["column"](name) for name in names])
    result = lasso_cv(x, ispy1["time"], ispy1["event"], ispy1["foldid"]["fold"])
    reference, summary = ispy1["cvglmnet"], ispy1["summary"]
    n = reference["lambda"].size
    assert relative_difference(result.path.lambdas[:n], reference["lambda"]) < 1e-6
    assert relative_difference(result.mean[:36], reference["cvm"][:36]) < 1e-4
    assert relative_difference(result.mean[:n], reference["cvm"]) < 1e-3
    assert result.lambda_min == pytest.approx(summary["lambda_min"][0])
    assert result.lambda_1se == pytest.approx(summary["lambda_1se"][0])
    assert np.count_nonzero(result.coef_min) == summary["nonzero"][0]
    assert relative_difference(result.coef_min, ispy1["coef_lambda.min"]["coef"]) < 5e-3
    assert relative_difference(result.coef_1se, ispy1["coef_lambda.1se"]["coef"]) == 0


def test_ispy1_score(ispy1) -> None:
    score, summary, reference = ispy1["score"]["score"], ispy1["summary"], ispy1["logrank"]
    roc = time_dependent_roc(score, ispy1["time"], ispy1["event"], 60)
    best = youden_cutoff(roc)
    ours = [roc.auc, best.cutoff, best.tpr, best.fpr]
    assert relative_difference(ours, [summary[name][0] for name in ("auc", "cutoff", "tpr", "fpr")]) < 1e-6
    concordance = harrell_c(score, ispy1["time"], ispy1["event"])
    assert relative_difference([concordance.c, concordance.se], [summary["c_index"][0], summary["c_se"][0]]) < 1e-6
    high = score > best.cutoff
    test = logrank(ispy1["time"], ispy1["event"], high)
    assert high.sum() == reference["n_high"][0]
    assert relative_difference([test.chisq, test.p], [reference["chisq"][0], reference["p"][0]]) < 1e-6

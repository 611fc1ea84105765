"""Each rule of a model file, on both sides of what it allows."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

import example_models
from example_models import refusal, set_field
from LABCRadiomicsLib.model import Covariate
from LABCRadiomicsLib.model.rules import (
    FieldError,
    check_covariance,
    check_covariate,
    check_increasing,
    check_length,
    check_non_increasing,
    check_range,
    check_unique,
)


def fault(rule, *arguments, **options):
    """Path and problem of what a rule refuses; None where it refuses nothing."""
    try:
        rule(*arguments, **options)
    except FieldError as error:
        return error.path, error.problem
    return None


def test_ends_of_a_range():
    def of(low, high, **options):
        return fault(check_range, SimpleNamespace(low=low, high=high), "here", **options)

    assert of(1, 1) is of(1, 2) is of(None, None) is of(0, 0) is None
    assert of(2, 1) == ("here.low", "must not exceed high")
    assert of(None, 1) == ("here.low", "is missing beside its other end")
    assert of(1, None) == ("here.high", "is missing beside its other end")
    assert of(None, 1, together=False) is of(1, None, together=False) is None
    assert of(2, 1, together=False) == ("here.low", "must not exceed high")


def test_names_are_unique():
    assert fault(check_unique, ["a", "b"], "x[{}]", "name") is None
    assert fault(check_unique, ["a", "b", "b"], "x[{}]", "name") == ("x[2]", "repeats the name b")


def test_numbers_rise_or_do_not_rise():
    assert fault(check_increasing, [1, 2, 3], "x") is fault(check_increasing, [1], "x") is None
    assert fault(check_increasing, [1, 2, 2], "x") == ("x[2]", "must be later than the 2 before it")
    assert fault(check_non_increasing, [3, 3, 1], "x") is fault(check_non_increasing, [], "x") is None
    assert fault(check_non_increasing, [3, 1, 2], "x") == ("x[2]", "must not exceed the 1 before it")


def test_a_list_has_one_entry_for_each():
    assert fault(check_length, [1, 2], 2, "x", "feature") is fault(check_length, None, 2, "x", "feature") is None
    for wrong in ([1], [1, 2, 3]):
        said = f"must hold 2 entries, one for each feature, not {len(wrong)}"
        assert fault(check_length, wrong, 2, "x", "feature") == ("x", said)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_a_covariance_is_symmetric_but_for_the_rounding_of_its_scale(scale):
    def of(matrix):
        return fault(check_covariance, (np.array(matrix) * scale).tolist(), 2, "x", "feature")

    assert of([[1, 0.5 + 9e-9], [0.5, 0.7]]) is None
    assert of([[0, 0], [0, 0]]) is None
    assert of([[1, 0.5 + 2e-8], [0.5, 0.7]]) == ("x", "must be symmetric")


def test_a_covariance_has_no_negative_direction_however_small_its_variance():
    def of(matrix):
        return fault(check_covariance, matrix, 2, "x", "feature")

    assert of([[1, 1], [1, 1]]) is of([[0, 0], [0, 1]]) is of([[1e12, 0.9e3], [0.9e3, 1e-6]]) is None
    assert of([[1, 1 + 1.5e-8], [1 + 1.5e-8, 1]]) is None
    for wrong in (
        [[1, 1 + 3e-8], [1 + 3e-8, 1]],
        [[1, 1.001], [1.001, 1]],
        [[1e12, 1.1e3], [1.1e3, 1e-6]],
        [[-1, 0], [0, 1]],
        [[0, 1], [1, 1]],
    ):
        assert of(wrong) == ("x", "must be positive semidefinite")
    assert of([[1, 0, 0], [0, 1, 0]]) == ("x[0]", "must hold 2 entries, one for each feature, not 3")
    assert of([[1, 0]]) == ("x", "must hold 2 entries, one for each feature, not 1")


NUMBER = {"name": "age", "label": "Age", "type": "number", "coefficients": (0.1,)}
BINARY = {"name": "pcr", "label": "pCR", "type": "binary", "coefficients": (0.1,)}
CATEGORY = {
    "name": "stage", "label": "Stage", "type": "category", "coefficients": (0.1, 0.2), "levels": ("I", "II", "III"),
    "reference": "I",
}  # fmt: skip


@pytest.mark.parametrize(
    ("covariate", "path", "said"),
    [
        (NUMBER, None, None),
        (NUMBER | {"low": 20, "high": 80, "minimum": 0, "maximum": 120}, None, None),
        (NUMBER | {"low": 20, "high": 80, "minimum": 20, "maximum": 80}, None, None),
        (NUMBER | {"maximum": 120}, None, None),
        (NUMBER | {"name": "score"}, "c.name", "must not be score"),
        (NUMBER | {"levels": ("a", "b")}, "c.levels", "does not belong to a number"),
        (NUMBER | {"reference": "a"}, "c.reference", "belongs to a category alone"),
        (NUMBER | {"coefficients": (0.1, 0.2)}, "c.coefficients", "one for each number covariate"),
        (NUMBER | {"low": 80, "high": 20}, "c.low", "must not exceed high"),
        (NUMBER | {"low": 20}, "c.high", "is missing beside its other end"),
        (NUMBER | {"minimum": 9, "maximum": 8}, "c.minimum", "must not exceed maximum"),
        (NUMBER | {"low": 20, "high": 80, "minimum": 21}, "c.minimum", "must not exceed low"),
        (NUMBER | {"low": 20, "high": 80, "maximum": 79}, "c.high", "must not exceed maximum"),
        (BINARY, None, None),
        (BINARY | {"levels": ("no", "yes")}, None, None),
        (BINARY | {"levels": ("yes", "no")}, "c.levels[0]", "must be the level coded 0"),
        (BINARY | {"levels": ("absent", "no")}, "c.levels[1]", "must be the level coded 1"),
        (BINARY | {"levels": ("a", "b", "c")}, "c.levels", "one for each side of a binary covariate"),
        (BINARY | {"levels": ("a", " A ")}, "c.levels[1]", "repeats the level a"),
        (BINARY | {"levels": ("a", "unknown")}, "c.levels[1]", "must not be a word for an unknown value"),
        (BINARY | {"low": 0.0}, "c.low", "belongs to a number alone"),
        (BINARY | {"maximum": 1.0}, "c.maximum", "belongs to a number alone"),
        (BINARY | {"reference": "no"}, "c.reference", "belongs to a category alone"),
        (CATEGORY, None, None),
        (CATEGORY | {"levels": None}, "c.levels", "is missing: a category needs levels"),
        (CATEGORY | {"reference": "IV"}, "c.reference", "must be one of the levels I, II, III"),
        (CATEGORY | {"coefficients": (0.1,)}, "c.coefficients", "one for each level but the reference"),
        (CATEGORY | {"levels": ("I", "i", "III")}, "c.levels[1]", "repeats the level i"),
        (CATEGORY | {"high": 3.0}, "c.high", "belongs to a number alone"),
    ],
)
def test_a_covariate_is_checked_against_its_type(covariate, path, said):
    found = fault(check_covariate, Covariate(**covariate), "c")
    if path is None:
        assert found is None
    else:
        assert found[0] == path and said in found[1]


def test_a_preserved_covariate_needs_something_to_stand_in_for_an_unknown_one():
    document = example_models.document_2()
    for part in ("center", "baseline", "covariance"):
        document["nomogram"].pop(part)
    assert "harmonization.covariates[0].mean is missing: the nomogram has no center" in refusal(json.dumps(document))
    set_field(document, "harmonization.covariates[0].mean", 50)
    assert example_models.model(document).harmonization.covariates[0].mean == 50


def test_the_path_of_a_fault_grows_from_within():
    inner = FieldError("", "is wrong")
    assert inner.within("").path == ""
    assert inner.within("[2]").path == "[2]"
    assert inner.within("[2]").within("terms").within("score").path == "score.terms[2]"
    assert inner.within("b").within("[0]").within("").path == "[0].b"
    assert inner.within("b").problem == "is wrong" and str(inner.within("b")) == "b is wrong"

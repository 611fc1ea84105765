"""``labcradiomics samplesize``: sentences, one JSON object, and refusals with exit code 2."""

import json

import pytest

DEVELOP = ("samplesize", "develop", "--parameters", 30, "--rate", 0.065, "--follow-up", 2.07, "--horizon", 2)


def test_develop_prints_what_pmsampsize_asks_for(run):
    code, out, err = run(*DEVELOP, "--r2", 0.051)
    assert (code, err) == (0, "")
    assert "overfitting (shrinkage of at least 0.9): 5143 patients, 692 events" in out
    assert "Needed: 5143 patients with 692 events, 23.1 a candidate parameter." in out
    assert "12.2%, is known to between 11.3% and 13.0%" in out


def test_one_json_object(run):
    code, out, _ = run(*DEVELOP, "--c-index", 0.7, "--json")
    found = json.loads(out)
    assert code == 0 and found["n"] == max(row["n"] for row in found["criteria"])
    assert found["r2_from"] == "of a C index of 0.7"
    code, out, _ = run("samplesize", "validate", "--risk", 0.25, "--c-index", 0.75, "--threshold", 0.3, "--json")
    assert code == 0 and [row["n"] for row in json.loads(out)["criteria"]] == [1154, 3123, 485, 705]


def test_validate_says_whose_status_must_be_known(run):
    code, out, _ = run("samplesize", "validate", "--risk", 0.25, "--c-index", 0.7, "--known", 0.8)
    assert code == 0 and "80% of them with known status at the horizon" in out
    assert "standard deviation" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*DEVELOP, "--r2", 0.9), "r2 is 0.9; it must lie above 0, below the largest possible (0.555)"),
        ((*DEVELOP, "--r2", 0.1, "--c-index", 0.7), "r2 and c_index are both given"),
        (("samplesize", "validate", "--risk", 25, "--c-index", 0.7), "risk must lie between 0 and 1"),
        (("samplesize", "validate", "--risk", 0.2, "--c-index", 0.7, "--lp-mean", 1), "--lp-mean and --lp-sd belong"),
        (("samplesize", "develop", "--parameters", 3), "Missing option"),
    ],
)
def test_wrong_use_is_one_sentence_and_code_2(run, arguments, sentence):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "") and sentence in err and err.count("\n") == 1

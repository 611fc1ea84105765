"""The bundled models, the registry, and completing a model from a table."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import jsonschema
import pytest

import example_models
from LABCRadiomicsLib.errors import InputError, ModelError, ModelIncompleteError
from LABCRadiomicsLib.model import Model, canonical_json, completion
from LABCRadiomicsLib.model.completion import complete_model
from LABCRadiomicsLib.model.file import format_model, load_model, save_model
from LABCRadiomicsLib.model.registry import bundled_model_files, bundled_models, find_model
from LABCRadiomicsLib.resources import models_folder
from LABCRadiomicsLib.scoring import predict

SCHEMA = json.loads((models_folder() / "model.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


@pytest.mark.parametrize("path", bundled_model_files(), ids=lambda path: path.stem)
def test_bundled_models_are_valid_and_canonical(path):
    model = load_model(path)
    assert model.id == path.stem
    VALIDATOR.validate(json.loads(path.read_text(encoding="utf-8")))
    assert path.read_text(encoding="utf-8") == format_model(model)
    assert model.fingerprint == hashlib.sha256(canonical_json(json.loads(path.read_text())).encode()).hexdigest()


def test_registry(tmp_path):
    assert "wang2022-labc-dfs" in [model.id for model in bundled_models()]
    assert find_model("wang2022-labc-dfs").id == "wang2022-labc-dfs"
    save_model(example_models.model(), tmp_path / "mine.json")
    assert find_model(tmp_path / "mine.json") == find_model(str(tmp_path / "mine.json")) == example_models.model()
    for unknown in ("wang", "model.schema", "", ".", str(tmp_path)):
        with pytest.raises(ModelError, match=r"no such model.*wang2022-labc-dfs"):
            find_model(unknown)


@pytest.fixture
def wang() -> Model:
    return find_model("wang2022-labc-dfs")


# Value and 95% limits, in the order of the model's entries; "training" is apparent performance.
PUBLISHED = """
apparent 139 32: 0.891; 0.820 0.744 0.896; 0.810 0.743 0.877; 0.620 0.504 0.700; 0.247 0.126 0.343; 0.539 0.244 0.682
apparent 139 32: 0.001; 0.760 0.682 0.838; 74.0 62.8 82.3
apparent 139 32: 1.0431 1.006 1.082; 1.6461 0.685 3.957; 1.8162 0.622 5.302; 1.229 0.4647 3.248; 0.724 0.284 1.845
apparent 139 32: 0.742 0.301 1.829; 0.688 0.285 1.664; 3.866 2.537 5.891
validation 139 38: 0.612 0.528 0.696; 0.614 0.522 0.706; 0.516 0.426 0.606; 0.027 0.002 0.058; 0.127 0.029 0.346
validation 139 38: 0.014; 0.723 0.643 0.803
external 91 None: 0.041
"""


def test_wang_holds_every_published_figure_of_performance(wang):
    published = set()
    for line in PUBLISHED.strip().splitlines():
        cohort, figures = line.split(":")
        for figure in figures.split(";"):
            value, lower, upper = (*map(float, figure.split()), None, None)[:3]
            published.add((cohort, value, lower, upper))
    held = {(f"{e.kind} {e.n} {e.events}", e.value, e.lower, e.upper) for e in wang.performance}
    assert held == published
    assert len(wang.performance) == len(held)


def test_wang_holds_the_published_numbers_of_the_workflow(wang):
    assert wang.cutoff.value == -51.7682
    assert wang.cutoff.auc == 0.891
    assert (wang.provenance.cohort.n, wang.provenance.cohort.events) == (139, 32)
    text = canonical_json(wang.to_document())
    held = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}
    assert {850, 851, 14, 93, 8, 0.75, 20, 616, 0.05, 250, 15, 278, 52, 41.7, 23.7, 64.7, 55.4, 69.1, 23.0} <= held


def test_discrimination_is_that_of_other_patients(wang):
    """Not the flattering training figure, and of the nomogram only where it gives survival."""
    row = wang.discrimination
    assert (row.metric, row.kind, row.value) == ("C-index, radiomics score alone", "validation", 0.614)
    demo = find_model("demo-phantom").discrimination
    assert (demo.metric, demo.kind) == ("C-index, nomogram", "validation")
    assert replace(wang, performance=()).discrimination is None


def test_wang_coefficients_are_the_logarithms_of_the_published_hazard_ratios(wang):
    ratios = [math.exp(value) for value in wang.nomogram.coefficients()]
    assert ratios == pytest.approx([1.0431, 1.6461, 1.8162, 1.229, 0.724, 0.742, 0.688, 3.866], rel=1e-12)
    printed = [entry.value for entry in wang.performance if entry.metric.startswith("hazard ratio")]
    assert printed == pytest.approx(ratios, rel=1e-12)


def test_wang_is_incomplete_and_says_where_the_rest_is(wang):
    assert wang.status == "incomplete"
    assert (wang.score, wang.groups, wang.nomogram.baseline, wang.nomogram.center) == (None,) * 4
    assert wang.nomogram.covariance is None
    with pytest.raises(ModelIncompleteError) as caught:
        predict(wang, {})
    for said in ("15 features", "supplement", "10.1186/s13058-022-01516-0", "labcradiomics models complete"):
        assert said in str(caught.value)


NAMES = [f"wavelet-{a}{b}{c}_glcm_{f}" for a in "LH" for b in "LH" for c in "LH" for f in ("Idmn", "Contrast")][:15]


def _table(rows: list[tuple[str, object]], header: str = "feature,coefficient", separator: str = ",") -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator)
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return stream.getvalue()


ROWS: list[tuple[str, object]] = [(name, 0.001 * (index + 1)) for index, name in enumerate(NAMES)]  # made up


def _complete(wang: Model, tmp_path: Path, content: str | bytes) -> Model:
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return complete_model(wang, path, today=date(2025, 3, 1))


def test_completing_wang(wang, tmp_path):
    completed = _complete(wang, tmp_path, _table(ROWS))
    assert completed.status == "complete"
    assert [(term.feature, term.coefficient) for term in completed.score.terms] == ROWS
    assert completed.score.intercept == 0
    change = completed.provenance.changes[-1]
    assert (change.date, change.file) == ("2025-03-01", "table.csv")
    assert change.sha256 == hashlib.sha256((tmp_path / "table.csv").read_bytes()).hexdigest()
    assert completed.missing_part("score") is None
    assert completed.missing_part("nomogram.baseline") is not None
    save_model(completed, tmp_path / "done.json")
    assert load_model(tmp_path / "done.json").fingerprint == completed.fingerprint
    with pytest.raises(ModelError, match="already"):
        complete_model(completed, tmp_path / "table.csv")


def test_a_completed_wang_gives_the_group_and_says_that_survival_needs_recalibration(wang, tmp_path):
    completed = _complete(wang, tmp_path, _table([*ROWS, ("(Intercept)", -52)]))
    prediction = predict(completed, dict.fromkeys(NAMES, 1.0), {"age": 50})
    assert prediction.score == pytest.approx(-52 + 0.120)
    assert prediction.risk_group == "low"
    assert prediction.survival == ()
    message = next(notice.message for notice in prediction.warnings if notice.code == "no-baseline")
    assert "Disease-free survival is not available" in message
    assert "recalibrate" in message
    higher = predict(completed, dict.fromkeys(NAMES, 2.0), {"age": 50})
    assert higher.score == pytest.approx(-51.76)
    assert higher.risk_group == "high"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + _table(ROWS).encode(),
        _table(ROWS, separator=";"),
        _table([(name.replace("-", "."), value) for name, value in ROWS]),
        _table([(value, name) for name, value in ROWS], header="coefficient,feature"),
        _table(ROWS, header=" Feature ,COEFFICIENT") + "\r\n,\r\n",
        _table(ROWS).replace("\r\n", "\n"),
    ],
    ids=["bom", "semicolons", "r-names", "columns-swapped", "header-case-and-blank-rows", "unix-lines"],
)
def test_completing_understands_common_tables(wang, tmp_path, content):
    plain = _complete(wang, tmp_path, _table(ROWS))
    assert _complete(wang, tmp_path, content).score == plain.score


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (_table(ROWS[:14]), "has 15 features, the table 14"),
        (_table([*ROWS, ("original_glcm_Idm", 1)]), "has 15 features, the table 16"),
        (_table([]), "has 15 features, the table 0"),
        ("", "the table is empty"),
        ("\n\n", "the table is empty"),
        (_table(ROWS, header="name,coefficient"), "row 1: the columns must be feature and coefficient"),
        (_table([("wavelet-LLL_glcm_Idnm", 1), *ROWS[1:]]), "row 2, column feature: wavelet-LLL_glcm_Idnm"),
        (_table([*ROWS[:3], ("square_glcm_Idm", 1)]), "row 5, column feature: square_glcm_Idm"),
        (_table([*ROWS[:2], ROWS[0]]), "row 4, column feature: wavelet-LLL_glcm_Idmn repeats row 2"),
        (_table([*ROWS[:2], (NAMES[0].replace("-", "."), 1)]), "row 4, column feature: wavelet-LLL_glcm_Idmn repeats"),
        (_table([("", 1)]), "row 2, column feature: the cell is empty"),
        (_table([(NAMES[0], "0,5")], separator=";"), "row 2, column coefficient: '0,5' is not a finite number"),
        (_table([(NAMES[0], "nan")]), "row 2, column coefficient"),
        (_table([(NAMES[0], "1e999")]), "row 2, column coefficient"),
        (_table([(NAMES[0], "")]), "row 2, column coefficient"),
        ("feature,coefficient\n" + NAMES[0] + ",0,5\n", "row 2: 3 cells"),
        ("feature,coefficient\n" + NAMES[0] + "\n", "row 2: 1 cells"),
        (_table(ROWS).encode("utf-16"), "not UTF-8"),
        (b"feature,coefficient\n" + b"x" * 5_000_001, "larger than 5 MB"),
        ("feature,coefficient\n" + "x" * 200_000 + ",1\n", "row 2: not a CSV row"),
    ],
)
def test_bad_tables_are_refused_by_row_and_column(wang, tmp_path, content, said):
    with pytest.raises(InputError) as caught:
        _complete(wang, tmp_path, content)
    message = str(caught.value)
    assert said in message
    assert "table.csv" in message
    assert "\n" not in message


def test_a_wrong_header_is_shown_up_to_eighty_letters(wang, tmp_path):
    for length, shown in ((80, 80), (81, 80)):
        with pytest.raises(InputError, match=rf"the columns must be feature and coefficient, not x{{{shown}}}\.$"):
            _complete(wang, tmp_path, "x" * length + "\n")


def test_a_table_of_the_largest_size_is_read(wang, tmp_path, monkeypatch):
    content = _table(ROWS).encode()
    monkeypatch.setattr(completion, "MAX_BYTES", len(content))
    assert len(_complete(wang, tmp_path, content).score.terms) == len(ROWS)
    with pytest.raises(InputError, match="larger than 5 MB"):
        _complete(wang, tmp_path, content + b"\n")


def test_completing_needs_a_file_and_a_cutoff(wang, tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        complete_model(wang, tmp_path / "absent.csv")
    with pytest.raises(ModelError, match="cutoff"):
        _complete(replace(wang, cutoff=None), tmp_path, _table(ROWS))


def test_a_table_without_any_feature_is_no_score(wang, tmp_path):
    open_ended = replace(wang, missing=tuple(replace(part, expected_terms=None) for part in wang.missing))
    with pytest.raises(InputError, match="the table holds no feature; give one row for each"):
        _complete(open_ended, tmp_path, _table([("(Intercept)", 0.5)]))
    assert _complete(open_ended, tmp_path, _table([("(Intercept)", 0.5), ROWS[0]])).score.intercept == 0.5

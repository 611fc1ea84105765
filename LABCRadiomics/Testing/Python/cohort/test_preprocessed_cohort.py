"""Preprocessing of a cohort: in the features, in the record, in the model; and tables that were made otherwise."""

import csv
import json

import pytest

from LABCRadiomicsLib.cohort.record import extraction_of, read_extraction, require_made_for
from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.features.settings import SLICER_RADIOMICS_PARAMETERS, ExtractionSettings
from LABCRadiomicsLib.imaging import read_image, read_mask
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.preprocessing import preprocess, read_steps

STEPS = [{"step": "zscore", "scale": 50}]


@pytest.fixture
def cases(breast1, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text(f"case,image,mask\nbreast1,{breast1[0]},{breast1[1]}\n", encoding="utf-8")
    return path


@pytest.fixture
def settings_file(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"imageType": {"Original": {}}, "featureClass": {"firstorder": ["Mean", "Median"]}}))
    return path


def test_steps_are_applied_and_recorded(run, cases, settings_file, breast1, tmp_path):
    steps, out = tmp_path / "steps.json", tmp_path / "features.csv"
    steps.write_text(json.dumps(STEPS), encoding="utf-8")
    code, _, err = run(
        "extract", cases, "--out", out, "--settings", settings_file, "--preprocessing", steps, "--jobs", 1
    )
    assert (code, err) == (0, "")
    image, mask = read_image(breast1[0]).volume, read_mask(breast1[1]).volume
    inside = preprocess(image, read_steps(STEPS)).array[mask.array != 0]
    with out.open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert float(row["original_firstorder_Mean"]) == pytest.approx(inside.mean())
    assert read_steps(read_extraction(out).preprocessing) == read_steps(STEPS)


@pytest.mark.parametrize(("content", "what"), [
    ("[", "no JSON"), ("{}", "no list"), ('[{"step": "n3"}]', "n3"),
    ('[{"step": "zscore", "region": "breast"}]', "breast"),
])  # fmt: skip
def test_steps_that_cannot_be_taken(run, cases, settings_file, tmp_path, content, what):
    steps = tmp_path / "steps.json"
    steps.write_text(content, encoding="utf-8")
    out = tmp_path / "features.csv"
    code, _, err = run(
        "extract", cases, "--out", out, "--settings", settings_file, "--preprocessing", steps, "--jobs", 1
    )
    told = err + (tmp_path / "features_errors.csv").read_text() if (tmp_path / "features_errors.csv").exists() else err
    assert code == 2 and what in told


def write_record(path, **changes):
    """A record of the demonstration model's own extraction, with changes."""
    settings = ExtractionSettings.from_parameters(SLICER_RADIOMICS_PARAMETERS, changes.pop("array_order", "LPS"))
    extraction = extraction_of(settings, steps=read_steps(changes.pop("preprocessing", [])))
    from LABCRadiomicsLib.cohort.record import extraction_document, record_path

    document = extraction_document(extraction)
    document["setting"] |= changes
    record_path(path).write_text(json.dumps({"extraction": document}), encoding="utf-8")


@pytest.mark.parametrize(("changes", "what"), [
    ({"binWidth": 10}, "binWidth 10, not 25"), ({"array_order": "as-loaded"}, "array order as-loaded, not LPS"),
    ({"preprocessing": STEPS}, "preprocessing zscore, not none"),
])  # fmt: skip
def test_a_table_made_otherwise_is_refused(run, tmp_path, changes, what):
    model, table = find_model("demo-phantom"), tmp_path / "features.csv"
    names = [term.feature for term in model.score.terms]
    table.write_text("case," + ",".join(names) + "\na," + ",".join("1" for _ in names) + "\n", encoding="utf-8")
    assert run("apply", "demo-phantom", table, "--out", tmp_path / "scores.csv")[0] == 0  # no record: somebody else's
    write_record(table)
    require_made_for(model, table)
    write_record(table, **changes)
    with pytest.raises(CohortError, match=what):
        require_made_for(model, table)
    code, _, err = run("apply", "demo-phantom", table, "--out", tmp_path / "scores2.csv")
    assert code == 2 and what in err and not (tmp_path / "scores2.csv").exists()

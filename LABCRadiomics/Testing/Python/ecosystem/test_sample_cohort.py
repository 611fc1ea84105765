"""The real cohort that comes with the package."""

import numpy as np
import pytest

from LABCRadiomicsLib import ecosystem
from LABCRadiomicsLib.cli import training
from LABCRadiomicsLib.model import load_model
from LABCRadiomicsLib.resources import sample_cohort
from LABCRadiomicsLib.tables.csv_table import read_table
from r_reference import DAYS_PER_MONTH


def test_it_is_the_published_table(shared_data):
    features, outcomes = ecosystem.load_ispy1()
    assert features.shape == (161, 371) and outcomes["recurrence"].sum() == 43
    source = read_table(shared_data / "ispy1" / "ISPY1_captk_features_plus_outcome_merged.csv")
    assert tuple(features["case"]) == tuple(outcomes["case"]) == source.cases("SUBJECTID")
    for name in features.columns[1:]:
        assert (features[name].to_numpy() == source.numbers(name)).all(), name
    assert np.allclose(outcomes["rfs_months"] * DAYS_PER_MONTH, source.numbers("RFS"), rtol=1e-12)
    pairs = {"age": "age", "hr_positive": "HR Pos", "her2_positive": "Her2MostPos", "pcr": "PCR",
             "longest_diameter_mm": "MRI LD Baseline", "recurrence": "rfs_ind"}  # fmt: skip
    for ours, theirs in pairs.items():
        assert np.array_equal(
            outcomes[ours].to_numpy(float), source.numbers(theirs, allow_missing=True), equal_nan=True
        )
    assert b"10.1038/s41597-022-01555-4" in sample_cohort()["attribution.txt"]


@pytest.mark.slow
def test_the_demonstration_trains_on_it_and_tells_the_optimism(tmp_path, capsys):
    training.demonstrate_cohort(tmp_path / "demo", bootstrap=4)
    said = capsys.readouterr().out
    assert {path.name for path in (tmp_path / "demo").iterdir()} == {
        "features.csv", "outcomes.csv", "attribution.txt", "model.json", "report",
    }  # fmt: skip
    model = load_model(tmp_path / "demo" / "model.json")
    values = {row.kind: row.value for row in model.performance if row.metric == "C-index, radiomics score alone"}
    assert values["apparent"] == pytest.approx(0.74, abs=0.03)
    assert values["optimism-corrected"] < values["apparent"] - 0.05
    assert f"Apparent C-index {values['apparent']:.3f}, corrected {values['optimism-corrected']:.3f}" in said
    assert model.extraction is None and "scores tables of these features only" in said

"""Parts of a model beside the nomogram at work: what the clinic has, and covariates as people read them."""

import math
from dataclasses import replace

import pytest

from example_models import document_2, model
from LABCRadiomicsLib.model import infer_covariate

COMPARATOR = model(document_2()).comparators[0]
AGE, STAGE, PCR = model().nomogram.covariates


def test_a_comparators_log_hazard_is_from_its_center():
    values = {"stage": "IIIc", "pcr": 1.0, "age": 40.0}
    expected = 0.4 * (0 - 0.4) + 0.9 * (1 - 0.2) - 0.6 * (1 - 0.25)
    assert COMPARATOR.log_hazard(values) == pytest.approx(expected, rel=1e-14)
    assert replace(COMPARATOR, center=None).log_hazard(values) == pytest.approx(0.9 - 0.6, rel=1e-14)
    assert COMPARATOR.log_hazard(values | {"pcr": None}) is None
    assert COMPARATOR.log_hazard({"stage": "IIIc"}) is None
    assert COMPARATOR.parameters() == ("stage=IIIa-b", "stage=IIIc", "pcr")


def test_a_comparators_survival_is_its_baseline_to_the_power_of_the_hazard():
    found = [COMPARATOR.survival(0.7, months) for months in (5.9, 6, 69.9, 70)]
    power = math.exp(0.7)
    assert found == pytest.approx([1, 0.97**power, 0.97**power, 0.75**power], rel=1e-14)
    assert COMPARATOR.survival(0.7, 70.1) is None
    assert replace(COMPARATOR, baseline=None).survival(0.7, 12) is None
    assert COMPARATOR.survival(1e6, 12) == 0 and COMPARATOR.survival(-1e6, 12) == 1


def test_values_as_people_read_them():
    assert [PCR.level(value) for value in (0.0, 1.0, None)] == ["no", "yes", None]
    assert STAGE.level("IIIc") == "IIIc" and AGE.level(61.0) == 61.0
    assert [AGE.words(value) for value in (61.0, 61.5, None)] == ["61 years", "61.5 years", "unknown"]
    assert replace(AGE, unit=None).words(3.0) == "3"
    assert [PCR.words(value) for value in (0.0, 1.0, None)] == ["no", "yes", "unknown"]
    assert STAGE.words("II") == "II"


@pytest.mark.parametrize(
    ("cells", "kind", "levels"),
    [
        (("Yes", "no", "Yes"), "binary", ("no", "Yes")),
        (("negative", "positive", "negative"), "binary", ("negative", "positive")),
        (("1", "0", "0"), "binary", None),
        (("yes", "0", "1"), "binary", None),
    ],
)
def test_a_binary_covariate_keeps_the_two_words_of_its_column(cells, kind, levels):
    found = infer_covariate("x", cells)
    assert (found.type, found.levels) == (kind, levels)
    assert found.parse(cells[0]) == 1.0 - (cells[0] == "negative")

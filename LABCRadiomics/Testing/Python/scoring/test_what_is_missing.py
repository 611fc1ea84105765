"""What a prediction says where the model or the patient's site lacks something: refused, or told with its weight."""

from dataclasses import replace

import pytest

from example_models import FEATURES, document_2, incomplete_document, model
from LABCRadiomicsLib.errors import InputError, ModelIncompleteError
from LABCRadiomicsLib.scoring import predict, require_score

CLINICAL = {"age": 60, "stage": "IIIc", "pcr": "yes"}
HARMONIZED = model(document_2())


def test_a_model_without_score_says_what_is_missing_and_where_it_is():
    with pytest.raises(ModelIncompleteError) as caught:
        require_score(model(incomplete_document()))
    assert "3 made-up terms are missing; they are in a drawer; add them with" in str(caught.value)
    with pytest.raises(ModelIncompleteError) as caught:
        require_score(replace(model(), score=None))
    assert "the score's features and coefficients" in str(caught.value) and "they are in" not in str(caught.value)
    assert require_score(model()) == model().score


@pytest.mark.parametrize(
    ("site", "said"), [(None, "the patient's site is not given"), ("Z", "site Z is not among them")]
)
def test_a_patient_of_no_or_another_site_is_refused_or_scored_with_a_grave_warning(site, said):
    with pytest.raises(InputError, match=said):
        predict(HARMONIZED, FEATURES, CLINICAL, site=site)
    found = predict(HARMONIZED, FEATURES, CLINICAL, site=site, unknown_site="as-measured")
    (notice,) = [notice for notice in found.warnings if notice.code == "not-harmonized"]
    assert notice.grave and "the sites A, B" in notice.message
    assert found.score == HARMONIZED.score.of(FEATURES.values())


def test_a_known_site_is_adjusted_and_a_model_without_sites_takes_none():
    adjusted = {site: predict(HARMONIZED, FEATURES, CLINICAL, site=site) for site in ("A", "B")}
    assert adjusted["A"].score == HARMONIZED.score.of(FEATURES.values())  # the reference, which stays as it is
    assert adjusted["B"].score != adjusted["A"].score
    assert all("not-harmonized" not in {n.code for n in one.warnings} for one in adjusted.values())
    with pytest.raises(InputError, match="was not harmonized over sites, so it takes no site"):
        predict(model(), FEATURES, CLINICAL, site="A")


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, {"demonstration"}),
        ({"baseline": None}, {"demonstration", "no-baseline"}),
        ({"covariance": None}, {"demonstration", "no-limits"}),
    ],
    ids=["whole", "no baseline", "no covariance"],
)
def test_what_a_nomogram_lacks_is_told_and_nothing_else(change, codes):
    made = model()
    made = replace(made, nomogram=replace(made.nomogram, **change))
    assert {notice.code for notice in predict(made, FEATURES, CLINICAL).warnings} == codes


@pytest.mark.parametrize(("value", "outside"), [(49.999, True), (50, False), (225, False), (400, False), (400.1, True)])
def test_the_ends_of_the_training_cohorts_range_are_within_it(value, outside):
    made_up = model()
    term = made_up.score.terms[0]
    assert (term.low, term.high) == (50, 400)
    notices = predict(made_up, FEATURES | {term.feature: value}, {}).warnings
    told = [one.message for one in notices if one.code == "feature-out-of-range" and term.feature in one.message]
    assert bool(told) == outside
    assert all(text.endswith("outside the training cohort's range 50 to 400.") for text in told)

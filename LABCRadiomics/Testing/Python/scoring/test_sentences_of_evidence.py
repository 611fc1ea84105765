"""The sentences on contours, the second reader, discrimination and survival, each word for word."""

import pytest

from LABCRadiomicsLib.scoring.wording import evidence, number, survival_remarks, wider_limits

NOTHING = {
    "contributions": [{"in_range": True}, {"in_range": None}], "discrimination": None, "status": "complete",
    "site": None, "stability": None, "cutoff": 4.0, "second_reader": None, "survival": [], "covariates": [],
    "averaged": False, "selection": None,
}  # fmt: skip
CONTOURS = {
    "contours": 20, "failed": 0, "same_group": 20, "dice_mean": 0.914, "boundary_sd_mm": 0.8, "score_min": 5.0,
    "score_max": 6.0, "score_lower": 4.5, "score_upper": 6.5,
}  # fmt: skip
SPREAD = (
    "With 20 contours that overlap the drawn one as other readers' would (Dice 0.91 on average), the score is 5 to 6; "
    "95% limits of another reader's score: 4.5 to 6.5."
)


def test_where_nothing_is_known_nothing_is_said():
    assert evidence(NOTHING) == [] and survival_remarks(NOTHING) == [] and wider_limits(NOTHING) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, f"{SPREAD} The risk group is the same in 20 of 20."),
        ({"failed": 2, "same_group": 17},
         f"{SPREAD} Of them, 2 could not be scored. The risk group is the same in 17 of 18."),
        ({"same_group": 17},
         f"⚠ The risk group depends on the contour. {SPREAD} The risk group is the same in 17 of 20."),
        ({"score_lower": 4.0}, f"⚠ Another reader's contour may give the other risk group. "
                               f"{SPREAD.replace('4.5', '4')} The risk group is the same in 20 of 20."),
        ({"same_group": None}, SPREAD),
        ({"failed": 20, "same_group": None}, "None of 20 redrawn contours could be scored."),
        ({"dice_mean": None, "score_lower": None, "score_upper": None},
         "With the contour redrawn 20 times (boundary moved by 0.8 mm SD), the score is 5 to 6. "
         "The risk group is the same in 20 of 20."),
    ],
)  # fmt: skip
def test_the_contour_test(changes, sentence):
    assert evidence(NOTHING | {"stability": CONTOURS | changes}) == [sentence]


@pytest.mark.parametrize(
    ("same", "before", "after"),
    [(True, "", " Its risk group is the same."), (False, "⚠ ", " Its risk group is the other."), (None, "", "")],
)
def test_the_second_reader(same, before, after):
    sentence = f"{before}On the second reader's contour (Dice 0.87 with the first) the score is 3.5.{after}"
    second = {"dice": 0.873, "score": 3.5, "same_group": same, "survival": []}
    assert evidence(NOTHING | {"second_reader": second}) == [sentence]
    second["survival"] = [{"months": at, "probability": p} for at, p in ((12, 0.9), (36, 0.8), (60, 0.641))]
    assert evidence(NOTHING | {"second_reader": second}) == [sentence]  # the first reader's has none
    own = [{"months": at, "probability": p} for at, p in ((12, 0.95), (36, 0.85), (60, 0.7))]
    both = evidence(NOTHING | {"second_reader": second, "survival": own})
    assert both == [f"{sentence} Its survival at 60 months is 64.1% (first reader: 70.0%)."]


@pytest.mark.parametrize(
    ("kind", "status", "patients"),
    [
        ("external", "complete", "Measured in 91 patients of another center."),
        ("apparent", "complete", "Measured in the 91 patients it was made from, which is too good."),
        ("validation", "demonstration", "Measured in 91 simulated patients of a validation cohort."),
        ("optimism-corrected", "demonstration",
         "Measured in the 91 simulated patients it was made from, corrected for optimism."),
    ],
)  # fmt: skip
def test_discrimination_of_patients_and_phantoms(kind, status, patients):
    row = {"metric": "C-index", "value": 0.7123, "lower": 0.6, "upper": 0.8, "kind": kind, "n": 91}
    result = NOTHING | {"discrimination": row, "status": status}
    assert evidence(result) == [f"C-index: 0.712, 95% CI 0.600 to 0.800 (0.5 is chance, 1 perfect). {patients}"]
    bare = result | {"discrimination": row | {"lower": None, "upper": None}}
    assert evidence(bare) == [f"C-index: 0.712 (0.5 is chance, 1 perfect). {patients}"]


def test_extrapolation_and_site():
    outside = [{"in_range": False}, {"in_range": True}, {"in_range": None}]
    first, second = evidence(NOTHING | {"contributions": outside, "site": "A"})
    assert first == "⚠ 1 of 3 features outside the training cohort's range: the score is an extrapolation."
    assert second.startswith("The features were adjusted for site A (ComBat)")


def test_remarks_beside_survival():
    known = NOTHING | {"survival": [{"lower": 0.5, "upper": 0.9}], "covariates": [{"label": "Age", "value": 61}]}
    assert survival_remarks(known) == [
        "The limits take the model as true; the chance in choosing its features is not in them."
    ]
    assert survival_remarks(known | {"survival": [{"lower": None, "upper": None}]}) == []
    unknown = known | {"covariates": [{"label": "Age", "value": None}, {"label": "pCR", "value": None}]}
    assert survival_remarks(unknown)[0].startswith("The model's mean stands in for what is unknown (Age, pCR)")
    assert survival_remarks(unknown | {"averaged": True})[0].startswith("Averaged over what is unknown of this patient")
    selection = {"survival": [{"lower": 0.4, "upper": 0.95}, {"lower": None, "upper": None}], "repeats": 100,
                 "same_group": 0.834}  # fmt: skip
    wide, groups = survival_remarks(known | {"selection": selection})
    assert wide.endswith("(100 repeats of the whole selection).")
    assert groups == "In 83% of 100 repeats of the whole selection this patient is in the same risk group."
    assert wider_limits(known | {"selection": selection}) == ["40.0% to 95.0%", ""]
    without = survival_remarks(known | {"selection": selection | {"survival": [], "same_group": None}})
    assert without == []


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0"), (-1.23456, "-1.235"), (9999.4, "9999"), (9999.6, "10000"), (-10000.0, "-10000"), (12345.6, "12346"),
     (999_999_999.0, "999999999"), (1e9, "1e+09"), (1.5e-7, "1.5e-07")],
)  # fmt: skip
def test_numbers_have_four_digits_and_seldom_an_exponent(value, words):
    assert number(value) == words

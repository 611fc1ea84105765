"""Where trust begins and ends, the survival curve for plots, and small things of a result, each by its exact value."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from example_models import FEATURES, document, document_2, incomplete_document, model
from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.scoring import predict, survival_curve
from LABCRadiomicsLib.scoring.result_document import document_text, result_document
from LABCRadiomicsLib.scoring.trust import trust_of
from LABCRadiomicsLib.scoring.wording import gives

CLINICAL = {"age": 60, "stage": "IIIc", "pcr": "yes"}


def parts(outside: int, total: int) -> list:
    """Contributions of which some are outside the range; one whose range is not known counts as inside."""
    inside = [True] * (total - outside - 1) + [None] if total > outside else []
    return [SimpleNamespace(in_range=known) for known in [False] * outside + inside]


@pytest.mark.parametrize(
    ("outside", "total", "grade"),
    [
        (0, 4, "fine"),
        (1, 4, "care"),
        (1, 3, "do-not-rely"),
        (2, 6, "do-not-rely"),
        (2, 7, "care"),
        (3, 3, "do-not-rely"),
    ],
)
def test_a_third_of_the_features_outside_is_too_much(outside, total, grade):
    found = trust_of(parts(outside, total), ())
    assert found.grade == grade
    assert [notice.code for notice in found.reasons] == ["feature-out-of-range"] * bool(outside)
    assert all(f"{outside} of {total} features outside" in notice.message for notice in found.reasons)


# P(more outside than that) of a binomial distribution with 0.02: 2 features 4.0%, 3 features 5.9%, 18 features 5.0%.
@pytest.mark.parametrize(
    ("outside", "total", "grade"),
    [(1, 2, "do-not-rely"), (1, 3, "fine"), (1, 6, "fine"), (2, 6, "do-not-rely"), (1, 17, "fine"), (2, 17, "care"),
     (2, 18, "care"), (2, 19, "fine"), (3, 41, "care"), (2, 41, "fine")],
)  # fmt: skip
def test_features_outside_as_often_as_in_training_are_fine_where_their_distance_is_known(outside, total, grade):
    assert trust_of(parts(outside, total), (), jointly=True).grade == grade


@pytest.mark.parametrize(
    ("same", "failed", "grade"),
    [(20, 0, "fine"), (18, 0, "fine"), (17, 0, "care"), (10, 0, "care"), (9, 0, "do-not-rely"), (0, 0, "do-not-rely"),
     (9, 10, "fine"), (8, 10, "care"), (5, 10, "care"), (4, 10, "do-not-rely"), (None, 0, "fine")],
)  # fmt: skip
def test_contours_in_the_same_group(same, failed, grade):
    found = trust_of((), (), {"contours": 20, "failed": failed, "same_group": same})
    assert found.grade == grade
    assert all(f"{same} of {20 - failed} redrawn contours give" in notice.message for notice in found.reasons)


def test_contours_of_which_none_could_be_scored_ask_for_care():
    found = trust_of((), (), {"contours": 20, "failed": 20, "same_group": None})
    assert found.grade == "care" and found.reasons[0].message == "None of 20 redrawn contours could be scored."


@pytest.mark.parametrize(("same", "grade"), [(True, "fine"), (None, "fine"), (False, "care")])
def test_a_second_reader_with_the_other_group_asks_for_care(same, grade):
    assert trust_of((), (), None, {"same_group": same}).grade == grade
    assert trust_of((), ()).grade == "fine"


def test_joint_distance_counts_only_where_the_model_has_it():
    """One of three features outside its range: too much by itself, usual where their distance was looked at."""
    values = FEATURES | {"original_firstorder_Mean": 401.0}
    for made, grades in ((model(), {"do-not-rely"}), (model(document_2()), {"fine", "care"})):
        site = {"site": "A"} if made.harmonization else {}
        document = result_document(made, predict(made, values, CLINICAL, **site))
        own = [reason for reason in document["trust"]["reasons"] if reason["code"] == "feature-out-of-range"]
        assert bool(own) == (made.score.distribution is None) and document["trust"]["grade"] in grades


def test_a_document_refuses_numbers_that_json_does_not_have():
    with pytest.raises(ValueError, match="JSON"):
        document_text({"score": float("nan")})
    assert document_text({"name": "µ"}) == '{\n  "name": "µ"\n}\n'


def test_a_curve_begins_at_month_0_with_survival_1():
    made = model()
    prediction = predict(made, FEATURES, CLINICAL)
    assert not prediction.averaged
    curve = survival_curve(made, prediction)
    assert curve.months.tolist() == [0, 6, 18, 40, 70]
    assert (curve.probability[0], curve.lower[0], curve.upper[0]) == (1, 1, 1)
    assert (np.diff(curve.probability) < 0).all() and (curve.lower <= curve.upper).all()
    nomogram = made.nomogram
    early = replace(made, nomogram=replace(nomogram, baseline=replace(nomogram.baseline, months=(0, 18, 40, 70))))
    assert survival_curve(early, predict(early, FEATURES, CLINICAL)).months.tolist() == [0, 18, 40, 70]
    first = replace(made, nomogram=replace(nomogram, baseline=replace(nomogram.baseline, months=(1, 18, 40, 70))))
    assert survival_curve(first, predict(first, FEATURES, CLINICAL)).months.tolist() == [0, 1, 18, 40, 70]
    with pytest.raises(InputError, match="another fingerprint"):
        survival_curve(early, prediction)
    bare = replace(made, nomogram=replace(nomogram, baseline=None))
    assert survival_curve(bare, predict(bare, FEATURES, CLINICAL)) is None
    without = replace(made, nomogram=replace(nomogram, covariance=None))
    curve = survival_curve(without, predict(without, FEATURES, CLINICAL))
    assert curve.lower is None and curve.upper is None


def test_what_a_model_gives_in_words():
    made = model()
    assert gives(made) == "score, risk group, disease-free survival"
    assert gives(replace(made, nomogram=replace(made.nomogram, baseline=None))) == "score, risk group"
    assert gives(replace(made, nomogram=None, cutoff=None)) == "score"
    assert gives(model(incomplete_document())) == "nothing until completed"
    assert document()["nomogram"]["endpoint"] == "Disease-free survival"

"""A comparator made of clinical columns: encoded as training encodes them, cases with unknown values left out."""

from dataclasses import replace

import numpy as np
import pytest

from cohort_examples import FIVE, gbsg2_model, gbsg2_tables
from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.model import Covariate
from LABCRadiomicsLib.scoring.cohort import score_cohort
from LABCRadiomicsLib.training import cohort_of, specs_of
from LABCRadiomicsLib.training.clinical_models import fit_clinical, known_rows
from LABCRadiomicsLib.validation import horizons_of, validate
from LABCRadiomicsLib.validation.comparators import clinical_marker


def tables(**changed):
    features, outcomes = gbsg2_tables(slice(0, 300))
    return features, replace(outcomes, columns={**outcomes.columns, **changed})


def with_unknown(values, every=7, words=("", "unknown", "NA")):
    return tuple(words[at % 3] if at % every == 0 else value for at, value in enumerate(values))


def test_the_comparator_is_the_clinical_model_of_training():
    _, outcomes = gbsg2_tables(slice(0, 300))
    grades, ages = with_unknown(outcomes.columns["grade"]), with_unknown(outcomes.columns["age"], 11)
    features, outcomes = tables(grade=grades, age=ages)
    scored = score_cohort(gbsg2_model(FIVE), features, outcomes)
    predictor = clinical_marker(["grade", "age"], scored, horizons_of(scored))
    cohort = cohort_of(features, outcomes, specs_of(outcomes, ("grade", "age")))
    assert cohort.spec("grade").reference == "I"  # the first, not the most frequent, which is II
    model = fit_clinical("clinical", cohort, ("grade", "age"), None)
    assert np.array_equal(predictor.known, known_rows(cohort.columns(("grade", "age"))))
    assert (~predictor.known).sum() == sum(at % 7 == 0 or at % 11 == 0 for at in range(300))
    assert predictor.values[predictor.known] == pytest.approx(model.linear_predictor, abs=1e-12)
    assert predictor.risk(36.0)[predictor.known] == pytest.approx(model.marker(36.0).risk(36.0), abs=1e-12)
    assert [notice.code for notice in predictor.notices] == ["comparator-fitted-here", "unknown-covariates"]
    found = validate(scored, comparator=predictor, bootstrap=0)
    assert f"{300 - predictor.known.sum()} of 300 cases" in " ".join(notice.message for notice in found.notices)
    assert found.comparison is not None and found.decision is not None


def test_what_the_model_knows_is_taken_as_the_model_has_it():
    """A category coded 1, 2, 3 stays one in a cohort where it would be taken for a number; unused levels go."""
    features, outcomes = tables(stage=tuple(str(1 + at % 3) for at in range(300)))
    cohort = cohort_of(features, outcomes, specs_of(outcomes, ("stage",), ("stage",)))
    domain = replace(cohort.spec("stage"), levels=("0", "1", "2", "3"), reference="0")
    model = gbsg2_model(FIVE)
    covariate = Covariate(**vars(domain), coefficients=(0.1, 0.2, 0.3))
    nomogram = replace(model.nomogram, covariates=(covariate,), center=None, covariance=None, baseline=None)
    scored = score_cohort(replace(model, nomogram=nomogram), features, outcomes)
    predictor = clinical_marker(["stage"], scored, horizons_of(scored))
    expected = fit_clinical("stage", cohort, ("stage",), None)
    assert expected.design.shape == (300, 2)
    assert predictor.values == pytest.approx(expected.linear_predictor, abs=1e-12)


def test_an_unusable_cell_is_named():
    features, outcomes = tables()
    scored = score_cohort(gbsg2_model(FIVE), features, outcomes)
    columns = {"age": ("5_2", *outcomes.columns["age"][1:]), "size": ("5_2", *outcomes.columns["age"][1:])}
    scored = replace(scored, columns={**scored.columns, **columns})
    with pytest.raises(CohortError, match="case P0: covariate age: '5_2' is not a number"):
        clinical_marker(["age"], scored, (36.0,))
    with pytest.raises(CohortError, match=r"among them '5_2', which is not a number: correct it, or choose another"):
        clinical_marker(["size"], scored, (36.0,))

"""A model's harmonization over sites: adjusted by hand what the code adjusts, and a site added."""

from dataclasses import replace

import numpy as np
import pytest

import example_models
from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.model.harmonization import harmonized, is_known, site_names, stored_harmonization, with_site
from LABCRadiomicsLib.statistics.combat import combat

MEAN, IDMN, SPHERICITY = example_models.FEATURES
CLINICAL = {"age": 60.0, "stage": None, "pcr": None}


@pytest.fixture(scope="module")
def model():
    return example_models.model(example_models.document_2())


def test_sites_are_named_and_known_by_their_exact_name(model):
    assert site_names(model.harmonization) == "A, B"
    assert [is_known(model.harmonization, site) for site in ("A", "B", "a", None)] == [True, True, False, False]


def test_a_patient_of_another_site_is_adjusted_by_the_formula(model):
    adjusted = harmonized(model, example_models.FEATURES, CLINICAL, "B")
    z = (200 - 200 - 0.1 * 60) / 50  # mean 200, sd 50, 0.1 a year of age
    assert adjusted[MEAN] == pytest.approx((z + 0.1) / 0.9 * 50 + 200 + 0.1 * 60, abs=1e-12)
    assert {name: adjusted[name] for name in (IDMN, SPHERICITY)} == {IDMN: 0.92, SPHERICITY: 0.7}


def test_the_reference_stays_and_what_is_not_harmonized_is_kept(model):
    values = {**example_models.FEATURES, "original_glcm_Contrast": 3.0}
    assert harmonized(model, values, CLINICAL, "A") == values
    assert harmonized(model, values, CLINICAL, "B")["original_glcm_Contrast"] == 3.0


def test_only_the_features_at_hand_are_adjusted(model):
    alone = harmonized(model, {MEAN: 200.0}, CLINICAL, "B")
    assert alone == {MEAN: harmonized(model, example_models.FEATURES, CLINICAL, "B")[MEAN]}


def test_for_an_unknown_covariate_its_stored_mean_stands_in_else_the_center(model):
    unknown = {**CLINICAL, "age": None}
    at_center = {**CLINICAL, "age": model.nomogram.center["age"]}
    assert harmonized(model, example_models.FEATURES, unknown, "B") == harmonized(
        model, example_models.FEATURES, at_center, "B"
    )
    (age,) = model.harmonization.covariates
    stored = replace(model, harmonization=replace(model.harmonization, covariates=(replace(age, mean=40.0),)))
    assert harmonized(stored, example_models.FEATURES, unknown, "B") == harmonized(
        model, example_models.FEATURES, {**CLINICAL, "age": 40.0}, "B"
    )


def test_a_model_without_sites_takes_none():
    with pytest.raises(InputError, match="is not harmonized over sites, so it takes no site; leave the site out"):
        harmonized(example_models.model(), example_models.FEATURES, CLINICAL, "A")


@pytest.fixture(scope="module")
def newcomers():
    rng = np.random.default_rng(2)
    ages = rng.normal(55, 9, 30)
    features = np.array([230.0, 0.85, 0.55]) + rng.normal(0, (80, 0.02, 0.2), (30, 3)) + 0.1 * (ages - 55)[:, None]
    clinical = [{**CLINICAL, "age": float(age)} for age in ages]
    return dict(zip((MEAN, IDMN, SPHERICITY), features.T, strict=True)), clinical


def test_an_added_site_is_what_combat_learns_of_its_patients(model, newcomers):
    features, clinical = newcomers
    added = with_site(model, "C", features, clinical)
    *before, site = added.harmonization.sites
    assert tuple(before) == model.harmonization.sites
    assert (site.name, site.n) == ("C", 30)
    assert site.location[1:] == (0.0, 0.0) and site.scale[1:] == (1.0, 1.0)  # no site moves these features
    ages = np.array([values["age"] for values in clinical])
    z = (features[MEAN] - 200 - 0.1 * ages) / 50
    # With one feature there is nothing to shrink toward: its own mean and variance.
    assert site.location[0] == pytest.approx(z.mean(), rel=1e-3)
    assert site.scale[0] == pytest.approx(z.std(ddof=1), rel=0.05)
    adjusted = [
        harmonized(added, {MEAN: float(value)}, values, "C")[MEAN]
        for value, values in zip(features[MEAN], clinical, strict=True)
    ]
    assert np.mean(adjusted - 0.1 * ages) == pytest.approx(200, abs=0.5)
    assert np.std(adjusted - 0.1 * ages, ddof=1) == pytest.approx(50, rel=0.06)


def test_an_added_site_needs_features_that_vary(model, newcomers):
    features, clinical = newcomers
    constant = {**features, MEAN: np.full(30, 7.0)}
    with pytest.raises(InputError, match=rf"feature {MEAN} is the same in all 30 cases of site C, .* check the table"):
        with_site(model, "C", constant, clinical)
    left_alone = {**features, IDMN: np.full(30, 0.9)}  # a feature that no site moves may be constant
    assert with_site(model, "C", left_alone, clinical).harmonization.sites[-1].n == 30


@pytest.mark.parametrize("reference", [None, "B"])
def test_what_is_stored_of_a_fit_adjusts_as_the_fit_does(model, reference):
    rng = np.random.default_rng(0)
    sites = np.array(["A", "B"])[np.arange(60) % 2]
    table = rng.normal(size=(60, 4)) * np.where(sites == "A", 1, 2)[:, None] + np.where(sites == "A", 0, 3)[:, None]
    ages = rng.normal(50, 5, 60)
    fit = combat(table, sites, ages[:, None], reference=reference)
    kept = {3: IDMN, 1: MEAN}
    stored = stored_harmonization(fit, kept, {"A": 30, "B": 30}, {"age": float(ages.mean())})
    assert stored.features == (IDMN, MEAN) and stored.reference == reference
    assert [(site.name, site.n) for site in stored.sites] == [("A", 30), ("B", 30)]
    assert stored.covariates[0].mean == ages.mean()
    whole = fit.apply(table, sites, ages[:, None])
    holding = replace(model, harmonization=stored)
    for row in (0, 1):
        found = harmonized(
            holding, {IDMN: table[row, 3], MEAN: table[row, 1]}, {**CLINICAL, "age": ages[row]}, sites[row]
        )
        assert found == {IDMN: whole[row, 3], MEAN: whole[row, 1]}

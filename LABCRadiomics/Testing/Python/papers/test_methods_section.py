"""The methods section, the card beside it, and the follow-up that they name."""

from __future__ import annotations

import re

import numpy as np
import pytest

from LABCRadiomicsLib.papers.references import WORKS, numbered
from paper_studies import STUDIES, extracted, tabled
from training_data import simulated

every_study = pytest.mark.parametrize("paper", STUDIES, ids=lambda made: made.__name__)


@every_study
def test_the_methods_cite_what_they_name_and_have_the_studys_numbers(paper):
    found = paper().study
    body, references = paper().methods.split("## References")
    assert not re.search(r"\{\w", body)
    numbers = {int(one) for group in re.findall(r"\\\[([\d, ]+)\\\]", body) for one in group.split(", ")}
    listed = re.findall(r"^(\d+)\. (.*)$", references, re.MULTILINE)
    assert numbers == {int(number) for number, _ in listed} == set(range(1, len(listed) + 1))
    report = found.report
    assert f"{report['n']} patients, {report['events']} with the event" in body
    assert found.model.fingerprint in body
    if report["groups"]:
        assert f"{report['groups']['high']['n']} patients ({report['groups']['high']['events']} events)" in body
    if found.is_training:
        assert f"cutoff {report['roc']['cutoff']:.6g}" in body and f"lambda {report['lambda']:.4g}" in body
        p = report["cutoff"]["maximally_selected"]["p"]
        assert ("p < 0.001" if p < 0.001 else f"p = {p:.3f}") in body


def test_the_methods_of_extracted_features_name_every_step():
    for part in (
        "N4 bias field correction", "9.8.7", "pyradiomics 3.0.1", "fixed bin width: 12.5", "1 x 1 x 2 mm",
        "Laplacian of Gaussian (sigma 2, 3 mm)", "(GLCM, 2)", "canonical", "the 12 with an intraclass",
    ):  # fmt: skip
        assert part in extracted().methods, part


def test_works_are_numbered_by_first_mention_and_braces_of_the_user_stay():
    text, works = numbered("a {roc,cox} b {cox} c {mine} d {km}")
    assert text == "a [1, 2] b [2] c {mine} d [3]"
    assert works == [WORKS["roc"], WORKS["cox"], WORKS["km"]]


@every_study
def test_the_card_in_the_folder_is_the_models(paper):
    model, card = paper().study.model, paper().written.texts["model-card.md"]
    assert model.fingerprint in card
    assert card.startswith(f"# {model.title}")


def test_follow_up_is_that_of_the_reverse_kaplan_meier():
    """R: survfit(Surv(months, !event) ~ 1), whose median is the first time at or below one half."""
    _, months, event = simulated(5, effects=(1.2, -1.0, 0.9))
    order = np.argsort(months, kind="stable")
    surviving, curve = 1.0, []
    for at, row in enumerate(order):
        if not event[row]:
            surviving *= 1 - 1 / (months.size - at)
        curve.append((months[row], surviving))
    median = next(month for month, left in curve if left <= 0.5)
    found = tabled().study.report["follow_up"]
    assert found["median_months"] == pytest.approx(median)
    assert found["longest_months"] == months.max()
    assert found["lower"] <= found["median_months"] <= found["upper"]

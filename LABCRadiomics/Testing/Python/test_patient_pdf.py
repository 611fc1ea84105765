"""The patient report as PDF and the page in plain words: what they say, and that any name can be printed."""

import subprocess

import pytest

from LABCRadiomicsLib import NOTICE
from LABCRadiomicsLib.imaging import read_image, read_mask
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import score_patient
from LABCRadiomicsLib.plots import score_scale
from LABCRadiomicsLib.report import draw_patient, patient_pdf
from LABCRadiomicsLib.report.plain_words import plain_words
from LABCRadiomicsLib.scoring.wording import number, percent


@pytest.fixture(scope="module")
def result(breast1):
    image, mask = (read(path).volume for read, path in zip((read_image, read_mask), breast1, strict=True))
    return score_patient(find_model("demo-phantom"), image, mask, {"age": 61}, contours=2)


@pytest.fixture(scope="module")
def pdf(result):
    return patient_pdf(result, "case <b> & $x_1$ M\u00fcller \u738b\u82b3", draw_patient(result))


def test_the_same_result_gives_the_same_file(result, pdf):
    assert pdf.startswith(b"%PDF-")
    assert patient_pdf(result, "case <b> & $x_1$ M\u00fcller \u738b\u82b3", draw_patient(result)) == pdf


def test_the_pages_hold_the_numbers(result, pdf, tmp_path):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    try:
        printed = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, check=True).stdout.decode()
    except FileNotFoundError:
        pytest.skip("needs pdftotext (Debian's poppler-utils)")
    words = " ".join(printed.split())
    assert "case <b> & $x_1$ M\u00fcller" in words
    assert words.count(NOTICE) == printed.count("\f")  # on every page
    assert "Do not rely on this result" in words
    assert number(result.document["score"]) in words
    for estimate in result.document["survival"]:
        assert percent(estimate["probability"]) in words
    for part in result.document["contributions"]:
        assert part["feature"] in words.replace(" ", "") or part["feature"] in words
    assert "About this report, in plain words" in words


def test_plain_words_say_what_it_is_not(result):
    def text(document):
        words = plain_words(document)
        return " ".join([words.lead, *(paragraph for _, paragraphs in words.sections for paragraph in paragraphs)])

    demonstration = text(result.document)
    assert "a computer invented" in demonstration and "reasons to doubt" in demonstration
    fine = result.document | {"status": "complete", "trust": {"grade": "fine", "reasons": []}}
    assert "groups, not of one person" in text(fine) and "reasons to doubt" not in text(fine)
    assert "not a diagnosis" in demonstration and "%" not in demonstration  # no number to be taken for a prognosis


def test_the_score_scale_needs_something_to_lie_on(result):
    drawn = score_scale(result.model, result.document)
    assert drawn.startswith(b"\x89PNG")
    second = result.document | {"second_reader": {"dice": 0.9, "score": 3.0, "risk_group": "high"}}
    assert score_scale(result.model, second) != drawn
    nothing = result.document | {"cutoff": None}
    if getattr(result.model.score, "distribution", None) is None:
        assert score_scale(result.model, nothing) is None

"""The patient's report as a browser shows and prints it: narrow windows, paper, contrast, no script, no request."""

import re
import shutil
import subprocess

import numpy as np
import pytest

import domain_kinds
from browser import measured, needs_chromium, printed
from LABCRadiomicsLib.imaging import read_pair
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import score_patient
from LABCRadiomicsLib.plots.figures import COLORS
from LABCRadiomicsLib.report import draw_patient, patient_html

A4_POINTS = (595, 842)


@pytest.fixture(scope="module")
def pages(breast1, tmp_path_factory):
    """Reports of one result of each grade, by grade."""
    model, folder = find_model("demo-phantom"), tmp_path_factory.mktemp("reports")
    case = domain_kinds.examination(141)
    image, mask = (item.volume for item in read_pair(*breast1))
    results = [
        score_patient(model, case.image, case.mask, domain_kinds.clinical(case.patient)),
        score_patient(model, case.image, case.mask, contours=4, second_mask=case.mask),
        score_patient(model, image, mask, contours=4),
    ]
    found = {}
    for result in results:
        grade = result.document["trust"]["grade"]
        found[grade] = folder / f"{grade}.html"
        found[grade].write_text(patient_html(result, f"case of grade {grade}", draw_patient(result)), encoding="utf-8")
    assert set(found) == {"fine", "care", "do-not-rely"}
    return found


@needs_chromium
@pytest.mark.parametrize("grade", ["fine", "care", "do-not-rely"])
def test_a_report_in_a_browser(pages, tmp_path, grade):
    for width in (360, 1000):
        found = measured(pages[grade], width, tmp_path)
        assert found["width"] <= width and found["beyond"] == []
        assert found["pale"] == [] and found["contrast"] >= 4.5
        assert (found["scripts"], found["asked"]) == (0, [])


@needs_chromium
def test_the_measure_sees_what_it_looks_for(tmp_path):
    page = tmp_path / "bad.html"
    page.write_text(
        '<p style="width:900px">wide</p><p style="color:#999">pale</p><img src="http://127.0.0.1:9/x.png">'
        "<script>1</script>", encoding="utf-8",
    )  # fmt: skip
    found = measured(page, 360, tmp_path)
    assert found["width"] > 360 and "wide" in found["beyond"][0]
    assert [text.split()[0] for text in found["pale"]] == ["2.85"]  # of #999999 on white
    assert (found["scripts"], found["asked"]) == (1, ["http://127.0.0.1:9/x.png"])


@needs_chromium
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext (Debian's poppler-utils)")
def test_a_report_prints_on_a4(pages, tmp_path):
    pdf = printed(pages["do-not-rely"], tmp_path)
    boxes = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, text=True, check=True).stdout
    sizes = [tuple(map(float, size)) for size in re.findall(r'<page width="([\d.]+)" height="([\d.]+)"', boxes)]
    assert 1 < len(sizes) <= 6 and all(size == pytest.approx(A4_POINTS, abs=1) for size in sizes)
    right = [float(x) for x in re.findall(r'xMax="([\d.]+)"', boxes)]
    left = [float(x) for x in re.findall(r'xMin="([\d.]+)"', boxes)]
    assert min(left) > 40 and max(right) < A4_POINTS[0] - 40  # 16 mm are 45 points
    assert "withheld" in boxes and "Research" in boxes and "wavelet-HHL_glcm_ClusterProminence" in boxes


# Machado, Oliveira and Fernandes 2009, severity 1.0; for linear RGB.
SEEN_BY = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "full sight": np.eye(3),
}
TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]


def lab(color, sight):
    """CIE L*a*b* (D65) of a color as somebody sees it."""
    rgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = np.array(TO_XYZ) @ np.clip(np.array(SEEN_BY[sight]) @ linear, 0, 1) / (0.95047, 1.0, 1.08883)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SEEN_BY)
def test_colors_that_stand_side_by_side_differ_for_every_eye(sight):
    """A difference of 2.3 (CIE 1976) is just noticeable; these are six times that and more."""
    together = [("high", "low"), ("high", "patient"), ("low", "patient"), ("first", "second"), ("second", "third"),
                ("first", "third"), ("#b34700", "#0060a0"), ("#b84a00", "#005f94")]  # fmt: skip
    for one, other in together:
        colors = [COLORS.get(name, name) for name in (one, other)]
        assert np.linalg.norm(lab(colors[0], sight) - lab(colors[1], sight)) > 15, (one, other)

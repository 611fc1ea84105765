"""From image to prediction, the stability of the result, and what the report shows."""

import base64
import json
import re
import time
from dataclasses import replace
from io import BytesIO

import jsonschema
import numpy as np
import pytest
import SimpleITK as sitk
from matplotlib.image import imread

import example_models
from LABCRadiomicsLib import plots
from LABCRadiomicsLib.errors import ExtractionError, InputError, ModelError, ModelIncompleteError
from LABCRadiomicsLib.features import extract, extract_region
from LABCRadiomicsLib.imaging import Volume, read_image, read_mask, region_of
from LABCRadiomicsLib.imaging.contour_spread import spread_contours
from LABCRadiomicsLib.imaging.volume import axis_orders
from LABCRadiomicsLib.model.registry import find_model
from LABCRadiomicsLib.patient import extraction_settings, score_patient
from LABCRadiomicsLib.preprocessing import Masks, preprocess, read_steps
from LABCRadiomicsLib.report import draw_patient, patient_html
from LABCRadiomicsLib.resources import models_folder
from LABCRadiomicsLib.robustness import CONTOURS, contour_stability
from LABCRadiomicsLib.scoring import document_text, predict, read_document
from LABCRadiomicsLib.scoring.wording import number, percent
from LABCRadiomicsLib.step_options import CONTOURS as ASKED_CONTOURS


@pytest.fixture(scope="module")
def model():
    return find_model("demo-phantom")


@pytest.fixture(scope="module")
def pair(breast1):
    return read_image(breast1[0]).volume, read_mask(breast1[1]).volume


def test_score_patient_is_extraction_then_prediction(model, pair):
    start = time.perf_counter()
    result = score_patient(model, *pair, covariates={"age": 61}, read_seconds=0.25)
    names = [term.feature for term in model.score.terms]
    values = extract(*pair, extraction_settings(model), names).values
    expected = predict(model, values, {"age": 61})
    assert result.extraction.values == values
    assert result.prediction.score == expected.score
    assert result.prediction.survival == expected.survival
    assert result.document["timings"]["read_s"] == 0.25
    assert 0 < result.document["timings"]["extract_s"] < time.perf_counter() - start
    assert 0 < result.document["timings"]["score_s"] < time.perf_counter() - start
    assert result.document["inputs"]["extractor"] is None


def test_only_the_features_of_the_score_are_computed(model, pair):
    assert set(score_patient(model, *pair).extraction.values) == {term.feature for term in model.score.terms}


def test_one_score_in_all_axis_orders(model, pair):
    expected = score_patient(model, *pair).prediction.score
    for order in list(axis_orders())[::7]:
        stored = [item.reordered(*order) for item in pair]
        assert score_patient(model, *stored).prediction.score == expected


def test_preprocessing_is_part_of_a_model(model, pair):
    """Steps are applied to the image in the model's axis order, said in the document, and undo a scale."""
    steps = ({"step": "zscore", "region": "otsu"},)
    own = replace(model, extraction=replace(model.extraction, preprocessing=steps))
    result = score_patient(own, *pair)
    by_hand = preprocess(pair[0], read_steps(steps))
    assert result.prediction.score == score_patient(model, by_hand, pair[1]).prediction.score
    assert result.prediction.score != score_patient(model, *pair).prediction.score
    assert [step["step"] for step in result.document["diagnostics"]["preprocessing"]] == ["zscore"]
    assert score_patient(model, *pair).document["diagnostics"]["preprocessing"] == []
    louder = pair[0].with_array(pair[0].array * 3.0 + 7)
    assert score_patient(own, louder, pair[1]).prediction.score == pytest.approx(result.prediction.score, rel=1e-9)
    turned = [item.reordered(*list(axis_orders())[9]) for item in pair]
    resampling = ({"step": "resample", "spacing_mm": [1, 1, 3]},)
    other = replace(model, extraction=replace(model.extraction, preprocessing=resampling))
    again = score_patient(other, *turned).prediction.score
    assert again == pytest.approx(score_patient(other, *pair).prediction.score, rel=1e-9)
    tissue = ({"step": "reference-tissue", "tissue": "fat"},)
    needy = replace(model, extraction=replace(model.extraction, preprocessing=tissue))
    with pytest.raises(InputError, match="outline some fat"):
        score_patient(needy, *pair)
    assert np.isfinite(score_patient(needy, *pair, masks=Masks(tissue=pair[1])).prediction.score)


def as_loaded(axes):
    made = example_models.model()
    return replace(made, extraction=replace(made.extraction, array_order="as-loaded", axes=axes))


def test_an_as_loaded_model_warns_of_other_axes(pair):
    assert pair[0].axis_codes() == "LPS"
    for axes, made in (("LPS", None), ("PIR", "volumes stored as PIR"), (None, "volumes of unknown axis order")):
        result = score_patient(as_loaded(axes), *pair)
        found = [notice for notice in result.prediction.warnings if notice.code == "axis-order"]
        assert len(found) == (made is not None)
        for notice in found:
            assert notice.grave and notice.message.startswith(f"The model was made from {made}, this one is LPS;")
            # What is not to be relied on has its risk group withheld unless it is asked for.
            assert result.document["trust"]["grade"] == "do-not-rely" and not result.document["group_shown"]
            assert score_patient(as_loaded(axes), *pair, show_group=True).document["group_shown"]


def test_models_that_cannot_score_an_image(pair):
    with pytest.raises(ModelIncompleteError, match="15 features"):
        score_patient(find_model("wang2022-labc-dfs"), *pair)
    with pytest.raises(ModelError, match="feature tables"):
        score_patient(replace(example_models.model(), extraction=None), *pair)


def test_stability_counts_the_contours_that_agree(model, pair):
    result = score_patient(model, *pair)
    steps = []
    steady = score_patient(model, *pair, contours=6, progress=lambda *step: steps.append(step))
    found = steady.document["stability"]
    assert steps == [(1, 9, "features"), *((1 + done, 9, "contour") for done in range(1, 7))]
    names = [term.feature for term in model.score.terms]
    spread = spread_contours(result.region.mask, 6)

    def score_of(mask):
        region = result.region.with_mask(mask)
        return predict(model, extract_region(region, extraction_settings(model), names).values).score

    scores, near = ([score_of(mask) for mask in masks] for masks in (spread.masks, spread.near_masks))
    drawn, high = result.prediction.score, result.prediction.risk_group == "high"
    assert (found["score_min"], found["score_max"]) == (min(*scores, drawn), max(*scores, drawn))
    assert found["same_group"] == sum((score > model.cutoff.value) == high for score in scores)
    assert found["high"] == sum(score > model.cutoff.value for score in scores)
    squares = [np.mean((np.array(part) - drawn) ** 2) for part in (scores, near)]
    reach = 3.182446305284263 * np.sqrt(max(squares[0], 2 * squares[1]))  # R: qt(0.975, 3), of three pairs
    assert (found["score_lower"], found["score_upper"]) == pytest.approx((drawn - reach, drawn + reach))
    assert found["dice_mean"] == pytest.approx(np.mean(spread.dice))
    assert [move["feature"] for move in found["moves"]] == sorted(
        names, key=lambda name: -next(move["sd"] for move in found["moves"] if move["feature"] == name)
    )
    assert steady.prediction == result.prediction and result.document["stability"] is None
    assert score_patient(model, *pair, contours=6).document["stability"] == found


@pytest.mark.parametrize(("contours", "dice"), [(1, 0.9), (10, 0.4), (10, 1.0), (10, float("nan"))])
def test_a_contour_test_that_shows_nothing_is_refused(contours, dice):
    with pytest.raises(InputError):
        contour_stability(None, None, None, contours, dice)


def test_the_document_keeps_to_its_schema(model, pair):
    schema = json.loads((models_folder() / "result.schema.json").read_text(encoding="utf-8"))
    for contours in (0, 3):
        document = score_patient(model, *pair, {"age": 61}, contours=contours).document
        jsonschema.Draft202012Validator(schema).validate(document)
        assert read_document(document_text(document)) == document
        assert document["diagnostics"]["voxels"] == 143 and document["inputs"]["covariates"] == {"age": "61"}
    assert ASKED_CONTOURS == CONTOURS  # said by the command without importing what draws them


def test_contours_that_cannot_be_scored_are_counted(model, pair):
    drawn = score_patient(model, *pair)
    calls = []

    def again(moved):
        calls.append(moved)
        if len(calls) in (2, 4):
            raise ExtractionError("too small")
        return drawn.prediction

    found = contour_stability(drawn.prediction, drawn.region, again, 5)
    assert (found["contours"], found["failed"], found["same_group"]) == (5, 2, 3)
    assert found["score_min"] == found["score_max"] == found["score_lower"] == drawn.prediction.score
    assert all((moved.image, moved.label) == (drawn.region.image, drawn.region.label) for moved in calls)


def ellipsoid_case(codes):
    """A phantom whose tumor lies anterior, left and superior of the middle; stored in some axis order."""
    array = np.full((20, 40, 40), 100, np.int16)
    mask = np.zeros_like(array, np.uint8)
    mask[13:17, 6:12, 26:34] = 1  # k up: superior; j low: anterior; i high: left
    array[mask == 1] = np.random.default_rng(0).integers(400, 600, mask.sum())
    images = []
    for voxels in (array, mask):
        image = sitk.GetImageFromArray(voxels)
        image.SetSpacing((1, 1, 2))
        images.append(Volume.from_sitk(sitk.DICOMOrient(image, codes)))
    return images


@pytest.mark.parametrize("array_order", ["as-loaded", "LPS"])
@pytest.mark.parametrize(("codes", "above", "left_of"), [
    ("LPS", True, False), ("RAI", True, False), ("PSR", True, True), ("PIL", True, True), ("LSA", True, False),
])  # fmt: skip
def test_the_tumor_is_drawn_where_it_is(codes, above, left_of, array_order):
    """Axial: anterior up, left on the right. Sagittal: superior up, anterior left. Coronal: superior up."""
    png = plots.tumor_slice(region_of(*ellipsoid_case(codes), 1, array_order))
    pixels = imread(BytesIO(png))[..., :3].mean(axis=2)
    rows, columns = np.nonzero(pixels[40:-40, 40:-40] > 0.75)  # the enhanced tumor, away from the letters
    assert (np.median(rows) + 40 < pixels.shape[0] / 2) == above
    assert (np.median(columns) + 40 < pixels.shape[1] / 2) == left_of


def test_the_report_shows_the_numbers_and_says_what_they_are(model, pair):
    result = score_patient(model, *pair, covariates={"age": 61}, show_group=True)
    page = patient_html(result, "<script>alert(1)</script>", replace(draw_patient(result), slice=None))
    assert "<script>alert" not in page
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert number(result.prediction.score) in text
    assert f"{result.prediction.risk_group.capitalize()} risk" in text
    for estimate in result.prediction.survival:
        assert percent(estimate.probability) in text
        assert f"at {estimate.months:g} months" in text
    assert "61 years" in text
    assert result.prediction.fingerprint in text
    assert "not for any clinical use" in text
    for term in model.score.terms:
        assert term.feature in text
    plot = base64.b64decode(re.search(r"base64,([^\"]+)", page).group(1))
    assert imread(BytesIO(plot)).shape[0] > 300


@pytest.mark.parametrize(("value", "text"), [(0.6284495, "0.6284"), (-51.7682, "-51.77"), (123456.7, "123457")])
def test_numbers_are_written_for_people(value, text):
    assert number(value) == text


def test_a_second_contour_that_cannot_be_scored_is_named(model, pair):
    """Else its reader would look for the fault in the first one's."""
    image, mask = pair
    one = np.zeros_like(mask.array)
    one[tuple(np.argwhere(mask.array)[0])] = 1
    with pytest.raises(ExtractionError, match=r"The second reader's contour cannot be scored: .*voxel"):
        score_patient(model, image, mask, second_mask=mask.with_array(one))
    with pytest.raises(InputError, match="The second reader's contour cannot be scored: "):
        score_patient(model, image, mask, second_mask=mask.with_array(np.zeros_like(one)))


def test_a_second_mask_on_another_grid_is_noticed(model, pair):
    image, mask = pair
    finer = sitk.Expand(mask.to_sitk(), (2, 2, 1), sitk.sitkNearestNeighbor)
    document = score_patient(model, image, mask, second_mask=Volume.from_sitk(finer)).document
    told = [warning["message"] for warning in document["warnings"] if warning["code"] == "mask-resampled"]
    assert told == [
        "The second reader's contour: the mask is on another grid than the image and was resampled to it "
        "(nearest neighbor)"
    ]
    assert document["second_reader"]["dice"] > 0.7

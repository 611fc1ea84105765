"""pyradiomics' parameter files: read alike as YAML and JSON, and refused by the name of what is wrong."""

import json

import pytest

from LABCRadiomicsLib.errors import GeometryError, InputError
from LABCRadiomicsLib.features.settings import ExtractionSettings
from LABCRadiomicsLib.imaging import Volume
from roi_examples import SHAPE, ball, extract, phantom

IMAGE = phantom(SHAPE)
MASK = ball(IMAGE, (6, 9, 10), 5)

YAML_TEXT = """\
# a comment
setting:
  binWidth: 5
  resampledPixelSpacing: [1, 1.5, 0]
  interpolator: sitkLinear
  correctMask: true
  label: 2
imageType:
  Original: {}
  LoG:
    sigma: [1.0, 2.0]
featureClass:
  glcm: [Idmn, JointEntropy]
  shape:
"""


def test_yaml_and_json_hold_the_same(tmp_path):
    pytest.importorskip("ruamel.yaml")
    yaml, as_json = tmp_path / "params.yaml", tmp_path / "params.json"
    yaml.write_text(YAML_TEXT)
    content = {
        "setting": {
            "binWidth": 5, "resampledPixelSpacing": [1, 1.5, 0], "interpolator": "sitkLinear", "correctMask": True,
            "label": 2,
        },
        "imageType": {"Original": {}, "LoG": {"sigma": [1.0, 2.0]}},
        "featureClass": {"glcm": ["Idmn", "JointEntropy"], "shape": None},
    }  # fmt: skip
    as_json.write_text(json.dumps(content))
    read = [ExtractionSettings.from_parameters(source) for source in (yaml, as_json, content)]
    assert read[0] == read[1] == read[2]
    assert read[0].label == 2 and "label" not in read[0].setting
    assert read[0].feature_classes == {"glcm": ["Idmn", "JointEntropy"], "shape": []}
    assert read[0].setting["padDistance"] == 5 and read[0].setting["distances"] == [1]


def test_defaults_are_those_of_pyradiomics():
    settings = ExtractionSettings.from_parameters({})
    assert settings.image_types == {"Original": {}}
    assert list(settings.feature_classes) == sorted(settings.feature_classes) and len(settings.feature_classes) == 8
    assert not settings.resamples


def test_without_an_interpolator_nothing_is_resampled():
    content = {"setting": {"resampledPixelSpacing": [1, 1, 1], "interpolator": None}}
    assert not ExtractionSettings.from_parameters(content).resamples


BAD = {
    "unknown setting": ({"setting": {"binwidth": 5}}, "setting.binwidth is not a setting"),
    "text for a number": ({"setting": {"binWidth": "25"}}, r'setting.binWidth is "25": it must be a number above 0'),
    "zero width": ({"setting": {"binWidth": 0}}, "above 0"),
    "not finite": ({"setting": {"binWidth": float("nan")}}, "binWidth is NaN"),
    "truth for a number": ({"setting": {"gldm_a": True}}, "gldm_a"),
    "fraction for a count": ({"setting": {"binCount": 16.5}}, "a whole number above 0"),
    "two spacings": ({"setting": {"resampledPixelSpacing": [1, 1]}}, "a list of 3"),
    "negative spacing": ({"setting": {"resampledPixelSpacing": [1, 1, -1]}}, "of at least 0"),
    "no list": ({"setting": {"distances": 1}}, "setting.distances is 1"),
    "three thresholds": ({"setting": {"resegmentRange": [1, 2, 3]}}, "a list of 1 to 2"),
    "axis 3": ({"setting": {"force2Ddimension": 3}}, "of at most 2"),
    "unknown interpolator": ({"setting": {"interpolator": "cubic"}}, "sitkBSpline"),
    "unknown norm": ({"setting": {"weightingNorm": "l1"}}, "euclidean"),
    "continuous wavelet": ({"imageType": {"Wavelet": {"wavelet": "mexh"}}}, "imageType.Wavelet.wavelet"),
    "unknown image type": ({"imageType": {"Nonsense": {}}}, "imageType Nonsense"),
    "unknown setting of a filter": ({"imageType": {"LoG": {"sigmas": [1]}}}, "imageType.LoG.sigmas"),
    "label of a filter": ({"imageType": {"LoG": {"label": 2}}}, "imageType.LoG.label"),
    "unknown class": ({"featureClass": {"glcmm": None}}, "featureClass glcmm"),
    "unknown feature": ({"featureClass": {"glcm": ["Nonsense"]}}, "no feature Nonsense"),
    "one feature, no list": ({"featureClass": {"glcm": "Idmn"}}, "must be a list"),
    "unknown section": ({"settings": {}}, "unknown section 'settings'"),
    "section of a list": ({"setting": [1]}, "must hold names with values"),
    "voxel setting": ({"voxelSetting": {"kernelRadius": 0}}, "voxelSetting.kernelRadius"),
}


@pytest.mark.parametrize(("content", "message"), BAD.values(), ids=BAD.keys())
def test_parameters_that_are_refused(content, message):
    with pytest.raises(InputError, match=message) as caught:
        ExtractionSettings.from_parameters(content)
    assert "\n" not in str(caught.value)


FILES = {
    "absent.yaml": (None, "does not exist"),
    "text.json": ("{", "is no JSON"),
    "text.yaml": ("a: [", "is no YAML"),
    "twice.yaml": ("setting: {binWidth: 5, binWidth: 10}", "is no YAML"),
    "list.json": ("[1]", "holds no sections"),
    "other.txt": ("{}", "must end in"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_refused(name, tmp_path):
    text, message = FILES[name]
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    if path.suffix == ".yaml":
        pytest.importorskip("ruamel.yaml")
    with pytest.raises(InputError, match=message) as caught:
        ExtractionSettings.from_parameters(path)
    assert name in str(caught.value) and "\n" not in str(caught.value)


def test_the_label_of_the_file_is_used_unless_another_is_asked_for():
    settings = ExtractionSettings.from_parameters({"setting": {"label": 2}, "featureClass": {"shape": ["VoxelVolume"]}})
    both = MASK + ball(IMAGE, (6, 9, 10), 3)  # 2 in the middle
    voxel = 0.7 * 0.9 * 2.0
    counts = [int((Volume.from_sitk(both).array == label).sum()) for label in (1, 2)]
    for label, count in ((None, counts[1]), (1, counts[0])):
        found = extract(IMAGE, both, settings, label=label).values["original_shape_VoxelVolume"]
        assert found == pytest.approx(count * voxel)
    with pytest.raises(InputError, match="Label 2 is not in the mask"):
        extract(IMAGE, MASK, settings)


def test_a_mask_on_another_grid_is_refused_where_it_must_not_be_corrected():
    shifted = MASK[:, :, :]
    shifted.SetOrigin([start + 0.3 for start in shifted.GetOrigin()])
    names = ["original_shape_VoxelVolume"]
    refusing = ExtractionSettings.from_parameters({"setting": {"correctMask": False}})
    with pytest.raises(GeometryError, match="correctMask is false"):
        extract(IMAGE, shifted, refusing, names)
    tolerant = ExtractionSettings.from_parameters({"setting": {"correctMask": False, "geometryTolerance": 0.5}})
    assert extract(IMAGE, shifted, tolerant, names).notices == ()
    assert extract(IMAGE, MASK, refusing, names).values == extract(IMAGE, shifted, tolerant, names).values


def test_a_mask_on_another_grid_is_resampled_where_nothing_is_said_of_it():
    shifted = MASK[:, :, :]
    shifted.SetOrigin([start + 0.3 for start in shifted.GetOrigin()])
    found = extract(IMAGE, shifted, ExtractionSettings.from_parameters({"setting": {}}), ["original_shape_VoxelVolume"])
    assert [notice.code for notice in found.notices] == ["mask-resampled"]

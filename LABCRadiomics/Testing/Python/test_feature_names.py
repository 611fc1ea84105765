"""Names of pyradiomics, held equal to pyradiomics' own."""

from __future__ import annotations

from pathlib import Path

import pytest
import SimpleITK as sitk

from LABCRadiomicsLib import feature_names
from LABCRadiomicsLib.feature_names import canonical_feature_name, image_prefixes

radiomics = pytest.importorskip("radiomics", reason="needs pyradiomics: pip install 'labcradiomics[reference]'")


def test_feature_tables_equal_pyradiomics():
    classes = radiomics.getFeatureClasses()
    assert set(feature_names.FEATURES) == set(feature_names.DEPRECATED) == set(classes)
    for name, feature_class in classes.items():
        deprecated = {feature for feature, old in feature_class.getFeatureNames().items() if old}
        assert feature_names.DEPRECATED[name] == deprecated
        assert feature_names.FEATURES[name] == set(feature_class.getFeatureNames()) - deprecated
    assert set(radiomics.getImageTypes()) == feature_names.IMAGE_TYPES


def test_setting_names_equal_pyradiomics():
    from ruamel.yaml import YAML

    schema = YAML(typ="safe").load((Path(radiomics.__file__).parent / "schemas" / "paramSchema.yaml").read_text())
    assert set(schema["mapping"]["setting"]["mapping"]) == feature_names.SETTINGS


@pytest.mark.parametrize(
    ("image_type", "setting"),
    [
        ("Original", {}),
        ("Wavelet", {}),
        ("Wavelet", {"level": 2, "start_level": 0}),
        ("Wavelet", {"force2D": True}),
        ("LoG", {"sigma": [1, 2.0, 2.5]}),
        ("Square", {}),
        ("SquareRoot", {}),
        ("Logarithm", {}),
        ("Exponential", {}),
        ("Gradient", {}),
    ],
)
def test_image_prefixes_equal_what_pyradiomics_yields(image_type, setting):
    image = sitk.GaussianSource(sitk.sitkFloat64, [12, 12, 12])
    mask = sitk.Cast(image > 100, sitk.sitkUInt8)
    function = getattr(radiomics.imageoperations, f"get{image_type}Image")
    yielded = {name for _, name, _ in function(image, mask, **setting)}
    assert image_prefixes({image_type: setting}, {}) == yielded
    assert image_prefixes({image_type: {}}, setting) == yielded


def test_image_prefixes_of_local_binary_patterns():
    # pyradiomics needs scikit-image, trimesh and scipy to yield these; names as in its imageoperations.
    assert image_prefixes({"LBP2D": {}}, {}) == {"lbp-2D"}
    assert image_prefixes({"LBP3D": {"lbp3DLevels": 1}}, {}) == {"lbp-3D-m1", "lbp-3D-k"}


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("wavelet.LLH_glcm_Idmn", "wavelet-LLH_glcm_Idmn"),
        ("wavelet-LLH_glcm_Idmn", "wavelet-LLH_glcm_Idmn"),
        ("log.sigma.2.0.mm.3D_firstorder_10Percentile", "log-sigma-2-0-mm-3D_firstorder_10Percentile"),
        (" original_shape_Sphericity ", "original_shape_Sphericity"),
        ("T1_some.other_feature", "T1_some.other_feature"),
        ("volume.ml", "volume.ml"),
    ],
)
def test_canonical_feature_name(given_name, expected):
    assert canonical_feature_name(given_name) == expected

"""Made-up models for tests. Features and coefficients mean nothing and must never leave the tests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from LABCRadiomicsLib.errors import ModelError
from LABCRadiomicsLib.model import Model
from LABCRadiomicsLib.model.file import parse_model

_CURVE = {"months": [10, 30], "survival": [0.9, 0.7], "lower": [0.8, 0.5], "upper": [0.95, 0.85]}

_DOCUMENT = {
    "format": "labcradiomics-model",
    "format_version": 1,
    "id": "made-up",
    "title": "Made-up model",
    "version": "1",
    "status": "demonstration",
    "provenance": {
        "citation": "None.",
        "doi": "10.1000/made-up",
        "licence": "Apache-2.0",
        "origin": "simulated",
        "created": "2025-01-31",
        "source": "this test",
        "software": {"made-up": "1.0"},
        "cohort": {
            "n": 100,
            "events": 40,
            "years": "none",
            "description": "No patients.",
            "characteristics": {"age": "none"},
        },
        "methods": ["Made up."],
        "changes": [{"date": "2025-02", "what": "nothing", "file": "none.csv", "sha256": "0" * 64}],
    },
    "intended_use": "Tests.",
    "limitations": ["Everything."],
    "image": {"modality": "MR", "sequence": "T1", "timing": "none"},
    "missing": [],
    "extraction": {
        "setting": {"binWidth": 25, "symmetricalGLCM": True},
        "imageType": {"Original": {}, "Wavelet": {}, "LoG": {"sigma": [2.0]}},
        "featureClass": {"firstorder": None, "glcm": ["Idmn", "Contrast"], "shape": []},
        "pyradiomics_version": "3.0.1",
        "array_order": "LPS",
        "axes": "LPS",
    },
    "score": {
        "intercept": 0.5,
        "terms": [
            {"feature": "original_firstorder_Mean", "coefficient": 0.01, "low": 50, "high": 400},
            {"feature": "wavelet-LLH_glcm_Idmn", "coefficient": -2, "mean": 0.9, "sd": 0.05, "low": 0.8, "high": 1},
            {"feature": "original_shape_Sphericity", "coefficient": 1.5},
        ],
        "low": 1,
        "high": 9,
    },
    "cutoff": {"value": 4, "horizon_months": 60, "method": "made up", "auc": 0.7},
    "nomogram": {
        "endpoint": "Disease-free survival",
        "covariates": [
            {
                "name": "age",
                "label": "Age",
                "type": "number",
                "unit": "years",
                "coefficients": [0.02],
                "low": 30,
                "high": 70,
                "minimum": 0,
                "maximum": 120,
            },
            {
                "name": "stage",
                "label": "Stage",
                "type": "category",
                "levels": ["II", "IIIa-b", "IIIc"],
                "reference": "II",
                "coefficients": [0.4, 0.9],
            },
            {"name": "pcr", "label": "pCR", "type": "binary", "levels": ["no", "yes"], "coefficients": [-0.6]},
        ],
        "score_coefficient": 0.3,
        "center": {"age": 50, "stage=IIIa-b": 0.4, "stage=IIIc": 0.2, "pcr": 0.25, "score": 4.5},
        "covariance": [
            [0.0004, 0.0, 0.0, 0.0, 0.0001],
            [0.0, 0.09, 0.03, 0.0, 0.0],
            [0.0, 0.03, 0.16, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.04, 0.0],
            [0.0001, 0.0, 0.0, 0.0, 0.01],
        ],
        "baseline": {
            "months": [6, 18, 40, 70],
            "survival": [0.97, 0.9, 0.8, 0.75],
            "cumulative_hazard_variance": [0.0002, 0.0011, 0.003, 0.004],
            "weighted_covariate_mean": [
                [0.02, 0.01, 0.005, -0.004, 0.03],
                [0.06, 0.02, 0.01, -0.01, 0.09],
                [0.12, 0.05, 0.02, -0.02, 0.2],
                [0.16, 0.06, 0.03, -0.03, 0.27],
            ],
        },
        "horizons_months": [12, 36, 60],
    },
    "groups": {"low": {"n": 60, "events": 10, **_CURVE}, "high": {"n": 40, "events": 30, **_CURVE}},
    "performance": [
        {
            "cohort": "made up",
            "n": 100,
            "events": 40,
            "metric": "C-index",
            "relation": "=",
            "value": 0.7,
            "lower": 0.6,
            "upper": 0.8,
            "kind": "apparent",
        }
    ],
}

FEATURES = {"original_firstorder_Mean": 200.0, "wavelet-LLH_glcm_Idmn": 0.92, "original_shape_Sphericity": 0.7}


def document() -> dict[str, Any]:
    """Give a fresh copy of a made-up model file that uses every field."""
    return json.loads(json.dumps(_DOCUMENT))


def document_2() -> dict[str, Any]:
    """Give a fresh copy of a made-up model file that uses every field of format version 2."""
    result = document() | {"format_version": 2}
    result["provenance"]["cohort"]["case_hashes"] = ["0123456789abcdef", "fedcba9876543210"]
    result["image"]["domain"] = {
        "spacing_mm_low": [0.5, 0.5, 1],
        "spacing_mm_high": [1, 1, 3],
        "field_strengths_t": [1.5, 3],
        "manufacturers": ["none"],
        "volume_mm3_low": 100,
        "volume_mm3_high": 90000,
        "mean_low": -2,
        "mean_high": 300,
        "contrast_low": -0.5,
        "contrast_high": 4,
    }
    result["extraction"]["preprocessing"] = [{"step": "n4"}, {"step": "zscore", "region": "otsu", "scale": 100}]
    result["score"]["distribution"] = {
        "n": 100,
        "mean": [200, 0.9, 0.6],
        "covariance": [[2500, 0.1, 0], [0.1, 0.0025, 0], [0, 0, 0.01]],
        "percent": [50, 95, 99],
        "distance": [1.5, 2.8, 3.4],
    }
    result["nomogram"]["covariate_distribution"] = {
        "n": 100,
        "mean": [50, 0.4, 0.2, 0.25, 4.5],
        "covariance": [[100 if row == column else 0 for column in range(5)] for row in range(5)],
    }
    result["harmonization"] = {
        "method": "combat",
        "features": [term["feature"] for term in result["score"]["terms"]],
        "mean": [200, 0.9, 0.6],
        "sd": [50, 0.05, 0.1],
        "covariates": [{"parameter": "age", "coefficients": [0.1, 0, 0]}],
        "sites": [
            {"name": "A", "n": 60, "location": [0.1, 0, 0], "scale": [1.1, 1, 1]},
            {"name": "B", "n": 40, "location": [-0.1, 0, 0], "scale": [0.9, 1, 1]},
        ],
        "reference": "A",
    }
    repeat = {
        "features": [0, 2], "coefficients": [0.011, 1.4], "intercept": 0.4, "residual_sd": 0.2, "cutoff": 3.9,
        "parameters": [0.02, 0.3, 0.8, -0.5, 0.28], "survival": [0.97, 0.89, 0.79],
    }  # fmt: skip
    result["uncertainty"] = {
        "method": "bootstrap of the patients",
        "features": [term["feature"] for term in result["score"]["terms"]],
        "repeats": [repeat, {"features": [1], "coefficients": [-2.2], "intercept": 0, "residual_sd": 0}],
    }
    stage, pcr = result["nomogram"]["covariates"][1:]
    result["comparators"] = [
        {
            "name": "clinical",
            "label": "Stage and pCR",
            "covariates": [stage, pcr],
            "center": {"stage=IIIa-b": 0.4, "stage=IIIc": 0.2, "pcr": 0.25},
            "covariance": [[0.09, 0.03, 0], [0.03, 0.16, 0], [0, 0, 0.04]],
            "baseline": {"months": [6, 70], "survival": [0.97, 0.75]},
            "verdict": "may add",
        }
    ]
    return json.loads(json.dumps(result))


def incomplete_document() -> dict[str, Any]:
    """Give a published model without score, center and baseline."""
    result = document()
    del result["score"], result["groups"]
    del result["nomogram"]["baseline"], result["nomogram"]["center"], result["nomogram"]["covariance"]
    result["status"] = "incomplete"
    result["provenance"]["origin"] = "published"
    result["missing"] = [
        {"part": "score", "what": "3 made-up terms", "where": "a drawer", "expected_terms": 3},
        {"part": "nomogram.baseline", "what": "the baseline", "where": "nowhere"},
    ]
    return result


def model(changed: dict[str, Any] | None = None) -> Model:
    """Make a model of a document, by default the made-up one."""
    return parse_model(json.dumps(document() if changed is None else changed), "made-up.json")


def refusal(text: str) -> str:
    """Give the sentence with which a model file of this text is refused."""
    with pytest.raises(ModelError) as caught:
        parse_model(text, "bad.json")
    message = str(caught.value)
    assert message.startswith("bad.json: ")
    assert message.endswith(".")
    assert "\n" not in message
    return message


def set_field(document: dict[str, Any], path: str, value: Any) -> None:
    """Set the field of a path such as ``score.terms[1].sd``."""
    owner, key = _owner(document, path)
    owner[key] = value


def drop_field(document: dict[str, Any], path: str) -> None:
    """Delete the field of a path."""
    owner, key = _owner(document, path)
    del owner[key]


def _owner(document: Any, path: str) -> tuple[Any, str | int]:
    *parents, key = (int(step[1:-1]) if step.startswith("[") else step for step in path.replace("[", ".[").split("."))
    for step in parents:
        document = document[step]
    return document, key

"""Everything that is shown of a result in one JSON document: what the scene keeps and the DICOM SR is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..model import Model
from .prediction import Prediction


def result_document(model: Model, prediction: Prediction, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Put everything that is shown of a result into one JSON document.

    Parameters
    ----------
    model : Model
    prediction : Prediction
        Made by the model.
    inputs : mapping
        What was scored: ``volume``, ``segmentation``, ``segment``, ``segment_id``, ``model``, ``covariates`` in words,
        and from nodes the :func:`LABCRadiomicsLib.mrml.fingerprint` of their voxels.

    Returns
    -------
    dict
        :meth:`.Prediction.to_dict` and ``title``, ``version``, ``endpoint``, ``covariates``, ``score_points``,
        ``discrimination`` (how well the model told other patients apart), ``inputs``.
    """
    return {
        **prediction.to_dict(),
        "title": model.title,
        "version": model.version,
        "endpoint": model.nomogram.endpoint if model.nomogram else None,
        "covariates": [vars(covariate) for covariate in prediction.covariates],
        "score_points": prediction.score_points,
        "discrimination": vars(model.discrimination) if model.discrimination else None,
        "inputs": dict(inputs),
    }

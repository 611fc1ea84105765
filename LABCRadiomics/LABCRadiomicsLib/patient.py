"""One patient from image and segmentation to prediction: the step between extraction and scoring."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .errors import ModelError
from .features import ExtractionSettings, FeatureValues, extract_region
from .imaging import Region, Volume
from .imaging.volume import AS_LOADED
from .model import Model
from .notices import Notice
from .scoring import Prediction, predict, require_score


@dataclass(frozen=True)
class PatientScore:
    """The prediction, the features it was made from, and what of the image these were computed from."""

    prediction: Prediction
    extraction: FeatureValues
    region: Region


def extraction_settings(model: Model) -> ExtractionSettings:
    """Read a model's extraction parameters.

    Raises
    ------
    ModelError
        The model was made from features that are not pyradiomics', so it scores feature tables only.
    """
    if model.extraction is None:
        raise ModelError(f"Model {model.id} has no extraction settings: it scores feature tables, not images.")
    parameters = {key: dict(value) for key, value in model.extraction.parameters().items()}
    return ExtractionSettings.from_parameters(parameters, model.extraction.array_order)


def score_image(
    model: Model,
    image: Volume,
    mask: Volume,
    label: int | None = None,
    covariates: Mapping[str, object] | None = None,
    read_seconds: float | None = None,
    notices: Sequence[Notice] = (),
) -> PatientScore:
    """Score one patient.

    Parameters
    ----------
    model : Model
    image : Volume
        The MRI, as :func:`.imaging.read_image` or :func:`.mrml.image_from_volume` give it.
    mask : Volume
        Labels.
    label : int, optional
        The tumor's label; may be left out when the mask holds just one.
    covariates : mapping, optional
        Clinical values by the names of the model's nomogram.
    read_seconds : float, optional
        What reading the input took, for the timings of the result.
    notices : sequence of Notice
        What was noticed on reading the input; they come first among the warnings.

    Returns
    -------
    PatientScore

    Raises
    ------
    ModelIncompleteError, ModelError, InputError, GeometryError, ExtractionError
        See :meth:`.features.ExtractionSettings.region_of`, :func:`.features.extract_region`, :func:`.scoring.predict`.
    """
    require_score(model)
    start = time.perf_counter()
    features = [term.feature for term in model.score.terms]
    settings = extraction_settings(model)
    region = settings.region_of(image, mask, label)
    extraction = extract_region(region, settings, features)
    extracted = time.perf_counter()
    warnings = (*notices, *extraction.notices, *_array_order_notices(model, extraction))
    prediction = predict(model, extraction.values, covariates, warnings=warnings)
    timings = {"read_s": read_seconds, "extract_s": extracted - start, "score_s": time.perf_counter() - extracted}
    return PatientScore(replace(prediction, timings=timings), extraction, region)


def _array_order_notices(model: Model, extraction: FeatureValues) -> list[Notice]:
    """Warn that an as-loaded model's score depends on how the scanner stored the slices."""
    if model.extraction.array_order != AS_LOADED:
        return []
    axes = str(extraction.diagnostics["axes"])
    if axes == model.extraction.axes:
        return []
    made = f"volumes stored as {model.extraction.axes}" if model.extraction.axes else "volumes of unknown axis order"
    text = f"The model was made from {made}, this one is {axes}; wavelet and texture features depend on that order."
    return [Notice("axis-order", text)]

"""One patient, one document: image, region, model and covariates conducted to everything that is known of the result.

Command, panel, report and cohort runs score a patient here and nowhere else.

May import: errors, notices, imaging, preprocessing, features, model, domain, scoring, robustness.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypedDict

from .domain import domain_notices
from .errors import LABCRadiomicsError, ModelError
from .features import ExtractionSettings, FeatureValues, extract_region
from .imaging import Region, Source, Volume
from .imaging.volume import AS_LOADED, order_to
from .model import Extraction, Model
from .model.nomogram import parse_covariates
from .notices import Notice
from .preprocessing import NO_MASKS, Masks, Step, describe, in_words, preprocess, read_steps
from .robustness import contour_stability, second_reading
from .scoring import Prediction, adjust_to_site, predict, require_score
from .scoring.result_document import result_document
from .scoring.site_adjustment import REFUSE, UnknownSite

Progress = Callable[[int, int, str], None]  # steps done, all steps, which begins: READ, FEATURES or CONTOUR
READ, FEATURES, CONTOUR = "read", "features", "contour"
Extractor = Callable[[Region, ExtractionSettings, Sequence[str]], FeatureValues]
"""What computes the features of a region: :func:`.features.extract_region`, or another program."""


class _Where(TypedDict):
    site: str | None
    unknown_site: UnknownSite


@dataclass(frozen=True)
class PatientResult:
    """What a model says of one patient, and what it says it from.

    Attributes
    ----------
    model : Model
    prediction : Prediction
    extraction : FeatureValues
        The features that the score was made from.
    region : Region
        What of the image these were computed from.
    document : dict
        All of it as JSON, see :func:`.scoring.result_document.result_document`.
    """

    model: Model
    prediction: Prediction
    extraction: FeatureValues
    region: Region
    document: dict[str, Any]


def extraction_settings(model: Model) -> ExtractionSettings:
    """Read a model's extraction parameters.

    Raises
    ------
    ModelError
        The model was made from features that are not pyradiomics', so it scores feature tables only.
    """
    extraction = _require_extraction(model)
    parameters = {key: dict(value) for key, value in extraction.parameters().items()}
    return ExtractionSettings.from_parameters(parameters, extraction.array_order)


def score_patient(
    model: Model,
    image: Volume,
    mask: Volume,
    covariates: Mapping[str, object] | None = None,
    *,
    label: int | None = None,
    contours: int = 0,
    second_mask: Volume | None = None,
    second_label: int | None = None,
    masks: Masks = NO_MASKS,
    source: Source | None = None,
    site: str | None = None,
    unknown_site: UnknownSite = REFUSE,
    show_group: bool = False,
    notices: Sequence[Notice] = (),
    inputs: Mapping[str, Any] | None = None,
    read_seconds: float | None = None,
    progress: Progress | None = None,
    extractor: Extractor = extract_region,
) -> PatientResult:
    """Score one patient.

    Parameters
    ----------
    model : Model
    image : Volume
        The MRI, as :func:`.imaging.read_image` or :func:`.mrml.image_from_volume` give it.
    mask : Volume
        Labels.
    covariates : mapping, optional
        Clinical values by the names of the model's nomogram.
    label : int, optional
        The tumor's label; may be left out when the mask holds just one.
    contours : int
        How many redrawn contours to score as well, see :func:`.robustness.contour_stability`.
    second_mask : Volume, optional
        Another reader's labels, whose result stands beside the first one's.
    second_label : int, optional
        The tumor's label there.
    masks : Masks
        Regions that the model's preprocessing may need: the breast, a reference tissue.
    source : Source, optional
        What the image's headers say, to be held against the model's domain.
    site : str, optional
        Where the patient was scanned, for a model that was harmonized over sites.
    unknown_site : {"refuse", "as-measured"}
        What to do with a patient of no or another site, see :func:`.scoring.adjust_to_site`.
    show_group : bool
        Whether the document shows the risk group even of a result that is not to be relied on.
    notices : sequence of Notice
        What was noticed on reading the input; they come first among the warnings.
    inputs : mapping, optional
        What the document says of the input, see :func:`.scoring.result_document.result_document`.
    read_seconds : float, optional
        What reading the input took, for the timings of the document.
    progress : callable, optional
        Called before each step, see :func:`steps_of`; may raise to end the run.
    extractor : callable, optional
        What computes the features, on each contour; its remarks and versions stand in the document.

    Returns
    -------
    PatientResult

    Raises
    ------
    ModelIncompleteError, ModelError, InputError, GeometryError, ExtractionError
        See :meth:`.features.ExtractionSettings.region_of`, :func:`.features.extract_region`, :func:`.scoring.predict`.
    """
    score_terms = require_score(model).terms
    begin = progress or (lambda done, total, step: None)
    total = steps_of(contours)
    begin(1, total, FEATURES)
    start = time.perf_counter()
    features = [term.feature for term in score_terms]
    settings = extraction_settings(model)
    scanned = image
    image, steps = _preprocessed(model, image, masks)
    region = settings.region_of(image, mask, label)
    extraction = extractor(region, settings, features)
    extracted = time.perf_counter()
    where: _Where = {"site": site, "unknown_site": unknown_site}
    compared, _ = adjust_to_site(model, extraction.values, parse_covariates(model, covariates), **where)
    of_another_kind = domain_notices(model, region, compared, source, scanned)
    other = None if second_mask is None else _second_contour(settings, image, second_mask, second_label)
    told = [*extraction.notices, *_array_order_notices(model, extraction), *_of_second_reader(other, settings)]
    done = [Notice("preprocessed", in_words(steps))] if steps else []
    warnings = (*notices, *of_another_kind, *told, *done)
    prediction = predict(model, extraction.values, covariates, warnings=warnings, **where)
    timings = {"read_s": read_seconds, "extract_s": extracted - start, "score_s": time.perf_counter() - extracted}
    stability = None
    if contours:
        stability = contour_stability(
            prediction,
            region,
            lambda moved: predict(model, extractor(moved, settings, features).values, covariates, **where),
            contours,
            progress=lambda done, _: begin(1 + done, total, CONTOUR),
        )
    second = None
    if other is not None:
        with _named_second_reader():
            again = predict(model, extractor(other, settings, features).values, covariates, **where)
        second = second_reading(prediction, region, other, again)
    given: dict[str, Any] = {"covariates": {name: str(value) for name, value in (covariates or {}).items()}}
    given |= {"model": model.id, "segment": f"label {region.label}", "segment_id": region.label, **(inputs or {})}
    if extractor is not extract_region:
        given["extractor"] = extraction.diagnostics["versions"]["engine"]  # type: ignore[index]
    document = result_document(
        model,
        prediction,
        given,
        stability=stability,
        second_reader=second,
        show_group=show_group,
        timings=timings,
        diagnostics={**extraction.diagnostics, "preprocessing": describe(steps)},
    )
    return PatientResult(model, prediction, extraction, region, document)


@contextmanager
def _named_second_reader() -> Iterator[None]:
    """Say of what goes wrong that it is the second reader's contour, where the first one's would be looked at."""
    try:
        yield
    except LABCRadiomicsError as error:
        raise type(error)(f"The second reader's contour cannot be scored: {error}") from error


def _second_contour(settings: ExtractionSettings, image: Volume, mask: Volume, label: int | None) -> Region:
    with _named_second_reader():
        return settings.region_of(image, mask, label)


def _of_second_reader(region: Region | None, settings: ExtractionSettings) -> list[Notice]:
    """What was noticed on the second reader's mask, such as that it had to be resampled."""
    noticed = () if region is None or settings.resamples else region.notices
    return [Notice(notice.code, f"The second reader's contour: {notice.message}", notice.grave) for notice in noticed]


def _preprocessed(model: Model, image: Volume, masks: Masks) -> tuple[Volume, tuple[Step, ...]]:
    """The image as the model's preprocessing makes it, in the model's axis order, and the steps."""
    extraction = _require_extraction(model)
    steps = read_steps(extraction.preprocessing)
    if not steps:
        return image, ()
    return preprocess(image.reordered(*order_to(image, extraction.array_order)), steps, masks), steps


def steps_of(contours: int) -> int:
    """Count the steps of a run: reading, features, each contour, and what the caller does with the result."""
    return 3 + contours


def _require_extraction(model: Model) -> Extraction:
    if model.extraction is None:
        raise ModelError(f"Model {model.id} has no extraction settings: it scores feature tables, not images.")
    return model.extraction


def _array_order_notices(model: Model, extraction: FeatureValues) -> list[Notice]:
    """Warn that an as-loaded model's score depends on how the scanner stored the slices."""
    made_with = _require_extraction(model)
    axes = str(extraction.diagnostics["axes"])
    if made_with.array_order != AS_LOADED or axes == made_with.axes:
        return []
    made = f"volumes stored as {made_with.axes}" if made_with.axes else "volumes of unknown axis order"
    text = f"The model was made from {made}, this one is {axes}; wavelet and texture features depend on that order."
    return [Notice("axis-order", text, grave=True)]

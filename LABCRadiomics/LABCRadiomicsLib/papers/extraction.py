"""How the features were computed: the items of IBSI's reporting guidelines, and those of others that ask the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..model import Extraction
from ..report import extraction_words as words
from ..sentences import many
from .study import Answer, Study, card, report

_PLACE = (card("Preprocessing and features"),)
_MODALITIES = {
    "PET, SPECT": ("PT", "NM"), "PET": ("PT",), "CT": ("CT",),
    "MRI": ("MR",), "DWI-MRI": ("MR",), "MRI (brain)": ("MR",),
}  # fmt: skip
ALL = "all of this item"
_MADE_ELSEWHERE = "The features were made elsewhere."
_Words = Callable[[Extraction], str]


def made_elsewhere(study: Study) -> bool:
    """Whether nothing says how the features were computed."""
    return study.extraction is None


def without_settings(study: Study) -> Answer:
    """The answer where nothing says how the features were computed."""
    if study.model.extraction is None:
        return Answer(_MADE_ELSEWHERE, (), ALL)
    text = "The table of features has no record of how it was made; the settings of the model are in its card."
    return Answer(text, _PLACE, "whether the features were made with these settings")


def of_settings(sentence: _Words, left: str = "") -> Callable[[Study], Answer]:
    """Make an answer of what a function says of an extraction."""

    def answer(study: Study) -> Answer:
        extraction = study.extraction
        return without_settings(study) if extraction is None else Answer(sentence(extraction), _PLACE, left)

    return answer


def software(study: Study) -> Answer | None:
    """Software and version that computed the features, by the record beside their table."""
    made_with = study.report["extracted_with"]
    if study.extraction is None:
        return without_settings(study)
    if not made_with:
        return None
    return Answer(f"{software_words(made_with)}.", (report("extracted_with"),))


def software_words(made_with: Mapping[str, str]) -> str:
    """Say what computed features: the engine with what it is equal to, and what else the record names."""
    others = {name: version for name, version in made_with.items() if name not in ("engine", "labcradiomics")}
    engine = made_with.get("engine", f"labcradiomics {made_with.get('labcradiomics', 'of no known version')}")
    name, _, equal = engine.partition(", ")
    first = f"{name} ({equal})" if equal else name
    return ", ".join([first, *(f"{other} {version}" for other, version in others.items())])


def software_is_known(study: Study) -> bool:
    """Whether a record says what computed the features."""
    return study.extraction is not None and bool(study.report["extracted_with"])


def _known_software(sentence: _Words, left: str = "") -> Callable[[Study], Answer | None]:
    """An answer that holds for the features of this software only."""

    def answer(study: Study) -> Answer | None:
        if study.extraction is None:
            return without_settings(study)
        return Answer(sentence(study.extraction), _PLACE, left) if software_is_known(study) else None

    return answer


def pre_processing(extraction: Extraction) -> str:
    """What was done to images before any feature."""
    steps = words.preprocessing(extraction)
    return f"By this software: {'; then '.join(steps)}." if steps else "None by this software."


def method(extraction: Extraction) -> str:
    """How features were computed, in one answer."""
    return (
        f"Hand-crafted features by the definitions of {words.definitions(extraction)}, in "
        f"{words.neighborhood(extraction)}; axis order: {words.axis_order(extraction)}."
    )


def classes(extraction: Extraction) -> str:
    """Feature classes with the number of features on an image."""
    return f"{'; '.join(words.feature_classes(extraction))} (features an image, those of shape once)."


def images(extraction: Extraction) -> str:
    """Image types with their parameters."""
    return f"{'; '.join(words.image_types(extraction))}."


def defaults(extraction: Extraction) -> str:
    """That what is not stated has its default."""
    given = many(len(extraction.setting), "setting")
    return f"{given} are stated; every other one has the default of {words.definitions(extraction)}."


def number_of_features(study: Study) -> Answer | None:
    """How many features a patient has, in training."""
    if not study.is_training:
        return None
    return Answer(
        f"{study.report['features_in']} a patient.",
        (report("features_in"),),
        "features by sequence, where there are several",
    )


def domain(study: Study) -> Answer | None:
    """Voxel sizes, scanners and field strengths, as far as the model states them."""
    known = study.model.image.domain
    if not study.is_training or known is None:
        return None
    sentences = [_spacing(study)]
    if known.field_strengths_t:
        sentences.append(f"Field strength: {', '.join(f'{tesla:g}' for tesla in known.field_strengths_t)} T.")
    if known.manufacturers:
        sentences.append(f"Manufacturers: {', '.join(known.manufacturers)}.")
    left = "protocol, sequence, contrast agent, timing and scanners"
    return Answer(" ".join(filter(None, sentences)), (card("Images it was made from"),), left)


def _spacing(study: Study) -> str:
    known = study.model.image.domain
    if known is None or not known.spacing_mm_low or not known.spacing_mm_high:
        return ""
    ends = zip(known.spacing_mm_low, known.spacing_mm_high, strict=True)
    sizes = " x ".join(f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}" for low, high in ends)
    return f"Voxels of {sizes} mm ({words.axes(study.model.extraction)}; 1st to 99th percentile)."


def voxel_size(study: Study) -> Answer | None:
    """Voxel sizes alone."""
    text = _spacing(study) if study.is_training else ""
    return Answer(text, (card("Images it was made from"),), "which of these runs across the slices") if text else None


def field_strength(study: Study) -> Answer | None:
    """Field strengths, where the model states them."""
    known = study.model.image.domain
    if not study.is_training or known is None or not known.field_strengths_t:
        return None
    text = f"{', '.join(f'{tesla:g}' for tesla in known.field_strengths_t)} T."
    return Answer(text, (card("Images it was made from"),))


def manufacturers(study: Study) -> Answer | None:
    """Manufacturers, where the model states them."""
    known = study.model.image.domain
    if not study.is_training or known is None or not known.manufacturers:
        return None
    return Answer(f"{', '.join(known.manufacturers)}.", (card("Images it was made from"),), "scanner types")


def modality(study: Study) -> Answer | None:
    """The modality, as the model states it."""
    if study.extraction is None:
        return without_settings(study)
    return Answer(f"{study.model.image.modality}, as the model states it.", (card("What it needs"),))


def sequence(study: Study) -> Answer | None:
    """The sequence, where the model states it."""
    stated = study.model.image.sequence
    if study.extraction is None:
        return without_settings(study)
    if stated == "not stated":
        return None
    return Answer(f"{stated}, as the model states it.", (card("What it needs"),))


def other_modality(study: Study, applies: str) -> Answer | None:
    """That an item is for another modality than the model's."""
    codes, own = _MODALITIES.get(applies), study.model.image.modality.upper()
    if codes is None or study.extraction is None or own in codes:
        return None
    return Answer(f"Not applicable: the model's images are of modality {own}.", (card("What it needs"),))


def _interpolated(part: str) -> _Words:
    """A sentence on interpolation, or that there is none."""

    def sentence(extraction: Extraction) -> str:
        spacing = extraction.setting.get("resampledPixelSpacing")
        own = words.step_of(extraction, "resample")
        if not spacing and not own:
            return "Not applicable: images were not interpolated."
        of_step = {
            "position": "the corner of the first voxel stays where it is",
            "size": "the extent over the voxel size, rounded",
        }
        of_setting = {
            "position": "the grid is aligned with the mask's, around the tumor",
            "size": f"as many voxels as hold the tumor, and {extraction.setting.get('padDistance', 5)} more on each "
            "side",
        }
        parts = ([of_step[part]] if own else []) + ([of_setting[part]] if spacing else [])
        text = "; then ".join(parts)
        return f"{text[0].upper()}{text[1:]}."

    return sentence


def _mask_interpolation(extraction: Extraction) -> str:
    if not extraction.setting.get("resampledPixelSpacing") and not words.step_of(extraction, "resample"):
        return "Not applicable: masks were not interpolated, but one that lay on another grid than its image."
    return "Nearest neighbor."


def _partial_voxels(extraction: Extraction) -> str:
    return "None arise: a voxel takes the label of the nearest one."


def _anti_aliasing(extraction: Extraction) -> str:
    if not extraction.setting.get("resampledPixelSpacing") and not words.step_of(extraction, "resample"):
        return "Not applicable: images were not resampled."
    return "None."


def _bins(extraction: Extraction) -> str:
    count = extraction.setting.get("binCount")
    return f"{count} bins." if count is not None else f"Bin width {extraction.setting.get('binWidth', 25):g}."


def _lowest(extraction: Extraction) -> str:
    if extraction.setting.get("binCount") is not None:
        return "Not applicable: the number of bins is fixed."
    return "The largest multiple of the bin width that is not above the lowest intensity in the tumor."


def _biomarkers(extraction: Extraction) -> str:
    return f"{classes(extraction)} Definitions: {words.definitions(extraction)}."


def _compliance(extraction: Extraction) -> str:
    return (
        "On IBSI's digital phantom the software gives the published values, but where pyradiomics departs from IBSI: "
        "kurtosis is not in excess of the normal distribution's, axis lengths divide the covariance by n, and bins "
        "are counted from multiples of their width. Filters are not part of that benchmark."
    )


def _aggregation(extraction: Extraction) -> str:
    norm = extraction.setting.get("weightingNorm")
    runs = "merged over directions, weighted by distance" if norm else "computed in each direction and averaged"
    return f"GLCM and GLRLM: {runs}; GLSZM, GLDM and NGTDM: one matrix a tumor. In {words.neighborhood(extraction)}."


def _weighting(extraction: Extraction) -> str:
    norm = extraction.setting.get("weightingNorm")
    return "None." if norm in (None, "no_weighting") else f"GLCM and GLRLM by the {norm} norm; others none."


def _symmetry(extraction: Extraction) -> str:
    return "Symmetric." if extraction.setting.get("symmetricalGLCM", True) else "Asymmetric."


def _distance(extraction: Extraction) -> str:
    return f"Chebyshev distance {words.distances(extraction)} (voxels)."


def _linkage(extraction: Extraction) -> str:
    return "Chebyshev distance 1 (voxels)."


def _coarseness(extraction: Extraction) -> str:
    return f"{extraction.setting.get('gldm_a', 0):g}."


def _if_computed(family: str | None, sentence: _Words) -> _Words:
    def given(extraction: Extraction) -> str:
        enabled = extraction.feature_class
        return sentence(extraction) if not family or not enabled or family in enabled else "Not computed."

    return given


def _not_computed(extraction: Extraction) -> str:
    return "Not computed: there are no distance zone matrices."


IBSI: dict[str, Callable[[Study], Answer | None]] = {
    "7": manufacturers,
    "8": modality,
    "18a": sequence,
    "27": field_strength,
    "28": voxel_size,
    "30": voxel_size,
    "41": of_settings(_anti_aliasing),
    "42": of_settings(lambda _: "None by this software.", "anything done to the images before"),
    "45": of_settings(
        lambda extraction: f"{words.step_of(extraction, 'n4') or 'None by this software'}.",
        "anything done to the images before",
    ),
    "46": of_settings(words.normalization, "anything done to the images before"),
    "50a": of_settings(words.resampling, "anything done to the images before"),
    "50b": of_settings(_interpolated("position")),
    "50c": of_settings(_interpolated("size")),
    "51": of_settings(words.resampling),
    "53": of_settings(_mask_interpolation),
    "54": of_settings(_partial_voxels),
    "55": of_settings(words.resegmentation),
    "56a": of_settings(words.discretization),
    "56b": of_settings(_bins),
    "56c": of_settings(_lowest),
    "57": of_settings(images),
    "58": of_settings(_biomarkers),
    "59": _known_software(_compliance),
    "61": software,
    "62": of_settings(_aggregation),
    "63": of_settings(_weighting),
    "64": of_settings(_if_computed("glcm", _symmetry)),
    "65": of_settings(_if_computed("glcm", _distance)),
    "66": of_settings(_if_computed("glszm", _linkage)),
    "67": of_settings(_not_computed),
    "68": of_settings(_not_computed),
    "69": of_settings(_if_computed("ngtdm", _distance)),
    "70": of_settings(_if_computed("gldm", _distance)),
    "71": of_settings(_if_computed("gldm", _coarseness)),
}
"""Who answers the items of extraction; what nobody answers is the authors' to say."""

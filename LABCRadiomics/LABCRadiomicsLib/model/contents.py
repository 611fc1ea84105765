"""The model: what a radiomics score, its cutoff and its nomogram are made of.

The dataclasses mirror the model file (``Resources/Models/model.schema.json``) field by field. They are plain values:
reading and writing is in :mod:`.file`, consistency between fields in :mod:`.checks`.
Times are in months, probabilities in [0, 1]; a radiomics feature has the unit pyradiomics gives it.
"""

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from . import case_hashes
from .additions import Baseline, Comparator, Covariate, Distribution, Domain, Harmonization, Uncertainty
from .covariates import SCORE
from .encoding import canonical_json, document_of, version_of
from .fields import limited

FORMAT = "labcradiomics-model"
FORMAT_VERSION = 2  # the newest; a model that uses nothing of it is written as 1
RANGE = (1, 99)  # percentiles of the training cohort that count as its range

Status = Literal["complete", "incomplete", "demonstration"]
Part = Literal["score", "cutoff", "nomogram", "nomogram.center", "nomogram.baseline", "groups"]


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """The patients a model was made from; ``case_hashes`` know them again without naming them."""

    n: int = limited(minimum=1)
    events: int = limited(minimum=0)
    years: str | None = None
    description: str | None = None
    characteristics: Mapping[str, str] = field(default_factory=dict)
    case_hashes: tuple[str, ...] = limited(optional=True, default=(), items={"pattern": case_hashes.PATTERN}, since=2)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One later change of a model: completed from a table, recalibrated on a cohort."""

    date: str = limited(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
    what: str = limited(minLength=1)
    file: str | None = None
    sha256: str | None = limited(optional=True, pattern="^[0-9a-f]{64}$")


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a model comes from. ``source`` is a git commit, DOI or address that leads to what made it."""

    citation: str
    doi: str | None = limited(optional=True, pattern=r"^10\.\d{4,9}/\S+$")
    licence: str
    origin: Literal["published", "trained", "simulated"]
    created: str = limited(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
    source: str
    software: Mapping[str, str]
    cohort: Cohort
    methods: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Image:
    """The image a model expects; ``domain`` is what the training cohort's images were."""

    modality: str
    sequence: str
    timing: str
    domain: Domain | None = limited(optional=True, since=2)  # noqa: RUF009 (makes a field)


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """How the features are computed, in the words of pyradiomics' own parameter files.

    ``axes`` are the anatomical directions in which i, j, k of the cohort's volumes grew, as 3D Slicer loaded them.
    ``preprocessing`` are steps that make intensities comparable before, in their order: each a ``step`` and its
    parameters, as :func:`.preprocessing.read_steps` reads them.
    """

    setting: Mapping[str, Any]
    image_type: Mapping[str, Any] = limited(key="imageType")
    feature_class: Mapping[str, Any] = limited(key="featureClass")
    pyradiomics_version: str | None = None
    array_order: Literal["as-loaded", "LPS"]
    axes: str | None = limited(optional=True, pattern="^(?=.*[LR])(?=.*[PA])(?=.*[SI])[LRPASI]{3}$")
    preprocessing: tuple[Mapping[str, Any], ...] = limited(default=(), optional=True, since=2)

    def parameters(self) -> dict[str, Mapping[str, Any]]:
        """Give the dictionary that pyradiomics' extractor takes."""
        return {"setting": self.setting, "imageType": self.image_type, "featureClass": self.feature_class}


@dataclass(frozen=True, kw_only=True)
class Term:
    """One feature of the score: ``coefficient * value``, or ``coefficient * (value - mean) / sd``.

    ``low`` and ``high`` are the 1st and 99th percentile of the training cohort, in the feature's unit.
    """

    feature: str = limited(minLength=1)
    coefficient: float
    mean: float | None = None
    sd: float | None = limited(optional=True, exclusiveMinimum=0)
    low: float | None = None
    high: float | None = None

    def contribution(self, value: float) -> float:
        """Give the term's part of the score for a feature value."""
        if self.mean is None or self.sd is None:
            return self.coefficient * value
        return self.coefficient * ((value - self.mean) / self.sd)

    def in_range(self, value: float) -> bool | None:
        """Say whether a value lies in the training range; None when the model does not state one."""
        return None if self.low is None or self.high is None else self.low <= value <= self.high


@dataclass(frozen=True, kw_only=True)
class Score:
    """The radiomics score, a linear combination of features; ``low`` and ``high`` are its training percentiles.

    ``distribution`` is that of the terms' feature values, in the order of the terms.
    """

    intercept: float
    terms: tuple[Term, ...] = limited(minItems=1)
    low: float | None = None
    high: float | None = None
    distribution: Distribution | None = limited(optional=True, since=2)  # noqa: RUF009 (makes a field)

    def of(self, values: Iterable[float]) -> float:
        """Give the score of feature values in the order of the terms, rounded once, so that a cutoff never wavers.

        Raises
        ------
        OverflowError, ValueError
            The sum is not finite.
        """
        parts = [term.contribution(value) for term, value in zip(self.terms, values, strict=True)]
        return math.fsum([self.intercept, *parts])


@dataclass(frozen=True, kw_only=True)
class Cutoff:
    """The score above which the risk group is high."""

    value: float
    horizon_months: float | None = limited(optional=True, exclusiveMinimum=0)
    method: str
    auc: float | None = limited(optional=True, minimum=0, maximum=1)


@dataclass(frozen=True, kw_only=True)
class Nomogram:
    """A Cox model of the score and clinical covariates.

    ``center`` (parameter name to mean) is the patient whose survival the baseline is. ``covariance`` is that of the
    coefficients in the order of :meth:`parameters`, and ``covariate_distribution`` that of the patients' parameters, in
    the same order: survival is averaged over it where a covariate is unknown. Without it the center stands in.
    """

    endpoint: str = limited(minLength=1)
    covariates: tuple[Covariate, ...]
    score_coefficient: float
    center: Mapping[str, float] | None = None
    covariance: tuple[tuple[float, ...], ...] | None = None
    baseline: Baseline | None = None
    horizons_months: tuple[float, ...] = limited(minItems=1, items={"exclusiveMinimum": 0})
    covariate_distribution: Distribution | None = limited(optional=True, since=2)  # noqa: RUF009 (makes a field)

    def parameters(self) -> tuple[str, ...]:
        """Name every coefficient in order: the covariates' as listed, then ``score``."""
        return (*(name for covariate in self.covariates for name in covariate.parameters()), SCORE)

    def coefficients(self) -> tuple[float, ...]:
        """Give every coefficient (log hazard ratio) in the order of :meth:`parameters`."""
        return (*(value for covariate in self.covariates for value in covariate.coefficients), self.score_coefficient)


@dataclass(frozen=True, kw_only=True)
class RiskGroup:
    """Kaplan-Meier curve of one risk group of the training cohort with its 95% limits."""

    n: int = limited(minimum=1)
    events: int = limited(minimum=0)
    months: tuple[float, ...] = limited(items={"minimum": 0})
    survival: tuple[float, ...] = limited(items={"minimum": 0, "maximum": 1})
    lower: tuple[float, ...] = limited(items={"minimum": 0, "maximum": 1})
    upper: tuple[float, ...] = limited(items={"minimum": 0, "maximum": 1})


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The two risk groups of the training cohort."""

    low: RiskGroup
    high: RiskGroup


@dataclass(frozen=True, kw_only=True)
class Performance:
    """One figure of performance with its 95% limits; ``relation`` is "<" where only a bound was published."""

    cohort: str
    n: int = limited(minimum=1)
    events: int | None = limited(optional=True, minimum=0)
    metric: str = limited(minLength=1)
    relation: Literal["=", "<", ">"] = "="
    value: float
    lower: float | None = None
    upper: float | None = None
    kind: Literal["apparent", "optimism-corrected", "validation", "external"]


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A part the model lacks: what it is, where it is kept, and how many score terms it has when it is the score."""

    part: Part
    what: str = limited(minLength=1)
    where: str = limited(minLength=1)
    expected_terms: int | None = limited(optional=True, minimum=1)


@dataclass(frozen=True, kw_only=True)
class Model:
    """A radiomics score with its cutoff, nomogram, evidence and provenance: one model file."""

    id: str = limited(pattern="^[a-z0-9][a-z0-9._-]{0,63}$")
    title: str = limited(minLength=1)
    version: str = limited(minLength=1)
    status: Status
    provenance: Provenance
    intended_use: str = limited(minLength=1)
    limitations: tuple[str, ...]
    image: Image
    missing: tuple[Missing, ...] = ()
    extraction: Extraction | None = None
    score: Score | None = None
    cutoff: Cutoff | None = None
    nomogram: Nomogram | None = None
    groups: Groups | None = None
    performance: tuple[Performance, ...] = ()
    harmonization: Harmonization | None = limited(optional=True, since=2)  # noqa: RUF009 (makes a field)
    uncertainty: Uncertainty | None = limited(optional=True, since=2)  # noqa: RUF009 (makes a field)
    comparators: tuple[Comparator, ...] = limited(default=(), optional=True, since=2)

    def to_document(self) -> dict[str, Any]:
        """Give the model as its file holds it: dictionaries, lists, texts and numbers."""
        return {"format": FORMAT, "format_version": version_of(self, FORMAT_VERSION), **document_of(self)}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the model's canonical JSON: sorted keys, no blanks, UTF-8."""
        return hashlib.sha256(canonical_json(self.to_document()).encode("utf-8")).hexdigest()

    @property
    def discrimination(self) -> Performance | None:
        """The C-index that says most of new patients: the nomogram's if there is one, from the farthest cohort."""
        kinds = ("external", "validation", "optimism-corrected", "apparent")
        whose = "nomogram" if self.nomogram is not None and self.nomogram.baseline is not None else "score"
        rows = [row for row in self.performance if row.metric.startswith("C-index") and whose in row.metric]
        return min(rows, key=lambda row: kinds.index(row.kind), default=None)

    def lacks(self, part: Part) -> bool:
        """Say whether a part is absent."""
        value: Any = self
        for name in part.split("."):
            value = getattr(value, name)
            if value is None:
                return True
        return False

    def missing_part(self, part: Part) -> Missing | None:
        """Give what the model says about a part it lacks."""
        return next((entry for entry in self.missing if entry.part == part), None)

"""A simulated cohort: clinical covariates as the source article's Table 1 prints them, and DFS of a known law.

The covariates' marginal frequencies and the hazard ratios are the article's (Wang et al., Breast Cancer Res
2022;24:20, training cohort). The radiomics score's hazard ratio acts here on the true intratumor heterogeneity.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from ..errors import InputError
from .phantom import Tumor

AGE_MEAN, AGE_SD, AGE_MIN, AGE_MAX = 47.5, 9.5, 24, 78  # rounded to whole years: 41.7% are 45 or younger
CT_FREQUENCY = (0.108, 0.597, 0.194, 0.101)
CN_FREQUENCY = (0.137, 0.540, 0.194, 0.129)
ER_FREQUENCY, PR_FREQUENCY, HER2_FREQUENCY, PCR_FREQUENCY, IMNI_FREQUENCY = 0.647, 0.554, 0.691, 0.237, 0.230
PR_GIVEN_ER = 0.80  # progesterone receptors are seldom expressed without estrogen receptors
PCR_GIVEN_HR = 0.17  # hormone-receptor-positive tumors respond completely less often

# Diameter of the sphere of the tumor's volume. Clinical T is a longest diameter, about 1.25 times that.
DIAMETER_MM = {1: (15.0, 19.0), 2: (20.0, 40.0), 3: (40.0, 55.0), 4: (25.0, 55.0)}
HETEROGENEITY_MEDIAN, HETEROGENEITY_LOG_SD = 0.10, 0.40

STAGES = ("II", "IIIa-b", "IIIc")


@dataclass(frozen=True)
class HazardLaw:
    """Weibull proportional hazards: ``S(t | x) = exp(-(t / scale)^shape * exp(linear predictor))``, t in months.

    Censoring is administrative: follow-up ends, independently of everything else, uniformly between two times.
    """

    shape: float = 1.1
    scale_months: float = 255.0
    censoring_months: tuple[float, float] = (20.0, 84.0)
    age_center: float = AGE_MEAN
    log_hazard_ratios: Mapping[str, float] = field(
        default_factory=lambda: {
            name: math.log(ratio)
            for name, ratio in (
                ("heterogeneity_z", 3.866),
                ("age", 1.0431),
                ("stage_IIIa-b", 1.6461),
                ("stage_IIIc", 1.8162),
                ("pcr", 1.229),
                ("imni", 0.724),
                ("hr", 0.742),
                ("her2", 0.688),
            )
        }
    )

    def linear_predictor(self, heterogeneity_z: float, covariates: "Covariates") -> float:
        """Log hazard relative to stage II, mean age and heterogeneity, and none of the binary covariates."""
        design = {
            "heterogeneity_z": heterogeneity_z,
            "age": covariates.age - self.age_center,
            "stage_IIIa-b": covariates.stage == "IIIa-b",
            "stage_IIIc": covariates.stage == "IIIc",
            "pcr": covariates.pcr,
            "imni": covariates.imni,
            "hr": covariates.hr,
            "her2": covariates.her2,
        }
        return math.fsum(self.log_hazard_ratios[name] * value for name, value in design.items())

    def survival(self, months: float, linear_predictor: float) -> float:
        """Probability of being disease-free at a time."""
        return math.exp(-((months / self.scale_months) ** self.shape) * math.exp(linear_predictor))

    def time(self, cumulative_hazard: float, linear_predictor: float) -> float:
        """Months at which the cumulative hazard reaches a value; a unit exponential draw gives an event time."""
        return self.scale_months * (cumulative_hazard * math.exp(-linear_predictor)) ** (1 / self.shape)


LAW = HazardLaw()


@dataclass(frozen=True)
class Covariates:
    """What the clinic knows: age in years, cT 1-4, cN 0-3, the others 0 or 1."""

    age: int
    ct: int
    cn: int
    er: int
    pr: int
    her2: int
    pcr: int
    imni: int

    @property
    def hr(self) -> int:
        """Hormone receptor status: positive when ER or PR is."""
        return int(self.er or self.pr)

    @property
    def stage(self) -> str:
        """Clinical stage group, one of ``STAGES``."""
        return stage_group(self.ct, self.cn)


@dataclass(frozen=True)
class Patient:
    """One simulated patient: what is observed, and the truth behind it.

    Attributes
    ----------
    index : int
        Position in the cohort, from 0.
    covariates : Covariates
    tumor : Tumor
    heterogeneity_z : float
        Standard normal score of the tumor's log heterogeneity, the covariate that drives the hazard.
    linear_predictor : float
        True log hazard under ``LAW``.
    event_months, censoring_months : float
        Time of the event had follow-up never ended, and end of follow-up; 0.01 month resolution.
    """

    index: int
    covariates: Covariates
    tumor: Tumor
    heterogeneity_z: float
    linear_predictor: float
    event_months: float
    censoring_months: float

    @property
    def case(self) -> str:
        """Case identifier, ``case-0001`` for the first patient."""
        return f"case-{self.index + 1:04d}"

    @property
    def dfs_months(self) -> float:
        """Observed disease-free survival time."""
        return min(self.event_months, self.censoring_months)

    @property
    def dfs_event(self) -> int:
        """1 when the event was observed, 0 when censored."""
        return int(self.event_months <= self.censoring_months)


def simulate_cohort(n: int, seed: int) -> tuple[Patient, ...]:
    """Draw the patients of a cohort, without their images.

    Parameters
    ----------
    n : int
        Number of patients, at least 1.
    seed : int
        Not negative. Patient k of a seed is the same whatever the size of the cohort.

    Returns
    -------
    tuple of Patient

    Raises
    ------
    InputError
        If ``n`` or ``seed`` is out of range.
    """
    if not n >= 1:
        raise InputError(f"The number of patients is {n}: give a whole number of at least 1.")
    if not seed >= 0:
        raise InputError(f"The seed is {seed}: give a whole number that is not negative.")
    return tuple(simulate_patient(seed, index) for index in range(n))


def simulate_patient(seed: int, index: int) -> Patient:
    """Draw one patient from the stream of random numbers that belongs to this seed and position."""
    rng = patient_rng(seed, index, "clinical")
    covariates = _draw_covariates(rng)
    heterogeneity_z = float(rng.standard_normal())
    tumor = _draw_tumor(rng, covariates.ct, heterogeneity_z)
    linear_predictor = LAW.linear_predictor(heterogeneity_z, covariates)
    event = LAW.time(float(rng.exponential()), linear_predictor)
    censoring = float(rng.uniform(*LAW.censoring_months))
    return Patient(
        index, covariates, tumor, heterogeneity_z, linear_predictor, max(round(event, 2), 0.01), round(censoring, 2)
    )


def patient_rng(seed: int, index: int, purpose: str, reader: int = 0) -> np.random.Generator:
    """Independent random generator of one patient for ``clinical``, ``image`` or ``reader`` (numbered) draws."""
    stream = ("clinical", "image", "reader").index(purpose)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index, stream, reader)))


def stage_group(ct: int, cn: int) -> str:
    """Anatomic stage group of the AJCC for M0: stage II, IIIA or IIIB, IIIC.

    Raises
    ------
    InputError
        For cT1 cN0 (stage I: not locally advanced) and for categories that do not exist.
    """
    if ct not in (1, 2, 3, 4) or cn not in (0, 1, 2, 3) or (ct, cn) == (1, 0):
        raise InputError(f"cT{ct} cN{cn} is not a locally advanced stage: give cT 1-4 and cN 0-3 other than cT1 cN0.")
    if cn == 3:
        return "IIIc"
    return "IIIa-b" if ct == 4 or cn == 2 or (ct == 3 and cn == 1) else "II"


@cache
def tn_frequency() -> np.ndarray:
    """Joint frequency of cT (rows, 1-4) and cN (columns, 0-3), shape (4, 4).

    Independent but for cT1 cN0, which is stage I and does not occur: iterative proportional fitting of the two
    marginals to a table with a structural zero.
    """
    joint = np.ones((4, 4))
    joint[0, 0] = 0.0
    for _ in range(200):
        joint *= (np.array(CT_FREQUENCY) / joint.sum(axis=1))[:, None]
        joint *= np.array(CN_FREQUENCY) / joint.sum(axis=0)
    return joint


def _draw_covariates(rng: np.random.Generator) -> Covariates:
    age = int(np.clip(np.rint(rng.normal(AGE_MEAN, AGE_SD)), AGE_MIN, AGE_MAX))
    ct, cn = divmod(int(np.searchsorted(np.cumsum(tn_frequency()), rng.random(), side="right")), 4)
    er = int(rng.random() < ER_FREQUENCY)
    pr = int(rng.random() < _given(er, PR_GIVEN_ER, ER_FREQUENCY, PR_FREQUENCY))
    hr_frequency = ER_FREQUENCY + (1 - ER_FREQUENCY) * _given(0, PR_GIVEN_ER, ER_FREQUENCY, PR_FREQUENCY)
    pcr = int(rng.random() < _given(er or pr, PCR_GIVEN_HR, hr_frequency, PCR_FREQUENCY))
    her2 = int(rng.random() < HER2_FREQUENCY)
    imni = int(rng.random() < IMNI_FREQUENCY)
    return Covariates(age=age, ct=ct + 1, cn=cn, er=er, pr=pr, her2=her2, pcr=pcr, imni=imni)


def _given(present: int, given_present: float, condition: float, marginal: float) -> float:
    """Conditional frequency: as stated where the condition is present, else what the marginal frequency leaves."""
    return given_present if present else (marginal - condition * given_present) / (1 - condition)


def _draw_tumor(rng: np.random.Generator, ct: int, heterogeneity_z: float) -> Tumor:
    """Size follows cT; heterogeneity follows its normal score alone; the rest varies independently of both."""
    return Tumor(
        diameter_mm=float(rng.uniform(*DIAMETER_MM[ct])),
        heterogeneity=HETEROGENEITY_MEDIAN * math.exp(HETEROGENEITY_LOG_SD * heterogeneity_z),
        correlation_length_mm=float(rng.uniform(1.9, 2.5)),
        enhancement=float(120.0 * np.exp(rng.normal(0.0, 0.06))),
        rim=float(rng.uniform(0.0, 0.15)),
        core=float(rng.uniform(0.0, 0.18)),
        irregularity=float(rng.uniform(0.10, 0.22)),
    )

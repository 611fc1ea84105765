"""Cohorts that the tests of ``statistics`` share: GBSG2 with its usual models, simulated ones of the article's size."""

from functools import cache

import numpy as np

from LABCRadiomicsLib.statistics.cox import CoxModel, cox
from r_reference import columns, gbsg2, table

FULL = ["age", "horTh1", "post", "grade2", "grade3", "tsize", "pnodes", "progrec"]
FIVE = ["age", "horTh1", "tsize", "pnodes", "progrec"]


@cache
def gbsg2_cox(names: tuple[str, ...]) -> CoxModel:
    """Cox model of some columns of GBSG2."""
    data = gbsg2()
    return cox(columns(data, names), data["months"], data["event"])


def follow_up() -> tuple[np.ndarray, np.ndarray]:
    """Months and event of GBSG2."""
    return gbsg2()["months"], gbsg2()["event"]


def follow_up_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Time and event of one of the data sets of R's package survival."""
    return table(name)["time"], table(name)["event"]


def whole_months() -> tuple[np.ndarray, np.ndarray]:
    """Follow-up of GBSG2 in whole months: many tied times."""
    return np.ceil(gbsg2()["months"]), gbsg2()["event"]


def article_like(features: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """139 patients, about 32 events, collinear features: the size of the article's training cohort."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(139, 10)) @ rng.normal(size=(10, features)) + rng.normal(size=(139, features))
    event_time = rng.exponential(size=139) * np.exp(-0.2 * x[:, 0]) * 200
    censored = rng.exponential(size=139) * 60
    return x, np.minimum(event_time, censored), event_time < censored


@cache
def lung_known() -> dict[str, np.ndarray]:
    """The 226 patients of ``survival::lung`` whose institution, age, sex and performance status are known."""
    data = table("lung")
    known = ~np.isnan(columns(data, ["inst", "age", "sex", "ph.ecog"])).any(axis=1)
    return {name: values[known] for name, values in data.items()} | {"event": data["event"][known] == 1}


def lung_in_hundreds() -> tuple[np.ndarray, np.ndarray]:
    """Their follow-up in begun hundreds of days: many events at each horizon."""
    return np.ceil(lung_known()["time"] / 100), lung_known()["event"]

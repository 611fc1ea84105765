"""A model's harmonization over sites at work: a patient's features brought to what the score was made from.

The arithmetic is :mod:`.statistics.combat`'s; here it meets the model file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..errors import InputError
from ..statistics.combat import ComBat
from .additions import Harmonization, PreservedCovariate, Site
from .contents import Model, Nomogram
from .covariates import Value


def stored_harmonization(
    combat: ComBat,
    features: Mapping[int, str],
    counts: Mapping[str, int],
    covariates: Mapping[str, float],
) -> Harmonization:
    """Give what a model file holds of a fitted ComBat.

    Parameters
    ----------
    combat : ComBat
    features : mapping of int to str
        Positions and names of the features to keep.
    counts : mapping of str to int
        Patients of each site.
    covariates : mapping of str to float
        Preserved parameters in the order of the fit, and what stands in for an unknown one.
    """
    at = list(features)
    return Harmonization(
        method="combat",
        features=tuple(features.values()),
        mean=_floats(combat.mean[at]),
        sd=_floats(combat.scale[at]),
        covariates=tuple(
            PreservedCovariate(parameter=name, coefficients=_floats(effects[at]), mean=float(mean))
            for (name, mean), effects in zip(covariates.items(), combat.covariate_effects, strict=True)
        ),
        sites=tuple(
            Site(name=str(name), n=counts[name], location=_floats(shift[at]), scale=_floats(np.sqrt(stretch[at])))
            for name, shift, stretch in zip(combat.batches, combat.shift, combat.stretch, strict=True)
        ),
        reference=combat.reference,
    )


def site_names(harmonization: Harmonization) -> str:
    """Name the sites of a harmonization, for sentences."""
    return ", ".join(site.name for site in harmonization.sites)


def is_known(harmonization: Harmonization, site: str | None) -> bool:
    """Say whether a site is one of those whose features can be adjusted."""
    return any(known.name == site for known in harmonization.sites)


def harmonized(
    model: Model, values: Mapping[str, float], covariates: Mapping[str, Value], site: str
) -> dict[str, float]:
    """Adjust one patient's features to what the model's were brought to.

    Parameters
    ----------
    model : Model
        With a harmonization.
    values : mapping of str to float
        Finite, at least the harmonization's features that the score needs.
    covariates : mapping
        As :func:`.nomogram.parse_covariates` gives them.
    site : str
        One of the harmonization's.

    Returns
    -------
    dict
        ``values`` with those of the harmonization adjusted, to the bit as in the cohort that it was fitted to.
    """
    fitted = _require(model)
    places = [at for at, name in enumerate(fitted.features) if name in values]
    row = np.zeros(len(fitted.features))
    row[places] = [values[fitted.features[at]] for at in places]
    columns = _columns(model, [covariates])
    adjusted = _combat(fitted).apply(row[None], [site], columns)[0].tolist()
    return {**values, **{fitted.features[at]: adjusted[at] for at in places}}


def with_site(
    model: Model, name: str, features: Mapping[str, np.ndarray], covariates: Sequence[Mapping[str, Value]]
) -> Model:
    """Add a site to a model's harmonization, learned from its patients.

    Parameters
    ----------
    model : Model
        With a harmonization.
    name : str
        Of the site, not among the known ones.
    features : mapping of str to numpy.ndarray, shape (n,)
        As measured, by name.
    covariates : sequence of mapping
        Each patient's, as :func:`.nomogram.parse_covariates` gives them.

    Raises
    ------
    InputError
        The name is known, there are too few patients, or a feature does not vary among them.
    """
    fitted = _require(model)
    table = np.column_stack([features[feature] for feature in fitted.features])
    combat = _combat(fitted)
    constant = np.flatnonzero(combat.adjusted & (np.ptp(table, axis=0) == 0))
    if constant.size:
        raise InputError(
            f"feature {fitted.features[constant[0]]} is the same in all {len(table)} cases of site {name}, so that its "
            "spread cannot be adjusted; check the table."
        )
    combat = combat.add_batch(name, table, _columns(model, covariates))
    site = Site(name=name, n=len(table), location=_floats(combat.shift[-1]), scale=_floats(np.sqrt(combat.stretch[-1])))
    return replace(model, harmonization=replace(fitted, sites=(*fitted.sites, site)))


def _require(model: Model) -> Harmonization:
    if model.harmonization is None:
        raise InputError(f"model {model.id} is not harmonized over sites, so it takes no site; leave the site out.")
    return model.harmonization


def _combat(fitted: Harmonization) -> ComBat:
    """The fit that a model file holds; a feature that no site moves was left alone."""
    shift = np.array([site.location for site in fitted.sites])
    scale = np.array([site.scale for site in fitted.sites])
    effects = np.array([covariate.coefficients for covariate in fitted.covariates])
    return ComBat(
        batches=tuple(site.name for site in fitted.sites),
        reference=fitted.reference,
        mean=np.array(fitted.mean),
        covariate_effects=effects.reshape(-1, len(fitted.features)),
        scale=np.array(fitted.sd),
        shift=shift,
        stretch=scale**2,
        adjusted=((shift != 0) | (scale != 1)).any(axis=0),
        mean_only=False,
    )


def _columns(model: Model, patients: Sequence[Mapping[str, Value]]) -> np.ndarray | None:
    """The preserved covariates of patients, shape (n, c), with the means of unknown ones; None where none is."""
    preserved, nomogram = _require(model).covariates, model.nomogram
    if not preserved or nomogram is None:
        return None
    table = _encoded(nomogram, patients)
    center = nomogram.center or {}
    columns = []
    for covariate in preserved:
        mean = center[covariate.parameter] if covariate.mean is None else covariate.mean
        column = table[covariate.parameter]
        columns.append(np.where(np.isnan(column), mean, column))
    return np.column_stack(columns)


def _encoded(nomogram: Nomogram, patients: Sequence[Mapping[str, Value]]) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    for covariate in nomogram.covariates:
        block = covariate.columns([values[covariate.name] for values in patients])
        found |= dict(zip(covariate.parameters(), block.T, strict=True))
    return found


def _floats(values: np.ndarray) -> tuple[float, ...]:
    return tuple(map(float, values))

"""The features of a patient of a known site, adjusted; a patient of another site refused, or scored with a warning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from ..errors import CohortError, InputError
from ..model import Model, Value
from ..model.harmonization import harmonized, is_known, site_names
from ..notices import Notice

UnknownSite = Literal["refuse", "as-measured"]
REFUSE: UnknownSite = "refuse"
AS_MEASURED: UnknownSite = "as-measured"


def adjust_to_site(
    model: Model,
    values: Mapping[str, float],
    covariates: Mapping[str, Value],
    site: str | None = None,
    unknown_site: UnknownSite = REFUSE,
) -> tuple[Mapping[str, float], list[Notice]]:
    """Adjust a patient's features where the model was harmonized over sites.

    Parameters
    ----------
    model : Model
    values : mapping of str to float
        Features as measured.
    covariates : mapping
        As :func:`.model.nomogram.parse_covariates` gives them.
    site : str, optional
        Where the patient was scanned.
    unknown_site : {"refuse", "as-measured"}
        What to do with a patient whose site is not given or not known to the model.

    Returns
    -------
    values : mapping
        Adjusted; as they are where the model was not harmonized, or does not know the site.
    notices : list of Notice
        A grave one where features stayed as measured that should not have.

    Raises
    ------
    InputError
        The site is not known and that is to be refused; or a site is given to a model that takes none.
    """
    fitted = model.harmonization
    if fitted is None:
        if site is not None:
            raise InputError(f"model {model.id} was not harmonized over sites, so it takes no site; leave it out.")
        return values, []
    if site is not None and is_known(fitted, site):
        return harmonized(model, values, covariates, site), []
    what = "is not given" if site is None else f"{site} is not among them"
    if unknown_site == REFUSE:
        raise InputError(
            f"model {model.id} was made from features harmonized over the sites {site_names(fitted)}, and the "
            f"patient's site {what}: {_WAY_OUT}."
        )
    text = (
        f"Model {model.id} was made from features harmonized over the sites {site_names(fitted)}; this patient's site "
        f"{what}, and the features are as measured: the score may be off by what the scanner does to them."
    )
    return values, [Notice("not-harmonized", text, grave=True)]


_WAY_OUT = (
    "name one of them, add the site to the model with 'labcradiomics recalibrate --site NAME', or choose "
    "--unknown-site as-measured, which scores it with a warning"
)


def require_sites(
    model: Model, cases: Sequence[str], sites: Sequence[str | None] | None, unknown_site: UnknownSite
) -> None:
    """Refuse a cohort with cases of sites that the model does not know, unless they may be scored as measured.

    Raises
    ------
    CohortError
        It names how many cases and which sites.
    """
    fitted = model.harmonization
    if fitted is None and sites is not None:
        raise CohortError(f"model {model.id} was not harmonized over sites, so it takes none; leave --site out.")
    if fitted is None or unknown_site != REFUSE:
        return
    named = f"model {model.id} was made from features harmonized over the sites {site_names(fitted)}"
    if sites is None:
        raise CohortError(
            f"{named}: say with --site where the cases come from, or choose --unknown-site as-measured, which scores "
            "all of them with a warning."
        )
    strange = [(case, site) for case, site in zip(cases, sites, strict=True) if not is_known(fitted, site)]
    if strange:
        counts = Counter("no site" if site is None else site for _, site in strange)
        of = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
        raise CohortError(
            f"{named}; {len(strange)} of {len(cases)} cases, the first {strange[0][0]}, are of others: {of}. Correct "
            f"the column; or {_WAY_OUT.removeprefix('name one of them, ')}."
        )

"""The sites that a training harmonized its features over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..sentences import many
from ..tables.report_folder import Table
from ..training import Training
from .page_parts import PageSection, PageTable
from .sections import Section, records


def sites_section(training: Training) -> Section:
    """Give the harmonization of a training; nothing where there was none."""
    fitted, cohort, recipe = training.built.sites, training.cohort, training.plan.recipe
    if fitted is None:
        return Section.of({"harmonization": None})
    sites = np.array(cohort.sites)
    rows = [
        {"site": str(site), "n": int((sites == site).sum()), "events": int(cohort.event[sites == site].sum())}
        for site in fitted.combat.batches
    ]
    findings = {
        "method": "ComBat, parametric (Johnson 2007)",
        "column": recipe.site,
        "reference": recipe.site_reference,
        "preserved": list(recipe.named),
        "sites": rows,
        "features": len(cohort.names),
        "left_as_measured": [
            name for name, moved in zip(cohort.names, fitted.combat.adjusted, strict=True) if not moved
        ],
    }
    return Section.of({"harmonization": findings}, _tables, lambda found: _page(found["harmonization"]))


def _tables(found: Mapping[str, Any]) -> dict[str, Table]:
    return {"sites.csv": records(found["harmonization"]["sites"])}


def _page(found: Mapping[str, Any]) -> PageSection:
    kept = f"; the effects of {', '.join(found['preserved'])} on the features are kept" if found["preserved"] else ""
    to = f" to site {found['reference']}, whose own stay as they are" if found["reference"] else " to one scale"
    left = len(found["left_as_measured"])
    sentences = [
        f"{found['features']} features of {len(found['sites'])} sites were brought{to} by ComBat{kept}. The adjustment "
        "is fitted anew inside every resample and fold, to the patients that the model is made from and no others.",
        "The model holds the adjustment of its own features and needs each new patient's site: one of these, or one "
        "that labcradiomics recalibrate --site added.",
    ]
    if left:
        sentences.append(f"Left as measured: {many(left, 'feature')} of one value throughout a site.")
    body = tuple((row["site"], str(row["n"]), str(row["events"])) for row in found["sites"])
    table = PageTable(("site", "patients", "events"), body, numeric=frozenset({1, 2}))
    return PageSection("Scanners and sites", tuple(sentences), (table,), ())

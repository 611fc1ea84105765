"""The cutoff: how often the high-risk group is right, what choosing it is worth, and where else it might be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..performance import CutoffStudy, Figure
from ..performance.metrics import ACCURACY
from .page_parts import PageFigure, PageSection, PageTable, figure_text, p_value
from .sections import Section

_ACCURACY_NOTE = (
    "Sensitivity: of patients with the event by the horizon, the share at high risk. Specificity: of those without, "
    "the share at low risk. Positive predictive value: of the high-risk group, the share with the event. Negative: of "
    "the low-risk group, the share without. Who was censored before is represented by those followed longer."
)
_WORDS = ("sensitivity", "specificity", "positive predictive value", "negative predictive value")


def cutoff_section(
    study: CutoffStudy | None,
    score: np.ndarray,
    months: np.ndarray,
    event: np.ndarray,
    columns: Sequence[tuple[str, Sequence[Figure]]],
    *,
    chosen_here: bool,
    low_risk: np.ndarray | None = None,
) -> Section:
    """Give the accuracy of a cutoff and how sure its place is.

    Parameters
    ----------
    study : CutoffStudy or None
        None for a model without a cutoff.
    score, months, event : numpy.ndarray, shape (n,)
        Of the patients.
    columns : sequence of (heading, figures)
        Of which the accuracy is shown side by side.
    chosen_here : bool
        Whether the cutoff was chosen on these patients.
    low_risk : numpy.ndarray, shape (b,), optional
        Share of the patients whom the cutoff of each repeat of the whole selection puts at low risk.
    """
    if study is None:
        return Section({"cutoff": None})
    selected = study.selected
    findings = {
        "cutoff": {
            "value": study.cutoff,
            "horizon_months": study.horizon,
            "accuracy": [
                {"column": heading, **figure.to_dict()} for heading, figures in columns for figure in _accuracy(figures)
            ],
            "maximally_selected": selected
            and {
                "cutoff": selected.cutoff,
                "statistic": selected.statistic,
                "p": selected.p,
                "unadjusted_p": selected.unadjusted_p,
                "method": selected.method,
                "candidates": selected.cutoffs.size,
            },
            "chosen_again": _spread(study.resampled),
            "selection_repeated": None if low_risk is None else _spread(_as_cutoffs(score, low_risk)),
        }
    }

    def page(found: Mapping[str, Any]) -> PageSection:
        return _page(found["cutoff"], (score, months, event), columns, chosen_here)

    return Section.of(findings, page=page)


def _accuracy(figures: Sequence[Figure]) -> list[Figure]:
    return [figure for figure in figures if figure.measure.metric in ACCURACY]


def _as_cutoffs(score: np.ndarray, low_risk: np.ndarray) -> np.ndarray:
    """The scores below which those shares of the patients lie: cutoffs of other scores on the scale of this one."""
    return np.quantile(score, low_risk[np.isfinite(low_risk)], method="inverted_cdf")


def _spread(values: np.ndarray) -> dict[str, Any] | None:
    if not values.size:
        return None
    lower, median, upper = np.percentile(values, (2.5, 50, 97.5))
    return {"repeats": values.size, "median": median, "lower": lower, "upper": upper}


def _page(
    found: Mapping[str, Any],
    patients: tuple[np.ndarray, np.ndarray, np.ndarray],
    columns: Sequence[tuple[str, Sequence[Figure]]],
    chosen_here: bool,
) -> PageSection:
    from ..plots.score_distribution import score_distribution

    bars = {
        "cutoff chosen again on resampled patients": found["chosen_again"],
        "cutoff of the whole selection, repeated": found["selection_repeated"],
    }
    png = score_distribution(
        *patients, found["value"], found["horizon_months"], {name: bar for name, bar in bars.items() if bar}
    )
    caption = "Bars: where 95% of the resamples put the cutoff, with the median." if any(bars.values()) else ""
    figure = PageFigure(png, "The score's distribution and its cutoff", caption)
    tables = tuple(table for table in (_accuracy_table(columns),) if table)
    return PageSection("The cutoff", tuple(_sentences(found, chosen_here)), tables, (figure,))


def _sentences(found: Mapping[str, Any], chosen_here: bool) -> list[str]:
    sentences = []
    test = found["maximally_selected"]
    if test:
        who = "Among" if chosen_here else "Had the cutoff been chosen on this cohort: among"
        sentences.append(
            f"{who} the {test['candidates']} cutoffs that leave a tenth of the patients on either side, the largest "
            f"log-rank statistic is that of {test['cutoff']:.5g}: p {p_value(test['p'])} with the choice taken into "
            f"account (Lausen and Schumacher), {p_value(test['unadjusted_p'])} as if it had been fixed beforehand."
        )
        if chosen_here:
            sentences.append(
                "That p knows that the cutoff was chosen on these patients, not that the features of the score were: "
                "it is apparent too."
            )
    again = found["chosen_again"]
    if again:
        sentences.append(
            f"On resampled patients the cutoff with the largest Youden index lies between {again['lower']:.5g} and "
            f"{again['upper']:.5g} in 95% of {again['repeats']} repeats; the cutoff here is {found['value']:.5g}."
        )
    return sentences


def _accuracy_table(columns: Sequence[tuple[str, Sequence[Figure]]]) -> PageTable | None:
    shown = [
        (heading if len({f.measure.horizon_months for f in own}) < 2 else f"{heading}, {months:g} months",
         {f.measure.metric: f for f in own if f.measure.horizon_months == months})
        for heading, figures in columns
        for own in [_accuracy(figures)]
        for months in sorted({f.measure.horizon_months or 0.0 for f in own})
    ]  # fmt: skip
    if not shown:
        return None
    rows = tuple(
        (word, *(figure_text(figures[metric]) if metric in figures else "" for _, figures in shown))
        for word, metric in zip(_WORDS, ACCURACY, strict=True)
    )
    header = ("high-risk group (95% limits)", *(heading for heading, _ in shown))
    return PageTable(header, rows, numeric=frozenset(range(1, len(header))), note=_ACCURACY_NOTE)

"""The pictures of a patient's report, drawn once for the page and the PDF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..patient import PatientResult


@dataclass(frozen=True)
class PatientPictures:
    """PNG bytes, each None where there is nothing to draw.

    Attributes
    ----------
    slice : bytes or None
        The tumor on its largest slice.
    survival_plot, score_plot, nomogram : bytes or None
        The patient's survival between the risk groups, the score among the training cohort's, and the nomogram.
    """

    slice: bytes | None = None
    survival_plot: bytes | None = None
    score_plot: bytes | None = None
    nomogram: bytes | None = None


def draw_patient(result: PatientResult) -> PatientPictures:
    """Draw what a result has pictures of."""
    # Only here, for the words of a card need no matplotlib.
    from ..plots import nomogram_figure, patient_survival, score_scale, tumor_slice

    model, prediction = result.model, result.prediction
    return PatientPictures(
        slice=tumor_slice(result.region),
        survival_plot=patient_survival(model, prediction),
        score_plot=score_scale(model, result.document),
        nomogram=nomogram_figure(model, prediction),
    )

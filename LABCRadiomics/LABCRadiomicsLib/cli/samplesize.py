"""Commands that plan a study: ``samplesize develop | validate``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .common import JsonOption, say

if TYPE_CHECKING:
    from ..statistics.sample_size import Criterion

app = typer.Typer(help="How many patients a model takes: Riley's criteria.", no_args_is_help=True)

CIndexOption = Annotated[float | None, typer.Option("--c-index", help="Expected C index, corrected for optimism.")]


@app.command("develop")
def develop(
    parameters: Annotated[
        int, typer.Option(help="Candidate predictor parameters: every feature and covariate considered.")
    ],
    rate: Annotated[float, typer.Option(help="Events per patient and month.")],
    follow_up: Annotated[float, typer.Option(help="Mean follow-up in months.")],
    horizon: Annotated[float, typer.Option(help="Month of the predictions.")] = 60,
    r2: Annotated[float | None, typer.Option("--r2", help="Expected R² of Cox and Snell, corrected.")] = None,
    c_index: CIndexOption = None,
    shrinkage: Annotated[float, typer.Option(help="Least shrinkage: 0.9 is an overfitting of 10%.")] = 0.9,
    margin: Annotated[float, typer.Option(help="Largest error of the overall risk at the horizon.")] = 0.05,
    as_json: JsonOption = False,
) -> None:
    """Patients needed to develop a survival model (Riley et al. 2019, 2020)."""
    from ..statistics.sample_size import development_size

    size = development_size(
        parameters, rate, follow_up, horizon, r2=r2, c_index=c_index, shrinkage=shrinkage, margin=margin
    )
    if as_json:
        say(json.dumps(asdict(size), allow_nan=False))
        return
    _say_criteria(size.criteria)
    each = f"{size.events_per_parameter:.1f} a candidate parameter"
    say(f"Needed: {size.n} patients with {size.events:.0f} events, {each}.")
    say(f"Assumed: R² of Cox and Snell {size.r2:.3f} ({size.r2_from}); the largest possible is {size.max_r2:.3f}.")
    say(
        f"With so many the overall risk at {horizon:g} months, {size.risk:.1%}, is known to between "
        f"{size.risk_lower:.1%} and {size.risk_upper:.1%}."
    )


@app.command("validate")
def validate(
    risk: Annotated[float, typer.Option(help="Overall risk of the event by the horizon, between 0 and 1.")],
    c_index: Annotated[float, typer.Option("--c-index", help="Expected C index.")],
    lp_mean: Annotated[float | None, typer.Option(help="Mean of log(risk / (1 - risk)) of the predictions.")] = None,
    lp_sd: Annotated[float | None, typer.Option(help="Its standard deviation; needed with --lp-mean.")] = None,
    known: Annotated[float, typer.Option(help="Share whose status at the horizon will be known.")] = 1.0,
    oe_width: Annotated[float, typer.Option(help="Width of the limits of observed over expected.")] = 0.2,
    slope_width: Annotated[float, typer.Option(help="Width of the limits of the calibration slope.")] = 0.2,
    c_width: Annotated[float, typer.Option(help="Width of the limits of C.")] = 0.1,
    threshold: Annotated[
        float | None, typer.Option(help="Risk from which a patient would be treated; adds net benefit.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Patients needed to validate a model at a horizon (Riley et al. 2021)."""
    from ..errors import InputError
    from ..statistics.sample_size import validation_size

    if (lp_mean is None) != (lp_sd is None):
        raise InputError("--lp-mean and --lp-sd belong together; give both or neither.")
    size = validation_size(
        risk,
        c_index,
        lp=None if lp_mean is None or lp_sd is None else (lp_mean, lp_sd),
        known=known,
        oe_width=oe_width,
        slope_width=slope_width,
        c_width=c_width,
        threshold=threshold,
    )
    if as_json:
        say(json.dumps(asdict(size), allow_nan=False))
        return
    _say_criteria(size.criteria)
    among = "" if known == 1 else f", {known:.0%} of them with known status at the horizon"
    say(f"Needed: {size.n} patients{among}, and {size.events:.0f} events by the horizon.")
    say(f"Assumed: log odds of the predicted risk with mean {size.lp_mean:.2f}, standard deviation {size.lp_sd:.2f}.")


def _say_criteria(criteria: tuple[Criterion, ...]) -> None:
    """Print one line a criterion."""
    for criterion in criteria:
        say(f"{criterion.name} ({criterion.target}): {criterion.n} patients, {criterion.events:.0f} events")

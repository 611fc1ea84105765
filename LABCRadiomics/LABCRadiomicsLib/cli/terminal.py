"""How results look in a terminal."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Column, Table
from rich.text import Text

from .. import NOTICE
from ..errors import present
from ..model import Model
from ..patient import PatientResult
from ..scoring import DEMONSTRATION, Prediction, require_score
from ..scoring.table_words import cohort_kind, covariate_value, metric_limits, metric_value
from ..scoring.wording import gives, grade, number, percent, survival_remarks, trust, wider_limits

__all__ = ["gives", "model_table", "result_panel", "show_model"]

_STYLES = {"high": "bold red", "low": "bold blue", None: "bold"}


def result_panel(result: PatientResult) -> RenderableType:
    """Lay out a result as a person would want to read it: the answer first, then why, then how far to trust it."""
    model, prediction = result.model, result.prediction
    parts: list[RenderableType] = []
    if result.document["trust"]["grade"] == "do-not-rely":
        parts.append(Text(f"\u26a0 {grade(result.document)}", style="bold"))
    parts.append(_headline(prediction, result.document["group_shown"]))
    if model.status == "demonstration":
        parts.append(Text(f"{DEMONSTRATION[0].upper()}{DEMONSTRATION[1:]}.", style="bold"))
    parts.append(Text())
    if prediction.survival:
        parts.append(_survival_table(model, prediction, wider_limits(result.document)))
        parts += [*(Text(sentence, style="yellow") for sentence in survival_remarks(result.document)), Text()]
    if prediction.covariates:
        parts += [_covariate_table(model, prediction), Text()]
    parts += [_contribution_table(model, prediction), Text()]
    parts.append(Text("How far to trust it", style="bold"))
    parts.append(Text(grade(result.document)))
    parts += [Text(f"- {sentence}", style="yellow") for sentence in trust(result.document)]
    parts.append(Text(NOTICE, style="dim"))
    return Panel(Group(*parts), title=Text(f"{model.id} {model.version}"), title_align="left")


def _headline(prediction: Prediction, shown: bool) -> Text:
    group = f"{prediction.risk_group.upper()} RISK" if prediction.risk_group else "NO RISK GROUP"
    text = Text(group, style=_STYLES[prediction.risk_group])
    if prediction.risk_group and not shown:
        text = Text("RISK GROUP WITHHELD (--show-group shows it)", style="bold")
    text.append(f"   radiomics score {number(prediction.score)}", style="default")
    if prediction.cutoff is not None and (shown or not prediction.risk_group):
        side = "above" if prediction.risk_group == "high" else "not above"
        text.append(f", {side} the cutoff {number(prediction.cutoff)} (higher is worse, no unit)", style="default")
    return text


def _survival_table(model: Model, prediction: Prediction, wider: list[str]) -> Table:
    table = Table(
        present(model.nomogram, "the nomogram of a prediction").endpoint,
        "probability",
        "95% limits",
        *(["with the choice of features"] if wider else []),
        box=None,
        pad_edge=False,
    )
    for at, estimate in enumerate(prediction.survival):
        limits = "not available"
        if estimate.lower is not None and estimate.upper is not None:
            limits = f"{percent(estimate.lower)} to {percent(estimate.upper)}"
        table.add_row(f"at {estimate.months:g} months", percent(estimate.probability), limits, *wider[at : at + 1])
    return table


def _covariate_table(model: Model, prediction: Prediction) -> Table:
    table = Table("covariate", "value", "points", box=None, pad_edge=False)
    for covariate in prediction.covariates:
        points = "" if covariate.points is None else f"{covariate.points:.1f}"
        table.add_row(covariate.label, covariate_value(covariate, model), points)
    if prediction.points is not None:
        table.add_row("Radiomics score", number(prediction.score), f"{prediction.score_points:.1f}")
        table.add_row("Total", "", f"{prediction.points:.1f}", style="bold")
    return table


def _contribution_table(model: Model, prediction: Prediction) -> Table:
    numbers = (Column(name, no_wrap=True) for name in ("value", "contribution", "in range"))
    table = Table(Column("feature", overflow="fold"), *numbers, box=None, pad_edge=False)
    for part in prediction.contributions:
        known = {True: "yes", False: "NO", None: "not stated"}[part.in_range]
        table.add_row(part.feature, number(part.value), number(part.contribution), known)
    table.add_row("intercept", "", number(require_score(model).intercept), "")
    return table


def model_table(models: tuple[Model, ...]) -> Table:
    """List models with what they can give."""
    table = Table("id", "status", "title", "gives", box=None, pad_edge=False)
    for model in models:
        table.add_row(model.id, model.status, model.title, gives(model))
    return table


def show_model(console: Console, model: Model) -> None:
    """Print a model's card: what it is for, what it needs, what it lacks, how it performed."""
    console.print(Text(model.title, style="bold"), soft_wrap=True)
    console.print(
        f"id {model.id}   version {model.version}   status {model.status}   gives {gives(model)}", soft_wrap=True
    )
    console.print(f"fingerprint {model.fingerprint}", soft_wrap=True)
    console.print(f"made from {model.provenance.cohort.n} patients; {model.provenance.citation}", soft_wrap=True)
    console.print(f"image: {model.image.modality}, {model.image.sequence}, {model.image.timing}", soft_wrap=True)
    console.print(f"intended use: {model.intended_use}", soft_wrap=True)
    for missing in model.missing:
        console.print(Text(f"missing: {missing.what}; {missing.where}", style="yellow"), soft_wrap=True)
    if model.cutoff is not None:
        console.print(
            f"cutoff {number(model.cutoff.value)} ({model.cutoff.method}); high risk is a score above it",
            soft_wrap=True,
        )
    if model.score is not None:
        table = Table("feature", "coefficient", "training range (1st to 99th percentile)", box=None, pad_edge=False)
        for term in model.score.terms:
            limits = "" if term.low is None or term.high is None else f"{number(term.low)} to {number(term.high)}"
            table.add_row(term.feature, number(term.coefficient), limits)
        console.print(table)
    console.print(_performance_table(model))
    for text in model.limitations:
        console.print(f"- {text}", soft_wrap=True)
    console.print(Text(NOTICE, style="dim"), soft_wrap=True)


def _performance_table(model: Model) -> Table:
    table = Table("performance", "cohort", "n (events)", "value", "95% limits", box=None, pad_edge=False)
    for row in model.performance:
        events = "" if row.events is None else f" ({row.events})"
        table.add_row(row.metric, cohort_kind(row), f"{row.n}{events}", metric_value(row), metric_limits(row))
    return table

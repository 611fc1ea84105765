"""The command ``train``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from ..files import output_folder, refuse_overwriting, shown_name
from .common import ProgressBar, remark, say

if TYPE_CHECKING:
    from ..performance import Figure
    from ..training import Card, Steps, Training


class Penalty(StrEnum):
    """Which penalty of the cross-validated path the score uses."""

    MIN = "min"
    ONE_SE = "1se"


class Missing(StrEnum):
    """What becomes of empty cells of features."""

    IMPUTE = "impute"
    CASES = "cases"
    FEATURES = "features"


class ArrayOrder(StrEnum):
    """In which order of axes the voxels were taken."""

    AS_LOADED = "as-loaded"
    LPS = "LPS"


def train(
    features: Annotated[Path, typer.Argument(help="Feature table: one row a case, one column a feature.")],
    outcomes: Annotated[Path, typer.Argument(help="Table with follow-up, event and clinical columns.")],
    time: Annotated[str, typer.Option(help="Column with the months of follow-up.")],
    event: Annotated[str, typer.Option(help="Column with 1 for an event, 0 for none.")],
    out: Annotated[Path, typer.Option(help="The model file to write.")],
    report: Annotated[Path, typer.Option(help="Folder for report.json, tables and figures.")],
    case_id: Annotated[str, typer.Option("--id", help="Column that names the cases.")] = "case",
    feature_columns: Annotated[str | None, typer.Option(help="Regular expression of the feature columns.")] = None,
    icc: Annotated[Path | None, typer.Option(help="Table of intraclass correlations: feature,icc,lower,upper.")] = None,
    min_icc: Annotated[float, typer.Option(min=-1, max=1, help="What a feature's correlation has to exceed.")] = 0.75,
    p: Annotated[float, typer.Option(min=0, max=1, help="Limit of the univariable p value.")] = 0.05,
    missing: Annotated[
        Missing | None,
        typer.Option(help="With empty cells of features: impute their median, or leave out the cases or the features."),
    ] = None,
    max_missing: Annotated[
        float | None,
        typer.Option(min=0, max=1, metavar="SHARE", help="Leave out features with a larger share of empty cells."),
    ] = None,
    folds: Annotated[Path | None, typer.Option(help="Table of folds: case,fold.")] = None,
    n_folds: Annotated[int, typer.Option(min=3, help="Folds made at random where no table is given.")] = 10,
    seed: Annotated[int, typer.Option(min=0, help="Of folds, bootstrap and permutations.")] = 0,
    penalty: Annotated[Penalty, typer.Option(help="lambda.min or lambda.1se.")] = Penalty.MIN,
    horizon: Annotated[float, typer.Option(min=0, help="Months at which the cutoff is chosen.")] = 60.0,
    covariates: Annotated[str, typer.Option(metavar="A,B", help="Columns that enter the nomogram.")] = "",
    candidates: Annotated[str, typer.Option(metavar="A,B", help="Columns that do if their own p is below 0.1.")] = "",
    categories: Annotated[str, typer.Option(metavar="A,B", help="Columns that are categories, not numbers.")] = "",
    stage: Annotated[str | None, typer.Option(help="Column of the stage-only model to compare with.")] = None,
    subgroups: Annotated[str, typer.Option(metavar="A,B", help="Columns to analyze the risk groups within.")] = "",
    settings: Annotated[
        Path | None,
        typer.Option(
            help="Pyradiomics parameter file the features were made with, where no record lies beside the table; "
            "one that disagrees with the record is refused."
        ),
    ] = None,
    array_order: Annotated[
        ArrayOrder | None,
        typer.Option(help="Order of the axes, likewise.", show_default="the record's, else as-loaded"),
    ] = None,
    bootstrap: Annotated[int, typer.Option(min=0, help="Repeats of the whole selection; 0 for none.")] = 200,
    nested: Annotated[
        int,
        typer.Option(min=0, help="Repeats of nested 10-fold cross-validation; at least one for 40 of --bootstrap."),
    ] = 0,
    permutations: Annotated[int, typer.Option(min=0, help="Permutations of the test of no signal.")] = 0,
    endpoint: Annotated[str, typer.Option(help="What the time runs to.")] = "Disease-free survival",
    title: Annotated[str | None, typer.Option(help="Of the model.")] = None,
    demonstration: Annotated[bool, typer.Option("--demonstration", help="The cohort is simulated.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Make a radiomics score, its cutoff and its nomogram from a cohort, and measure their optimism."""
    from ..cohort.record import agreed_extraction, record_path
    from ..model.file import save_model
    from ..study_reports import write_training_report
    from ..training import Plan, Recipe, TrainingTables, trained_model
    from ..training.model_card import yields_all
    from ..training.model_domain import image_domain

    read = [features, record_path(features), outcomes, icc, folds, settings]
    refuse_overwriting(read, [out], folders=[report])
    _require_places(out, report)
    tables = TrainingTables(
        features=features,
        outcomes=outcomes,
        time=time,
        event=event,
        case_column=case_id,
        feature_columns=feature_columns,
        categories=_names(categories),
        icc=icc,
        folds=folds,
    )
    recipe = Recipe(
        p=p,
        penalty=penalty.value,
        n_folds=n_folds,
        horizon=horizon,
        named=_names(covariates),
        candidates=_names(candidates),
    )
    plan = Plan(
        recipe=recipe,
        min_icc=min_icc,
        missing=missing.value if missing else None,
        max_missing=max_missing,
        seed=seed,
        stage=stage,
        subgroups=_names(subgroups),
        bootstrap=bootstrap,
        nested=nested,
        permutations=permutations,
        reclassification=200 if bootstrap else 0,
        jobs=jobs,
        endpoint=endpoint,
    )
    extraction = agreed_extraction(features, settings, array_order and array_order.value)
    with _progress() as steps:
        training = tables.train(plan, steps)
    if settings is None:  # a record may stand beside a table that also has features of other origin
        extraction = yields_all(extraction, training)
    card = _card(out, title, features, demonstration)
    if extraction is not None:
        domain = image_domain(features, training.cohort.cases, case_id)
        card = replace(card, image=replace(card.image, domain=domain))
    model = trained_model(training, card, extraction)
    with output_folder(report) as folder:
        page = write_training_report(folder.path, training, model, tables.hashes())
    save_model(model, out)
    _say(training, out, folder.final(page))
    if folder.remark:
        remark(folder.remark)


def demonstrate_cohort(out: Path, bootstrap: int = 200) -> None:
    """Train on the bundled real cohort, report on it, and say how much of the result is optimism."""
    from ..files import write_atomically
    from ..model.file import load_model
    from ..resources import sample_cohort

    out.mkdir(parents=True, exist_ok=True)
    for name, content in sample_cohort().items():
        write_atomically(out / name, content)
    say("I-SPY1: 161 patients with breast cancer, 43 recurrences, 370 MRI features (Chitalia 2022, CC BY).")
    train(
        out / "features.csv",
        out / "outcomes.csv",
        time="rfs_months",
        event="recurrence",
        out=out / "model.json",
        report=out / "report",
        feature_columns="^T1_",
        covariates="age,hr_positive",
        endpoint="Recurrence-free survival",
        title="I-SPY1 (ACRIN 6657), trained by labcradiomics demo --cohort",
        bootstrap=bootstrap,
    )
    rows = load_model(out / "model.json").performance
    found = {row.kind: row.value for row in rows if row.metric == "C-index, radiomics score alone"}
    if "optimism-corrected" in found:
        say(
            f"Apparent C-index {found['apparent']:.3f}, corrected {found['optimism-corrected']:.3f} (0.5 is chance): "
            "the difference is optimism, for the features were chosen on the patients that they are judged by."
        )
    say("This model scores tables of these features only (labcradiomics apply), no images. Research use only.")


def _require_places(out: Path, report: Path) -> None:
    """Refuse before an hour's work what cannot be written after it."""
    if out.is_dir() or not os.access(out.absolute().parent, os.W_OK):
        raise InputError(f"{out} cannot be written: give --out a file in a folder that exists.")
    nearest = next(folder for folder in (report.absolute(), *report.absolute().parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise InputError(f"{report} cannot be made: {nearest} is no folder that can be written; give another --report.")


def _names(given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))


def _card(out: Path, title: str | None, features: Path, demonstration: bool) -> Card:
    from ..training import Card, model_id

    card = Card(
        id=model_id(out.stem),
        title=title or f"Radiomics score trained on {shown_name(features)}",
        source=f"labcradiomics train {shown_name(features)}",
    )
    return replace(card, status="demonstration", origin="simulated") if demonstration else card


@contextmanager
def _progress() -> Iterator[Steps]:
    """A progress bar for each long step, the one before being closed."""
    with ExitStack() as stack:

        def begin(what: str):
            stack.close()
            return stack.enter_context(ProgressBar(what))

        yield begin


def _say(training: Training, out: Path, report: Path) -> None:
    for notice in training.notices:
        remark(notice.message)
    from ..performance import SCORE_ALONE, Measure, Metric
    from ..study_reports.clinical_gain_section import verdict_sentence

    wanted = Measure(Metric.C_INDEX, SCORE_ALONE)
    rows = [row for row in training.performance if row.measure == wanted]
    found = " and ".join(f"{row.value:.3f}{_limits(row)} {row.kind}" for row in rows)
    say(
        f"{out}: {len(training.score.stored.terms)} of {len(training.agreement.features_in)} features, "
        f"cutoff {training.built.cutoff:.6g}; C-index of the score {found}."
    )
    for gain in training.resampled.gains:
        say(verdict_sentence(gain))
    say(f"Report: {report}")


def _limits(row: Figure) -> str:
    return "" if row.lower is None else f" ({row.lower:.3f} to {row.upper:.3f})"


COMMANDS = (train,)

"""The command ``train``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from ..files import sha256_of
from .common import ProgressBar, naming

if TYPE_CHECKING:
    from ..model import Extraction, Model, Performance
    from ..training import Steps, Training
    from ..training.cohort import Cohort


class Penalty(StrEnum):
    """Which penalty of the cross-validated path the score uses."""

    MIN = "min"
    ONE_SE = "1se"


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
        Path | None, typer.Option(help="Pyradiomics parameter file the features were made with.")
    ] = None,
    array_order: Annotated[ArrayOrder, typer.Option(help="Order of the axes, with --settings.")] = ArrayOrder.AS_LOADED,
    bootstrap: Annotated[int, typer.Option(min=0, help="Repeats of the whole selection; 0 for none.")] = 200,
    nested: Annotated[int, typer.Option(min=0, help="Repeats of nested 10-fold cross-validation.")] = 0,
    permutations: Annotated[int, typer.Option(min=0, help="Permutations of the test of no signal.")] = 0,
    combat: Annotated[str | None, typer.Option(help="Not possible; says why.")] = None,
    endpoint: Annotated[str, typer.Option(help="What the time runs to.")] = "Disease-free survival",
    title: Annotated[str | None, typer.Option(help="Of the model.")] = None,
    demonstration: Annotated[bool, typer.Option("--demonstration", help="The cohort is simulated.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Make a radiomics score, its cutoff and its nomogram from a cohort, and measure their optimism."""
    from ..model.file import save_model
    from ..report.cohort import write_report_pages
    from ..tables.cohort import read_folds, read_icc
    from ..training import Plan
    from ..training import train as run
    from ..training.model import trained_model
    from ..training.procedure import Recipe
    from ..training.report import write_training_report

    if combat is not None:
        raise InputError(
            f"ComBat by {combat} is not possible: the model file cannot hold its parameters, without which the score "
            "of a new patient would be wrong; train on one scanner or on harmonized images."
        )
    _require_places(out, report)
    named, tried, within = (_names(given) for given in (covariates, candidates, subgroups))
    clinical = dict.fromkeys((*named, *tried, *((stage,) if stage else ()), *within))
    cohort = _cohort(features, outcomes, case_id, time, event, feature_columns, clinical, _names(categories))
    recipe = Recipe(
        p=p, penalty=penalty.value, n_folds=n_folds, horizon=horizon, named=named, candidates=tried
    )  # fmt: skip
    plan = Plan(
        recipe=recipe, min_icc=min_icc, seed=seed, stage=stage, subgroups=within, bootstrap=bootstrap, nested=nested,
        permutations=permutations, reclassification=200 if bootstrap else 0, jobs=jobs, endpoint=endpoint,
    )  # fmt: skip
    correlations = read_icc(icc) if icc else None
    assigned = read_folds(folds) if folds else None
    with _progress() as steps:
        training = run(cohort, plan, icc=correlations, folds=assigned, steps=steps)
    extraction = _extraction(features, settings, array_order.value, training)
    model = trained_model(training, _card(out, title, features, demonstration), extraction)
    inputs = {path.name: sha256_of(path) for path in (features, outcomes, icc, folds) if path}
    write_training_report(report, training, model, inputs)
    save_model(model, out)
    _say(training, model, out, write_report_pages(report))


def _require_places(out: Path, report: Path) -> None:
    """Refuse before an hour's work what cannot be written after it."""
    if out.is_dir() or not os.access(out.absolute().parent, os.W_OK):
        raise InputError(f"{out} cannot be written: give --out a file in a folder that exists.")
    nearest = next(folder for folder in (report.absolute(), *report.absolute().parents) if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise InputError(f"{report} cannot be made: {nearest} is no folder that can be written; give another --report.")


def _names(given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))


def _cohort(
    features: Path,
    outcomes: Path,
    case_id: str,
    time: str,
    event: str,
    columns: str | None,
    clinical: Iterable[str],
    categories: tuple[str, ...],
) -> Cohort:
    from ..tables.cohort import read_features, read_outcomes
    from ..training.cohort import cohort_of, specs_of

    known = read_outcomes(outcomes, case_id, time, event)
    table = read_features(features, columns, id=case_id, outcomes=known, covariates=clinical)
    with naming(outcomes):
        return cohort_of(table, known, specs_of(known, tuple(clinical), categories))


def _extraction(features: Path, settings: Path | None, array_order: str, training: Training) -> Extraction | None:
    """How the features were made: by the parameter file given, or by the record beside the table."""
    from ..cohort.record import extraction_of, read_extraction
    from ..training.model import yields_all

    if settings is None:
        return yields_all(read_extraction(features), training)
    from ..features.settings import ExtractionSettings

    return extraction_of(ExtractionSettings.from_parameters(settings, array_order))


def _card(out: Path, title: str | None, features: Path, demonstration: bool):
    from ..training.model import Card, model_id

    kind = {"status": "demonstration", "origin": "simulated"} if demonstration else {}
    name = title or f"Radiomics score trained on {features.name}"
    return Card(id=model_id(out.stem), title=name, source=f"labcradiomics train {features.name}", **kind)


@contextmanager
def _progress() -> Iterator[Steps]:
    """A progress bar for each long step, the one before being closed."""
    with ExitStack() as stack:

        def begin(what: str):
            stack.close()
            return stack.enter_context(ProgressBar(what))

        yield begin


def _say(training: Training, model: Model, out: Path, report: Path) -> None:
    for notice in training.notices:
        print(f"labcradiomics: {notice.message}", file=sys.stderr)
    rows = [row for row in training.performance if row.metric.startswith("C-index, radiomics")]
    found = " and ".join(f"{row.value:.3f}{_limits(row)} {row.kind}" for row in rows)
    print(
        f"{out}: {len(model.score.terms)} of {len(training.features_in)} features, cutoff {model.cutoff.value:.6g}; "
        f"C-index of the score {found}."
    )
    print(f"Report: {report}")


def _limits(row: Performance) -> str:
    return "" if row.lower is None else f" ({row.lower:.3f} to {row.upper:.3f})"


COMMANDS = (train,)

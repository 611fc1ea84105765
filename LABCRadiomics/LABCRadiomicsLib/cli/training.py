"""The command ``train``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..files import output_folder, refuse_overwriting, shown_name
from ..step_options import TrainOptions
from .common import ProgressBar, remark, say
from .declared import command

if TYPE_CHECKING:
    from ..performance import Figure
    from ..training import Card, Plan, Steps, Training


def train(asked: TrainOptions) -> None:
    """Do ``train``."""
    from ..cohort.record import agreed_extraction, record_path, recorded_software
    from ..model.file import save_model
    from ..study_reports import write_training_report
    from ..training import TrainingTables, trained_model
    from ..training.model_card import yields_all
    from ..training.model_domain import image_domain

    features, out, report = asked.features, asked.out, asked.report
    read = [features, record_path(features), asked.outcomes, asked.icc, asked.folds, asked.settings]
    refuse_overwriting(read, [out], folders=[report])
    _require_places(out, report)
    if asked.site_reference is not None and asked.site is None:
        raise InputError("Option --site-reference names one of the sites of --site: give the column of the sites too.")
    tables = TrainingTables(
        features=features,
        outcomes=asked.outcomes,
        time=asked.time,
        event=asked.event,
        competing=asked.competing,
        case_column=asked.id,
        feature_columns=asked.feature_columns,
        categories=asked.categories,
        icc=asked.icc,
        folds=asked.folds,
    )
    extraction = agreed_extraction(features, asked.settings, asked.array_order)
    with _progress() as steps:
        training = tables.train(_plan(asked), steps)
    if asked.settings is None:  # a record may stand beside a table that also has features of other origin
        extraction = yields_all(extraction, training)
    card = _card(asked)
    if extraction is not None:
        domain = image_domain(features, training.cohort.cases, asked.id)
        card = replace(card, image=replace(card.image, domain=domain))
    model = trained_model(training, card, extraction)
    with output_folder(report) as folder:
        page = write_training_report(folder.path, training, model, tables.hashes(), recorded_software(features))
    save_model(model, out)
    _say(training, out, folder.final(page))
    if folder.remark:
        remark(folder.remark)


def _plan(asked: TrainOptions) -> Plan:
    from ..training import Plan, Recipe

    recipe = Recipe(
        p=asked.p,
        penalty=asked.penalty,
        n_folds=asked.n_folds,
        alpha=asked.alpha,
        cv_repeats=asked.cv_repeats,
        horizon=asked.horizon,
        named=asked.covariates,
        candidates=asked.candidates,
        site=asked.site,
        site_reference=asked.site_reference,
        fill=asked.fill,
        imputations=asked.imputations if asked.missing == "impute" else 0,
    )
    return Plan(
        recipe=recipe,
        min_icc=asked.min_icc,
        missing=asked.missing,
        max_missing=asked.max_missing,
        seed=asked.seed,
        stage=asked.stage,
        subgroups=asked.subgroups,
        bootstrap=asked.bootstrap,
        nested=asked.nested,
        permutations=asked.permutations,
        reclassification=200 if asked.bootstrap else 0,
        jobs=asked.jobs,
        endpoint=asked.endpoint,
    )


def demonstrate_cohort(out: Path, bootstrap: int = 200) -> None:
    """Train on the bundled real cohort, report on it, and say how much of the result is optimism."""
    from ..files import write_atomically
    from ..model.file import load_model
    from ..resources import sample_cohort

    out.mkdir(parents=True, exist_ok=True)
    for name, content in sample_cohort().items():
        write_atomically(out / name, content)
    say("I-SPY1: 161 patients with breast cancer, 43 recurrences, 370 MRI features (Chitalia 2022, CC BY).")
    asked = TrainOptions(
        features=out / "features.csv",
        outcomes=out / "outcomes.csv",
        time="rfs_months",
        event="recurrence",
        out=out / "model.json",
        report=out / "report",
        feature_columns="^T1_",
        covariates=("age", "hr_positive"),
        endpoint="Recurrence-free survival",
        title="I-SPY1 (ACRIN 6657), trained by labcradiomics demo --cohort",
        bootstrap=bootstrap,
    )
    train(asked)
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


def _card(asked: TrainOptions) -> Card:
    from ..training import Card, model_id

    made_on = shown_name(asked.features)
    card = Card(
        id=model_id(asked.out.stem),
        title=asked.title or f"Radiomics score trained on {made_on}",
        source=f"labcradiomics train {made_on}",
    )
    return replace(card, status="demonstration", origin="simulated") if asked.demonstration else card


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


COMMANDS = (command("train", train),)

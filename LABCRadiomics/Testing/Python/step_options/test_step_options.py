"""The table of options: commands are made of it, and what a form holds reaches a command as the same values."""

import re
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from command_line import commands
from LABCRadiomicsLib.cli.declared import command
from LABCRadiomicsLib.errors import InputError
from LABCRadiomicsLib.step_options import STEPS, Kind, TrainOptions, options_of

ROWS = [(step, row) for step in STEPS.values() for row in step.options]
FORMS = [name for name in STEPS if name not in ("score", "demo")]  # score takes an option several times


@pytest.mark.parametrize("name", STEPS)
def test_a_command_has_the_options_of_its_step_and_no_others(name):
    step, parameters = STEPS[name], {one.name: one for one in commands()[name].params if one.name != "help"}
    assert set(parameters) == {row.name for row in step.options}
    for row in step.options:
        parameter = parameters[row.name]
        assert parameter.required == row.required
        assert parameter.help == row.help
        if row.flag:
            assert list(parameter.opts) == [row.flag]
        assert bool(getattr(parameter, "is_flag", False)) == (row.kind is Kind.FLAG)


def test_every_command_on_patients_and_cohorts_is_in_the_table():
    """Planning and model files alone are declared by hand."""
    assert {name.split()[0] for name in set(commands()) - set(STEPS)} == {"models", "samplesize"}


words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
VALUES = {
    Kind.TEXTS: st.lists(words, min_size=1, max_size=3).map(", ".join),
    Kind.FLAG: st.just("yes"),
}


def texts(row):
    """What a form may hold for an option."""
    if row.kind is Kind.CHOICE:
        return st.sampled_from(row.choices)
    if row.kind is Kind.WHOLE:
        return st.integers(*(None if limit is None else int(limit) for limit in (row.least, row.most))).map(str)
    if row.kind is Kind.NUMBER:
        return st.floats(row.least, row.most, allow_nan=False, allow_infinity=False).map(repr)
    return VALUES.get(row.kind, words)


@st.composite
def filled_form(draw):
    step = STEPS[draw(st.sampled_from(FORMS))]
    chosen = [row for row in step.options if row.required or draw(st.booleans())]
    return step, {row.name: draw(texts(row)) for row in chosen}


@given(filled_form())
@settings(max_examples=150, deadline=None)
def test_what_a_form_holds_reaches_the_command(form):
    step, held = form
    got = []
    app = typer.Typer()
    app.command()(command(step.name, lambda asked, **beside: got.append((asked, beside))))
    typer.main.get_command(app)(step.arguments(held)[len(step.name.split()) :], standalone_mode=False)
    values = {row.name: row.value(held[row.name]) for row in step.options if row.name in held}
    beside = {row.name: values.pop(row.name, None) for row in step.beside}
    assert got == [(step.asked(**values), beside)]


def test_a_default_that_is_not_given_is_the_class_s_own():
    got = []
    app = typer.Typer()
    app.command()(command("train", got.append))
    given = {"features": "f.csv", "outcomes": "o.csv", "time": "t", "event": "e", "out": "m.json", "report": "r"}
    typer.main.get_command(app)(STEPS["train"].arguments(given)[1:], standalone_mode=False)
    paths = {name: Path(given[name]) for name in ("features", "outcomes", "out", "report")}
    assert got == [TrainOptions(**paths, time="t", event="e")]
    assert (got[0].p, got[0].covariates, got[0].missing, got[0].penalty) == (0.05, (), None, "min")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("min_icc", "1.5", "Least ICC must be a number, with a point before decimals, from -1 to 1, not '1.5'."),
        ("min_icc", "nan", "Least ICC must be a number"),
        ("p", "0,05", "Univariable p must be a number, with a point before decimals, from 0 to 1, not '0,05'."),
        ("n_folds", "2", "Number of folds must be a whole number, 3 or more, not '2'."),
        ("seed", "1.0", "Seed must be a whole number, 0 or more, not '1.0'."),
        ("penalty", "max", "Penalty must be one of min, 1se, not 'max'."),
    ],
)
def test_a_value_that_is_none_is_refused(name, text, said):
    with pytest.raises(InputError, match=re.escape(said)):
        STEPS["train"].option(name).value(text)


def test_words_of_the_table_stand_alone():
    """A help is a sentence of a few words at least; a label is short, of its own within its step."""
    for step, row in ROWS:
        assert re.fullmatch(r"[A-Z0-9].*\.", row.help) and len(row.help.split()) > 2, (step.name, row.name)
        assert 0 < len(row.label) <= 24 and row.label[0].isupper(), (step.name, row.label)
        assert (row.least is None and row.most is None) or row.kind in (Kind.NUMBER, Kind.WHOLE)
        assert not row.usual or row.default is None, (step.name, row.name)
    for step in STEPS.values():
        labels = [row.label for row in step.options]
        assert len(set(labels)) == len(labels), step.name


def test_options_that_steps_share_mean_the_same():
    shared = {}
    for step, row in ROWS:
        if row.shared:
            known = shared.setdefault(row.name, row)
            assert (known.kind, known.choices) == (row.kind, row.choices), (step.name, row.name)
    assert {"features", "outcomes", "time", "event", "scores"} <= set(shared)
    folded = {row.name for _step, row in ROWS if row.shared and not (row.required or row.in_view)}
    assert folded == {"id", "split", "cutoff", "contrast", "gene_names"}  # how cases are named and grouped, no other


def test_what_a_step_hands_over_is_read_by_the_other():
    for step in STEPS.values():
        for given_on in step.hands_over:
            assert step.option(given_on.made_by).kind in (Kind.NEW_FILE, Kind.NEW_FOLDER)
            assert bool(given_on.file) == (step.option(given_on.made_by).kind is Kind.NEW_FOLDER)
            assert STEPS[given_on.step].option(given_on.option).kind is Kind.FILE


def test_rows_come_in_the_order_of_the_class_with_arguments_first():
    rows = options_of(TrainOptions)
    assert [row.name for row in rows[:3]] == ["features", "outcomes", "time"]
    assert [row.flag for row in rows[:3]] == ["", "", "--time"]

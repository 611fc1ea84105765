"""The job ``prognosis``: do genes predict survival in the direction in which they differ between the groups?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...errors import CohortError, InputError
from ...notices import Notice
from ...plots import performance_plots
from ...report.page import Figure, Table
from ...sentences import many
from ...step_options import PrognosisOptions
from ...tables.cohort import OutcomeTable
from ..differential_expression import NoDifferentialGenesError, log_expression
from ..expression_matrix import read_expression, repeated_notice, sample_values, understood
from ..follow_up import read_follow_up
from ..groups import HIGH, Grouping
from ..identifiers import Barcode, case_name, parse_barcode
from ..measurements import read_measurements
from ..options import hashes
from ..prognosis import Direction, GenePrognosis, Prognosis, gene_prognosis
from ..samples import match_samples
from ..section import CsvTable, Section, TestCount, count_below, count_known, small_p
from .enrichment import read_differential
from .expression import expression_beside

COLUMNS = ["gene", "hr", "lower", "upper", "p", "logrank_p", "log_fc", "fits"]
DETAIL_COLUMNS = ["gene", "n", "events", "status", "p_adjusted", "n_high", "logrank_p_adjusted"]
FDR = 0.05
_ON_PAGE = 40


def run(options: PrognosisOptions) -> Section:
    """Do the job; errors as :func:`.expression.run`."""
    names, values, outcomes, notices = _inputs(options)
    changes, first_is_worse, words = _changes(options, names)
    if options.expression is not None:
        known = np.isfinite(changes)
        if not known.any():
            raise CohortError(
                f"{options.expression}: none of its genes that are asked for is in {options.matrix.name}; "
                f"check the naming "
                "or ask for other genes with --genes."
            )
        names, values, changes = tuple(np.array(names, dtype=object)[known]), values[:, known], changes[known]
    result = gene_prognosis(
        names, values, outcomes.months, outcomes.event, changes, first_is_worse=first_is_worse
    )  # fmt: skip
    return section(result, words, [*notices, *outcomes.notices, *result.notices], options)


def files(options: PrognosisOptions) -> tuple[Path, ...]:
    """Every file the job reads."""
    return tuple(path for path in (options.matrix, options.outcomes, options.expression) if path is not None)


def _inputs(options: PrognosisOptions) -> tuple[tuple[str, ...], np.ndarray, OutcomeTable, list[Notice]]:
    """Genes, values (cases x genes), outcomes of the same cases, notices."""
    if options.outcomes is not None:
        return _from_matrix(options, options.outcomes)
    table = read_measurements(options.matrix, options.case_column)
    absent = [name for name in (options.time, options.event) if name not in table.names]
    if absent:
        raise CohortError(
            f"{options.matrix}: column {absent[0]} is missing; a table with one row a case needs the outcome, "
            f"a matrix of "
            "genes needs --outcomes."
        )
    months, event = (table.values[:, table.names.index(name)] for name in (options.time, options.event))
    known = np.isfinite(months) & np.isfinite(event)
    _check_outcome(table.path, table.samples, months, event, known, table.rows, options)
    notices = []
    if not known.all():
        notices.append(Notice("no-outcome", f"Left out: {many(int((~known).sum()), 'case')} without an outcome."))
    genes = [at for at, name in enumerate(table.names) if name not in (options.time, options.event)]
    cases = tuple(case_name(table.samples[at]) for at in np.flatnonzero(known))
    outcomes = OutcomeTable(cases, months[known], event[known] == 1, {})
    return tuple(table.names[at] for at in genes), table.values[np.ix_(known, genes)], outcomes, notices


def _check_outcome(
    path: Path, cases: tuple[str, ...], months: np.ndarray, event: np.ndarray, known: np.ndarray, rows: tuple[int, ...],
    options: PrognosisOptions,
) -> None:  # fmt: skip
    seen: dict[str, int] = {}
    for at in np.flatnonzero(known):
        where = f"{path}, row {rows[at]}"
        if event[at] not in (0, 1):
            raise CohortError(f"{where}, column {options.event}: an event is 1 and no event 0, not {event[at]:g}.")
        if months[at] <= 0:
            raise CohortError(f"{where}, column {options.time}: {months[at]:g} months is not above zero.")
        case = case_name(cases[at])
        if case in seen:
            raise CohortError(f"{where}: case {case} repeats row {rows[seen[case]]}; keep one.")
        seen[case] = int(at)


def _from_matrix(
    options: PrognosisOptions, path: Path
) -> tuple[tuple[str, ...], np.ndarray, OutcomeTable, list[Notice]]:
    outcomes = read_follow_up(path, options.time, options.event, options.case_column)
    matrix, data = understood(read_expression(options.matrix))
    labels = {Barcode(parse_barcode(case).case, ""): "with outcome" for case in outcomes.cases}
    samples = match_samples(
        matrix.columns, Grouping(labels, {}, "given", path), matrix.path.name, thirds_of_table=False
    )
    values = log_expression(sample_values(matrix, samples, data), data)
    place = {case_name(case): at for at, case in enumerate(outcomes.cases)}
    rows = [place[name.case] for name in samples.names]
    own = OutcomeTable(
        tuple(outcomes.cases[at] for at in rows), outcomes.months[rows], outcomes.event[rows], {}, outcomes.notices
    )
    notices = [*matrix.notices, *samples.notices, *repeated_notice(samples, data)]
    return matrix.genes, values.T, own, notices


def _changes(options: PrognosisOptions, names: tuple[str, ...]) -> tuple[np.ndarray, bool, str]:
    """Changes of the genes (NaN where not asked for), whether the first group is the worse, the contrast in words."""
    if options.expression is None:
        return np.full(len(names), np.nan), True, ""
    genes, change, adjusted = read_differential(options.expression)
    wanted = _wanted(options, change, adjusted)
    by_gene = {gene: value for gene, value, keep in zip(genes, change, wanted, strict=True) if keep}
    first, second = _groups(options)
    worse = (options.worse or HIGH).casefold()
    if worse not in (first.casefold(), second.casefold()):
        raise InputError(
            f"Which group is expected to live shorter is not known: of {first} and {second} name one with --worse."
        )
    found = np.array([by_gene.get(name, np.nan) for name in names])
    return found, first.casefold() == worse, f"{first} minus {second}"


def _wanted(options: PrognosisOptions, change: np.ndarray, adjusted: np.ndarray) -> np.ndarray:
    if options.genes == "all":
        return np.isfinite(change)
    if options.genes == "nominal":
        from ...tables.csv_table import read_table

        assert options.expression is not None
        return read_table(options.expression).numbers("p", allow_missing=True) < 0.05
    beside = expression_beside(options.expression) if options.expression else {}
    least = 0.0 if beside and beside.get("log_fc_threshold") is None else options.log_fc
    wanted = (adjusted < options.fdr) & (np.abs(change) > least)
    if not wanted.any():
        raise NoDifferentialGenesError(
            f"{options.expression}: no gene is differentially expressed by these thresholds; take --genes "
            f"nominal or all, "
            "or other thresholds."
        )
    return wanted


def _groups(options: PrognosisOptions) -> tuple[str, str]:
    text = options.contrast
    if text is None:
        assert options.expression is not None
        words = str(expression_beside(options.expression).get("contrast", "high minus low"))
        first, _, second = words.partition(" minus ")
        if not second:
            raise InputError(
                f"The changes of {options.expression.name} are a {words}: give --contrast A-B and --worse."
            )
        return first, second
    first, _, second = text.partition(" minus ") if " minus " in text else text.partition("-")
    if not first or not second:
        raise InputError(f"Contrast {text!r} is not A-B: say what the changes subtract from what.")
    return first.strip(), second.strip()


def section(result: Prognosis, contrast: str, notices: list[Notice], options: PrognosisOptions) -> Section:
    """Lay out a result."""
    return Section(
        job="prognosis",
        title="Survival by genes",
        sentences=_sentences(result, contrast),
        tables=_tables(result),
        figures=_figure(result),
        findings=findings(result, contrast),
        csv={"prognosis.csv": table(result), "prognosis_details.csv": details(result)},
        tests=_counts(result),
        notices=tuple(dict.fromkeys(notices)),
        inputs=hashes(files(options)),
    )


def table(result: Prognosis) -> CsvTable:
    """Header and rows of ``prognosis.csv``."""
    return COLUMNS, [
        (one.gene, one.hr, one.lower, one.upper, one.p, one.logrank_p, one.log_fc, one.fits) for one in result.genes
    ]


def details(result: Prognosis) -> CsvTable:
    """Header and rows of ``prognosis_details.csv``."""
    return DETAIL_COLUMNS, [tuple(getattr(one, name) for name in DETAIL_COLUMNS) for one in result.genes]


def _counts(result: Prognosis) -> tuple[TestCount, ...]:
    of = f"{result.n} patients, {result.events} events"
    p, halves = [one.p for one in result.genes], [one.logrank_p for one in result.genes]
    rule = f"adjusted p below {FDR:g}"
    counts = [
        TestCount("genes and survival (Cox)", of, count_known(p), count_below(p),
                  count_below([one.p_adjusted for one in result.genes], FDR), rule),
        TestCount("genes and survival (halves, log-rank)", of, count_known(halves), count_below(halves),
                  count_below([one.logrank_p_adjusted for one in result.genes], FDR), rule),
    ]  # fmt: skip
    counts += [
        TestCount(f"direction of {one.what} (binomial)", f"{one.fits} of {one.genes} fit", 1, int(one.p < 0.05),
                  int(one.p < 0.05), "p below 0.05, one test")
        for one in result.directions[:1]
    ]  # fmt: skip
    return tuple(counts)


def findings(result: Prognosis, contrast: str) -> dict[str, Any]:
    """The part of ``associations.json``."""
    return {
        "contrast": contrast or None,
        "n": result.n,
        "events": result.events,
        "genes": len(result.genes),
        "directions": [vars(one) for one in result.directions],
        "significant": count_below([one.p_adjusted for one in result.genes], FDR),
    }


def _sentences(result: Prognosis, contrast: str) -> tuple[str, ...]:
    p = [one.p for one in result.genes]
    first = (
        f"{len(result.genes)} genes in {result.n} patients with {result.events} events: {count_below(p)} have "
        f"a Cox p below "
        f"0.05, by chance about {count_known(p) * 0.05:.1f}. A hazard ratio above 1 means shorter survival "
        f"with more of the "
        "gene's expression, a unit of it."
    )
    if not result.directions:
        return (first,)
    return first, _direction_sentence(result.directions, contrast)


def _direction_sentence(directions: tuple[Direction, ...], contrast: str) -> str:
    parts = [f"{one.fits} of {one.genes} ({one.what}; binomial p {small_p(one.p)})" for one in directions]
    return (
        f"The direction of the change ({contrast}) fits that of survival in {' and '.join(parts)}. Half fit "
        f"by chance, and "
        "genes that go together fit together, so that even the binomial p is too small."
    )


def _tables(result: Prognosis) -> tuple[Table, ...]:
    order = sorted(result.genes, key=lambda one: one.p if one.p == one.p else 2)[:_ON_PAGE]
    rows = tuple(
        (one.gene, f"{one.hr:.3f} ({one.lower:.3f} to {one.upper:.3f})" if one.hr == one.hr else one.status,
         small_p(one.p), small_p(one.p_adjusted), small_p(one.logrank_p),
         f"{one.log_fc:.3f}" if one.log_fc == one.log_fc else "", {True: "yes", False: "no", None: ""}[one.fits])
        for one in order
    )  # fmt: skip
    header = ("gene", "hazard ratio (95% limits)", "Cox p", "adjusted p", "log-rank p", "change", "fits")
    return (Table(header, rows, f"The {len(rows)} genes of smallest p", frozenset(range(1, 6))),)


def _figure(result: Prognosis) -> dict[str, Figure]:
    known = [one for one in result.genes if one.hr == one.hr]
    shown = sorted(sorted(known, key=lambda one: one.p)[:_ON_PAGE], key=lambda one: one.hr)
    if not shown:
        return {}
    rows = [{"label": _label(one), "hr": one.hr, "lower": one.lower, "upper": one.upper, "p": one.p} for one in shown]
    png = performance_plots.forest(rows, "hazard ratio a unit of expression (95% limits)")
    words = "+: the direction fits the change between the groups, -: it does not." if result.directions else ""
    return {"prognosis_forest": Figure(png, f"Hazard ratios of {len(shown)} genes", words)}


def _label(one: GenePrognosis) -> str:
    return one.gene.replace("$", r"\$") + {True: "  +", False: "  -", None: ""}[one.fits]

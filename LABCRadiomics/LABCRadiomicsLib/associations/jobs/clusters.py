"""The job ``clusters``: patients sorted by their radiomics features alone."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from ...notices import Notice
from ...plots import associations as plots
from ...report.page import Figure, Table
from ...step_options import ClustersOptions
from ..clusters import Clusters, cluster_patients
from ..follow_up import read_follow_up
from ..groups import HIGH, INTERMEDIATE, LOW, Grouping
from ..identifiers import parse_barcode
from ..options import group_files, grouping_of, hashes, read_radiomics
from ..section import CsvTable, Section, TestCount, small_p


def run(options: ClustersOptions) -> Section:
    """Do the job; errors as :func:`.expression.run`."""
    table = read_radiomics(options.features, options.features_id or options.case_column)
    outcomes = None
    if options.outcomes is not None:
        outcomes = read_follow_up(options.outcomes, options.time, options.event, options.case_column)
    result = cluster_patients(table, options.method, options.clusters, outcomes, seed=options.seed)
    grouped = grouping_of(options) if options.groups or options.scores else None
    return section(result, grouped, hashes(files(options)), outcomes.notices if outcomes else ())


def files(options: ClustersOptions) -> tuple[Path, ...]:
    """Every file the job reads."""
    return (options.features, *group_files(options), *((options.outcomes,) if options.outcomes else ()))


def section(
    result: Clusters, grouping: Grouping | None, inputs: dict[str, str], notices: tuple[Notice, ...] = ()
) -> Section:
    """Lay out a result."""
    png = plots.cluster_heatmap(result.scaled, result.features, result.partition, result.joined)
    words = "Features are ordered by a tree, patients by cluster and within it by the tree."
    figures = {"clusters_heatmap": Figure(png, f"{len(result.features)} features of {len(result.cases)} cases", words)}
    tables, counts = [_candidates(result)], []
    if result.survival is not None:
        curves = [
            {"name": name, "n": n, "events": events, "months": curve.time.tolist(), "survival": curve.survival.tolist()}
            for name, n, events, curve in result.survival.curves
        ]
        test = result.survival.test
        png = plots.survival_curves(curves, test.p if test else None, "survival")
        figures["clusters_survival"] = Figure(png, "Kaplan-Meier curves of the clusters")
        if test is not None:
            of = f"{result.survival.n} patients, {result.survival.events} events"
            rule = "p below 0.05, one test"
            counts.append(
                TestCount("survival of the clusters (log-rank)", of, 1, int(test.p < 0.05), int(test.p < 0.05), rule)
            )
    crossed = _crossed(result, grouping) if grouping is not None else None
    if crossed is not None:
        tables.append(crossed)
    return Section(
        job="clusters",
        title="Clusters of the features",
        sentences=_sentences(result),
        tables=tuple(tables),
        figures=figures,
        findings=findings(result),
        csv={"clusters.csv": table(result), "clusters_quality.csv": quality(result)},
        tests=tuple(counts),
        notices=(*notices, *result.notices),
        inputs=inputs,
    )


def table(result: Clusters) -> CsvTable:
    """Header and rows of ``clusters.csv``."""
    return ["case", "cluster"], list(zip(result.cases, result.partition.tolist(), strict=True))


def quality(result: Clusters) -> CsvTable:
    """Header and rows of ``clusters_quality.csv``."""
    rows = [
        (
            one.clusters,
            one.silhouette,
            one.ambiguous,
            one.within,
            " ".join(map(str, one.sizes)),
            one.clusters == result.chosen,
        )
        for one in result.candidates
    ]
    return ["clusters", "silhouette", "ambiguous_pairs", "within_squares", "sizes", "chosen"], rows


def findings(result: Clusters) -> dict[str, Any]:
    """The part of ``associations.json``."""
    survival = result.survival
    return {
        "cases": len(result.cases),
        "features": len(result.features),
        "method": result.method,
        "clusters": result.chosen,
        "sizes": dict(Counter(map(str, result.partition.tolist()))),
        "candidates": [vars(one) for one in result.candidates],
        "survival": survival
        and {
            "n": survival.n,
            "events": survival.events,
            "logrank": survival.test and {"chisq": survival.test.chisq, "df": survival.test.df, "p": survival.test.p},
        },
    }


def _candidates(result: Clusters) -> Table:
    rows = tuple(
        (str(one.clusters), f"{one.silhouette:.3f}", f"{one.ambiguous:.1%}", f"{one.within:.1f}",
         ", ".join(map(str, one.sizes)), "chosen" if one.clusters == result.chosen else "")
        for one in result.candidates
    )  # fmt: skip
    header = ("clusters", "mean silhouette", "ambiguous pairs", "within-cluster squares", "patients", "")
    note = (
        "Silhouette: from -1 to 1, the larger the better; below 0.25 no substantial structure. Ambiguous "
        "pairs: share of "
        "pairs of patients that are now together, now not, when the clustering is repeated on 80% of the patients."
    )
    return Table(header, rows, "How many clusters", frozenset(range(4)), note)


def _sentences(result: Clusters) -> tuple[str, ...]:
    sizes = ", ".join(f"cluster {label} {count}" for label, count in sorted(Counter(result.partition.tolist()).items()))
    how = {"k-means": "k-means", "consensus": "consensus of Ward's method"}.get(
        result.method, f"{result.method} linkage"
    )
    first = (
        f"{len(result.cases)} cases by {len(result.features)} scaled features ({how}, Euclidean distance): "
        f"{result.chosen} clusters ({sizes}). Every method finds clusters, also where there are none."
    )
    if result.survival is None or result.survival.test is None:
        return (first,)
    test, survival = result.survival.test, result.survival
    return first, (
        f"Survival of the clusters: log-rank chi-square {test.chisq:.3f} on {test.df} degrees of freedom, p "
        f"{small_p(test.p)} "
        f"({survival.n} patients, {survival.events} events)."
    )


def _crossed(result: Clusters, grouping: Grouping) -> Table | None:
    """Clusters by groups of the score, with the chi-square test of these patients."""
    labels = [grouping.of(parse_barcode(case)) for case in result.cases]
    found = {label for label in labels if label is not None}
    groups = sorted(
        found,
        key=lambda name: ((LOW, INTERMEDIATE, HIGH).index(name) if name in (LOW, INTERMEDIATE, HIGH) else 3, name),
    )
    clusters = sorted(set(result.partition.tolist()))
    pairs = Counter(zip(result.partition.tolist(), labels, strict=True))
    counts = np.array([[pairs[cluster, group] for group in groups] for cluster in clusters])
    filled = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(filled.shape, default=0) < 2:
        return None
    p = float(stats.chi2_contingency(filled, correction=False).pvalue)
    rows = tuple((f"cluster {cluster}", *map(str, row)) for cluster, row in zip(clusters, counts.tolist(), strict=True))
    note = (
        f"Chi-square p {small_p(p)}. The score is made of such features, so that clusters and score go together "
        f"by design."
    )
    return Table(("", *groups), rows, "Clusters by group", frozenset(range(1, len(groups) + 1)), note)

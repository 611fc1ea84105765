"""Time and memory of the associations, R beside them in the same run, and the truth found in simulations.

    python Benchmarks/associations.py [--cells 1000000] [--repeats 100] [--only speed|qupath|truth]

Speed is in CPU seconds. R's part needs Rscript with limma, edgeR and data.table (fgsea where it is installed); what is
missing is named and skipped. ``truth``: planted genes found at the false discovery rate asked for, and uniform p values
of every job where nothing is planted (CAMERA allows for a correlation that the simulated genes have not, so it is
conservative there).
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

from LABCRadiomicsLib.associations.differential_expression import DifferentialExpression, compare_expression
from LABCRadiomicsLib.associations.enrichment_scores import enrichment_score, null_scores
from LABCRadiomicsLib.associations.estimate import estimate_scores
from LABCRadiomicsLib.associations.expression_matrix import ExpressionMatrix
from LABCRadiomicsLib.associations.gene_set_enrichment import Ranking, enrich_sets
from LABCRadiomicsLib.associations.gene_sets import GeneSets
from LABCRadiomicsLib.associations.groups import Grouping
from LABCRadiomicsLib.associations.identifiers import Barcode
from LABCRadiomicsLib.associations.immunophenoscore import immunophenoscores
from LABCRadiomicsLib.associations.normalization import expressed, scaling_factors
from LABCRadiomicsLib.associations.over_representation import OverRepresentation, over_representation
from LABCRadiomicsLib.associations.prognosis import gene_prognosis
from LABCRadiomicsLib.associations.voom import voom
from LABCRadiomicsLib.simulation.association_tables import SimulatedAssociations, simulate_associations
from LABCRadiomicsLib.statistics.baseline_table import benjamini_hochberg
from LABCRadiomicsLib.statistics.clustering import cut_tree, scaled_columns, tree
from LABCRadiomicsLib.statistics.kaplan_meier import logrank
from LABCRadiomicsLib.statistics.linear_models import fit_linear_models
from LABCRadiomicsLib.statistics.moderated_t import moderated_t, variance_prior
from LABCRadiomicsLib.statistics.permanova import permanova
from LABCRadiomicsLib.statistics.two_groups import column_quantiles, compare_groups

R_SPEED = """
options(warn = -1)
cpu <- function(what, code) {{
  t <- system.time(code); cat(what, t[["user.self"]] + t[["sys.self"]], "\\n", sep = "\\t")
}}
has <- function(p) suppressMessages(require(p, character.only = TRUE, quietly = TRUE))
x <- readBin("{counts}", "double", 20000 * 64); m <- matrix(x, 20000); g <- rep(0:1, each = 32); d <- cbind(1, g)
if (has("limma") && has("edgeR")) {{
  y <- DGEList(m)
  cpu("filter and TMM", {{ y <- y[filterByExpr(y, d), , keep.lib.sizes = FALSE]; y <- calcNormFactors(y) }})
  cpu("voom, linear models, moderated t", {{ v <- voom(y, d); f <- eBayes(lmFit(v, d)); topTable(f, 2, Inf) }})
}}
if (has("fgsea")) {{
  set.seed(1); s <- setNames(sort(rnorm(16000), TRUE), 1:16000)
  k <- lapply(1:50, function(i) sample(names(s), 30 + 3 * i))
  names(k) <- 1:50; cpu("gene sets, 10,000 permutations x 50", fgseaSimple(k, s, nperm = 10000))
}}
a <- matrix(rnorm(18 * 425), 18); b <- matrix(rnorm(17 * 425), 17)
cpu("425 comparisons", for (j in 1:425) {{ wilcox.test(a[, j], b[, j]); t.test(a[, j], b[, j]) }})
p <- function(i) phyper(i %% 30, 200, 15800, 900, lower.tail = FALSE)
cpu("5,000 over-representations (R: phyper alone)", for (i in 1:5000) p(i))
if (has("survival")) {{
  t <- rexp(64) * 60; e <- rbinom(64, 1, 0.4); z <- matrix(rnorm(64 * 2000), 64)
  cpu("2,000 genes and survival", for (j in 1:2000) {{
    coxph(Surv(t, e) ~ z[, j]); survdiff(Surv(t, e) ~ z[, j] > median(z[, j]))
  }})
}}
"""
R_CELLS = """
if (suppressMessages(require("data.table", quietly = TRUE))) {{
  setDTthreads(1); t <- system.time({{ d <- fread("{cells}"); n <- names(d)[-(1:8)]
  for (q in c(0, .25, .5, .75, 1))
    d[, lapply(.SD, quantile, q, names = FALSE, na.rm = TRUE), by = Image, .SDcols = n] }})
  cat("cells", t[["user.self"]] + t[["sys.self"]], "\\n", sep = "\\t")
}}
"""


def cpu(compute: Callable[[], object]) -> float:
    """CPU seconds of a computation."""
    started = time.process_time()
    compute()
    return time.process_time() - started


def counts_of(genes: int, samples: int, generator: np.random.Generator) -> np.ndarray:
    mean = generator.lognormal(4.5, 1.5, genes)[:, None] * generator.uniform(0.6, 1.6, samples)
    return generator.negative_binomial(5.0, 5.0 / (5.0 + mean)).astype(float)


def our_speed(counts: np.ndarray, generator: np.random.Generator) -> dict[str, float]:
    """CPU seconds of each task."""
    design = np.column_stack([np.ones(64), np.repeat([0.0, 1.0], 32)])
    kept: dict[str, np.ndarray] = {}

    def normalize() -> None:
        kept["values"] = counts[expressed(counts, design)]
        kept["sizes"] = kept["values"].sum(axis=0) * scaling_factors(kept["values"])

    def fit() -> None:
        ready = voom(kept["values"], kept["sizes"], design)
        fits = fit_linear_models(ready.values, design, ready.weights)
        benjamini_hochberg(moderated_t(fits, 1, variance_prior(fits.variance, fits.df)).p)

    weights = np.abs(np.sort(generator.normal(size=16000))[::-1])
    sets = [np.sort(generator.choice(16000, 30 + 3 * at, replace=False)) for at in range(1, 51)]

    def enrich() -> None:
        null = null_scores(weights, [places.size for places in sets], 10_000, 1)
        for places in sets:
            null[places.size].p_value(enrichment_score(weights, places).score)

    first, second = generator.normal(size=(18, 425)), generator.normal(size=(17, 425))
    names = [str(at) for at in range(16000)]
    many = {str(at): generator.choice(names, 60 + at % 200, replace=False).tolist() for at in range(5000)}
    chosen = generator.choice(names, 900, replace=False).tolist()
    months, event = generator.exponential(60, 64) + 0.01, generator.random(64) < 0.4
    values = generator.normal(size=(64, 2000))
    return {
        "filter and TMM": cpu(normalize),
        "voom, linear models, moderated t": cpu(fit),
        "gene sets, 10,000 permutations x 50": cpu(enrich),
        "425 comparisons": cpu(lambda: compare_groups(first, second)),
        "5,000 over-representations (R: phyper alone)": cpu(lambda: over_representation(chosen, names, many)),
        "2,000 genes and survival": cpu(lambda: gene_prognosis(tuple(names[:2000]), values, months, event)),
    }


def run_r(script: str) -> dict[str, float]:
    """CPU seconds that R printed."""
    if shutil.which("Rscript") is None:
        print("Rscript is not installed: R is skipped.")
        return {}
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    rows = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") >= 1]
    return {row[0]: float(row[1]) for row in rows}


def speed() -> None:
    generator = np.random.default_rng(0)
    counts = counts_of(20_000, 64, generator)
    ours = our_speed(counts, generator)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.bin"
        path.write_bytes(np.asfortranarray(counts).tobytes(order="F"))
        theirs = run_r(R_SPEED.format(counts=path))
    bars = {"voom, linear models, moderated t": 1.5, "gene sets, 10,000 permutations x 50": 4.0, "425 comparisons": 0.5}
    print(
        f"{'task (20,000 genes x 64 samples where of genes)':50s} {'ours':>8s} {'R':>8s} {'R/ours':>8s} "
        f"{'bar':>6s}   CPU seconds"
    )
    for name, seconds in ours.items():
        r = theirs.get(name)
        beside = f"{r:8.3f} {r / max(seconds, 1e-4):8.1f}" if r is not None else f"{'-':>8s} {'-':>8s}"
        print(f"{name:50s} {seconds:8.3f} {beside} {bars.get(name, float('nan')):6.1f}")


CELLS_SCRIPT = """
import resource, sys, time
from LABCRadiomicsLib.associations.qupath import read_qupath
started = time.process_time()
found = read_qupath(sys.argv[1])
print(time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, found.values.shape[0])
"""


def qupath(cells: int) -> None:
    """A QuPath export of many cells x 85 columns of 53 cases, in a process of its own for its memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.tsv"
        write_cells(path, cells)
        print(f"\nQuPath export of {cells:,} cells x 85 columns, {path.stat().st_size / 1e9:.2f} GB")
        done = subprocess.run(
            [sys.executable, "-c", CELLS_SCRIPT, str(path)], capture_output=True, text=True, check=True
        )
        seconds, kilobytes, _ = map(float, done.stdout.split())
        print(
            f"ours: {seconds:.1f} CPU seconds, {kilobytes / 1e6:.2f} GB of memory at most (bars 25 s, 1.5 GB "
            f"for a million)"
        )
        r = run_r(R_CELLS.format(cells=path)).get("cells")
        if r is not None:
            print(f"R, data.table on one thread: {r:.1f} CPU seconds")


def write_cells(path: Path, cells: int) -> None:
    generator = np.random.default_rng(0)
    names = ["Image", "Object type", "Name", "Class", "Parent", "ROI", "Centroid X µm", "Centroid Y µm"]
    block = ["\t".join(f"{value:.5g}" for value in row) for row in generator.normal(30, 10, (2000, 87))]
    with path.open("w", encoding="utf-8") as file:
        file.write("\t".join([*names, *(f"Nucleus: measurement {at} µm" for at in range(85))]) + "\n")
        for at in range(cells):
            case = at * 53 // cells
            file.write(f"TCGA-AA-{case:04d}-01Z-00-DX1.svs\tCell\t\tTumor\tAnnotation\tPolygon\t{block[at % 2000]}\n")


# Simulated truth -----------------------------------------------------------------------------------------------------


def grouping_of(made: SimulatedAssociations) -> Grouping:
    high = made.scores > np.median(made.scores)
    labels = {Barcode(case, ""): "high" if one else "low" for case, one in zip(made.cases, high, strict=True)}
    return Grouping(labels, {}, "given", Path("groups.csv"))


def matrix_of(made: SimulatedAssociations) -> ExpressionMatrix:
    return ExpressionMatrix(made.genes, made.cases, made.counts.astype(float), {}, len(made.genes), Path("m.tsv"), ())


def expression_of(made: SimulatedAssociations) -> DifferentialExpression:
    return compare_expression(matrix_of(made), grouping_of(made))


def found_genes(made: SimulatedAssociations, fdr: float = 0.05) -> tuple[int, int, int]:
    """Genes below an adjusted p, those of them not planted, and planted ones."""
    result = expression_of(made)
    found = {gene for gene, p in zip(result.genes, result.p_adjusted, strict=True) if p < fdr}
    planted = {gene for gene, change in zip(made.genes, made.changed, strict=True) if change}
    return len(found), len(found - planted), len(planted)


def null_p_values(made: SimulatedAssociations) -> dict[str, float]:
    """One p value a job of a cohort in which nothing goes along with the score."""
    high = made.scores > np.median(made.scores)
    result = expression_of(made)
    sets = GeneSets("sets", made.sets, Path("sets.gmt"))
    ranks = Ranking(result.genes, result.t, "t", "ranks", ())
    gsea = enrich_sets(ranks, sets, permutations=499, seed=int(made.counts[0, 0]))
    one = next(row for row in gsea.results if row.set == "RANDOM_01")
    chosen = [gene for gene, p in zip(result.genes, result.p, strict=True) if p < 0.1]
    over = {row.set: row for row in over_representation(chosen, result.genes, made.sets, least=1)}
    medians = np.vstack([column_quantiles(cells, [0.5])[0] for cells in made.cells])
    prognosis = gene_prognosis(("g",), np.log2(made.counts[:1].T + 1.0), made.months, made.event)
    matrix = matrix_of(made)
    clusters = cut_tree(tree(scaled_columns(made.features)), 2)
    return {
        "expression (a gene)": float(result.p[result.genes.index(min(result.genes))]),
        "gsea (a set)": one.p,
        "gsea, CAMERA (conservative here)": one.camera.p,
        "enrichment (a set, mid-p)": _mid_p(over.get("RANDOM_01")),
        "prognosis (a gene, Cox)": prognosis.genes[0].p,
        "prognosis (a gene, halves)": prognosis.genes[0].logrank_p,
        "purity (a score, Wilcoxon)": _by_group(estimate_scores(matrix, matrix.values).stromal, high),
        "immunophenoscore (MHC, Wilcoxon)": _by_group(immunophenoscores(matrix, matrix.values, "counts").mhc, high),
        "immune (a type, Wilcoxon)": float(compare_groups(made.fractions[high], made.fractions[~high]).wilcoxon_p[0]),
        "immune (composition, PERMANOVA)": permanova(
            np.sqrt(made.fractions), high, permutations=199, seed=int(made.counts[1, 0])
        ).p,
        "histopathology (a feature)": float(compare_groups(medians[high], medians[~high]).wilcoxon_p[0]),
        "clusters (survival)": logrank(made.months, made.event, clusters).p,
    }


def _by_group(values: np.ndarray, high: np.ndarray) -> float:
    return float(compare_groups(values[high, None], values[~high, None]).wilcoxon_p[0])


def _mid_p(row: OverRepresentation | None) -> float:
    """Discrete p values are uniform only when the observed value counts half."""
    if row is None:
        return float("nan")
    exact = stats.hypergeom.pmf(row.overlap, row.universe, row.set_size, row.query)
    return row.p - 0.5 * float(exact)


def truth(repeats: int) -> None:
    false, all_found, planted, power = 0.0, 0, 0, 0
    for seed in range(repeats):
        found, wrong, there = found_genes(simulate_associations(seed=seed, genes=2000, planted=100, effect=0.8))
        false += wrong / max(found, 1)
        all_found, planted, power = all_found + found, planted + there, power + found - wrong
    print(
        f"\nPlanted genes over {repeats} repeats: {all_found / repeats:.0f} found, {power / planted:.0%} of "
        f"the planted, ",
        end="",
    )
    print(f"mean false discovery proportion {false / repeats:.3f} (asked: 0.05)")
    rows = [
        null_p_values(simulate_associations(seed=10_000 + seed, genes=1000, planted=0, effect=0.0))
        for seed in range(repeats)
    ]
    print(f"Nothing planted, {repeats} repeats: one p value a repeat, Kolmogorov-Smirnov against uniform")
    for name in rows[0]:
        p = np.array([row[name] for row in rows])
        p = p[np.isfinite(p)]
        print(f"  {name:34s} below 0.05: {(p < 0.05).mean():.2f}   uniform: p {stats.kstest(p, 'uniform').pvalue:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--only", choices=("speed", "qupath", "truth"))
    options = parser.parse_args()
    if options.only in (None, "speed"):
        speed()
    if options.only in (None, "qupath"):
        qupath(options.cells)
    if options.only in (None, "truth"):
        truth(options.repeats)
    print(f"\nMemory of this process at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()

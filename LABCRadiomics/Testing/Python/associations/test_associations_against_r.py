"""Every association against R: one row a statistic, the table that `Docs/methods.md` keeps.

``pytest test_associations_against_r.py -s`` prints the table; run as a script it writes the table into the document.
The values of R and their inputs are in the project's shared reference folder.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import rankdata

from association_examples import expected, numbers, read
from association_rows import (
    ROWS,
    Pairs,
    Row,
    about,
    counted,
    er_matrix,
    er_result,
    expected_groups,
    hallmark,
    inputs,
    ranking,
    row,
    scores,
    table_pairs,
)
from conftest import ROOT
from LABCRadiomicsLib.associations.competitive_tests import camera
from LABCRadiomicsLib.associations.differential_expression import Method, compare_expression
from LABCRadiomicsLib.associations.enrichment_scores import enrichment_score, ranking_order
from LABCRadiomicsLib.associations.estimate import estimate_scores
from LABCRadiomicsLib.associations.expression_matrix import kind_of_values, read_expression
from LABCRadiomicsLib.associations.gene_set_enrichment import enrich_sets
from LABCRadiomicsLib.associations.gene_sets import read_gene_sets
from LABCRadiomicsLib.associations.groups import read_groups
from LABCRadiomicsLib.associations.histopathology import adjusted_map, common_cases, compare_tissue
from LABCRadiomicsLib.associations.immune import compare_fractions
from LABCRadiomicsLib.associations.immunophenoscore import SCORES, immunophenoscores
from LABCRadiomicsLib.associations.measurements import compare_measures, read_measurements
from LABCRadiomicsLib.associations.normalization import log_cpm, scaling_factors
from LABCRadiomicsLib.associations.options import read_radiomics
from LABCRadiomicsLib.associations.over_representation import over_representation
from LABCRadiomicsLib.associations.prognosis import gene_prognosis
from LABCRadiomicsLib.associations.qupath import read_qupath
from LABCRadiomicsLib.associations.voom import voom
from LABCRadiomicsLib.statistics.clustering import (
    consensus,
    cut_tree,
    k_means,
    scaled_columns,
    silhouettes,
    tree,
    within_squares,
)
from LABCRadiomicsLib.statistics.correlation import correlation_map
from LABCRadiomicsLib.statistics.kaplan_meier import logrank

DOCUMENT = ROOT / "Docs" / "methods.md"
BEGIN, END = "<!-- associations against R: begin -->", "<!-- associations against R: end -->"
HEADER = "| job: statistic | R | largest difference | tolerance |\n|---|---|---|---|"


# Expression ----------------------------------------------------------------------------------------------------------


@row("expression: genes kept, TMM factors (mRNA, miRNA)", "edgeR filterByExpr, calcNormFactors", 1e-12)
def _normalization(folder: Path) -> Pairs:
    for tag, id in (("er", "gene"), ("mirna", "mirna")):
        values, kept, _, factors, genes = counted(folder, tag)
        yield [genes[at] for at in np.flatnonzero(kept)], expected(folder, f"{tag}_limma_voom.csv.gz")[id]
        yield factors, numbers(expected(folder, f"{tag}_samples.csv")["tmm_kept"])
        yield scaling_factors(values), numbers(expected(folder, f"{tag}_samples.csv")["tmm_all"])


@row("expression: log counts per million, voom's values and weights", "edgeR cpm, limma voom", 1e-8)
def _precision(folder: Path) -> Pairs:
    for tag in ("er", "mirna"):
        values, kept, design, factors, genes = counted(folder, tag)
        values, genes = values[kept], [genes[at] for at in np.flatnonzero(kept)]
        sizes = values.sum(axis=0) * factors
        ready = voom(values, sizes, design)
        for found, name in (
            (log_cpm(values, sizes), "logcpm"),
            (ready.values, "voom_E"),
            (ready.weights, "voom_weights"),
        ):
            reference = expected(folder, f"{tag}_{name}_200.csv.gz")
            at = [genes.index(gene) for gene in reference["id"]]
            yield about(found[at]), about(np.column_stack([numbers(reference[c]) for c in list(reference)[1:]]))


@row("expression: voom, 15,946 genes of 42 tumors", "limma voom, lmFit, eBayes", 1e-8)
def _voom(folder: Path) -> Pairs:
    result, reference = er_result(folder), expected(folder, "er_limma_voom.csv.gz")
    yield from table_pairs(result, reference)
    yield result.prior_df, numbers(expected(folder, "er_priors.csv")["df_prior"])[0]
    change, adjusted = numbers(reference["logFC"]), numbers(reference["adj_P"])
    found = zip(reference["gene"], change, adjusted, strict=True)
    yield {*result.up, *result.down}, {gene for gene, c, p in found if abs(c) > 1 and p < 0.05}


@row("expression: voom, robust", "limma eBayes(robust = TRUE)", 1e-8)
def _robust(folder: Path) -> Pairs:
    yield from table_pairs(er_result(folder, robust=True), expected(folder, "er_limma_voom_robust.csv.gz"))


@row("expression: voom, against a fold change", "limma treat(lfc = 1)", 1e-8)
def _treat(folder: Path) -> Pairs:
    yield from table_pairs(er_result(folder, beyond=1.0), expected(folder, "er_limma_treat_lfc1.csv.gz"))


@row("expression: sample weights", "limma voomWithQualityWeights", 1e-8)
def _quality(folder: Path) -> Pairs:
    values, kept, design, factors, _ = counted(folder, "mirna")
    ready = voom(values[kept], values[kept].sum(axis=0) * factors, design, quality=True)
    yield ready.samples, numbers(expected(folder, "mirna_voomQW_sample_weights.csv")["weight"])


@row("expression: voom with sample weights", "limma voomWithQualityWeights, eBayes", 1e-8)
def _quality_table(folder: Path) -> Pairs:
    yield from table_pairs(er_result(folder, quality=True), expected(folder, "er_limma_voomQW.csv.gz"))


@row("expression: logarithms, with a trend of the variance", "limma eBayes(trend = TRUE)", 1e-8)
def _trend(folder: Path) -> Pairs:
    values, kept, _, factors, genes = counted(folder, "er")
    logs = log_cpm(values[kept], values[kept].sum(axis=0) * factors)
    matrix = replace(er_matrix(folder), genes=tuple(genes[at] for at in np.flatnonzero(kept)), values=logs)
    result = compare_expression(matrix, read_groups(inputs(folder) / "er_groups.csv"), method=Method("logs"))
    yield from table_pairs(result, expected(folder, "er_limma_trend.csv.gz"))


@row("expression: z-scores, thirds of the score, low minus high", "limma lmFit, eBayes", 1e-8)
def _z_scores(folder: Path) -> Pairs:
    matrix = read_expression(inputs(folder) / "mri_expression_z.tsv.gz")
    result = compare_expression(matrix, scores(folder), "low-high")
    yield from table_pairs(result, expected(folder, "mri_limma_low_vs_high.csv.gz"))
    groups = expected(folder, "mri_groups_rna.csv")
    labels = {
        case: group for case, group in zip(groups["case"], groups["group"], strict=True) if group != "intermediate"
    }
    yield sorted(zip(result.samples, result.groups, strict=True)), sorted(labels.items())


@row("expression: z-scores, slope on the score", "limma lmFit, eBayes", 1e-8)
def _slope(folder: Path) -> Pairs:
    matrix = read_expression(inputs(folder) / "mri_expression_z.tsv.gz")
    yield from table_pairs(
        compare_expression(matrix, scores(folder), "score"), expected(folder, "mri_limma_score.csv.gz")
    )


# Gene sets -----------------------------------------------------------------------------------------------------------


@row("gsea: enrichment scores, weighted and not, leading edges", "fgsea calcGseaStat", 1e-12)
def _scores(folder: Path) -> Pairs:
    for tag in ("er", "mri"):
        ranks, sets = ranking(folder, tag), hallmark(folder).sets
        order = ranking_order(ranks.statistics)
        genes = [ranks.genes[at] for at in order]
        place = {gene: at for at, gene in enumerate(genes)}
        weights = np.abs(ranks.statistics[order])
        table, plain = expected(folder, f"{tag}_gsea_es.csv"), expected(folder, f"{tag}_gsea_es_unweighted.csv")
        for name, score, edge, unweighted in zip(
            table["pathway"], numbers(table["ES"]), table["leading_edge"], numbers(plain["ES_p0"]), strict=True
        ):
            places = np.array(sorted(place[gene] for gene in sets[name] if gene in place))
            found = enrichment_score(weights, places)
            yield (
                about([found.score, enrichment_score(np.ones_like(weights), places).score]),
                about([score, unweighted]),
            )
            yield [genes[at] for at in found.leading], edge.split()


@row("gsea: cameraPR, by statistics and by ranks", "limma cameraPR", 1e-10)
def _camera(folder: Path) -> Pairs:
    for tag in ("er", "mri"):
        ranks, sets = ranking(folder, tag), hallmark(folder).sets
        place = {gene: at for at, gene in enumerate(ranks.genes)}
        mid_ranks = rankdata(ranks.statistics)
        table = expected(folder, f"{tag}_gsea_camerapr.csv")
        for at, name in enumerate(table["pathway"]):
            found = camera(ranks.statistics, np.array([place[gene] for gene in sets[name] if gene in place]), mid_ranks)
            yield (
                [found.direction, found.rank_direction],
                [table[c][at].lower() for c in ("Direction", "rank_Direction")],
            )
            yield [found.p, found.rank_p], [float(table["PValue"][at]), float(table["rank_PValue"][at])]


@row("enrichment: counts, p, adjusted p, genes of hallmark, WikiPathways and GO", "clusterProfiler enricher", 1e-10)
def _over_represented(folder: Path) -> Pairs:
    table = expected(folder, "er_limma_voom.csv.gz")
    change, adjusted = numbers(table["logFC"]), numbers(table["adj_P"])
    files = {"hallmark": "hallmark_v7.0", "wikipathways": "wikipathways_20180810", "go_bp": "go_bp_orgdb3.16"}
    for tag, name in files.items():
        path = next(inputs(folder).glob(f"{name}.symbols.gmt*"))
        for direction, side in (("up", change > 1), ("down", change < -1)):
            chosen = [table["gene"][at] for at in np.flatnonzero(side & (adjusted < 0.05))]
            found = {one.set: one for one in over_representation(chosen, table["gene"], read_gene_sets(path).sets)}
            reference = expected(folder, f"er_ora_{tag}_{direction}.csv.gz")
            ours = [found[one] for one in reference["ID"]]
            yield sorted(found), sorted(reference["ID"])
            yield [f"{one.overlap}/{one.query}" for one in ours], reference["GeneRatio"]
            yield [f"{one.set_size}/{one.universe}" for one in ours], reference["BgRatio"]
            yield ["/".join(one.genes) for one in ours], reference["geneID"]
            yield [one.p for one in ours], numbers(reference["pvalue"])
            yield [one.p_adjusted for one in ours], numbers(reference["p.adjust"])


# Survival, purity, cells, tissue, clusters ---------------------------------------------------------------------------


@row("prognosis: hazard ratios, limits, p, log-rank p of 56 genes, direction and its binomial p", "survival", 1e-6)
def _prognosis(folder: Path) -> Pairs:
    panel = read(inputs(folder) / "tcga_brca_survival_panel.tsv.gz", "\t")
    names = list(panel)[4:]
    values = np.column_stack([numbers(panel[name]) for name in names])
    deg, reference = expected(folder, "mri_limma_low_vs_high.csv.gz"), expected(folder, "deg_survival.csv")
    change = dict(zip(deg["gene"], numbers(deg["logFC"]), strict=True))
    months, event = numbers(panel["os_months"]), numbers(panel["os_event"]) == 1
    found = gene_prognosis(
        tuple(names), values, months, event, np.array([change[name] for name in names]), first_is_worse=False
    )
    assert names == reference["gene"]
    fitted = np.array([one.status == "ok" for one in found.genes])
    assert [one.gene for one in found.genes if one.status != "ok"] == ["IL36A"]  # R warns: no finite coefficient
    for ours, theirs in (("hr", "hr"), ("lower", "hr_lower"), ("upper", "hr_upper"), ("p", "p_wald")):
        yield np.array([getattr(one, ours) for one in found.genes])[fitted], numbers(reference[theirs])[fitted]
    yield [one.logrank_p for one in found.genes], numbers(reference["logrank_p"])
    yield [one.n_high for one in found.genes], numbers(reference["n_high"])
    yield [str(one.fits).upper() for one in found.genes], reference["fits"]
    direction = expected(folder, "deg_survival_direction.csv")
    for ours, theirs in (("genes", "genes"), ("fits", "fits"), ("p", "binom_p")):
        yield [getattr(one, ours) for one in found.directions], numbers(direction[theirs])


@row("purity: stromal, immune, ESTIMATE scores, purity (arrays, counts)", "ESTIMATE estimateScore", 1e-8)
def _purity(folder: Path) -> Pairs:
    for name, tag, purity in (
        ("estimate_ov_affymetrix.tsv.gz", "ov", "TumorPurity"),
        ("er_counts.tsv.gz", "er", "purity_formula_of_affymetrix"),
    ):
        matrix = read_expression(inputs(folder) / name)
        found, reference = estimate_scores(matrix, matrix.values), expected(folder, f"{tag}_estimate.csv")
        yield found.stromal, numbers(reference["StromalScore"])
        yield found.immune, numbers(reference["ImmuneScore"])
        yield found.total, numbers(reference["ESTIMATEScore"])
        yield found.purity, numbers(reference[purity])
        yield found.genes, numbers(reference["common_genes"])[0]


@row("purity: tests by group", "wilcox.test, t.test, ks.test", 1e-8)
def _purity_groups(folder: Path) -> Pairs:
    matrix = read_expression(inputs(folder) / "er_counts.tsv.gz")
    found = estimate_scores(matrix, matrix.values)
    values = np.column_stack([found.stromal, found.immune, found.total])
    groups = expected_groups(folder)
    negative = np.array([groups[name] == "ER_negative" for name in matrix.columns])
    tests = compare_measures(("a", "b", "c"), values[negative], values[~negative])
    reference = {name: column[:3] for name, column in expected(folder, "er_estimate_groups.csv").items()}
    yield from test_pairs(tests, reference)


def test_pairs(tests, reference: dict[str, list[str]]) -> Pairs:
    groups = tests.groups
    pairs = (("rank_sum", "W"), ("wilcoxon_p", "wilcox_p"), ("welch_p", "welch_p"), ("student_p", "student_p"))
    for ours, theirs in pairs:
        yield getattr(groups, ours), numbers(reference[theirs])
    tested = ~np.isnan(tests.ks_p)
    yield tests.ks_p[tested], numbers(reference["ks_p"])[tested]


test_pairs.__test__ = False


@row(
    "immune: CIBERSORT types, purity and leukocyte tables by group (Wilcoxon, t, KS)",
    "wilcox.test, t.test, ks.test",
    1e-8,
)
def _immune(folder: Path) -> Pairs:
    for name in ("cibersort", "purity", "leukocyte"):
        found = compare_fractions(read_measurements(inputs(folder) / f"mri_{name}.csv"), scores(folder), "low-high")
        yield from test_pairs(found.tests, expected(folder, f"mri_{name}_groups.csv"))


@row(
    "immune: presence, pseudo-F of PERMANOVA, chi-square of percentages and fractions",
    "fisher.test, vegan, chisq.test",
    1e-8,
)
def _composition(folder: Path) -> Pairs:
    found = compare_fractions(read_measurements(inputs(folder) / "mri_cibersort.csv"), scores(folder), "low-high")
    presence, table = expected(folder, "mri_cibersort_presence.csv"), expected(folder, "mri_cibersort_composition.csv")
    yield found.present.T.tolist(), [numbers(presence[name]).tolist() for name in ("low_present", "high_present")]
    known = ~np.isnan(found.presence_p)
    yield found.presence_p[known], numbers(presence["fisher_p"])[known]
    squares = found.composition.chi_squares
    yield [*(one.chisq for one in squares), found.composition.permanova.pseudo_f], numbers(table["chisq"])
    yield [one.p for one in squares], numbers(table["p"])[:2]
    assert found.composition.permanova.p == pytest.approx(0.3034, abs=0.02)  # R's 20,000 permutations


@row("immune: map of 36 radiomics features and 21 types", "cor.test, p.adjust", 1e-8)
def _immune_map(folder: Path) -> Pairs:
    found = compare_fractions(read_measurements(inputs(folder) / "mri_cibersort.csv"), scores(folder), "low-high")
    features = read_radiomics(inputs(folder) / "mri_radiomics.csv", "CLID")
    _, rows, others = common_cases([name.case for name in found.samples.names], features.cases)
    varying = np.ptp(found.values, axis=0) > 0
    ours = correlation_map(features.values[others], found.values[np.ix_(rows, varying)])
    reference = expected(folder, "mri_radiomics_cibersort_correlation.csv.gz")
    for name in ("rho", "rho_p", "r", "r_p"):
        yield about(getattr(ours, name).ravel()), about(numbers(reference[name]))
    yield adjusted_map(ours.rho_p).ravel(), numbers(reference["rho_fdr"])


@row("immunophenoscore: six scores per case (log2 TPM, counts)", "IPS.R", 1e-10)
def _immunophenoscore(folder: Path) -> Pairs:
    for name, tag in (("ips_ov_log2tpm.tsv.gz", "ov"), ("er_counts.tsv.gz", "er")):
        matrix = read_expression(inputs(folder) / name)
        found = immunophenoscores(matrix, matrix.values, kind_of_values(matrix))
        for score in SCORES:
            yield about(getattr(found, score)), about(numbers(expected(folder, f"{tag}_ips.csv")[score.upper()]))


@row("immunophenoscore: tests by group, exact Kolmogorov-Smirnov with ties", "wilcox.test, t.test, ks.test", 1e-10)
def _immunophenoscore_groups(folder: Path) -> Pairs:
    matrix = read_expression(inputs(folder) / "er_counts.tsv.gz")
    values = immunophenoscores(matrix, matrix.values, "counts").matrix()
    negative = np.array([expected_groups(folder)[name] == "ER_negative" for name in matrix.columns])
    reference = expected(folder, "er_ips_groups_low_is_negative.csv")
    order = [SCORES.index(name.lower()) for name in reference["score"]]
    yield from test_pairs(compare_measures(SCORES, values[negative][:, order], values[~negative][:, order]), reference)


@row("immunophenoscore: asymptotic Kolmogorov-Smirnov (R's series stops at 1e-6)", "ks.test(exact = FALSE)", 1e-3)
def _asymptotic(folder: Path) -> Pairs:
    found = compare_fractions(read_measurements(inputs(folder) / "mri_cibersort.csv"), scores(folder), "low-high")
    known = ~np.isnan(found.tests.ks_asymptotic_p)
    yield (
        found.tests.ks_asymptotic_p[known],
        numbers(expected(folder, "mri_cibersort_groups.csv")["ks_p_asymptotic"])[known],
    )


@cache
def tissue(folder: Path):
    features = read_radiomics(inputs(folder) / "mri_radiomics.csv", "CLID")
    quantiles = read_qupath(inputs(folder) / "qupath_cells_SYNTHETIC.tsv.gz")
    return compare_tissue(quantiles, scores(folder), ("low-high", "low-intermediate"), features)


@row("histopathology: five quantiles of 85 measurements of 53 cases", "quantile(type = 7)", 1e-12)
def _quantiles(folder: Path) -> Pairs:
    found, reference = tissue(folder).quantiles, expected(folder, "qupath_cases.csv.gz")
    yield list(found.names), list(reference)[2:]
    yield list(found.cases), reference["case"]
    yield found.cells, numbers(reference["cells"])
    yield found.values, np.column_stack([numbers(reference[name]) for name in found.names])


@row("histopathology: 425 features in two contrasts, FDR, selection", "wilcox.test, t.test, p.adjust", 1e-10)
def _tissue_groups(folder: Path) -> Pairs:
    for one, name in zip(tissue(folder).comparisons, ("high", "intermediate"), strict=True):
        reference = expected(folder, f"qupath_low_vs_{name}.csv.gz")
        medians = (("median_first", "median1"), ("median_second", "median2"))
        tests = (("rank_sum", "W"), ("wilcoxon_p", "wilcox_p"), ("welch_p", "welch_p"), ("student_p", "student_p"))
        for ours, theirs in (*medians, *tests):
            yield getattr(one.groups, ours), numbers(reference[theirs])
        yield about(one.groups.welch_t), about(numbers(reference["welch_t"]))
        yield one.fdr, numbers(reference["wilcox_fdr"])
        yield one.welch_fdr, numbers(reference["welch_fdr"])
        yield [str(value).upper() for value in one.selected], reference["selected"]


@row("histopathology: map with 36 radiomics features", "cor.test, p.adjust", 1e-10)
def _tissue_map(folder: Path) -> Pairs:
    found, reference = tissue(folder).map, expected(folder, "qupath_radiomics_correlation.csv.gz")
    assert [a for a in found.radiomics for _ in found.histopathology] == reference["radiomics"]
    for ours, theirs in ((found.map.rho, "rho"), (found.map.rho_p, "rho_p"), (found.map.r, "r"), (found.map.r_p, "r_p"),
                         (found.rho_fdr, "rho_fdr"), (found.r_fdr, "r_fdr")):  # fmt: skip
        yield about(ours.ravel()), about(numbers(reference[theirs]))


@row(
    "clusters: trees (three linkages), partitions, silhouettes, within squares, k-means' objective",
    "hclust, cutree, kmeans",
    1e-10,
)
def _clusters(folder: Path) -> Pairs:
    scaled = scaled_columns(read_radiomics(inputs(folder) / "mri_radiomics.csv", "CLID").values)
    partitions, quality = expected(folder, "mri_clusters.csv"), expected(folder, "mri_cluster_quality.csv")
    reference = {
        name: (float(silhouette), float(squares))
        for name, silhouette, squares in zip(*(quality[c] for c in quality), strict=True)
    }
    for ours, theirs in (("ward", "ward.D2"), ("average", "average"), ("complete", "complete")):
        joined = tree(scaled, ours)
        yield joined[:, 2], numbers(expected(folder, f"mri_hclust_{theirs}.csv")["height"])
        for clusters in (2, 3, 4) if ours != "complete" else ():
            partition = cut_tree(joined, clusters)
            yield partition, numbers(partitions[f"{ours}{clusters}"])
            yield (
                (silhouettes(scaled, partition).mean(), within_squares(scaled, partition)),
                reference[f"{ours}{clusters}"],
            )
    for clusters in (2, 3, 4):
        partition = k_means(scaled, clusters, starts=60)
        yield (silhouettes(scaled, partition).mean(), within_squares(scaled, partition)), reference[f"kmeans{clusters}"]
    months, event = (read(inputs(folder) / "mri_clinical.csv")[name] for name in ("dfs_months", "dfs_event"))
    known = ~np.isnan(numbers(months))
    logranks = expected(folder, "mri_cluster_logrank.csv")
    cases = read(inputs(folder) / "mri_clinical.csv")["case"]
    label = dict(zip(partitions["case"], partitions["ward3"], strict=True))
    at = next(k for k, name in enumerate(logranks["grouping"]) if name == "ward3" and logranks["endpoint"][k] == "dfs")
    own = np.array([label[case] for case, keep in zip(cases, known, strict=True) if keep])
    found = logrank(numbers(months)[known], numbers(event)[known] == 1, own)
    yield (found.chisq, found.p), (float(logranks["chisq"][at]), float(logranks["p"][at]))


def test_consensus_is_as_ambiguous_as_rs_within_the_error_of_its_samples(shared_reference):
    scaled = scaled_columns(read_radiomics(inputs(shared_reference) / "mri_radiomics.csv", "CLID").values)
    reference = numbers(expected(shared_reference, "mri_consensus_pac.csv")["pac_0.1_0.9"])
    for clusters, pac in zip((2, 3, 4), reference, strict=True):
        assert consensus(scaled, clusters, repeats=300).ambiguous == pytest.approx(pac, abs=0.04)
    two = consensus(scaled, 2, repeats=300).partition
    assert (two == numbers(expected(shared_reference, "mri_clusters.csv")["consensus2"])).mean() > 0.97


def test_permutation_p_and_normalized_scores_are_fgseas_within_the_error_of_permutations(shared_reference):
    for tag, permutations in (("er", 2000), ("mri", 4000)):
        found = enrich_sets(
            ranking(shared_reference, tag), hallmark(shared_reference), permutations=permutations, seed=1
        )
        results = {one.set: one for one in found.results}
        reference = expected(shared_reference, f"{tag}_gsea_fgsea_simple_200000.csv")
        assert set(results) == set(reference["pathway"])
        standard = []
        for name, p, nes in zip(
            reference["pathway"], numbers(reference["pval"]), numbers(reference["NES"]), strict=True
        ):
            one = results[name]
            assert one.nes == pytest.approx(nes, rel=0.04)
            m = one.same_sign
            standard.append((one.p - p) / np.sqrt(p * (1 - p) / m + 1 / m**2))
        assert np.abs(standard).max() < 4 and np.std(standard) < 1.4


# The tests -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ROWS, ids=[entry.statistic for entry in ROWS])
def test_equal_to_r(entry: Row, shared_reference: Path) -> None:
    assert entry.difference(shared_reference) <= entry.tolerance


def _line(entry: Row, folder: Path) -> str:
    return f"| {entry.statistic} | {entry.r} | {entry.difference(folder):.1e} | {entry.tolerance:.0e} |"


def _printed(folder: Path) -> str:
    return "\n".join([HEADER, *(_line(entry, folder) for entry in ROWS)])


def _documented() -> list[list[str]]:
    text = DOCUMENT.read_text(encoding="utf-8")
    lines = text[text.index(BEGIN) : text.index(END)].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]


def test_table_is_that_of_the_document() -> None:
    """Same rows and tolerances; the document's differences were within them."""
    documented = _documented()
    assert [cells[:2] + cells[3:] for cells in documented] == [[e.statistic, e.r, f"{e.tolerance:.0e}"] for e in ROWS]
    assert all(float(cells[2]) <= float(cells[3]) for cells in documented)


def test_table_is_printed(shared_reference: Path) -> None:
    print(f"\n{_printed(shared_reference)}")


def _write(folder: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{_printed(folder)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    _write(ROOT.parent / "shared" / "reference")

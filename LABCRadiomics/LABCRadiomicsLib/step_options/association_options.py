"""What the jobs on associations of a score are asked; where their results are written is beside it."""

from pathlib import Path
from typing import Any, Literal

from .option_row import TABLE, Kind, _, argument, declares, option

GROUPS, GENES, DESIGN = _("How patients are grouped"), _("Genes"), _("Adjusted for")
Split = Literal["thirds", "cutoff"]
MatrixKind = Literal["counts", "logs", "z-scores"]
ClusterMethod = Literal["ward", "average", "complete", "k-means", "consensus"]
Direction = Literal["both", "up", "down"]
WhichGenes = Literal["all", "differential", "nominal"]
PERMUTATIONS = 10_000  # of gene sets
LEAST_SIZE, MOST_SIZE = 15, 500  # genes of a set
#: Tissue features in the map of correlations when nothing else is asked for.
MAPPED = r"^(Nucleus|Cell|Cytoplasm).*\| median$"


def matrix_argument(help: str) -> Any:
    """A matrix of genes."""
    return argument(_("Gene matrix"), help, files=TABLE, shared=True)


def sets_argument() -> Any:
    """Gene sets."""
    return argument(
        _("Gene sets"),
        _("GMT file, or hallmark for the bundled MSigDB hallmark sets."),
        kind=Kind.NAMED_FILE,
        files="Gene sets (*.gmt *.gmt.gz)",
        shared=True,
    )


def contrast_option() -> Any:
    """Which groups are compared."""
    return option(
        _("Contrast"),
        _("Groups A-B, which means A minus B: high-low, low-normal, score."),
        default=None,
        metavar="A-B",
        group=GROUPS,
        shared=True,
    )


def gene_names_option() -> Any:
    """Names of genes."""
    return option(
        _("Gene names"),
        _("Table identifier,symbol, such as Xena's probe map."),
        default=None,
        files=TABLE,
        group=GENES,
        shared=True,
    )


def data_option() -> Any:
    """What a matrix holds."""
    return option(_("Matrix holds"), _("What the matrix holds."), default=None, usual=_("found out"))


def features_option(help: str) -> Any:
    """Radiomics features to correlate with."""
    return option(_("Features"), help, default=None)


def features_id_option() -> Any:
    """The column of the cases of the features."""
    return option(_("Features' case column"), _("Column of the features that names the cases."), default="case")


def log_fc_option(help: str) -> Any:
    """A threshold of the change."""
    return option(_("Least log fold change"), help, default=1.0, least=0, group=GENES)


def fdr_option(help: str) -> Any:
    """A threshold of the adjusted p."""
    return option(_("Largest adjusted p"), help, default=0.05, least=0, most=1, group=GENES)


@declares
class GroupOptions:
    """Which patients are compared."""

    groups: Path | None = option(
        _("Groups"), _("Table case,group; or give scores."), default=None, in_view=True, shared=True
    )
    scores: Path | None = option(
        _("Scores"), _("Table case,score, as apply writes it; or give groups."), default=None, in_view=True, shared=True
    )
    split: Split = option(_("Split"), _("How scores make groups."), default="thirds", group=GROUPS, shared=True)
    cutoff: float | None = option(
        _("Cutoff"), _("High is a score above it; with --split cutoff."), default=None, group=GROUPS, shared=True
    )
    model: str | None = option(
        _("Cutoff of a model"),
        _("Take the stored cutoff of this model (id or path); with --split cutoff."),
        default=None,
        kind=Kind.MODEL,
        group=GROUPS,
    )
    case_column: str = option(
        _("Case column"),
        _("Column that names the cases in groups, scores, covariates."),
        default="case",
        flag="--id",
        group=GROUPS,
    )


@declares
class ContrastOptions(GroupOptions):
    """Which patients are compared, and which group with which."""

    contrast: str | None = contrast_option()


@declares
class ExpressionOptions(ContrastOptions):
    """What ``expression`` is asked."""

    matrix: Path = matrix_argument(_("Genes in rows, samples in columns: counts, log2 values or z-scores."))
    covariates: Path | None = option(
        _("Covariates"), _("Table of clinical values, a row a case."), default=None, group=DESIGN
    )
    adjust: tuple[str, ...] = option(
        _("Adjust for"), _("Columns of --covariates to adjust for."), default=(), metavar="A,B", group=DESIGN
    )
    data: MatrixKind | None = data_option()
    gene_names: Path | None = gene_names_option()
    gene_type: tuple[str, ...] = option(
        _("Gene types"),
        _("Keep these, such as protein_coding or lncRNA."),
        default=(),
        metavar="A,B",
        group=GENES,
    )
    log_fc: float = log_fc_option(_("Least base 2 log fold change."))
    fdr: float = fdr_option(_("Largest adjusted p."))
    robust: bool = option(_("Robust"), _("Moderate genes of unusual variance less."), default=False, group=GENES)
    quality_weights: bool = option(
        _("Quality weights"), _("Weight samples by how well they fit (counts)."), default=False, group=GENES
    )
    beyond: float = option(
        _("Beyond"), _("Test against this log fold change, not zero (treat)."), default=0.0, least=0, group=GENES
    )


@declares
class GseaOptions:
    """What ``gsea`` is asked."""

    ranks: Path = argument(_("Ranks"), _("Table gene,stat, or expression.csv, whose t ranks the genes."))
    sets: str = sets_argument()
    contrast: str | None = option(_("Positive means"), _("What a positive statistic means, in words."), default=None)
    weight: float = option(_("Weight"), _("1 for the weighted score, 0 for the unweighted one."), default=1.0, least=0)
    permutations: int = option(_("Permutations"), _("Random sets of each size."), default=PERMUTATIONS, least=100)
    seed: int = option(_("Seed"), _("Seed of the random sets."), default=0, least=0)
    min_size: int = option(_("Smallest set"), _("Fewest genes of a set in the ranking."), default=LEAST_SIZE, least=1)
    max_size: int = option(_("Largest set"), _("Most genes of a set in the ranking."), default=MOST_SIZE, least=1)


@declares
class EnrichmentOptions:
    """What ``enrichment`` is asked."""

    expression: Path = argument(
        _("Gene results"), _("Table expression.csv with all tested genes, which are the universe."), shared=True
    )
    sets: str = sets_argument()
    direction: Direction = option(_("Direction"), _("Which genes enrichment.csv is about."), default="both")
    log_fc: float | None = option(
        _("Least log fold change"),
        _("Least log fold change of a gene."),
        default=None,
        least=0,
        usual=_("1, or 0 where changes are of z-scores"),
    )
    fdr: float = option(_("Largest adjusted p"), _("Largest adjusted p of a gene."), default=0.05, least=0, most=1)
    min_size: int = option(_("Smallest set"), _("Fewest tested genes of a set."), default=10, least=1)
    max_size: int = option(_("Largest set"), _("Most tested genes of a set."), default=500, least=1)


@declares
class PrognosisOptions:
    """What ``prognosis`` is asked."""

    matrix: Path = matrix_argument(_("Genes x samples with --outcomes; or one row a case with genes and outcome."))
    time: str = option(_("Time column"), _("Column with the months of follow-up."), shared=True)
    event: str = option(_("Event column"), _("Column with 1 for an event, 0 for none."), shared=True)
    expression: Path | None = option(
        _("Gene results"), _("Table expression.csv, whose changes are to fit."), default=None, in_view=True, shared=True
    )
    outcomes: Path | None = option(
        _("Outcomes"),
        _("Table of follow-up; without it, the matrix holds it."),
        default=None,
        in_view=True,
        shared=True,
    )
    case_column: str = option(_("Case column"), _("Column that names the cases."), default="case", flag="--id")
    genes: WhichGenes = option(
        _("Genes"), _("Of the expression table: all, differential, or p < 0.05 (nominal)."), default="all", group=GENES
    )
    log_fc: float = log_fc_option(_("Least log fold change of a differential gene."))
    fdr: float = fdr_option(_("Largest adjusted p of a differential gene."))
    contrast: str | None = option(
        _("Contrast"), _("Groups A-B of the expression table."), default=None,
        metavar="A-B", usual=_("found beside the table"),
    )  # fmt: skip
    worse: str | None = option(_("Worse group"), _("Group expected to live shorter."), default=None, usual="high")


@declares
class PurityOptions(ContrastOptions):
    """What ``purity`` is asked."""

    matrix: Path = matrix_argument(_("Genes in rows, samples in columns: counts or log2 values."))
    gene_names: Path | None = gene_names_option()


@declares
class ImmuneOptions(ContrastOptions):
    """What ``immune`` is asked."""

    table: Path = argument(
        _("Table of cells"), _("A row a sample: CIBERSORT(x), TIL maps, purity, any numeric columns."), files=TABLE
    )
    id: str | None = option(
        _("Sample column"),
        _("Column of the table that names the samples."),
        default=None,
        flag="--sample-column",
        usual=_("found out"),
    )
    largest_p: float = option(
        _("Largest P"),
        _("Cases of this deconvolution P or more are left out; 1 keeps all."),
        default=0.05,
        least=0,
        most=1,
        flag="--max-p",
    )
    seed: int = option(_("Seed"), _("Seed of the permutations."), default=0, least=0)
    features: Path | None = features_option(_("Radiomics features to correlate with."))
    features_id: str = features_id_option()


@declares
class ImmunophenoscoreOptions(ContrastOptions):
    """What ``immunophenoscore`` is asked."""

    matrix: Path = matrix_argument(_("Genes in rows, samples in columns; best log2(TPM + 1)."))
    data: MatrixKind | None = data_option()
    gene_names: Path | None = gene_names_option()


@declares
class HistopathologyOptions(ContrastOptions):
    """What ``histopathology`` is asked."""

    export: Path = argument(_("QuPath export"), _("QuPath's measurements of cells or tiles, TSV or CSV."), files=TABLE)
    contrast: str | None = option(
        _("Contrasts"),
        _("Groups A-B, which means A minus B, several between commas; the first is that of histopathology.csv."),
        default=None,
        metavar="A-B,C-D",
        group=GROUPS,
    )
    features: Path | None = features_option(_("Radiomics features to correlate with."))
    features_id: str = features_id_option()
    map_features: str = option(
        _("Tissue features"),
        _("Regular expression of the tissue features in the map of correlations."),
        default=MAPPED,
    )


@declares
class ClustersOptions(GroupOptions):
    """What ``clusters`` is asked."""

    features: Path = argument(_("Features"), _("Radiomics features, a row a case."), shared=True)
    features_id: str | None = option(
        _("Features' case column"),
        _("Column of the features that names the cases."),
        default=None,
        usual=_("that of --id"),
    )
    method: ClusterMethod = option(_("Method"), _("How patients are joined."), default="ward")
    clusters: int | None = option(
        _("Clusters"),
        _("How many clusters."),
        default=None,
        least=2,
        usual=_("by the largest silhouette"),
    )
    outcomes: Path | None = option(_("Outcomes"), _("Follow-up, for survival of the clusters."), default=None)
    time: str = option(_("Time column"), _("Column with the months of follow-up."), default="dfs_months")
    event: str = option(_("Event column"), _("Column with 1 for an event, 0 for none."), default="dfs_event")
    seed: int = option(_("Seed"), _("Seed of the consensus and of k-means' starts."), default=0, least=0)


@declares
class EverythingOptions:
    """What ``all`` is asked."""

    config: Path = argument(
        _("Configuration"),
        _("YAML or JSON: inputs, groups, and the jobs' options."),
        files="Configuration (*.yaml *.yml *.json)",
    )

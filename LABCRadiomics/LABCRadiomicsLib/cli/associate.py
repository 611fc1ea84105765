"""Commands on what a score goes along with: ``associate expression | gsea | enrichment | ...``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .common import remark, say

if TYPE_CHECKING:
    from ..associations.folder import WrittenFolder

app = typer.Typer(
    help="What the score goes along with: genes, pathways, cells, tissue. Each job writes a folder with a page.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Split(StrEnum):
    """How scores make groups."""

    THIRDS = "thirds"
    CUTOFF = "cutoff"


class Data(StrEnum):
    """What a matrix holds."""

    COUNTS = "counts"
    LOGS = "logs"
    Z_SCORES = "z-scores"


class Genes(StrEnum):
    """Which genes of the expression table are asked about."""

    ALL = "all"
    DIFFERENTIAL = "differential"
    NOMINAL = "nominal"


class Linkage(StrEnum):
    """How patients are joined to clusters."""

    WARD = "ward"
    AVERAGE = "average"
    COMPLETE = "complete"
    K_MEANS = "k-means"
    CONSENSUS = "consensus"


class Direction(StrEnum):
    """Which genes are asked about."""

    BOTH = "both"
    UP = "up"
    DOWN = "down"


OutOption = Annotated[Path, typer.Option(help="Folder for the tables, figures, associations.json and index.html.")]
GroupsOption = Annotated[Path | None, typer.Option(help="Table case,group.")]
ScoresOption = Annotated[Path | None, typer.Option(help="Table case,score, as apply writes it.")]
SplitOption = Annotated[Split, typer.Option(help="How scores make groups.")]
CutoffOption = Annotated[float | None, typer.Option(help="High is a score above it; with --split cutoff.")]
ModelOption = Annotated[str | None, typer.Option(help="Take the stored cutoff of this model; with --split cutoff.")]
ContrastOption = Annotated[str | None, typer.Option(metavar="A-B", help="A minus B: high-low, low-normal, score.")]
IdOption = Annotated[str, typer.Option("--id", help="Column that names the cases in groups, scores, covariates.")]
CovariatesOption = Annotated[Path | None, typer.Option(help="Table of clinical values, a row a case.")]
AdjustOption = Annotated[str, typer.Option(metavar="A,B", help="Columns of --covariates to adjust for.")]
GeneNamesOption = Annotated[Path | None, typer.Option(help="Table identifier,symbol, such as Xena's probe map.")]
FeaturesOption = Annotated[Path | None, typer.Option(help="Radiomics features to correlate with.")]
FeaturesIdOption = Annotated[str, typer.Option(help="Column of the features that names the cases.")]
SetsArgument = Annotated[str, typer.Argument(help="GMT file, or hallmark for the bundled MSigDB hallmark sets.")]


@app.command()
def expression(
    matrix: Annotated[Path, typer.Argument(help="Genes in rows, samples in columns: counts, log2 values or z-scores.")],
    out: OutOption,
    groups: GroupsOption = None,
    scores: ScoresOption = None,
    split: SplitOption = Split.THIRDS,
    cutoff: CutoffOption = None,
    model: ModelOption = None,
    contrast: ContrastOption = None,
    case_id: IdOption = "case",
    covariates: CovariatesOption = None,
    adjust: AdjustOption = "",
    data: Annotated[Data | None, typer.Option(help="What the matrix holds; found out if not said.")] = None,
    gene_names: GeneNamesOption = None,
    gene_type: Annotated[str, typer.Option(metavar="A,B", help="Keep these, such as protein_coding or lncRNA.")] = "",
    log_fc: Annotated[float, typer.Option(min=0, help="Least base 2 log fold change.")] = 1.0,
    fdr: Annotated[float, typer.Option(min=0, max=1, help="Largest adjusted p.")] = 0.05,
    robust: Annotated[bool, typer.Option("--robust", help="Moderate genes of unusual variance less.")] = False,
    quality_weights: Annotated[
        bool, typer.Option("--quality-weights", help="Weight samples by how well they fit (counts).")
    ] = False,
    beyond: Annotated[float, typer.Option(min=0, help="Test against this log fold change, not zero (treat).")] = 0.0,
) -> None:
    """Find the genes that differ between the groups, as limma does."""
    _run(
        "expression", out, matrix=matrix, groups=groups, scores=scores, split=split.value, cutoff=cutoff, model=model,
        contrast=contrast, case_column=case_id, covariates=covariates, adjust=_names(adjust),
        data=data.value if data else None, gene_names=gene_names, gene_type=_names(gene_type), log_fc=log_fc, fdr=fdr,
        robust=robust, quality_weights=quality_weights, beyond=beyond,
    )  # fmt: skip


@app.command()
def gsea(
    ranks: Annotated[Path, typer.Argument(help="Table gene,stat, or expression.csv, whose t ranks the genes.")],
    sets: SetsArgument,
    out: OutOption,
    contrast: Annotated[str | None, typer.Option(help="What a positive statistic means, in words.")] = None,
    weight: Annotated[float, typer.Option(min=0, help="1 for the weighted score, 0 for the unweighted one.")] = 1.0,
    permutations: Annotated[int, typer.Option(min=100, help="Random sets of each size.")] = 10_000,
    seed: Annotated[int, typer.Option(min=0, help="Of the random sets.")] = 0,
    min_size: Annotated[int, typer.Option(min=1, help="Fewest genes of a set in the ranking.")] = 15,
    max_size: Annotated[int, typer.Option(min=1, help="Most genes of a set in the ranking.")] = 500,
) -> None:
    """Find the gene sets that gather at an end of the ranking: preranked GSEA, CAMERA beside it."""
    _run(
        "gsea", out, ranks=ranks, sets=sets, contrast=contrast, weight=weight, permutations=permutations, seed=seed,
        min_size=min_size, max_size=max_size,
    )  # fmt: skip


@app.command()
def enrichment(
    expression: Annotated[Path, typer.Argument(help="expression.csv with all tested genes, which are the universe.")],
    sets: SetsArgument,
    out: OutOption,
    direction: Annotated[Direction, typer.Option(help="Which genes enrichment.csv is about.")] = Direction.BOTH,
    log_fc: Annotated[
        float | None, typer.Option(min=0, help="Least log fold change; 1, or 0 where changes are of z-scores.")
    ] = None,
    fdr: Annotated[float, typer.Option(min=0, max=1, help="Largest adjusted p of a gene.")] = 0.05,
    min_size: Annotated[int, typer.Option(min=1, help="Fewest tested genes of a set.")] = 10,
    max_size: Annotated[int, typer.Option(min=1, help="Most tested genes of a set.")] = 500,
) -> None:
    """Find the gene sets over-represented among the differentially expressed genes."""
    _run(
        "enrichment", out, expression=expression, sets=sets, direction=direction.value, log_fc=log_fc, fdr=fdr,
        min_size=min_size, max_size=max_size,
    )  # fmt: skip


@app.command()
def prognosis(
    matrix: Annotated[
        Path, typer.Argument(help="Genes x samples with --outcomes; or one row a case with genes and outcome.")
    ],
    time: Annotated[str, typer.Option(help="Column with the months of follow-up.")],
    event: Annotated[str, typer.Option(help="Column with 1 for an event, 0 for none.")],
    out: OutOption,
    expression: Annotated[Path | None, typer.Option(help="expression.csv, whose changes are to fit.")] = None,
    outcomes: Annotated[Path | None, typer.Option(help="Table of follow-up; without it, MATRIX holds it.")] = None,
    case_id: Annotated[str, typer.Option("--id", help="Column that names the cases.")] = "case",
    genes: Annotated[Genes, typer.Option(help="Of the expression table: all, differential, or p < 0.05.")] = Genes.ALL,
    log_fc: Annotated[float, typer.Option(min=0, help="Least log fold change of a differential gene.")] = 1.0,
    fdr: Annotated[float, typer.Option(min=0, max=1, help="Largest adjusted p of a differential gene.")] = 0.05,
    contrast: Annotated[
        str | None, typer.Option(metavar="A-B", help="Of the expression table; found beside it if not said.")
    ] = None,
    worse: Annotated[str | None, typer.Option(help="Group expected to live shorter; high if not said.")] = None,
) -> None:
    """Ask whether genes predict survival in the direction in which they differ between the groups."""
    _run(
        "prognosis", out, matrix=matrix, time=time, event=event, expression=expression, outcomes=outcomes,
        case_column=case_id, genes=genes.value, log_fc=log_fc, fdr=fdr, contrast=contrast, worse=worse,
    )  # fmt: skip


@app.command()
def purity(
    matrix: Annotated[Path, typer.Argument(help="Genes in rows, samples in columns: counts or log2 values.")],
    out: OutOption,
    groups: GroupsOption = None,
    scores: ScoresOption = None,
    split: SplitOption = Split.THIRDS,
    cutoff: CutoffOption = None,
    model: ModelOption = None,
    contrast: ContrastOption = None,
    case_id: IdOption = "case",
    gene_names: GeneNamesOption = None,
) -> None:
    """Measure stroma, immune cells and tumor purity by ESTIMATE."""
    _run(
        "purity", out, matrix=matrix, groups=groups, scores=scores, split=split.value, cutoff=cutoff, model=model,
        contrast=contrast, case_column=case_id, gene_names=gene_names,
    )  # fmt: skip


@app.command()
def immune(
    table: Annotated[Path, typer.Argument(help="A row a sample: CIBERSORT(x), TIL maps, purity, any numeric columns.")],
    out: OutOption,
    groups: GroupsOption = None,
    scores: ScoresOption = None,
    split: SplitOption = Split.THIRDS,
    cutoff: CutoffOption = None,
    model: ModelOption = None,
    contrast: ContrastOption = None,
    case_id: IdOption = "case",
    sample_column: Annotated[
        str | None, typer.Option(help="Column of TABLE that names the samples; found out if not said.")
    ] = None,
    max_p: Annotated[
        float, typer.Option(min=0, max=1, help="Cases of this deconvolution P or more are left out; 1 keeps all.")
    ] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Of the permutations.")] = 0,
    features: FeaturesOption = None,
    features_id: FeaturesIdOption = "case",
) -> None:
    """Compare fractions of immune cells, or any measures, between the groups."""
    _run(
        "immune", out, table=table, groups=groups, scores=scores, split=split.value, cutoff=cutoff, model=model,
        contrast=contrast, case_column=case_id, id=sample_column, largest_p=max_p, seed=seed, features=features,
        features_id=features_id,
    )  # fmt: skip


@app.command()
def immunophenoscore(
    matrix: Annotated[Path, typer.Argument(help="Genes in rows, samples in columns; best log2(TPM + 1).")],
    out: OutOption,
    groups: GroupsOption = None,
    scores: ScoresOption = None,
    split: SplitOption = Split.THIRDS,
    cutoff: CutoffOption = None,
    model: ModelOption = None,
    contrast: ContrastOption = None,
    case_id: IdOption = "case",
    data: Annotated[Data | None, typer.Option(help="What the matrix holds; found out if not said.")] = None,
    gene_names: GeneNamesOption = None,
) -> None:
    """Score antigen presentation, effector and suppressor cells and checkpoints."""
    _run(
        "immunophenoscore", out, matrix=matrix, groups=groups, scores=scores, split=split.value, cutoff=cutoff,
        model=model, contrast=contrast, case_column=case_id, data=data.value if data else None, gene_names=gene_names,
    )  # fmt: skip


@app.command()
def histopathology(
    export: Annotated[Path, typer.Argument(help="QuPath's measurements of cells or tiles, TSV or CSV.")],
    out: OutOption,
    groups: GroupsOption = None,
    scores: ScoresOption = None,
    split: SplitOption = Split.THIRDS,
    cutoff: CutoffOption = None,
    model: ModelOption = None,
    contrast: Annotated[
        str | None, typer.Option(metavar="A-B,C-D", help="A minus B; the first is that of histopathology.csv.")
    ] = None,
    case_id: IdOption = "case",
    features: FeaturesOption = None,
    features_id: FeaturesIdOption = "case",
    map_features: Annotated[
        str, typer.Option(help="Regular expression of the tissue features in the map of correlations.")
    ] = r"^(Nucleus|Cell|Cytoplasm).*\| median$",
) -> None:
    """Compare cells and tissue between the groups: quantiles of every case, FDR, map with radiomics features."""
    _run(
        "histopathology", out, export=export, groups=groups, scores=scores, split=split.value, cutoff=cutoff,
        model=model, contrast=contrast, case_column=case_id, features=features, features_id=features_id,
        map_features=map_features,
    )  # fmt: skip


@app.command()
def clusters(
    features: Annotated[Path, typer.Argument(help="Radiomics features, a row a case.")],
    out: OutOption,
    groups: GroupsOption = None,
    scores: ScoresOption = None,
    split: SplitOption = Split.THIRDS,
    cutoff: CutoffOption = None,
    model: ModelOption = None,
    case_id: IdOption = "case",
    features_id: Annotated[
        str | None, typer.Option(help="Column of FEATURES that names the cases, where it is not that of --id.")
    ] = None,
    method: Annotated[Linkage, typer.Option(help="How patients are joined.")] = Linkage.WARD,
    number: Annotated[
        int | None, typer.Option("--clusters", min=2, help="How many; by the largest silhouette if not said.")
    ] = None,
    outcomes: Annotated[Path | None, typer.Option(help="Follow-up, for survival of the clusters.")] = None,
    time: Annotated[str, typer.Option(help="Column with the months of follow-up.")] = "dfs_months",
    event: Annotated[str, typer.Option(help="Column with 1 for an event, 0 for none.")] = "dfs_event",
    seed: Annotated[int, typer.Option(min=0, help="Of the consensus and of k-means' starts.")] = 0,
) -> None:
    """Sort patients into clusters by their radiomics features alone."""
    _run(
        "clusters", out, features=features, features_id=features_id or case_id, groups=groups, scores=scores,
        split=split.value, cutoff=cutoff, model=model, case_column=case_id, method=method.value, clusters=number,
        outcomes=outcomes, time=time, event=event, seed=seed,
    )  # fmt: skip


@app.command("all")
def run_all(
    config: Annotated[Path, typer.Argument(help="YAML or JSON: inputs, groups, and the jobs' options.")],
    out: OutOption,
) -> None:
    """Do every job that the configuration's inputs allow, into one folder with one page; resumes where it stopped."""
    from ..associations.workflow import associate_all
    from .common import ProgressBar

    with ProgressBar("associating") as advance:
        done = associate_all(config, out, advance)
    _say(list(done.sections), done.written)
    for name, reason in {**done.skipped, **done.failed}.items():
        remark(f"{name} was not done: {reason}")
    if done.resumed:
        say(f"Taken from the interrupted run: {', '.join(done.resumed)}.")
    if done.failed:
        raise typer.Exit(2)


def _names(given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))


def _run(name: str, out: Path, **options: Any) -> None:
    """Do a job, write its folder, and say what was found."""
    from ..associations.workflow import associate

    done = associate(name, options, out)
    _say([done.section], done.written)


def _say(sections: list[Any], written: WrittenFolder) -> None:
    for section in sections:
        for notice in section.notices:
            remark(notice.message)
        for count in section.tests:
            say(
                f"{count.what} ({count.groups}): {count.tests} tests, {count.found} with p below {count.alpha:g} "
                f"({count.expected:.1f} expected by chance), {count.surviving} with {count.correction}."
            )
    if written.remark:
        remark(written.remark)
    say(f"Report: {written.index}")

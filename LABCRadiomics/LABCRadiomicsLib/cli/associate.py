"""Commands on what a score goes along with: ``associate expression | gsea | enrichment | ...``."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="What the score goes along with: genes, pathways, cells, tissue. Each job writes a folder with a page.",
    no_args_is_help=True,
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
    gene_names: Annotated[Path | None, typer.Option(help="Table identifier,symbol, such as Xena's probe map.")] = None,
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


def _names(given: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))


def _run(name: str, out: Path, **options: Any) -> None:
    """Do a job, write its folder, and say what was found."""
    from ..associations.folder import write_folder
    from ..associations.registry import JOBS

    job = JOBS[name]
    section = job.run(job.options_type(**options))
    path = write_folder(out, [section], f"{section.title} and the radiomics score")
    _say([section], path)


def _say(sections: list[Any], path: Path) -> None:
    for section in sections:
        for notice in section.notices:
            print(f"labcradiomics: {notice.message}", file=sys.stderr)
        for count in section.tests:
            print(
                f"{count.what} ({count.groups}): {count.tests} tests, {count.found} with p below {count.alpha:g} "
                f"({count.expected:.1f} expected by chance), {count.surviving} with {count.correction}."
            )
    print(f"Report: {path}")

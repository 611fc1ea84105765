"""Tables for the associations of a score with planted truth: genes, gene sets, cells, tissue, survival, clusters.

Everything is made up and says nothing about any patient or gene; names of genes are real ones, so that ESTIMATE, the
immunophenoscore and gene sets find them.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..resources import resources_folder

CELL_TYPES = ("B cells", "T cells CD8", "T cells CD4", "NK cells", "Monocytes", "Macrophages M0", "Macrophages M1",
              "Macrophages M2", "Mast cells", "Neutrophils")  # fmt: skip
PLANTED_TYPE = "Macrophages M2"
MEASUREMENTS = ("Nucleus: Area", "Nucleus: Circularity", "Nucleus: Hematoxylin OD mean", "Cell: Area",
                "Cell: Eosin OD mean", "Cytoplasm: Eosin OD mean")  # fmt: skip
PLANTED_MEASUREMENT = "Nucleus: Area"
PLANTED_SETS = ("PLANTED_HIGHER", "PLANTED_LOWER")


@dataclass(frozen=True)
class SimulatedAssociations:
    """A cohort with truth.

    Attributes
    ----------
    cases : tuple of str, length n
    scores : ndarray, shape (n,)
    genes : tuple of str, length g
    counts : ndarray, shape (g, n)
        Negative binomial.
    changed : ndarray, shape (g,)
        Base 2 logarithms by which a gene rises with one standard deviation of the score; 0 for most.
    sets : dict of str to tuple of str
        Random ones, and the two planted.
    fractions : ndarray, shape (n, types)
        Add up to 1; that of ``PLANTED_TYPE`` rises with the score.
    cells : tuple of ndarray
        One of shape (cells, measurements) a case; ``PLANTED_MEASUREMENT`` rises with the score.
    months, event : ndarray, shape (n,)
        The hazard rises with the score.
    features : ndarray, shape (n, m)
    clusters : ndarray of int, shape (n,)
        The two clusters the features come from.
    """

    cases: tuple[str, ...]
    scores: np.ndarray
    genes: tuple[str, ...]
    counts: np.ndarray
    changed: np.ndarray
    sets: dict[str, tuple[str, ...]]
    fractions: np.ndarray
    cells: tuple[np.ndarray, ...]
    months: np.ndarray
    event: np.ndarray
    features: np.ndarray
    clusters: np.ndarray


def simulate_associations(
    cases: int = 60, seed: int = 0, *, genes: int = 3000, planted: int = 120, effect: float = 1.0
) -> SimulatedAssociations:
    """Make a cohort.

    Parameters
    ----------
    cases, seed : int
    genes : int
        At least 500: those of ESTIMATE and of the immunophenoscore are among them.
    planted : int
        Genes that go along with the score, half of them rising.
    effect : float
        Scale of everything planted; 0 for a cohort in which nothing goes along with the score.
    """
    generator = np.random.default_rng(seed)
    names, free = _gene_names(generator, genes)
    scores = generator.normal(size=cases)
    changed = np.zeros(genes)
    chosen = generator.choice(free, planted, replace=False)
    changed[chosen] = (
        effect * generator.uniform(0.5, 1.0, planted) * np.repeat([1.0, -1.0], [planted // 2, planted - planted // 2])
    )
    months, event = _follow_up(generator, 0.7 * effect * scores)
    return SimulatedAssociations(
        cases=tuple(f"SIM-{at + 1:03d}" for at in range(cases)),
        scores=scores,
        genes=names,
        counts=_counts(generator, changed, scores),
        changed=changed,
        sets=_sets(generator, names, chosen, planted // 2),
        fractions=_fractions(generator, effect * scores),
        cells=tuple(_cells(generator, effect * score) for score in scores),
        months=months,
        event=event,
        **_features(generator, scores),
    )


def _gene_names(generator: np.random.Generator, count: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Those of ESTIMATE's signatures and of the immunophenoscore, and others; places of the others."""
    folder = resources_folder() / "Associations"
    lines = (folder / "estimate_signatures.gmt").read_text(encoding="utf-8").splitlines()
    scored = {gene for line in lines for gene in line.split("\t")[2:]}
    with (folder / "ips_genes.tsv").open(encoding="utf-8", newline="") as file:
        scored |= {row["GENE"] for row in csv.DictReader(file, delimiter="\t")}
    others = sorted({*(folder / "estimate_common_genes.txt").read_text(encoding="utf-8").split()} - scored)
    more = generator.choice(others, count - len(scored), replace=False).tolist()
    names = tuple(sorted([*scored, *more]))
    return names, np.array([at for at, name in enumerate(names) if name not in scored])


def _counts(generator: np.random.Generator, changed: np.ndarray, scores: np.ndarray) -> np.ndarray:
    level = generator.lognormal(5, 1.2, changed.size)
    size = generator.uniform(0.6, 1.6, scores.size)
    mean = level[:, None] * size * 2.0 ** (changed[:, None] * scores)
    shape = generator.chisquare(12, changed.size)[:, None] / 12 / 0.12
    return generator.negative_binomial(shape, shape / (shape + mean))


def _sets(
    generator: np.random.Generator, names: Sequence[str], chosen: np.ndarray, rising: int
) -> dict[str, tuple[str, ...]]:
    sets = {}
    for at in range(30):
        members = generator.choice(len(names), int(generator.integers(15, 90)), replace=False)
        sets[f"RANDOM_{at + 1:02d}"] = tuple(names[k] for k in members)
    for name, part in zip(PLANTED_SETS, (chosen[:rising], chosen[rising:]), strict=True):
        own = generator.choice(part, int(0.6 * part.size), replace=False)
        others = generator.choice(len(names), part.size // 4, replace=False)
        sets[name] = tuple(dict.fromkeys(names[k] for k in (*own, *others)))
    return sets


def _fractions(generator: np.random.Generator, scores: np.ndarray) -> np.ndarray:
    strength = np.tile(np.linspace(0.6, 3, len(CELL_TYPES)), (scores.size, 1))
    strength[:, CELL_TYPES.index(PLANTED_TYPE)] = 4 * np.exp(0.45 * scores)
    drawn = generator.gamma(strength)
    drawn[drawn < 0.05] = 0
    return drawn / drawn.sum(axis=1, keepdims=True)


def _cells(generator: np.random.Generator, score: float) -> np.ndarray:
    count = int(generator.integers(60, 140))
    own = generator.normal(0, 0.12, len(MEASUREMENTS))
    own[MEASUREMENTS.index(PLANTED_MEASUREMENT)] += 0.12 * score
    middle = np.array([30, 0.8, 0.6, 75, 0.25, 0.3])
    return middle * np.exp(own + 0.25 * generator.normal(size=(count, middle.size)))


def _follow_up(generator: np.random.Generator, risk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    until_event = generator.exponential(90 / np.exp(risk))
    until_end = generator.uniform(24, 96, risk.size)
    return np.round(np.minimum(until_event, until_end) + 0.1, 1), until_event <= until_end


def _features(generator: np.random.Generator, scores: np.ndarray) -> dict[str, np.ndarray]:
    clusters = generator.integers(0, 2, scores.size)
    values = generator.normal(size=(scores.size, 18))
    values[:, :8] += 2.2 * clusters[:, None]
    values[:, 8:11] += 0.9 * scores[:, None]
    return {"features": values, "clusters": clusters + 1}


def write_associations(folder: str | Path, made: SimulatedAssociations, title: str | None = None) -> Path:
    """Write the tables as their sources write them, ``truth.json``, and ``config.yaml`` for ``associate all``.

    Returns
    -------
    pathlib.Path
        The configuration.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cases = made.cases
    _table(folder / "scores.csv", ["case", "score"], zip(cases, made.scores.tolist(), strict=True))
    text = "\n".join(
        [
            "\t".join(["gene", *cases]),
            *("\t".join([gene, *map(str, row)]) for gene, row in zip(made.genes, made.counts.tolist(), strict=True)),
        ]
    )
    (folder / "expression.tsv.gz").write_bytes(gzip.compress((text + "\n").encode(), mtime=0))
    (folder / "sets.gmt").write_text(
        "".join("\t".join([name, "simulated", *genes]) + "\n" for name, genes in made.sets.items()),
        encoding="utf-8",
        newline="\n",
    )
    p = np.where(np.arange(len(cases)) % 9 == 4, 0.21, 0.01)  # every ninth deconvolution is not reliable
    rows = [(case, *map(float, row), one) for case, row, one in zip(cases, made.fractions, p, strict=True)]
    _table(folder / "immune.csv", ["Mixture", *CELL_TYPES, "P-value"], rows)
    _write_cells(folder / "cells.tsv", made)
    _table(
        folder / "outcomes.csv",
        ["case", "dfs_months", "dfs_event"],
        zip(cases, made.months.tolist(), made.event.astype(int).tolist(), strict=True),
    )
    names = [f"original_simulated_Feature{at + 1:02d}" for at in range(made.features.shape[1])]
    _table(
        folder / "features.csv",
        ["case", *names],
        ((case, *row) for case, row in zip(cases, made.features.tolist(), strict=True)),
    )
    truth = {
        "changed_genes": {gene: float(value) for gene, value in zip(made.genes, made.changed, strict=True) if value},
        "planted_sets": list(PLANTED_SETS), "planted_cell_type": PLANTED_TYPE,
        "planted_measurement": PLANTED_MEASUREMENT,
        "clusters": dict(zip(cases, made.clusters.tolist(), strict=True)),
    }  # fmt: skip
    (folder / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8", newline="\n")
    return _configuration(folder, title or "Associations of a simulated score")


def _write_cells(path: Path, made: SimulatedAssociations) -> None:
    header = [
        "Image",
        "Object type",
        "Name",
        "Classification",
        "Parent",
        "ROI",
        "Centroid X µm",
        "Centroid Y µm",
        *MEASUREMENTS,
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("\t".join(header) + "\n")
        for case, cells in zip(made.cases, made.cells, strict=True):
            for row in cells:
                numbers = "\t".join(f"{value:.5g}" for value in row)
                file.write(f"{case}.svs\tCell\t\tTumor\tAnnotation\tPolygon\t1\t1\t{numbers}\n")


def _configuration(folder: Path, title: str) -> Path:
    text = f"""# What `labcradiomics associate all` is asked; paths are relative to this file.
title: {title}
demonstration: true
scores: scores.csv
split: thirds
contrast: high-low
expression: expression.tsv.gz
sets: sets.gmt
immune: immune.csv
histopathology: cells.tsv
features: features.csv
outcomes: outcomes.csv
time: dfs_months
event: dfs_event
"""
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _table(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])

"""Gene sets from GMT files: a set a line, its name, a description, then its genes, between tabs."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import CohortError
from ..resources import resources_folder
from .identifiers import main_kind

BUNDLED = {"hallmark": "hallmark_v7.0.symbols.gmt"}
_LEAST_SHARE = 0.05  # of the sets' genes among the tested ones: below it, names are probably of different kinds


@dataclass(frozen=True)
class GeneSets:
    """Named sets of genes.

    Attributes
    ----------
    source : str
        Name of the file.
    sets : dict of str to tuple of str
        Genes of each set, each once.
    path : pathlib.Path
    """

    source: str
    sets: dict[str, tuple[str, ...]]
    path: Path

    @property
    def genes(self) -> set[str]:
        """All genes of all sets."""
        return set().union(*self.sets.values())


def read_gene_sets(path: str | os.PathLike[str]) -> GeneSets:
    """Read a GMT file, gzip-compressed or not; ``hallmark`` names the bundled MSigDB hallmark sets.

    Raises
    ------
    CohortError
        The file cannot be read, a line is no set, or a set's name occurs twice.
    """
    bundled = BUNDLED.get(str(path))
    path = resources_folder() / "Associations" / bundled if bundled else Path(path)
    sets: dict[str, tuple[str, ...]] = {}
    rows: dict[str, int] = {}
    for row, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        cells = [cell.strip().strip('"') for cell in line.split("\t")]
        if len(cells) < 3:
            raise CohortError(
                f"{path}, row {row}: not a gene set; a GMT line holds a name, a description and genes between tabs."
            )
        name = cells[0]
        if not name:
            raise CohortError(f"{path}, row {row}: the gene set has no name; give it one in the first cell.")
        if name in sets:
            raise CohortError(f"{path}, row {row}: gene set {name} repeats row {rows[name]}; keep one.")
        # A gene may carry a weight behind a comma, as Enrichr writes them.
        genes = dict.fromkeys(cell.split(",")[0] for cell in cells[2:] if cell)
        sets[name], rows[name] = tuple(genes), row
    if not sets:
        raise CohortError(f"{path}: no gene set; give a GMT file.")
    return GeneSets(path.name, sets, path)


def require_same_names(sets: GeneSets, tested: Sequence[str], source: str) -> tuple[str, ...]:
    """Make sure that sets and tested genes are named alike; gives remarks.

    Raises
    ------
    CohortError
        No gene of any set is among the tested ones.
    """
    genes, known = sets.genes, set(tested)
    shared = len(genes & known)
    if not shared:
        ours, theirs = main_kind(tested), main_kind(sorted(genes))
        hint = (
            f"{source} names genes by {ours}, {sets.source} by {theirs}; give both in the same naming"
            if ours != theirs
            else f"for example {next(iter(tested), '')} and {next(iter(sorted(genes)), '')}; check species and spelling"
        )
        raise CohortError(f"no gene of {sets.source} is in {source}: {hint}.")
    share = shared / len(known)
    if share < _LEAST_SHARE:
        return (
            f"Only {shared} of the {len(known)} genes of {source} are in any set of {sets.source}: check the naming.",
        )
    return ()


def _lines(path: Path) -> Iterable[str]:
    try:
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        return data.decode("utf-8-sig").splitlines()
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CohortError(f"{path}: the gzip file is damaged ({error}); copy it again.") from error
    except OSError as error:
        raise CohortError(f"{path}: the gene sets cannot be read ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise CohortError(f"{path}: byte {error.start} is not UTF-8 text; save the gene sets as UTF-8.") from error

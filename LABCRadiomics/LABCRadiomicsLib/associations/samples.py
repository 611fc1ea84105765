"""Columns of a matrix or rows of a table matched with the groups' patients: one sample a patient and kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import CohortError
from ..notices import Notice
from ..sentences import listed, many
from .groups import NORMAL_GROUP, Contrast, Grouping, is_normal
from .identifiers import PRIMARY, Barcode, kind_name, parse_barcode


@dataclass(frozen=True)
class Samples:
    """Samples with a group, in the order of the table.

    Attributes
    ----------
    names : tuple of Barcode
    groups : tuple of str
    members : tuple of tuple of int
        Positions in the table that make each sample: several where a sample was measured more than once.
    grouping : Grouping
        As used: thirds may have been taken again among these patients.
    notices : tuple of Notice
    """

    names: tuple[Barcode, ...]
    groups: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    grouping: Grouping
    notices: tuple[Notice, ...]

    @property
    def cases(self) -> tuple[str, ...]:
        """Patients, one a sample; normal tissue of a patient says so."""
        return tuple(f"{name.case} (normal)" if is_normal(name) else name.case for name in self.names)

    @property
    def repeated(self) -> int:
        """Samples measured more than once."""
        return sum(len(members) > 1 for members in self.members)

    def rows(self, *groups: str) -> np.ndarray:
        """Which samples are in any of the groups."""
        return np.isin(np.array(self.groups, dtype=object), groups)

    def combined(self, values: np.ndarray, *, total: bool) -> np.ndarray:
        """Values of the samples from those of the table, shape (..., table), by sums or by means."""
        if not self.repeated and [members[0] for members in self.members] == list(range(values.shape[-1])):
            return values
        found = np.empty((*values.shape[:-1], len(self.members)))
        for at, members in enumerate(self.members):
            part = values[..., list(members)]
            if len(members) == 1:
                found[..., at] = part[..., 0]
            else:
                found[..., at] = part.sum(axis=-1) if total else part.mean(axis=-1)
        return found


def match_samples(
    columns: Sequence[str],
    grouping: Grouping,
    source: str,
    *,
    thirds_of_table: bool,
    normals: bool = False,
    unread: Sequence[str] = (),
    rows: Sequence[str] = (),
) -> Samples:
    """Find the samples that have a group.

    Parameters
    ----------
    columns : sequence of str
        Names of the samples in the table.
    grouping : Grouping
    source : str
        The table's name, for the sentences.
    thirds_of_table : bool
        Whether thirds of the score are taken among the patients of the table, not among all that have a score.
    normals : bool
        Whether normal tissue (type 11) makes a group of its own.
    unread : sequence of str
        Samples of the table that were not read, for the remarks.
    rows : sequence of str
        What the table's rows are named, to tell a table that lies on its side.

    Raises
    ------
    CohortError
        No sample has a group; the sentence shows a name of each side.
    """
    found, passed = _by_sample(columns)
    if thirds_of_table:
        scored = [name.case for name in found if not is_normal(name) and name.case in grouping.scores]
        grouping = grouping.within(scored) if scored else grouping
    groups = {name: grouping.of(name) or (NORMAL_GROUP if normals and is_normal(name) else None) for name in found}
    kept = [name for name, group in groups.items() if group is not None]
    if all(groups[name] == NORMAL_GROUP for name in kept):
        raise _unmatched(columns, rows, grouping, source)
    left = [name for name, group in groups.items() if group is None]
    further, passed_unread = _by_sample(unread)
    left += [name for name in further if not (normals and is_normal(name))]
    samples = Samples(
        tuple(kept), tuple(str(groups[name]) for name in kept), tuple(tuple(found[name]) for name in kept), grouping, ()
    )
    return replace(samples, notices=_remarks(samples, source, passed + passed_unread, left))


def _by_sample(columns: Sequence[str]) -> tuple[dict[Barcode, list[int]], Counter[str]]:
    """Places of every sample that may be used, and how many are of a kind that never is."""
    found: dict[Barcode, list[int]] = {}
    passed: Counter[str] = Counter()
    for at, text in enumerate(columns):
        sample = parse_barcode(text)
        if sample.kind in ("", PRIMARY) or is_normal(sample):
            key = Barcode(sample.case, "" if sample.kind == PRIMARY else sample.kind)
            found.setdefault(key, []).append(at)
        else:
            passed[sample.kind] += 1
    return found, passed


def _unmatched(columns: Sequence[str], rows: Sequence[str], grouping: Grouping, source: str) -> CohortError:
    known = {name.case for name in grouping.labels}
    if sum(parse_barcode(name).case in known for name in rows[:2000]) > 1:
        return CohortError(f"{source} has the cases in rows; transpose it, so that cases are columns.")
    return CohortError(
        f"no sample of {source} has a group: it names them like {columns[0] if columns else 'nothing'}, "
        f"{grouping.source.name} like {next(iter(grouping.labels)).case}; give both the same names."
    )


def _remarks(samples: Samples, source: str, passed: Counter[str], left: Sequence[Barcode]) -> tuple[Notice, ...]:
    grouping = samples.grouping
    notices = [
        Notice("sample-kind", f"Left out: {count} {kind_name(kind)} (type {kind}) of {source}.")
        for kind, count in sorted(passed.items())
    ]
    normals = sum(map(is_normal, left))
    ungrouped = [name.case for name in left if not is_normal(name)]
    if normals:
        notices.append(Notice("normal-tissue", f"Left out: {normals} of normal tissue (type 11) of {source}."))
    measured = {name.case for name in samples.names}
    absent = [name.case for name in grouping.labels if name.case not in measured]
    if absent:
        notices.append(Notice("case-not-measured", f"Not in {source}: {_listed(absent)} of {grouping.source.name}."))
    if ungrouped:
        notices.append(
            Notice("case-without-group", f"Not in {grouping.source.name}: {_listed(ungrouped)} of {source}.")
        )
    return tuple(notices)


def _listed(cases: Sequence[str]) -> str:
    return f"{many(len(cases), 'case')} ({listed(cases)})"


def require_sizes(samples: Samples, contrast: Contrast, source: str, least: int = 2) -> None:
    """Make sure that both groups of a contrast have enough samples.

    Raises
    ------
    CohortError
        A group has fewer than ``least``.
    """
    for name in (contrast.first, contrast.second):
        count = int(samples.rows(name).sum())
        if count < least:
            known = ", ".join(f"{group} {n}" for group, n in Counter(samples.groups).items())
            raise CohortError(f"{source}: group {name} has {many(count, 'sample')} ({known}); {least} are needed.")

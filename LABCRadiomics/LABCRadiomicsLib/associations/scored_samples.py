"""Samples of a matrix whose scores are wanted with or without groups to compare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from ..notices import Notice
from ..step_options import ContrastOptions
from .groups import Contrast, Grouping, find_contrast, is_normal
from .identifiers import PRIMARY, Barcode, kind_name, parse_barcode
from .options import grouping_of
from .samples import Samples, match_samples, require_sizes


def scored_samples(columns: Sequence[str], options: ContrastOptions, source: str, rows: Sequence[str] = ()) -> Samples:
    """Find the samples of a group, or, where no groups are given, all primary tumors (or samples of no stated kind).

    Raises
    ------
    CohortError, InputError
        As :func:`.samples.match_samples`.
    """
    if options.groups is not None or options.scores is not None:
        grouping = grouping_of(options)
        found = match_samples(columns, grouping, source, thirds_of_table=False, rows=rows)
        return Samples(found.names, found.groups, found.members, grouping, (*grouping.notices, *found.notices))
    if options.contrast is not None:
        raise InputError("Option --contrast needs --groups or --scores: give one of them.")
    members: dict[Barcode, list[int]] = {}
    passed: Counter[str] = Counter()
    for at, text in enumerate(columns):
        sample = parse_barcode(text)
        if sample.kind in ("", PRIMARY) or is_normal(sample):
            members.setdefault(Barcode(sample.case, "" if sample.kind == PRIMARY else sample.kind), []).append(at)
        else:
            passed[sample.kind] += 1
    notices = tuple(
        Notice("sample-kind", f"Left out: {count} {kind_name(kind)} (type {kind}) of {source}.")
        for kind, count in sorted(passed.items())
    )
    names = tuple(members)
    grouping = Grouping(dict.fromkeys(names, "all"), {}, "given", Path(source))
    return Samples(names, ("all",) * len(names), tuple(map(tuple, members.values())), grouping, notices)


def compared(samples: Samples, options: ContrastOptions, source: str) -> Contrast | None:
    """The contrast, where there are groups.

    Raises
    ------
    CohortError, InputError
        The contrast names no groups, or one is too small.
    """
    if options.groups is None and options.scores is None:
        return None
    names = tuple(dict.fromkeys((*samples.grouping.names, *samples.groups)))
    pair = find_contrast(options.contrast, names, samples.grouping.source)
    require_sizes(samples, pair, source)
    return pair

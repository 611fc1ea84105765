"""The command ``cases``: a case table from a folder of images and masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..files import refuse_overwriting
from .common import PhaseOption, ProgressBar, RegularGridOption, SegmentOption, remark, say

_SHOWN = 5


def cases(
    folder: Annotated[Path, typer.Argument(help="DICOM tree as TCIA lays it out, or NRRD and NIfTI files.")],
    out: Annotated[Path, typer.Option(help="The case table to write, for extract.")],
    phase: PhaseOption = None,
    segment: SegmentOption = None,
    images: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only images with this text in path or description.")
    ] = None,
    masks: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only masks with this text in path or description.")
    ] = None,
    first_study: Annotated[bool, typer.Option("--first-study", help="Only the first study of each patient.")] = False,
    regular_grid: RegularGridOption = False,
) -> None:
    """Pair images with their masks and write the table that extract takes."""
    from ..cohort import Rules, find_cases, unpaired_path

    refuse_overwriting([folder], [out, unpaired_path(out)])
    rules = Rules(phase, segment, images, masks, first_study, regular_grid)
    with ProgressBar("looking through folders") as advance:
        found = find_cases(folder, out, rules, advance)
    masks_left = [one for one in found.unpaired if one.kind == "mask"]
    others = len(found.unpaired) - len(masks_left)
    for one in masks_left[:_SHOWN]:
        remark(f"Mask {one.path} became no case, because {one.reason.rstrip('.')}.")
    if found.unpaired:
        more = f"{len(masks_left)} masks and {others} images or files became no case"
        remark(f"{more}: {unpaired_path(out)} says why for each.")
    say(f"{out}: {len(found.cases)} cases of {found.images} images and {found.masks} masks.")


COMMANDS = (cases,)

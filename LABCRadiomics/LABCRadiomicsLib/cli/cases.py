"""The command ``cases``: a case table from a folder of images and masks."""

from __future__ import annotations

from ..files import refuse_overwriting
from ..sentences import many
from ..step_options import CasesOptions
from .common import ProgressBar, remark, say
from .declared import command

_SHOWN = 5


def cases(asked: CasesOptions) -> None:
    """Do ``cases``."""
    from ..cohort import Rules, find_cases, unpaired_path

    out = asked.out
    refuse_overwriting([asked.folder], [out, unpaired_path(out)])
    rules = Rules(asked.phase, asked.segment, asked.images, asked.masks, asked.first_study, asked.regular_grid)
    with ProgressBar("looking through folders") as advance:
        found = find_cases(asked.folder, out, rules, advance)
    masks_left = [one for one in found.unpaired if one.kind == "mask"]
    others = len(found.unpaired) - len(masks_left)
    for one in masks_left[:_SHOWN]:
        remark(f"Mask {one.path} became no case, because {one.reason.rstrip('.')}.")
    if found.unpaired:
        what = f"{many(len(masks_left), 'mask')} and {others} images or files became no case"
        remark(f"{what}: {unpaired_path(out)} says why for each.")
    images, masks = many(found.images, "image"), many(found.masks, "mask")
    say(f"{out}: {many(len(found.cases), 'case')} of {images} and {masks}.")


COMMANDS = (command("cases", cases),)

"""Images and masks of a tree made into a case table; what finds no partner is listed with the reason."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import CohortError, InputError
from ..imaging.acquisitions import choose_phase
from ..imaging.segment_choice import choose_segment
from ..tables.csv_table import CASE, write_table
from .case_search import Found, FoundImage, FoundMask, Phase, search
from .case_table import Case

_NEEDED = ("series", "phase", "segment")


@dataclass(frozen=True)
class Unpaired:
    """What became no case.

    Attributes
    ----------
    path : pathlib.Path
    kind : str
        ``"image"``, ``"mask"`` or ``"file"``.
    reason : str
    """

    path: Path
    kind: str
    reason: str


@dataclass(frozen=True)
class CaseSearch:
    """The outcome of :func:`find_cases`.

    Attributes
    ----------
    cases : tuple of Case
        Their paths are relative to the table's folder.
    unpaired : tuple of Unpaired
    images, masks : int
        Numbers that were found.
    """

    cases: tuple[Case, ...]
    unpaired: tuple[Unpaired, ...]
    images: int
    masks: int


@dataclass(frozen=True)
class Rules:
    """How cases are chosen.

    Attributes
    ----------
    phase : str or None
        Which acquisition, see :class:`.imaging.ReadingOptions`; None takes the one that a mask refers to.
    segment : str or None
        Which segment of masks that name several.
    images, masks : str or None
        Only those whose path or description contains this text.
    first_study : bool
        Only the first study of each patient.
    regular_grid : bool
        Take series that make no regular grid too.
    """

    phase: str | None = None
    segment: str | None = None
    images: str | None = None
    masks: str | None = None
    first_study: bool = False
    regular_grid: bool = False


class _NoPairError(Exception):
    """Why a mask has no image."""


def find_cases(
    folder: str | os.PathLike[str],
    out_csv: str | os.PathLike[str],
    rules: Rules,
    progress: Callable[[int, int], None] | None = None,
) -> CaseSearch:
    """Pair the images and masks of a folder tree and write the case table.

    A mask finds its image by what it refers to (DICOM), then by the frame of reference in its study, then by its name,
    and last by being alone with one image in a folder.

    Parameters
    ----------
    folder : path
        A DICOM tree in any layout, or NRRD, NIfTI and MetaImage files.
    out_csv : path
        The table; beside it, ``OUT_unpaired.csv`` lists what became no case.
    rules : Rules
    progress : callable, optional
        Called with the number of folders done and their total.

    Returns
    -------
    CaseSearch

    Raises
    ------
    CohortError
        The folder is none, or holds no pair; the table cannot be written.
    """
    if not Path(folder).is_dir():
        raise CohortError(f"{folder} is no folder: give the folder with the images and masks.")
    found = search(Path(folder), progress)
    pairs, unpaired = _paired(found, rules)
    cases = _named(pairs, Path(out_csv).absolute().parent)
    outcome = CaseSearch(cases, tuple(unpaired), len(found.images), len(found.masks))
    _write_unpaired(unpaired_path(out_csv), outcome.unpaired)
    if not cases:
        why = f": {unpaired[0].path.name}: {unpaired[0].reason}" if unpaired else ""
        raise CohortError(
            f"{folder} holds {outcome.images} images and {outcome.masks} masks, and no pair of them{why}."
        )
    columns = [name for name in _NEEDED if any(getattr(case, name) for case in cases)]
    rows = ([case.name, case.image, case.mask, *(getattr(case, name) for name in columns)] for case in cases)
    write_table(out_csv, [CASE, "image", "mask", *columns], rows)
    return outcome


def unpaired_path(out_csv: str | os.PathLike[str]) -> Path:
    """Give the path of the list of what became no case: ``OUT.csv`` has ``OUT_unpaired.csv``."""
    out = Path(out_csv)
    return out.with_name(f"{out.stem}_unpaired.csv")


def _write_unpaired(path: Path, unpaired: Sequence[Unpaired]) -> None:
    if unpaired:
        write_table(path, ["path", "kind", "reason"], ([str(one.path), one.kind, one.reason] for one in unpaired))
    else:
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Pair:
    image: FoundImage
    mask: FoundMask
    phase: str = ""
    segment: str = ""


def _paired(found: Found, rules: Rules) -> tuple[list[_Pair], list[Unpaired]]:
    places = _Places(found, rules)
    unpaired = [Unpaired(path, "file", reason) for path, reason in found.unread]
    pairs: list[_Pair] = []
    for mask in found.masks:
        if rules.masks and not _contains(mask.path, mask.description, rules.masks):
            unpaired.append(Unpaired(mask.path, "mask", f"its path and description do not contain {rules.masks!r}"))
            continue
        try:
            pairs.append(places.pair(mask))
        except (_NoPairError, InputError) as reason:
            unpaired.append(Unpaired(mask.path, "mask", str(reason)))
    pairs, crowded = _one_mask_an_image(pairs)
    unpaired += crowded
    if rules.first_study:
        pairs, later = _first_studies(pairs)
        unpaired += later
    used = {id(pair.image) for pair in pairs}
    for image in found.images:
        if id(image) not in used:
            unpaired.append(Unpaired(image.path, "image", image.problem or "no mask was paired with it"))
    return pairs, unpaired


def _contains(path: Path, description: str, wanted: str) -> bool:
    return wanted.casefold() in f"{path} {description}".casefold()


class _Places:
    """Finds the image of a mask."""

    def __init__(self, found: Found, rules: Rules):
        self.found, self.rules = found, rules
        self.images = [
            image for image in found.images
            if rules.images is None or _contains(image.path, image.description, rules.images)
        ]  # fmt: skip
        kept = set(map(id, self.images))
        self.by_uid: dict[str, list[FoundImage]] = defaultdict(list)
        self.by_study: dict[str, list[FoundImage]] = defaultdict(list)
        self.by_name: dict[str, list[FoundImage]] = defaultdict(list)
        for image in self.images:
            if image.uid:
                self.by_uid[image.uid].append(image)
                self.by_study[image.study].append(image)
            else:
                self.by_name[image.patient].append(image)
        self.places = {
            uid: (found.images[at], order) for uid, (at, order) in found.places.items() if id(found.images[at]) in kept
        }

    def pair(self, mask: FoundMask) -> _Pair:
        """Give the image, phase and segment of a mask; raise what prevents it."""
        image, phase = self._of_dicom(mask) if mask.is_dicom else self._of_file(mask)
        if image.problem and not (self.rules.regular_grid and "no regular grid" in image.problem):
            raise _NoPairError(f"its image {image.path.name} cannot be read: {image.problem}")
        segment = ""
        if len(mask.segments) > 1 or (mask.segments and self.rules.segment):
            segment = choose_segment(mask.segments, self.rules.segment, "it").name
        return _Pair(image, mask, phase, segment if len(mask.segments) > 1 else "")

    def _of_dicom(self, mask: FoundMask) -> tuple[FoundImage, str]:
        referred = [self.places[uid] for uid in mask.instances if uid in self.places]
        orders: set[int] = set()
        if referred:
            counts = Counter(id(image) for image, _ in referred)
            best = max(counts, key=lambda at: counts[at])
            image = next(image for image, _ in referred if id(image) == best)
            orders = {order for other, order in referred if other is image}
        else:
            image = self._by_series(mask)
        return self._of_phase(image, orders)

    def _by_series(self, mask: FoundMask) -> FoundImage:
        named = [image for uid in mask.series for image in self.by_uid.get(uid, [])]
        if not named and (mask.series or mask.instances):
            named = self._in_frame(mask)
            if not named:
                raise _NoPairError("the series that it refers to is not in the folder")
        named = named or self._in_frame(mask)
        if not named:
            raise _NoPairError("no image of its study has its frame of reference")
        if len(named) == 1:
            return named[0]
        alike = [image for image in named if image.geometry == named[0].geometry]
        if self.rules.phase is not None and len(alike) == len(named):
            return named[0]
        names = ", ".join(sorted(image.description or image.path.name for image in named)[:6])
        raise _NoPairError(f"{len(named)} series may be its image ({names}): narrow them with --images or --phase")

    def _in_frame(self, mask: FoundMask) -> list[FoundImage]:
        return [
            image for image in self.by_study.get(mask.study, [])
            if image.frame_of_reference == mask.frame_of_reference and mask.frame_of_reference and not image.derived
        ]  # fmt: skip

    def _of_phase(self, image: FoundImage, orders: set[int]) -> tuple[FoundImage, str]:
        """Choose among the acquisitions of a series, or among series that are the phases of one examination."""
        wanted = self.rules.phase
        if len(image.phases) > 1:
            if wanted is None and len(orders) == 1:
                return image, str(orders.pop() + 1)
            return image, str(_chosen(image.phases, wanted, f"its series {image.path.name}") + 1)
        if wanted is None:
            return image, ""
        siblings = [
            other for other in self.by_study.get(image.study, [])
            if other.geometry and other.geometry == image.geometry and not other.derived and len(other.phases) == 1
            and other.frame_of_reference == image.frame_of_reference and other.when is not None
        ]  # fmt: skip
        siblings.sort(key=lambda other: other.when or 0.0)
        if len(siblings) < 2:
            return image, ""
        start = siblings[0].when or 0.0
        phases = [Phase(other.description or other.path.name, (other.when or 0.0) - start) for other in siblings]
        return siblings[_chosen(phases, wanted, "its study")], ""

    def _of_file(self, mask: FoundMask) -> tuple[FoundImage, str]:
        named = self.by_name.get(mask.patient, []) or self._by_patient(mask) or self._beside(mask)
        if not named:
            raise _NoPairError(f"no image has its name ({mask.patient or mask.path.name})")
        if len(named) == 1:
            return self._of_phase(named[0], set())
        if all(image.order >= 0 for image in named) and len({image.order for image in named}) == len(named):
            named = sorted(named, key=lambda image: image.order)
            return named[_chosen([Phase(image.path.name) for image in named], self.rules.phase, "its patient")], ""
        names = ", ".join(image.path.name for image in named[:6])
        raise _NoPairError(f"{len(named)} images may be its image ({names}): narrow them with --images")

    def _by_patient(self, mask: FoundMask) -> list[FoundImage]:
        """DICOM series of the patient whose identifier is the mask's name, in letters and numbers."""
        key = _plain(mask.name)
        return [image for image in self.images if image.uid and key and _plain(image.patient) == key]

    def _beside(self, mask: FoundMask) -> list[FoundImage]:
        """The images in the nearest folder above that holds any, where the mask is the only one in it."""
        for folder in mask.path.parents:
            images = [image for image in self.images if folder in image.path.parents]
            if images:
                masks = sum(folder in other.path.parents for other in self.found.masks if not other.is_dicom)
                return images if masks == 1 else []
        return []


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _chosen(phases: Sequence[Phase], wanted: str | None, what: str) -> int:
    times = [phase.seconds for phase in phases]
    return choose_phase(times, wanted, what, [phase.said for phase in phases])


def _one_mask_an_image(pairs: Iterable[_Pair]) -> tuple[list[_Pair], list[Unpaired]]:
    by_image: dict[int, list[_Pair]] = defaultdict(list)
    for pair in pairs:
        by_image[id(pair.image)].append(pair)
    single, crowded = [], []
    for group in by_image.values():
        if len(group) == 1:
            single += group
            continue
        names = ", ".join(pair.mask.path.name for pair in group[:4])
        text = f"{len(group)} masks are of one image ({names}): narrow them with --masks"
        crowded += [Unpaired(pair.mask.path, "mask", text) for pair in group]
    return single, crowded


def _first_studies(pairs: list[_Pair]) -> tuple[list[_Pair], list[Unpaired]]:
    first: dict[str, str] = {}
    for pair in sorted(pairs, key=lambda pair: pair.image.date):
        first.setdefault(pair.image.patient, pair.image.study)
    later = [pair for pair in pairs if first[pair.image.patient] != pair.image.study]
    kept = [pair for pair in pairs if first[pair.image.patient] == pair.image.study]
    return kept, [Unpaired(pair.mask.path, "mask", "its study is not the first of its patient") for pair in later]


def _named(pairs: list[_Pair], home: Path) -> tuple[Case, ...]:
    """Cases in the order of their names: the patient, and a number where a patient has several."""
    ordered = sorted(pairs, key=lambda pair: (_case(pair), pair.image.date, str(pair.image.path)))
    counts = Counter(_case(pair) for pair in ordered)
    seen: Counter[str] = Counter()
    cases = []
    for row, pair in enumerate(ordered, 2):
        name = _case(pair)
        seen[name] += 1
        name = f"{name}_{seen[name]}" if counts[name] > 1 else name
        image, mask = (_relative(path, home) for path in (pair.image.path, pair.mask.path))
        cases.append(Case(name, row, image, mask, segment=pair.segment, phase=pair.phase, series=pair.image.series))
    return tuple(cases)


def _case(pair: _Pair) -> str:
    return (pair.image.patient or pair.mask.patient).replace(" ", "_") or pair.image.path.stem


def _relative(path: Path, home: Path) -> str:
    try:
        return Path(os.path.relpath(path.absolute(), home)).as_posix()
    except ValueError:  # another drive of Windows
        return path.absolute().as_posix()

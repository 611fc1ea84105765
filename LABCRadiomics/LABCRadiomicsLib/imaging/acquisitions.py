"""Which frames belong together: the acquisitions that one DICOM series holds, listed and chosen, never mixed.

A series may hold the phases of a dynamic study, several echoes or b-values, magnitude and phase images, or a localizer.
Frames of one size and direction make a stack. Where a stack has several frames at one place, the headers say what
tells them apart; it is looked for in what DICOM provides for it first and in times and numbers last.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from ..errors import GeometryError, InputError
from ..sentences import listed
from .dicom_headers import PlacedFrame
from .slice_grids import plane_axes

FIRST_POST = "first-post"
ADVICE = "choose one with --phase"
ADVICE_FOR_MASKS = "give a mask that is one of them"
# How near two frames of one place are: a share of the slice thickness, within limits in mm.
_SAME_PLACE_SHARE, _SAME_PLACE_MM = 0.1, (0.01, 0.1)
_SAME_DIRECTION = 2e-3
_SHOWN = 12
# How far a time that is asked for may be from an acquisition's: in seconds, or as a share of the time between two.
_SECONDS, _SHARE_OF_STEP = 1.0, 0.1
# In the order in which they are believed to tell acquisitions apart.
_DISTINCT = ("temporal position", "trigger time", "acquisition number", "echo time", "b-value", "flip angle",
             "inversion time", "image type", "stack", "dimension index 1", "dimension index 2", "dimension index 3",
             "acquisition time", "content time")  # fmt: skip
_RANKED = ("trigger time", "acquisition time", "content time")
_TIMES = ("trigger time", "acquisition time", "content time")
# A temporal position is of an acquisition, so two of them are two even where their slices lie between each other.
_NEVER_OF_ONE = ("temporal position", "echo time", "b-value", "inversion time")
# Of a frame: a mark, or several; what it gives can be compared and hashed, being of one type for all frames.
_Key = Callable[[PlacedFrame], Any]
_UNITS = {"echo time": " ms", "b-value": "", "flip angle": " degrees", "inversion time": " ms"}


@dataclass(frozen=True)
class Acquisition:
    """Frames of one volume, in the order of their places.

    Attributes
    ----------
    frames : tuple of PlacedFrame
    seconds : float or None
        When it was acquired, after the first acquisition of its series.
    told_by : str
        What tells it from the others, in words: ``"temporal position 2"``; empty when there is just one.
    """

    frames: tuple[PlacedFrame, ...]
    seconds: float | None = None
    told_by: str = ""

    def describe(self) -> str:
        """Its number of slices, time, and what tells it from the others."""
        count = len(self.frames)
        parts = [f"{count} slice{'s' * (count != 1)}"]
        if self.seconds is not None:
            parts.append(f"{self.seconds:.4g} s after the first" if self.seconds else "the first")
        if self.told_by:
            parts.append(self.told_by)
        return ", ".join(parts)


def acquisitions_of(frames: Sequence[PlacedFrame], what: str) -> list[Acquisition]:
    """Divide the frames of one series into acquisitions, in the order of their times.

    Parameters
    ----------
    frames : sequence of PlacedFrame
        All with position, orientation and pixel spacing.
    what : str
        How messages call the series.

    Returns
    -------
    list of Acquisition

    Raises
    ------
    GeometryError
        Several frames lie at one place and nothing in the headers tells them apart.
    """
    found: list[Acquisition] = []
    stacks = _stacks(frames, what)
    for stack in stacks:
        axes = plane_axes(stack[0].orientation, what)
        divided = _divided(stack, axes[:, 2], what)
        if len(stacks) > 1:
            rows, columns = stack[0].size
            across, along = stack[0].pixel_spacing
            size = f"{columns} x {rows} pixels of {along:.4g} x {across:.4g} mm"
            about = f"{size}, {_plane(axes[:, 2])}{_localizer(stack)}"
            divided = [(members, f"{told}, {about}" if told else about) for members, told in divided]
        found += [Acquisition(_in_place(members, axes[:, 2]), None, told) for members, told in divided]
    return _timed(found)


def choose_acquisition(found: Sequence[Acquisition], wanted: str | None, what: str, advice: str = ADVICE) -> int:
    """Decide which acquisition is read.

    Parameters
    ----------
    found : sequence of Acquisition
    wanted : str or None
        A number from 1, seconds after the first (``"90s"``, ``"92.5"``), or ``"first-post"``: the first one after
        contrast; None takes the only one there is.
    what, advice : str
        How messages call the series, and what they advise where none is chosen of several.

    Returns
    -------
    int
        Its place in the list.

    Raises
    ------
    InputError
        There are several and none is chosen, or the one chosen is not there.
    """
    times = [acquisition.seconds for acquisition in found]
    return choose_phase(times, wanted, what, [acquisition.describe() for acquisition in found], advice)


def choose_phase(
    times: Sequence[float | None], wanted: str | None, what: str, listed: Sequence[str], advice: str = ADVICE
) -> int:
    """Decide which of several phases is meant, given their times in seconds; see :func:`choose_acquisition`."""
    count = len(listed)
    shown = "; ".join(f"{number}: {line}" for number, line in enumerate(listed[:_SHOWN], 1))
    shown += "; ..." if count > _SHOWN else ""
    if wanted is None:
        if count == 1:
            return 0
        raise InputError(f"{what} holds {count} acquisitions ({shown}): {advice}.")
    if wanted == FIRST_POST:
        return 1 if count > 1 else 0
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s?)", wanted.strip())
    if match is None:
        raise InputError(f"Phase {wanted!r} is not understood: give its number, seconds such as 90s, or {FIRST_POST}.")
    value, seconds = float(match[1]), bool(match[2])
    if not seconds and value.is_integer() and 1 <= value <= count:
        return int(value) - 1
    known = [time for time in times if time is not None]
    if len(known) == count and count > 1 and (seconds or value):  # numbers begin at 1, so a 0 is no time either
        nearest = min(range(count), key=lambda at: abs(known[at] - value))
        # A whole number may be a number that is not there, so it must be the very second.
        step = float(np.diff(sorted(known)).min()) if seconds or not value.is_integer() else 0.0
        if abs(known[nearest] - value) <= max(_SECONDS, _SHARE_OF_STEP * step):
            return nearest
    if count == 1:
        raise InputError(f"{what} holds one acquisition, so no phase {wanted}: leave the phase out.")
    raise InputError(f"{what} has no phase {wanted} among its {count} ({shown}): choose one of these with --phase.")


def _stacks(frames: Iterable[PlacedFrame], what: str) -> list[list[PlacedFrame]]:
    """Frames of one size, pixel spacing and direction, the largest stack first."""
    stacks: list[list[PlacedFrame]] = []
    for frame in frames:
        for stack in stacks:
            if _alike(stack[0], frame):
                stack.append(frame)
                break
        else:
            stacks.append([frame])
    return sorted(stacks, key=len, reverse=True)


def _alike(one: PlacedFrame, other: PlacedFrame) -> bool:
    if (one.size, one.orientation, one.pixel_spacing) == (other.size, other.orientation, other.pixel_spacing):
        return True
    return (
        one.size == other.size
        and np.allclose(one.orientation, other.orientation, rtol=0, atol=_SAME_DIRECTION)
        and np.allclose(one.pixel_spacing, other.pixel_spacing, rtol=1e-3, atol=0)
    )


def _plane(normal: np.ndarray) -> str:
    return ("sagittal", "coronal", "axial")[int(np.abs(normal).argmax())]


def _localizer(stack: Sequence[PlacedFrame]) -> str:
    return ", localizer" if any("LOCALIZER" in str(frame.marks.get("image type")) for frame in stack) else ""


def _place(frame: PlacedFrame, normal: np.ndarray) -> float:
    return float(np.dot(frame.position, normal))


def _in_place(frames: Iterable[PlacedFrame], normal: np.ndarray) -> tuple[PlacedFrame, ...]:
    return tuple(sorted(frames, key=lambda frame: _place(frame, normal)))


def _by_plane(frames: Sequence[PlacedFrame], normal: np.ndarray) -> list[list[PlacedFrame]]:
    """Frames at one place along the normal together, in the order of the places."""
    planes: list[list[PlacedFrame]] = []
    last = None
    same = float(np.clip(_SAME_PLACE_SHARE * (frames[0].slice_thickness or 0), *_SAME_PLACE_MM))
    for frame in _in_place(frames, normal):
        place = _place(frame, normal)
        if last is not None and place - last < same:
            planes[-1].append(frame)
        else:
            planes.append([frame])
            last = place
    return planes


def _divided(stack: Sequence[PlacedFrame], normal: np.ndarray, what: str) -> list[tuple[list[PlacedFrame], str]]:
    """Acquisitions of one stack, each with what tells it from the others."""
    planes = _by_plane(stack, normal)
    most = max(map(len, planes))
    if most == 1:
        return _told_apart_between_planes(stack, len(planes))
    keys: list[tuple[tuple[str, ...], _Key]] = []
    present = [name for name in _DISTINCT if all(name in frame.marks for frame in stack)]
    present = [name for name in present if len({frame.marks[name] for frame in stack}) > 1]
    keys += [((name,), _mark(name)) for name in present]
    places = {id(frame): _in_plane(frame, stack[0]) for frame in stack}
    keys.append((("place",), lambda frame: places[id(frame)]))
    for count in (2, 3):
        for names in combinations(present, count):
            keys.append((names, _marks(names)))
    for names, key in keys:
        groups = _grouped(stack, key)
        if len(groups) == most and all(max(map(len, _by_plane(group, normal))) == 1 for group in groups.values()):
            return [(group, _told(names, value)) for value, group in groups.items()]
    for name in _RANKED:
        if ranked := _ranked(planes, _mark(name)):
            return [(group, f"by {name}") for group in ranked]
    if told := _by_number(planes, lambda frame: frame.instance_number, "instance numbers"):
        return told
    if len({frame.path for frame in stack}) == 1 and (told := _by_number(planes, lambda frame: frame.index, "frames")):
        return told
    crowded = next(plane for plane in planes if len(plane) == most)
    raise GeometryError(
        f"{what} holds up to {most} images at one place ({listed([frame.name for frame in crowded], 3)}) and nothing "
        "in their headers tells acquisitions apart: "
        "give a folder with the images of one acquisition."
    )


def _by_number(
    planes: Sequence[Sequence[PlacedFrame]], number: Callable[[PlacedFrame], int | None], what: str
) -> list[tuple[list[PlacedFrame], str]] | None:
    """Acquisitions by running numbers, where these go acquisition by acquisition or place by place; else None."""
    ranked = _ranked(planes, number)
    if ranked is None:
        return None
    first = 1 if what == "frames" else 0  # frames are counted from 0
    ranges = [[int(number(frame) or 0) + first for frame in group] for group in ranked]
    blocks = all(max(one) < min(other) for one, other in pairwise(ranges))
    rows = zip(*ranges, strict=True)
    if not blocks and not all(max(row) - min(row) == len(row) - 1 for row in rows):
        return None
    return [(group, f"{what} {min(found)} to {max(found)}") for group, found in zip(ranked, ranges, strict=True)]


def _told_apart_between_planes(stack: Sequence[PlacedFrame], planes: int) -> list[tuple[list[PlacedFrame], str]]:
    """Acquisitions whose slices lie between each other's: one frame at each place, but of several phases."""
    for name in _NEVER_OF_ONE:
        if all(name in frame.marks for frame in stack):
            groups = _grouped(stack, _mark(name))
            if 1 < len(groups) <= planes // 2:
                return [(group, _told((name,), value)) for value, group in groups.items()]
    return [(list(stack), "")]


def _in_plane(frame: PlacedFrame, first: PlacedFrame) -> tuple[float, ...]:
    """Where a frame lies in its plane against the first one, in tenths of a millimeter."""
    offset = np.subtract(frame.position, first.position)
    axes = np.reshape(first.orientation, (2, 3))
    return tuple(np.round(axes @ offset, 1) + 0.0)


def _mark(name: str) -> _Key:
    """A frame's mark of this name; None where it has none."""
    return lambda frame: frame.marks.get(name)


def _marks(names: tuple[str, ...]) -> _Key:
    return lambda frame: tuple(frame.marks[name] for name in names)


def _grouped(frames: Iterable[PlacedFrame], key: _Key) -> dict[Any, list[PlacedFrame]]:
    groups: dict[Any, list[PlacedFrame]] = defaultdict(list)
    for frame in frames:
        groups[key(frame)].append(frame)
    return dict(sorted(groups.items(), key=lambda entry: entry[0]))


def _told(names: tuple[str, ...], value: Any) -> str:
    values = value if isinstance(value, tuple) and names != ("place",) else (value,)
    if names == ("place",):
        return f"shifted in plane by {value} mm"
    parts = [
        f"{name} {part:g}{_UNITS.get(name, '')}" if isinstance(part, float) else f"{name} {part}"
        for name, part in zip(names, values, strict=True)
        if name not in _TIMES
    ]
    return ", ".join(parts)


def _ranked(planes: Sequence[Sequence[PlacedFrame]], key: _Key) -> list[list[PlacedFrame]] | None:
    """The first, second, ... frame of every place; None when places differ in number or a key is absent or equal."""
    if len({len(plane) for plane in planes}) != 1:
        return None
    ordered = []
    for plane in planes:
        values = [key(frame) for frame in plane]
        if None in values or len(set(values)) != len(values):
            return None
        ordered.append(sorted(plane, key=key))
    return [list(group) for group in zip(*ordered, strict=True)]


def _timed(found: list[Acquisition]) -> list[Acquisition]:
    """Give each acquisition its time after the first, where the headers tell times, and put them in that order."""
    for name in _TIMES:
        times = [
            min(float(frame.marks[name]) for frame in acquisition.frames)
            for acquisition in found
            if all(name in frame.marks for frame in acquisition.frames)
        ]
        if len(times) < len(found) or len(set(times)) != len(times) or len(times) < 2:
            continue
        start = min(times)
        timed = [
            Acquisition(acquisition.frames, time - start, acquisition.told_by)
            for acquisition, time in zip(found, times, strict=True)
        ]
        if all(acquisition.told_by.startswith("temporal position") for acquisition in timed):
            return timed
        return [timed[at] for at in sorted(range(len(timed)), key=times.__getitem__)]
    return found

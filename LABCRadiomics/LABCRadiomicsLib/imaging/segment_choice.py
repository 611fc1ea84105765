"""Which segment of several is meant, by its name, its identifier or its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..sentences import listed

_SHOWN = 12


@dataclass(frozen=True)
class Segment:
    """A segment or region of interest as its file names it.

    Attributes
    ----------
    number : int
        From 1, as the file numbers it or in its order.
    name : str
    identifier : str
        Of Slicer's segments, such as ``Segment_1``.
    """

    number: int
    name: str
    identifier: str = ""

    def describe(self) -> str:
        """Number and name, for lists."""
        return f"{self.number} {self.name!r}" + (f" (ID {self.identifier})" if self.identifier else "")


def choose_segment(segments: Sequence[Segment], wanted: str | None, what: str, kind: str = "segment") -> Segment:
    """Decide which segment is the tumor.

    Parameters
    ----------
    segments : sequence of Segment
    wanted : str or None
        Identifier, name (in any case of letters) or number; None takes the only one there is.
    what, kind : str
        How messages call the file and what is in it.

    Raises
    ------
    InputError
        There is no segment, or several of which none or more than one is meant.
    """
    held = listed([segment.describe() for segment in segments], _SHOWN)
    if not segments:
        raise InputError(f"{what} holds no {kind}: segment the tumor first.")
    if wanted is None:
        if len(segments) == 1:
            return segments[0]
        raise InputError(f"{what} holds {len(segments)} {kind}s ({held}): choose one with --segment NAME or NUMBER.")
    wanted = wanted.strip()
    for meant in (
        lambda segment: segment.identifier == wanted,
        lambda segment: segment.name.strip() == wanted,
        lambda segment: wanted.isdecimal() and segment.number == int(wanted),
        lambda segment: segment.name.strip().casefold() == wanted.casefold(),
    ):
        found = [segment for segment in segments if meant(segment)]
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(f"{what} holds {len(found)} {kind}s named {wanted!r} ({held}): give the number.")
    raise InputError(f"{what} has no {kind} {wanted!r}, it holds {held}: choose one of these.")

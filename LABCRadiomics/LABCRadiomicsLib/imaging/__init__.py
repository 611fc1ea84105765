"""Images, masks and contours as arrays with their geometry, before any feature is computed.

``volume`` is the one inner image type and its axis orders; ``reading`` makes volumes of files, and says with
``source`` where they came from, which a ``sidecar`` may tell; ``masks`` are labels; ``region`` puts a mask on its
image's grid, ``surroundings`` say how it stands out there; ``contours`` are masks as another reader would have drawn
them, from the smooth ``random_fields`` that also texture a phantom.

May import: errors, notices, sentences.
"""

from .reading import AS_FILES_SAY, ReadingOptions, read_image, read_mask, read_pair
from .region import Region, region_of
from .source import Reading, Source
from .volume import AS_LOADED, CANONICAL, Volume

__all__ = [
    "AS_FILES_SAY",
    "AS_LOADED",
    "CANONICAL",
    "Reading",
    "ReadingOptions",
    "Region",
    "Source",
    "Volume",
    "read_image",
    "read_mask",
    "read_pair",
    "region_of",
]

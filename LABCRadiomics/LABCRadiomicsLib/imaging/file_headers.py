"""What NRRD, NIfTI and MetaImage headers say about voxel size and place, which ITK fills in where they do not say it.

Sources: the NRRD format (teem), nifti1.h and nifti2.h, and ITK's MetaImage documentation.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..errors import GeometryError, InputError

_NRRD_UNITS = {"mm": 1.0, "um": 1e-3, "µm": 1e-3, "micron": 1e-3, "microns": 1e-3, "cm": 10.0, "m": 1000.0}
_NIFTI_FLOATS = {16: "f4", 64: "f8"}
_NIFTI_BYTES = {2: 1, 256: 1, 4: 2, 512: 2, 8: 4, 768: 4, 16: 4, 64: 8, 1024: 8, 1280: 8}
_META_BYTES = {"met_char": 1, "met_uchar": 1, "met_short": 2, "met_ushort": 2, "met_int": 4, "met_uint": 4,
               "met_float": 4, "met_double": 8, "met_long_long": 8, "met_ulong_long": 8}  # fmt: skip
_LONGEST_HEADER = 1 << 20
_SHEAR_COSINE = 1e-2


@dataclass(frozen=True)
class FileHeader:
    """What a header says.

    Attributes
    ----------
    lacking : str or None
        Why the voxel size or its axes are not known, in words; None when they are.
    unit_mm : float
        Length of the unit that ITK takes for a millimeter.
    fields : mapping of str to str
        Key-value pairs (NRRD).
    listed : bool
        Whether the components of a voxel are a list (layers, phases) rather than a color or a vector (NRRD).
    time_step : float or None
        Seconds between the volumes of a four-dimensional file.
    packed : Packed or None
        Compressed voxels, which ITK does not hold to their length and checksum.
    """

    lacking: str | None = None
    unit_mm: float = 1.0
    fields: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False
    time_step: float | None = None
    packed: Packed | None = None


@dataclass(frozen=True)
class Packed:
    """Where a file keeps compressed voxels.

    Attributes
    ----------
    path : pathlib.Path
    offset : int
        In bytes.
    kind : str
        ``"gzip"`` or ``"zlib"``.
    length : int
        The least number of bytes that they unpack to.
    """

    path: Path
    offset: int
    kind: str
    length: int = 0


def nrrd_header(path: Path, what: str) -> FileHeader:
    """Read an NRRD header.

    Raises
    ------
    InputError
        The header is damaged, or the data file it names is not there.
    """
    with path.open("rb") as file:
        content = file.read(_LONGEST_HEADER)
    end = re.search(rb"\r?\n\r?\n", content)
    text = content[: end.start() if end else len(content)].decode("utf-8", errors="replace")
    named: dict[str, str] = {}
    pairs: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#"):
            continue
        if ":=" in line:
            name, _, value = line.partition(":=")
            pairs[name.strip()] = value.strip()
        else:
            name, _, value = line.partition(":")
            named[name.strip().casefold()] = value.strip()
    data = named.get("data file") or named.get("datafile")
    _require_data_files(path, data, what)
    if data is None and end is None:
        raise InputError(f"{what} ends within its header: copy or export it again.")
    packed = None
    if named.get("encoding", "").casefold() in ("gzip", "gz") and (data is None or (path.parent / data).is_file()):
        packed = Packed(path, end.end(), "gzip") if data is None and end else Packed(path.parent / str(data), 0, "gzip")
    kinds = named.get("kinds", "").casefold().split()
    listed = bool(kinds) and kinds[0] == "list"
    units = set(re.findall(r'"([^"]*)"', named.get("space units", ""))) - {""}
    if len(units) > 1 or units - _NRRD_UNITS.keys():
        raise InputError(f"{what} measures space in {', '.join(sorted(units))}: save it in mm.")
    unit = _NRRD_UNITS[units.pop()] if units else 1.0
    return FileHeader(_nrrd_lacking(named), unit, pairs, listed, packed=packed)


def _nrrd_lacking(named: Mapping[str, str]) -> str | None:
    if "space directions" in named:
        vectors = [
            [_float(value) for value in vector.split(",")]
            for vector in re.findall(r"\(([^)]*)\)", named["space directions"])
        ]
        lengths = [math.sqrt(sum(value * value for value in vector)) for vector in vectors]
        if len(lengths) >= 3 and all(math.isfinite(length) and length > 0 for length in lengths):
            return None
        return "its space directions are no three lengths above zero"
    if "spacings" in named:
        values = [_float(value) for value in named["spacings"].split()]
        spatial = [value for value in values if math.isfinite(value) and value > 0]
        return None if len(spatial) >= 3 else "its spacings are not all above zero"
    return "it has no space directions"


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _require_data_files(path: Path, data: str | None, what: str) -> None:
    if data is None or "%" in data or data.casefold().startswith("list"):
        return
    if not (path.parent / data).is_file():
        raise InputError(f"{what} keeps its voxels in {data}, which is not beside it: copy both files.")


def meta_header(path: Path, what: str) -> FileHeader:
    """Read a MetaImage header.

    Raises
    ------
    InputError
        The data file it names is not there.
    """
    with path.open("rb") as file:
        content = file.read(_LONGEST_HEADER)
    named: dict[str, str] = {}
    read = 0
    for line in content.split(b"\n"):
        read += len(line) + 1
        name, equals, value = line.decode("latin-1").partition("=")
        if not equals:
            break
        named[name.strip().casefold()] = value.strip()
        if name.strip().casefold() == "elementdatafile":
            break
    data = named.get("elementdatafile", "")
    inside = data.casefold() in ("local", "")
    if not inside:
        _require_data_files(path, data, what)
    if "elementdatafile" not in named:
        raise InputError(f"{what} ends within its header: copy or export it again.")
    packed = None
    if inside and path.stat().st_size < read + _meta_length(named):
        raise InputError(f"{what} is shorter than its header says: copy or export it again.")
    if named.get("compresseddata", "").casefold() == "true" and (inside or (path.parent / data).is_file()):
        packed = Packed(path, read, "zlib") if inside else Packed(path.parent / data, 0, "zlib")
    return FileHeader(_meta_lacking(named), packed=packed)


def _meta_length(named: Mapping[str, str]) -> int:
    """Bytes of the uncompressed voxels of a MetaImage; 0 where they are compressed or not known."""
    size = _META_BYTES.get(named.get("elementtype", "").casefold(), 0)
    counts = [_float(value) for value in named.get("dimsize", "").split()]
    if named.get("compresseddata", "").casefold() == "true" or not all(map(math.isfinite, counts)):
        return 0
    return int(size * math.prod(counts) * max(_float(named.get("elementnumberofchannels", "1")), 1))


def _meta_lacking(named: Mapping[str, str]) -> str | None:
    sizes = named.get("elementspacing") or named.get("elementsize")
    if sizes is None:
        return "it has no ElementSpacing"
    values = [_float(value) for value in sizes.split()]
    sound = all(math.isfinite(value) and value > 0 for value in values[:3])
    return None if sound else "its ElementSpacing is not above zero"


def nifti_header(path: Path, what: str) -> FileHeader:
    """Read a NIfTI header.

    Raises
    ------
    InputError
        The file is damaged or shorter than its header says.
    GeometryError
        The axes of the sform are not at right angles.
    """
    header = _NiftiHeader.read(path, what)
    lacking = header.lacking(what)
    packed = None
    if path.suffix == ".gz":
        packed = Packed(path, 0, "gzip", header.length)
    elif path.stat().st_size < header.length:
        raise InputError(f"{what} is shorter than its header says: copy or export it again.")
    return FileHeader(lacking, time_step=header.time_step(), packed=packed)


def is_as_packed(header: FileHeader, voxels: np.ndarray) -> bool:
    """Say whether voxels have the checksum and length of what their file holds compressed, byte by byte.

    A quick look: where bytes are swapped or more is packed than voxels, the answer is no though all may be well.
    """
    if header.packed is None:
        return True
    if header.packed.kind != "gzip" or voxels.nbytes < header.packed.length or not voxels.flags.c_contiguous:
        return False
    with header.packed.path.open("rb") as file:
        file.seek(-8, 2)
        checksum, length = struct.unpack("<II", file.read(8))
    return length == voxels.nbytes % (1 << 32) and checksum == zlib.crc32(voxels.data)


def require_sound(header: FileHeader, what: str) -> None:
    """Hold compressed voxels to their checksum and length.

    Raises
    ------
    InputError
        The voxels are damaged, or fewer than the header says.
    """
    if header.packed is None:
        return
    length = 0
    try:
        with header.packed.path.open("rb") as file:
            file.seek(header.packed.offset)
            if header.packed.kind == "gzip":
                with gzip.GzipFile(fileobj=file) as voxels:
                    while part := len(voxels.read(1 << 20)):
                        length += part
            else:
                length = len(zlib.decompress(file.read()))
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{what} is damaged (its voxels fail their checksum): copy or export it again.") from error
    if length < header.packed.length:
        raise InputError(f"{what} is shorter than its header says: copy or export it again.")


def non_finite_voxels(path: Path, what: str) -> np.ndarray | None:
    """Find the voxels of a NIfTI file that are not finite numbers, which ITK's reader turns into zeros.

    Returns
    -------
    numpy.ndarray of float or None
        Shape ``(..., k, j, i)``: NaN or infinity where the file holds it, 0 elsewhere; None when all are finite.
    """
    header = _NiftiHeader.read(path, what)
    if header.datatype not in _NIFTI_FLOATS:
        return None
    shape = tuple(max(length, 1) for length in header.dim[1 : header.dim[0] + 1])[::-1]
    kind = np.dtype(header.order + _NIFTI_FLOATS[header.datatype])
    count = math.prod(shape)
    raw = header.voxels(path, what)
    if len(raw) < count * kind.itemsize:
        raise InputError(f"{what} is shorter than its header says: copy or export it again.")
    voxels = np.frombuffer(raw, kind, count).reshape(shape)
    wrong = ~np.isfinite(voxels)
    return np.where(wrong, voxels, 0).astype(float) if wrong.any() else None


@dataclass(frozen=True)
class _NiftiHeader:
    """The fields of NIfTI-1, NIfTI-2 and Analyze headers that matter here."""

    order: str
    magic: bytes
    dim: tuple[int, ...]
    datatype: int
    pixdim: tuple[float, ...]
    offset: int
    units: int
    qform_code: int
    sform_code: int
    sform: tuple[float, ...]

    @classmethod
    def read(cls, path: Path, what: str) -> _NiftiHeader:
        start = _unpacked(path, what, 600)
        for order in "<>":
            if len(start) >= 348 and struct.unpack_from(order + "i", start)[0] == 348:
                qform_code, sform_code = struct.unpack_from(order + "2h", start, 252)
                return cls(
                    order,
                    start[344:348],
                    struct.unpack_from(order + "8h", start, 40),
                    struct.unpack_from(order + "h", start, 70)[0],
                    struct.unpack_from(order + "8f", start, 76),
                    _offset(struct.unpack_from(order + "f", start, 108)[0]),
                    start[123],
                    qform_code,
                    sform_code,
                    struct.unpack_from(order + "12f", start, 280),
                )
            if len(start) >= 540 and struct.unpack_from(order + "i", start)[0] == 540:
                qform_code, sform_code = struct.unpack_from(order + "2i", start, 344)
                return cls(
                    order,
                    start[4:8],
                    struct.unpack_from(order + "8q", start, 16),
                    struct.unpack_from(order + "h", start, 12)[0],
                    struct.unpack_from(order + "8d", start, 104),
                    struct.unpack_from(order + "q", start, 168)[0],
                    struct.unpack_from(order + "i", start, 500)[0] & 0xFF,
                    qform_code,
                    sform_code,
                    struct.unpack_from(order + "12d", start, 400),
                )
        raise InputError(f"{what} is no NIfTI file, or damaged: copy or export it again.")

    def lacking(self, what: str) -> str | None:
        """Why the file does not say how large its voxels are and where its axes point; None when it does."""
        if not 1 <= self.dim[0] <= 7 or min(self.dim[1 : self.dim[0] + 1]) < 0:
            raise InputError(f"{what} has {self.dim[0]} dimensions by its header, which is damaged: copy it again.")
        if self.magic[:2] not in (b"n+", b"ni") or (self.qform_code <= 0 and self.sform_code <= 0):
            return "it has neither a qform nor an sform (both codes are 0)"
        if self.sform_code > 0:
            matrix = np.reshape(self.sform, (3, 4))[:, :3]
            lengths = np.linalg.norm(matrix, axis=0)
            if not np.isfinite(matrix).all() or lengths.min() <= 0:
                return "its sform is not three lengths above zero"
            cosines = (matrix / lengths).T @ (matrix / lengths) - np.eye(3)
            if np.abs(cosines).max() > _SHEAR_COSINE:
                # ITK takes the qform then; a matrix of a registration is no place of voxels, so it is not used here.
                raise GeometryError(
                    f"{what} has axes that are not at right angles (a sheared sform): "
                    "resample it onto a regular grid first."
                )
            stated = np.abs(self.pixdim[1:4])
            if np.abs(lengths - stated).max() > 1e-3 * lengths.max():
                raise GeometryError(
                    f"{what} states two voxel sizes, {_times(lengths)} mm by its sform and {_times(stated)} mm by its "
                    "pixdim: save it again with the right one."
                )
            return None
        sizes = self.pixdim[1:4]
        if not all(math.isfinite(size) and size > 0 for size in sizes):
            return "its pixdim is not above zero"
        return None

    @property
    def length(self) -> int:
        """The least number of bytes of the unpacked file; ITK fills a shorter one up with zeros."""
        size = _NIFTI_BYTES.get(self.datatype, 0) if self.magic[:2] == b"n+" else 0
        return self.offset + size * math.prod(max(length, 1) for length in self.dim[1 : self.dim[0] + 1])

    def time_step(self) -> float | None:
        """Seconds between volumes; None where the header gives none."""
        step = self.pixdim[4]
        unit = {8: 1.0, 16: 1e-3, 24: 1e-6}.get(self.units & 0x38)
        return step * unit if unit and math.isfinite(step) and step > 0 else None

    def voxels(self, path: Path, what: str) -> bytes:
        """The stored voxels as bytes."""
        if self.magic[:2] == b"n+":
            return _unpacked(path, what)[self.offset :]
        pair = path.with_name(re.sub(r"\.hdr(\.gz)?$", r".img\1", path.name))
        if not pair.is_file():
            raise InputError(f"{what} keeps its voxels in {pair.name}, which is not beside it: copy both files.")
        return _unpacked(pair, what)[self.offset :]


def _times(sizes: Iterable[float]) -> str:
    return " x ".join(f"{size:.4g}" for size in sizes)


def _offset(value: float) -> int:
    return int(value) if math.isfinite(value) and 0 <= value < 2**40 else 0


def _unpacked(path: Path, what: str, count: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            return file.read(count)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{what} is damaged or incomplete: copy or export it again.") from error

"""Images and masks with random damage given to the command line in one process; shared by a test and a benchmark.

A damaged file may be refused (exit code 2, one sentence) or read, where the damage is in voxels that no checksum
protects or in a part that does not matter; a traceback, another exit code or a score that is no number is a defect.
"""

from __future__ import annotations

import contextlib
import json
import math
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

import dicom_making as making
from damage import call
from LABCRadiomicsLib.imaging import Volume


@dataclass(frozen=True)
class Outcome:
    """What the command did with one damaged file."""

    kind: str
    seed: int
    code: int
    said: str
    score: float | None

    @property
    def defect(self) -> str:
        """What is wrong with the outcome; empty where nothing is."""
        if self.code not in (0, 2):
            return f"exit code {self.code}"
        if self.code == 0 and (self.score is None or not math.isfinite(self.score)):
            return f"score {self.score}"
        if self.code == 2 and (self.said.count("\n") != 1 or not self.said.startswith("labcradiomics: ")):
            return "no single sentence"
        return ""


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Flip bits, overwrite, remove, repeat or insert bytes, or cut the end off; near the beginning half of the time."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        reach = len(changed) if rng.random() < 0.5 else min(len(changed), 2048)
        at = rng.randrange(max(reach, 1))
        length = rng.choice((1, 1, 2, 4, 16, 200))
        way = rng.randrange(7)
        if way == 0 and changed:
            changed[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            changed[at : at + length] = bytes(length)
        elif way == 2:
            changed[at : at + length] = b"\xff" * length
        elif way == 3:
            del changed[at : at + length]
        elif way == 4:
            changed[at:at] = changed[at : at + length]
        elif way == 5:
            changed[at:at] = rng.randbytes(length)
        else:
            del changed[at:]
    return bytes(changed)


def make_inputs(folder: Path) -> dict[str, tuple[Path, Path, Path]]:
    """Write one sound input of each kind; give for each the image, the mask, and the file to be damaged."""
    rng = np.random.default_rng(0)
    voxels = rng.normal(400, 90, making.SHAPE).astype(np.int16)
    normal = np.cross(making.SAGITTAL[:3], making.SAGITTAL[3:])
    images = making.slices(voxels)
    series = making.write(folder / "series", images)
    direction = np.stack([making.SAGITTAL[:3], making.SAGITTAL[3:], normal], axis=1)
    volume = Volume(voxels, np.array(making.SPACING), np.array(making.ORIGIN), direction)
    mask = volume.with_array(making.tumor())
    kinds: dict[str, tuple[Path, Path, Path]] = {}
    for name, compress in (("nrrd", True), ("raw.nrrd", False), ("nii", False), ("nii.gz", True), ("mha", True)):
        paths = folder / f"image.{name}", folder / f"mask.{name}"
        for part, path in zip((volume, mask), paths, strict=True):
            sitk.WriteImage(part.to_sitk(), str(path), compress)
        kinds[f"image {name}"] = (*paths, paths[0])
        kinds[f"mask {name}"] = (*paths, paths[1])
    sound = folder / "mask.nrrd"
    kinds["slice"] = series, sound, sorted(series.iterdir())[4]
    enhanced = making.enhanced(folder / "enhanced.dcm", images)
    kinds["enhanced"] = enhanced, sound, enhanced
    seg = making.segmentation(folder / "seg.dcm", images, [making.tumor()])
    kinds["SEG"] = series, seg, seg
    contours = making.structure_set(folder / "rt.dcm", images, {"GTV": making.outlines(mask)})
    kinds["RTSTRUCT"] = series, contours, contours
    layers = folder / "layers.seg.nrrd"
    image = sitk.Compose([mask.to_sitk(), mask.to_sitk()])
    for number, name in enumerate(("Tumor", "Other")):
        for key, value in (("ID", f"S{number}"), ("Name", name), ("Layer", number), ("LabelValue", 1)):
            image.SetMetaData(f"Segment{number}_{key}", str(value))
    sitk.WriteImage(image, str(layers), True)
    layers.write_bytes(layers.read_bytes().replace(b"kinds: vector", b"kinds: list"))
    kinds["layers"] = series, layers, layers
    return kinds


def try_damage(
    folder: Path, kinds: dict[str, tuple[Path, Path, Path]], seeds: Sequence[int], reports: int | None = None
) -> Iterator[Outcome]:
    """Damage a file of one kind after the other, score, and put it back; the same seeds give the same damage.

    The first ``reports`` of them, or all, also write a report, which takes most of the time.
    """
    names = list(kinds)
    for number, seed in enumerate(seeds):
        rng = random.Random(seed)
        kind = names[seed % len(names)]
        image, mask, target = kinds[kind]
        content = target.read_bytes()
        try:
            target.write_bytes(damaged(content, rng))
            out = folder / "report" if reports is None or number < reports else None
            yield _score(kind, seed, image, mask, out)
        finally:
            target.write_bytes(content)
            shutil.rmtree(folder / "report", ignore_errors=True)


def _score(kind: str, seed: int, image: Path, mask: Path, out: Path | None) -> Outcome:
    segment = ["--segment", "Tumor"] if kind == "layers" else []
    arguments = ["score", image, mask, "--json", *segment, *(["--out", out] if out else [])]
    try:
        code, printed, said = call(list(map(str, arguments)))
    except Exception as error:  # what would be a traceback
        code, printed, said = 1, "", f"{type(error).__name__}: {error}\n"
    score = None
    with contextlib.suppress(ValueError):
        score = json.loads(printed).get("score")
    if code != 0 and out is not None and out.exists():
        said += f"left {out} behind\n"
    return Outcome(kind, seed, code, said, score)

"""Slices at their places: whether they make a regular grid, and if not, where and how they fail to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import GeometryError
from ..notices import Notice
from ..sentences import listed
from .volume import Volume

# Positions in headers are rounded, often to a hundredth of a millimeter: a distance of two may be off by twice that.
_ROUNDED_MM = 0.015
_ROUNDED_SHARE = 0.01
_SHIFT_PIXELS = 0.1
_LEAST_SINE = 1e-3


@dataclass(frozen=True)
class SliceStack:
    """Parallel slices in the order of their places along their normal.

    Attributes
    ----------
    positions : numpy.ndarray
        Center of the first pixel of each slice in mm, LPS; shape (n, 3).
    direction : numpy.ndarray
        Shape (3, 3); columns are the directions along a row, along a column, and their normal.
    pixel_spacing : tuple of float
        Distance of columns (along i) and of rows (along j) in mm.
    names : sequence of str
        How messages call the slices.
    single_spacing : float or None
        Distance in mm that stands in where there is just one slice.
    """

    positions: np.ndarray
    direction: np.ndarray
    pixel_spacing: tuple[float, float]
    names: Sequence[str]
    single_spacing: float | None = None

    @property
    def places(self) -> np.ndarray:
        """Place of each slice along the normal in mm."""
        return self.positions @ self.direction[:, 2]

    @property
    def spacing(self) -> float:
        """Usual distance of the slices in mm, the median; a GeometryError for one slice of unknown thickness."""
        gaps = np.diff(self.places)
        if len(gaps):
            return float(np.median(gaps))
        if self.single_spacing is None:
            raise GeometryError(f"{self.names[0]} is one slice of unknown thickness: give its size with --spacing.")
        return self.single_spacing

    @property
    def shifts(self) -> np.ndarray:
        """How far each slice lies from the first one's place in its plane, in pixels along i and j; shape (n, 2)."""
        return (self.positions - self.positions[0]) @ self.direction[:, :2] / self.pixel_spacing

    def irregularity(self) -> str | None:
        """Say where the slices fail to make a regular grid; None when they make one."""
        return self._uneven() or self._shifted()

    def _uneven(self) -> str | None:
        gaps = np.diff(self.places)
        if not len(gaps):
            return None
        usual = float(np.median(gaps))
        allowed = max(_ROUNDED_MM, _ROUNDED_SHARE * usual)
        ideal = self.places[0] + np.arange(len(self.places)) * (self.places[-1] - self.places[0]) / len(gaps)
        wrong = np.flatnonzero(np.abs(gaps - usual) > allowed).tolist()
        if not wrong:
            drift = np.abs(self.places - ideal).max()
            return None if drift <= max(2 * allowed, 0.05 * usual) else "the distances of its slices grow or shrink"
        parts = [
            f"{gaps[at]:.4g} mm between slices {at + 1} and {at + 2} ({self.names[at]}, {self.names[at + 1]})"
            for at in wrong
        ]
        return f"its {len(self.places)} slices are {usual:.4g} mm apart but {listed(parts, 3)}"

    def _shifted(self) -> str | None:
        shifts = self.shifts
        if np.abs(shifts).max() <= _SHIFT_PIXELS:
            return None
        across = np.linalg.norm((shifts * self.pixel_spacing), axis=1)
        steps = np.diff(shifts * self.pixel_spacing, axis=0)
        if len(steps) > 1 and np.abs(steps - steps.mean(axis=0)).max() < _ROUNDED_MM:
            step = float(np.linalg.norm(steps.mean(axis=0)))
            angle = np.degrees(np.arctan2(step, self.spacing))
            return (
                f"each of its slices is shifted by {step:.3g} mm in plane, "
                f"as with a gantry tilted by {angle:.1f} degrees"
            )
        moved = np.flatnonzero(np.abs(shifts).max(axis=1) > _SHIFT_PIXELS)
        return (
            f"{len(moved)} of its {len(shifts)} slices are shifted in plane against the first, slice {moved[0] + 1} "
            f"({self.names[moved[0]]}) by {across[moved[0]]:.3g} mm"
        )

    def assemble(self, slices: np.ndarray) -> Volume:
        """Make a volume of the slices, which lie on a regular grid.

        Parameters
        ----------
        slices : numpy.ndarray
            Shape (n, rows, columns).
        """
        count = len(self.places)
        step = self.spacing if count == 1 else (self.places[-1] - self.places[0]) / (count - 1)
        return Volume(slices, np.array([*self.pixel_spacing, step]), self.positions[0], self.direction)

    def resample(self, slices: np.ndarray, what: str) -> tuple[Volume, Notice]:
        """Interpolate the slices linearly onto the regular grid of the first slice and the usual distance.

        Parameters
        ----------
        slices : numpy.ndarray
            Shape (n, rows, columns).
        what : str
            How the notice calls the image.

        Returns
        -------
        volume : Volume
            float64; slices that already lie on the grid keep their values.
        notice : Notice
            Says what was wrong with the slices and that they were resampled.
        """
        from scipy import ndimage

        step, places = self.spacing, self.places
        flat = np.empty(slices.shape, float)
        for target, stored, (along_i, along_j) in zip(flat, slices, self.shifts, strict=True):
            if max(abs(along_i), abs(along_j)) <= _SHIFT_PIXELS:
                target[:] = stored
            else:
                ndimage.shift(stored.astype(float), (along_j, along_i), target, order=1, mode="nearest")
        wanted = places[0] + step * np.arange(int(np.floor((places[-1] - places[0]) / step + 1e-3)) + 1)
        after = np.clip(np.searchsorted(places, wanted - 1e-6), 1, len(places) - 1)
        before = after - 1
        weight = np.clip((wanted - places[before]) / (places[after] - places[before]), 0, 1)[:, None, None]
        # Written as a sum so that a weight of 0 or 1 gives a slice's own values.
        array = np.where(weight == 0, flat[before], (1 - weight) * flat[before] + weight * flat[after])
        text = f"{what} was resampled onto a regular grid as asked, because {self.irregularity()}"
        volume = Volume(array, np.array([*self.pixel_spacing, step]), self.positions[0], self.direction)
        return volume, Notice("slices-resampled", text)


def plane_axes(orientation: Sequence[float], what: str) -> np.ndarray:
    """Directions along a row, along a column and along their normal, as columns.

    Raises
    ------
    GeometryError
        The two directions are no directions, or not at right angles.
    """
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if min(lengths) < 0.9 or max(lengths) > 1.1 or abs(row @ column) > _LEAST_SINE * 10:
        raise GeometryError(
            f"{what} states an ImageOrientationPatient of no use ({', '.join(f'{value:g}' for value in orientation)}), "
            "two directions at right angles: export it again."
        )
    row = row / lengths[0]
    column = column - (column @ row) * row
    column = column / np.linalg.norm(column)
    return np.stack([row, column, np.cross(row, column)], axis=1) + 0.0


def has_right_angles(volume: Volume) -> bool:
    """Whether the axes of a volume are unit vectors at right angles to each other."""
    cosines = volume.direction.T @ volume.direction - np.eye(3)
    return bool(np.abs(cosines).max() <= _LEAST_SINE * 10) and bool(np.isfinite(volume.origin).all())


def require_right_angles(volume: Volume, what: str) -> None:
    """Refuse a volume whose axes are not at right angles, which features are not defined on.

    Raises
    ------
    GeometryError
    """
    if not has_right_angles(volume):
        raise GeometryError(
            f"{what} has axes that are not at right angles (sheared): resample it onto a regular grid first."
        )

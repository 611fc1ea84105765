"""A breast as a sagittal, fat-suppressed, contrast-enhanced T1 MRI shows it, with a tumor of known heterogeneity.

Simulated images, for demonstration and tests: they show what a feature measures, not what a disease does.
Intensities, noise and voxel size follow the first post-contrast phase of patient UCSF-BR-06 of TCIA's
Breast-MRI-NACT-Pilot collection: fat about 17, skin 60-80, fibroglandular tissue 30-70, muscle 30, tumor 120,
Rician noise of standard deviation 3.6.
"""

from dataclasses import dataclass

import numpy as np

from ..imaging.contours import boundary_distance, solid_component
from ..imaging.random_fields import correlated_field, rough_field
from ..imaging.volume import Volume

SIZE = (40, 160, 160)  # array order: z (left-right), y (superior-inferior), x (anterior-posterior)
SPACING = (2.0, 0.703125, 0.703125)
# Sagittal, right-handed: i runs to posterior, j to inferior, k to the patient's right (columns, LPS).
DIRECTION = (0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
NOISE_SD = 3.6

FAT, SKIN, GLAND, VESSEL, MUSCLE, THORAX = 17.0, 62.0, 52.0, 85.0, 29.0, 9.0
SKIN_MM = 1.8
PECTORAL_MM = 11.0
SUBCUTANEOUS_MM = 7.0


@dataclass(frozen=True)
class Tumor:
    """What is known about a simulated tumor.

    Attributes
    ----------
    diameter_mm : float
        Diameter of the sphere of the same volume that the tumor aims at.
    heterogeneity : float
        Standard deviation of the intratumor random field, as a fraction of the mean enhancement.
    correlation_length_mm : float
        Distance at which the autocorrelation of that field, an exponential, has fallen to 1/e.
    enhancement : float
        Intensity of the tumor between rim and core.
    rim, core : float
        Relative gain of the rim and loss of the core.
    irregularity : float
        Standard deviation of the lobulation of the boundary, as a fraction of the radius.
    """

    diameter_mm: float
    heterogeneity: float
    correlation_length_mm: float = 2.2
    enhancement: float = 120.0
    rim: float = 0.10
    core: float = 0.12
    irregularity: float = 0.18


@dataclass(frozen=True)
class Phantom:
    """A simulated MRI (``image``, int16) and its true tumor (``tumor``, uint8) on the same grid."""

    image: Volume
    tumor: Volume

    @property
    def tumor_volume_mm3(self) -> float:
        """Volume of the true tumor mask."""
        return float(np.count_nonzero(self.tumor.array) * np.prod(SPACING))


@dataclass(frozen=True)
class _Breast:
    """Shape of one breast in mm; x runs to posterior, y to inferior, z from the middle slice."""

    left: bool
    depth: float
    half_height: float
    half_width: float
    center_y: float
    sag: float
    chest_x: float
    chest_slope: float
    density: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "_Breast":
        return cls(
            left=bool(rng.random() < 0.5),
            depth=rng.uniform(62.0, 70.0),
            half_height=rng.uniform(47.0, 52.0),
            half_width=rng.uniform(42.0, 48.0),
            center_y=rng.uniform(50.0, 54.0),
            sag=rng.uniform(4.0, 12.0),
            chest_x=rng.uniform(85.0, 88.0),
            chest_slope=rng.uniform(-0.10, 0.02),
            density=rng.uniform(-0.3, 0.4),
        )


def make_phantom(tumor: Tumor, rng: np.random.Generator) -> Phantom:
    """Simulate the MRI of one breast with one tumor.

    Parameters
    ----------
    tumor : Tumor
    rng : numpy.random.Generator
        Source of everything that ``tumor`` does not fix: anatomy, position and shape of the tumor, noise.

    Returns
    -------
    Phantom
        40 sagittal slices of 160 x 160 voxels, 0.703 x 0.703 x 2.0 mm.
    """
    breast = _Breast.draw(rng)
    x, y, z = _coordinates()
    chest = _chest_wall(breast, y, z)
    depth = _depth_below_skin(breast, x, y, z, chest)
    signal = _normal_tissue(breast, rng, x, y, z, chest, depth)
    room = (depth > SKIN_MM + 1.0) & (x < chest - 1.0)
    mask = _add_tumor(signal, tumor, breast, rng, room)
    image = _acquire(signal, depth, rng)
    return Phantom(_to_image(image, breast), _to_image(mask.astype(np.uint8), breast))


def _coordinates() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Broadcastable x, y, z in mm, z centered."""
    z, y, x = (np.arange(n) * step for n, step in zip(SIZE, SPACING, strict=True))
    return x[None, None, :], y[None, :, None], (z - z.mean())[:, None, None]


def _chest_wall(breast: _Breast, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Position x of the pectoral muscle's anterior surface: oblique, and falling away laterally."""
    lateral = -z if breast.left else z  # k runs to the patient's right
    oblique = breast.chest_slope * (y - 56.0) + 1.5 * np.sin((y + 0.7 * z) / 16.0)
    return breast.chest_x + oblique + 4.0 * ((lateral + 40.0) / 80.0) ** 2


def _depth_below_skin(breast: _Breast, x: np.ndarray, y: np.ndarray, z: np.ndarray, chest: np.ndarray) -> np.ndarray:
    """Distance in mm to the skin's surface, positive inside the body (first order near the surface)."""
    height = chest - SUBCUTANEOUS_MM - x
    axis_y = y - breast.center_y - breast.sag * np.clip(height / breast.depth, 0.0, 1.0)
    inner = 1.0 - (axis_y / breast.half_height) ** 2 - (z / breast.half_width) ** 2
    dome = breast.depth * (0.5 * (inner + np.sqrt(inner**2 + 0.02))) ** 0.75  # rounded where it meets the chest
    nipple = 5.0 * np.exp(-((axis_y / 5.0) ** 2) - (z / 5.0) ** 2)
    inside = dome + nipple - height
    slope = np.sqrt(sum(g**2 for g in np.gradient(inside, *SPACING)))
    return inside / np.maximum(slope, 1.0)


def _normal_tissue(
    breast: _Breast,
    rng: np.random.Generator,
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    chest: np.ndarray,
    depth: np.ndarray,
) -> np.ndarray:
    """Noise-free signal of air, skin, fat, fibroglandular tissue, septa, vessels, muscle and thorax."""
    coarse = correlated_field(rng, SIZE, SPACING, (4.0, 4.0, 12.0))
    fine = correlated_field(rng, SIZE, SPACING, (6.0, 3.5, 9.0))
    signal = FAT * (1.0 + 0.06 * fine)

    gland_x = chest - SUBCUTANEOUS_MM - 0.48 * breast.depth
    gland_y = breast.center_y + 0.5 * breast.sag
    offset2 = (
        ((x - gland_x) / (0.40 * breast.depth)) ** 2
        + ((y - gland_y) / (0.55 * breast.half_height)) ** 2
        + (z / (0.60 * breast.half_width)) ** 2
    )
    deep = _step(depth - 6.0, 4.0)
    gland = (
        _sigmoid((coarse + 0.5 * fine + breast.density - 1.1 * offset2) / 0.3) * deep * (0.75 + 0.25 * np.tanh(fine))
    )
    signal += gland * (GLAND * (1.0 + 0.18 * fine) - signal)
    septa = np.exp(-((fine / 0.14) ** 2)) * _sigmoid((coarse + 0.3) / 0.3) * _step(depth - 3.0, 2.0)
    signal += 0.6 * septa * (GLAND - signal)
    vessels = np.exp(-(fine**2 + (coarse - 0.4) ** 2) / 0.03) * deep
    signal += vessels * (VESSEL - signal)

    signal += _step(x - chest, 1.0) * (MUSCLE * (1.0 + 0.10 * coarse) - signal)
    ribs = 0.6 * (1.0 + np.sin(2 * np.pi * (y + 0.4 * z) / 26.0))
    signal += _step(x - chest - PECTORAL_MM, 1.5) * (THORAX * (1.0 + ribs * (x < chest + 20.0)) - signal)
    skin = _step(depth, 0.7) * _step(SKIN_MM - depth, 0.7)
    signal += skin * (SKIN * (1.0 + 0.15 * coarse) - signal)
    return signal * _step(depth, 0.7)


def _add_tumor(
    signal: np.ndarray, tumor: Tumor, breast: _Breast, rng: np.random.Generator, room: np.ndarray
) -> np.ndarray:
    """Paint the tumor into ``signal`` where there is ``room`` for it; return its mask."""
    radius = tumor.diameter_mm / 2
    center = _tumor_center(breast, radius, rng)
    box = tuple(
        slice(max(int((c - 1.9 * radius - 6.0) / step), 0), int((c + 1.9 * radius + 6.0) / step) + 2)
        for c, step in zip(center, SPACING, strict=True)
    )
    inside = _tumor_shape(tumor, center, box, rng, room[box])
    distance = boundary_distance(inside, SPACING)
    texture = rough_field(rng, inside.shape, SPACING, tumor.correlation_length_mm)
    texture = (texture - texture[inside].mean()) / texture[inside].std()  # the amplitude is exact in every tumor
    rim = tumor.rim * np.exp(-(((distance + 2.5) / 2.0) ** 2))
    core = tumor.core * _step(-distance - 0.4 * radius, 0.3 * radius)
    enhanced = tumor.enhancement * (1.0 + rim - core + tumor.heterogeneity * texture)
    signal[box] += _step(-distance, 1.2) * (np.maximum(enhanced, FAT) - signal[box])
    mask = np.zeros(SIZE, dtype=bool)
    mask[box] = inside
    return mask


def _tumor_center(breast: _Breast, radius: float, rng: np.random.Generator) -> tuple[float, float, float]:
    """A place inside the fibroglandular cone, nearer to its axis the larger the tumor; mm from the first voxel."""
    spread = max(1.0 - radius / 32.0, 0.1)
    angle, reach = rng.uniform(0.0, 2 * np.pi), 0.45 * spread * np.sqrt(rng.random())
    x = breast.chest_x - SUBCUTANEOUS_MM - breast.depth * (0.42 + 0.2 * spread * rng.uniform(-1.0, 1.0))
    y = breast.center_y + 0.4 * breast.sag + reach * breast.half_height * np.sin(angle)
    z = SPACING[0] * (SIZE[0] - 1) / 2 + reach * breast.half_width * np.cos(angle)
    return z, y, x


def _tumor_shape(
    tumor: Tumor, center: tuple[float, float, float], box: tuple[slice, ...], rng: np.random.Generator, room: np.ndarray
) -> np.ndarray:
    """An irregular, lobulated and slightly spiculated ellipsoid whose volume is that of the sphere asked for."""
    radius = tumor.diameter_mm / 2
    grid = np.meshgrid(
        *(np.arange(n)[s] * step - c for n, s, step, c in zip(SIZE, box, SPACING, center, strict=True)), indexing="ij"
    )
    axes = np.exp(rng.normal(0.0, 0.12, 3))
    rotation = np.linalg.qr(rng.standard_normal((3, 3)))[0] / (axes / np.cbrt(axes.prod()))[:, None]
    level = radius - np.sqrt(sum(np.square(sum(r * g for r, g in zip(row, grid, strict=True))) for row in rotation))
    level += tumor.irregularity * radius * correlated_field(rng, level.shape, SPACING, 0.55 * radius)
    level += 0.7 * correlated_field(rng, level.shape, SPACING, 3.0)
    level[~room] = -np.inf
    voxels = round(4 / 3 * np.pi * radius**3 / float(np.prod(SPACING)))
    threshold = np.partition(level, -voxels, axis=None)[-voxels]
    return solid_component(level >= threshold)


def _acquire(signal: np.ndarray, depth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Surface coil and bias field, then the magnitude of a signal with complex Gaussian noise (Rician), int16."""
    z, y, x = (np.linspace(-1.0, 1.0, n).reshape(s) for n, s in zip(SIZE, [(-1, 1, 1), (-1, 1), (-1,)], strict=True))
    a = rng.normal(0.0, 0.04, 6)
    bias = np.exp(a[0] * x + a[1] * y + a[2] * z + a[3] * x * y + a[4] * y * y + a[5] * z * z)
    coil = 1.0 + 0.45 * np.exp(-np.maximum(depth, 0.0) / 5.0)
    real = signal * bias * coil + rng.normal(0.0, NOISE_SD, SIZE)
    imaginary = rng.normal(0.0, NOISE_SD, SIZE)
    return np.rint(np.hypot(real, imaginary)).astype(np.int16)


def _to_image(array: np.ndarray, breast: _Breast) -> Volume:
    """Put the array in the patient: the breast's center 85 mm left or right of the midline."""
    half_width = SPACING[0] * (SIZE[0] - 1) / 2
    origin = np.array([(85.0 if breast.left else -85.0) + half_width, -100.0, 56.0])
    return Volume(array, np.array(SPACING[::-1]), origin, np.reshape(DIRECTION, (3, 3)))


def _step(distance: np.ndarray, width: float) -> np.ndarray:
    """Rise linearly from 0 to 1 over ``width`` mm around 0: the partial volume of a boundary."""
    return np.clip(distance / width + 0.5, 0.0, 1.0)


def _sigmoid(value: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(value, -40.0, 40.0)))

"""Where the module's bundled files are: beside the package in the Slicer module, inside it in a wheel."""

import gzip
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resources_folder() -> Path:
    """Folder ``Resources`` of this installation.

    Returns
    -------
    pathlib.Path
        ``LABCRadiomics/Resources`` when the package lies in the Slicer module's folder (a checkout or an installed
        extension), else ``LABCRadiomicsLib/Resources`` (a wheel).
    """
    beside = _PACKAGE.parent / "Resources"
    return beside if (beside / "Models").is_dir() else _PACKAGE / "Resources"


def models_folder() -> Path:
    """Folder of the bundled model files and their JSON Schema."""
    return resources_folder() / "Models"


def sample_cohort() -> dict[str, bytes]:
    """Give the bundled tables of a real cohort, I-SPY1 (161 patients, 43 recurrences, 370 MRI features).

    Returns
    -------
    dict of str to bytes
        ``features.csv`` (case, T1_*) and ``outcomes.csv`` (case, rfs_months, recurrence, age, hr_positive,
        her2_positive, pcr, longest_diameter_mm); ``attribution.txt`` says whose they are (CC BY).
    """
    folder = resources_folder() / "SampleData"
    return {
        "features.csv": gzip.decompress((folder / "ispy1_features.csv.gz").read_bytes()),
        "outcomes.csv": (folder / "ispy1_outcomes.csv").read_bytes(),
        "attribution.txt": (folder / "ispy1_ATTRIBUTION.txt").read_bytes(),
    }

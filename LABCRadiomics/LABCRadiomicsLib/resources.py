"""Where the module's bundled files are: beside the package in the Slicer module, inside it in a wheel."""

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

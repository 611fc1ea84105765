"""What the steps from images to feature tables are asked: ``cases``, ``extract``, ``agreement``, ``simulate``."""

from pathlib import Path
from typing import Any, Literal

from .option_row import PARAMETERS, Kind, _, argument, declares, option

ArrayOrder = Literal["as-loaded", "LPS"]
UnknownSite = Literal["refuse", "as-measured"]  # what becomes of patients who cannot be adjusted to their site
IMAGES = _("Which image and region")


def segment_option() -> Any:
    """Which segment of a mask."""
    return option(
        _("Segment"),
        _("The tumor's segment or ROI, when there are several."),
        default=None,
        metavar="NAME|N",
        group=IMAGES,
    )


def phase_option() -> Any:
    """Which acquisition of a dynamic series."""
    return option(
        _("Phase"),
        _(
            "Which acquisition of a series that holds several: its number, seconds after the first (90s), "
            "or the first after contrast."
        ),
        default=None,
        metavar="N|SECONDS|first-post",
        group=IMAGES,
    )


def series_option() -> Any:
    """Which series of a folder."""
    return option(
        _("Series"),
        _("Which DICOM series of a folder that holds several."),
        default=None,
        metavar="N|NAME",
        group=IMAGES,
    )


def spacing_option() -> Any:
    """The size of a voxel."""
    return option(
        _("Spacing"),
        _("Voxel size in mm, for files that state none."),
        default=None,
        metavar="X,Y,Z",
        unit="mm",
        group=IMAGES,
    )


def regular_grid_option() -> Any:
    """Slices that make no regular grid."""
    return option(
        _("Regular grid"),
        _("Resample DICOM slices that make no regular grid, instead of refusing."),
        default=False,
        group=IMAGES,
    )


def unknown_site_option() -> Any:
    """What becomes of a patient whose features cannot be adjusted."""
    return option(
        _("Unknown sites"),
        _("What becomes of patients of no site, or of one that the model does not know."),
        default="refuse",
    )


def id_option() -> Any:
    """The column of the cases."""
    return option(_("Case column"), _("Column that names the cases."), default="case", flag="--id", shared=True)


@declares
class CasesOptions:
    """What ``cases`` is asked."""

    folder: Path = argument(
        _("Folder"), _("DICOM tree as TCIA lays it out, or NRRD and NIfTI files."), kind=Kind.FOLDER
    )
    out: Path = option(_("Case table"), _("The case table to write, for extract."), kind=Kind.NEW_FILE)
    phase: str | None = phase_option()
    segment: str | None = segment_option()
    images: str | None = option(
        _("Images with"), _("Only images with this text in path or description."), default=None, metavar="TEXT"
    )
    masks: str | None = option(
        _("Masks with"), _("Only masks with this text in path or description."), default=None, metavar="TEXT"
    )
    first_study: bool = option(_("First study"), _("Only the first study of each patient."), default=False)
    regular_grid: bool = regular_grid_option()


@declares
class CaseTable:
    """What is extracted, and where to."""

    cases: Path = argument(_("Cases"), _("CSV with case, image, mask and perhaps label, segment, phase, spacing."))
    out: Path = option(_("Feature table"), _("The feature table to write."), kind=Kind.NEW_FILE)
    segment: str | None = segment_option()


@declares
class HowToExtract:
    """How images are read and which features are computed, of whatever region."""

    features: Literal["all", "model"] = option(
        _("Features"), _("All features of the settings, or those of the model."), default="all"
    )
    model: str | None = option(
        _("Settings of a model"),
        _("Take the extraction settings of this model (id or path)."),
        default=None,
        kind=Kind.MODEL,
    )
    settings: Path | None = option(_("Settings"), _("Pyradiomics parameter file."), default=None, files=PARAMETERS)
    phase: str | None = phase_option()
    series: str | None = series_option()
    spacing: str | None = spacing_option()
    regular_grid: bool = regular_grid_option()
    array_order: ArrayOrder | None = option(_("Axis order"), _("Order of the voxels' axes."), default=None, usual="LPS")
    jobs: int | None = option(_("Jobs"), _("Cases at once."), default=None, least=1, usual=_("one a processor"))
    preprocessing: Path | None = option(
        _("Preprocessing"),
        _("JSON list of steps that make intensities comparable before; see the user guide."),
        default=None,
        files="JSON (*.json)",
    )
    scheduler: str | None = option(_("Scheduler"), _("Address of a Dask scheduler that gets the cases."), default=None)
    resume: bool = option(_("Resume"), _("Go on with an interrupted run."), default=False)


@declares
class Comparison:
    """Whose segmentations are compared."""

    reader1: Path = argument(
        _("First reader"), _("Feature table of the first reader's segmentations; or, with --segments, a case table.")
    )
    reader2: Path | None = argument(
        _("Second reader"),
        _("Feature table of the second reader's segmentations; not with --segments."),
        default=None,
        in_view=True,
    )
    segments: tuple[str, ...] = option(
        _("Segments"),
        _(
            "The readers' segments in each mask of a case table, by name or number, whose features are extracted: "
            "the first reader's, the second's and perhaps the first one's repetition."
        ),
        default=(),
        metavar="A,B[,C]",
        in_view=True,
    )
    out: Path | None = option(
        _("ICC table"), _("The table of correlations to write."), default=None, kind=Kind.NEW_FILE, in_view=True
    )
    min_icc: float = option(_("Least ICC"), _("What correlations have to exceed."), default=0.75, least=-1, most=1)
    repeat: Path | None = option(
        _("Repetition"), _("Feature table of the first reader's second segmentations."), default=None
    )
    feature_columns: str | None = option(
        _("Feature columns"), _("Regular expression of the feature columns."), default=None
    )
    id: str = id_option()


# A class's options come in the order of its bases from the last to the first.


@declares
class ExtractOptions(HowToExtract, CaseTable):
    """What ``extract`` is asked."""


@declares
class AgreementOptions(HowToExtract, Comparison):
    """What ``agreement`` is asked; how to extract matters with ``segments`` alone."""


@declares
class SimulateOptions:
    """What ``simulate`` is asked."""

    patients: int = option(_("Patients"), _("Number of patients."), least=1)
    seed: int = option(_("Seed"), _("The same seed gives the same bytes."), least=0)
    out: Path = option(_("Folder"), _("New or empty folder."), kind=Kind.NEW_FOLDER)
    readers: int = option(_("Readers"), _("Contours per tumor."), default=2)
    jobs: int = option(_("Jobs"), _("Patients simulated at once."), default=2, least=1)

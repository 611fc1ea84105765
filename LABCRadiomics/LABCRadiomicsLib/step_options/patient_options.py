"""What the commands on one patient are asked: ``score`` and ``demo``."""

from pathlib import Path

from .case_options import (
    UnknownSite,
    phase_option,
    regular_grid_option,
    segment_option,
    series_option,
    spacing_option,
    unknown_site_option,
)
from .option_row import Kind, _, argument, declares, option

DEMO_MODEL = "demo-phantom"
CONTOURS = 30  # that stability draws, in the panel too
OUT = _("Folder for report.html, result.json and, from DICOM, result.dcm.")
AS_JSON = _("Print one JSON object and nothing else.")


@declares
class ScoreOptions:
    """What ``score`` is asked."""

    image: Path = argument(_("Image"), _("MRI: an image file, or a folder with one DICOM series."), files="")
    mask: Path = argument(_("Mask"), _("Tumor: a label mask, a .seg.nrrd, a DICOM SEG or RTSTRUCT."), files="")
    label: int | None = option(_("Label"), _("The tumor's label, when the mask holds several."), default=None)
    segment: str | None = segment_option()
    phase: str | None = phase_option()
    series: str | None = series_option()
    spacing: str | None = spacing_option()
    regular_grid: bool = regular_grid_option()
    model: str = option(
        _("Model"), _("Id of a bundled model, or path of a model file."), default=DEMO_MODEL, kind=Kind.MODEL
    )
    covariate: tuple[str, ...] = option(
        _("Covariate"), _("A clinical value; may be repeated."), default=(), metavar="NAME=VALUE", repeated=True
    )
    site: str | None = option(
        _("Site"),
        _("The patient's scanner or site, for a model harmonized over sites."),
        default=None,
        metavar="NAME",
    )
    unknown_site: UnknownSite = unknown_site_option()
    stability: bool = option(_("Stability"), _("Also score contours that differ as readers' do."), default=False)
    contours: int = option(_("Contours"), _("How many contours --stability draws."), default=CONTOURS, least=2)
    second_reader: Path | None = option(
        _("Second reader"),
        _("Another reader's mask: its result stands beside the first one's."),
        default=None,
        metavar="MASK",
        files="",
    )
    second_segment: str | None = option(
        _("Second reader's segment"), _("Which segment of --second-reader."), default=None, metavar="NAME|N"
    )
    breast: Path | None = option(
        _("Breast"),
        _("Mask of the breast, for a model whose preprocessing measures it."),
        default=None,
        metavar="MASK",
        files="",
    )
    tissue: Path | None = option(
        _("Reference tissue"),
        _("Mask within the reference tissue (fat, muscle), for a model whose preprocessing measures it."),
        default=None,
        metavar="MASK",
        files="",
    )
    show_group: bool = option(
        _("Show group"), _("Show the risk group even of a result that is not to be relied on."), default=False
    )
    out: Path | None = option(_("Folder"), OUT, default=None, kind=Kind.NEW_FOLDER)
    json: bool = option(_("JSON"), AS_JSON, default=False)


@declares
class DemoOptions:
    """What ``demo`` is asked."""

    out: Path = option(_("Folder"), OUT, default=Path("labcradiomics-demo"), kind=Kind.NEW_FOLDER)
    json: bool = option(_("JSON"), AS_JSON, default=False)
    cohort: bool = option(
        _("Cohort"),
        _("Train on the bundled real cohort (I-SPY1) instead, in about a minute."),
        default=False,
    )

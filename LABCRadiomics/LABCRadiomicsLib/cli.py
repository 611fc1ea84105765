"""The command ``labcradiomics``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from . import NOTICE, __version__
from .errors import InputError, LABCRadiomicsError

app = typer.Typer(
    name="labcradiomics",
    help=f"Radiomics score for locally advanced breast cancer MRI. {NOTICE}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
models_app = typer.Typer(help="List, show, check and complete model files.", no_args_is_help=True)
app.add_typer(models_app, name="models")

DEMO_MODEL = "demo-phantom"

ModelOption = Annotated[str, typer.Option("--model", help="Id of a bundled model, or path of a model file.")]
CovariateOption = Annotated[
    list[str] | None, typer.Option("--covariate", metavar="NAME=VALUE", help="A clinical value; may be repeated.")
]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder for report.html and result.json.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def main() -> None:
    """Run the command line: exit code 0 done, 2 wrong use or bad input with one sentence, 1 a defect of ours."""
    try:
        code = app(standalone_mode=False)
    except LABCRadiomicsError as error:
        _refuse(str(error))
    except (KeyboardInterrupt, EOFError):
        _refuse("Interrupted; nothing half-written was left.", code=130)
    except Exception as error:
        if not hasattr(error, "format_message"):  # what wrong use of the command line is told by
            raise
        _refuse(error.format_message())
    sys.exit(code or 0)


def _refuse(sentence: str, code: int = 2) -> None:
    print(f"labcradiomics: {' '.join(sentence.split())}", file=sys.stderr)
    sys.exit(code)


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if version:
        print(f"labcradiomics {__version__}")
        raise typer.Exit


@app.command()
def score(
    image: Annotated[Path, typer.Argument(help="MRI: an image file, or a folder with one DICOM series.")],
    mask: Annotated[Path, typer.Argument(help="Label mask of the tumor.")],
    label: Annotated[int | None, typer.Option(help="The tumor's label, when the mask holds several.")] = None,
    model: ModelOption = DEMO_MODEL,
    covariate: CovariateOption = None,
    stability: Annotated[bool, typer.Option("--stability", help="Also score 20 slightly moved contours.")] = False,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score one patient from an MRI and a tumor mask."""
    from .images import read_image, read_mask

    start = time.perf_counter()
    pair = read_image(image), read_mask(mask)
    read_seconds = time.perf_counter() - start
    _score(pair, f"{image.name} with {mask.name}", label, model, covariate, stability, out, as_json, read_seconds)


@app.command()
def demo(out: OutOption = Path("labcradiomics-demo"), as_json: JsonOption = False) -> None:
    """Score the bundled real case with the demonstration model and write its report."""
    from .resources import resources_folder

    folder = resources_folder() / "SampleData"
    start = time.perf_counter()
    pair, way = _demo_images(folder / "breast1_image.nrrd", folder / "breast1_label.nrrd")
    read_seconds = time.perf_counter() - start
    if not as_json:
        print(f"The bundled case breast1 (a real breast MRI of pyradiomics' test data), read {way}.")
    _score(pair, "breast1 (bundled)", None, DEMO_MODEL, None, False, out, as_json, read_seconds)


def _demo_images(image: Path, mask: Path):
    """Through a MRML scene where the slicer-core package is installed, as in the Slicer module; else from the files."""
    try:
        from . import mrml
    except ModuleNotFoundError as error:
        if error.name != "slicer":
            raise
        from .images import read_image, read_mask

        return (read_image(image), read_mask(mask)), "from its files (slicer-core is not installed)"
    scene = mrml.new_scene()
    volume = mrml.load_volume(scene, image)
    segmentation = mrml.load_segmentation(scene, mask)
    roi, _ = mrml.mask_from_segment(segmentation, None, volume)
    return (mrml.image_from_volume(volume), roi), "through a MRML scene, as in the Slicer module"


def _score(pair, case, label, model_id, covariate, stability, out, as_json, read_seconds) -> None:
    from .patient import score_image
    from .registry import find_model

    model = find_model(model_id)
    result = score_image(model, *pair, label, _covariates(covariate), read_seconds)
    if stability:
        from .robustness import contour_stability

        result = contour_stability(model, *pair, result)
    written = None
    if out is not None:
        from .report import write_patient_report

        written = write_patient_report(out, model, result, *pair, case)
    if as_json:
        print(json.dumps(result.prediction.to_dict(), allow_nan=False))
        return
    from .terminal import prediction_panel

    console = Console()
    console.print(prediction_panel(model, result.prediction))
    if written:
        console.print(f"Report: {written[0]}\nNumbers: {written[1]}", soft_wrap=True, highlight=False)


def _covariates(given: list[str] | None) -> dict[str, str]:
    values: dict[str, str] = {}
    for entry in given or []:
        name, equals, value = entry.partition("=")
        if not equals or not name.strip():
            raise InputError(f"Covariate {entry!r} is not of the form name=value: write for example age=52.")
        if name.strip() in values:
            raise InputError(f"Covariate {name.strip()} is given twice: give it once.")
        values[name.strip()] = value.strip()
    return values


@app.command()
def simulate(
    patients: Annotated[int, typer.Option(min=1, help="Number of patients.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")],
    out: Annotated[Path, typer.Option(help="New or empty folder.")],
    readers: Annotated[int, typer.Option(help="Contours per tumor.")] = 2,
    jobs: Annotated[int, typer.Option(min=1, help="Patients simulated at once.")] = 2,
) -> None:
    """Write a simulated cohort: phantom MRI, contours, outcomes and the truth."""
    from .simulation import write_simulation

    with _ProgressBar("simulating") as advance:
        folder = write_simulation(out, patients, seed, readers, jobs, advance)
    print(f"{patients} simulated patients in {folder}. Simulated data: no patient is described.")


class _ProgressBar:
    """A progress bar with the time left, fed by a callback of (done, total)."""

    def __init__(self, what: str):
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        self._bar = Progress(*columns, console=Console(stderr=True))
        self._task = self._bar.add_task(what, total=None)

    def __enter__(self):
        self._bar.start()
        return lambda done, total: self._bar.update(self._task, completed=done, total=total)

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()


@models_app.command("list")
def models_list() -> None:
    """List the bundled models."""
    from .registry import bundled_models
    from .terminal import model_table

    Console().print(model_table(bundled_models()))


@models_app.command("show")
def models_show(
    model: Annotated[str, typer.Argument(help="Id of a bundled model, or path of a model file.")],
    as_json: JsonOption = False,
) -> None:
    """Show a model's card: its purpose, needs, gaps and performance."""
    from .registry import find_model
    from .terminal import show_model

    found = find_model(model)
    if as_json:
        print(json.dumps({**found.to_document(), "fingerprint": found.fingerprint}, allow_nan=False))
    else:
        show_model(Console(), found)


@models_app.command("check")
def models_check(path: Annotated[Path, typer.Argument(help="A model file.")]) -> None:
    """Check that a file is a valid model."""
    from .model_file import load_model
    from .terminal import gives

    model = load_model(path)
    print(f"{path} is a valid model: {model.id}, {model.status}, gives {gives(model)}; fingerprint {model.fingerprint}.")


@models_app.command("complete")
def models_complete(
    model: Annotated[str, typer.Argument(help="Id or path of an incomplete model.")],
    coefficients: Annotated[Path, typer.Argument(help="CSV with the columns feature and coefficient.")],
    out: Annotated[Path, typer.Option(help="The model file to write.")],
) -> None:
    """Add the score's coefficients to an incomplete model."""
    from .completion import complete_model
    from .model_file import save_model
    from .registry import find_model
    from .terminal import gives

    completed = complete_model(find_model(model), coefficients)
    save_model(completed, out)
    print(f"{out}: {completed.id} with {len(completed.score.terms)} features, gives {gives(completed)}.")


if __name__ == "__main__":
    main()

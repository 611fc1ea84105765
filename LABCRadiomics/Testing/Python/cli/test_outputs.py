"""Every command: an output that is an input is refused before any work; a folder holds the files of one run only."""

import shutil

import pytest

from LABCRadiomicsLib.cohort import errors_path, journal_path
from LABCRadiomicsLib.cohort.record import record_path
from LABCRadiomicsLib.resources import models_folder
from table_cases import tables, write


@pytest.fixture
def inputs(tmp_path, breast1):
    """One of each kind of input, by the name it has in the commands below."""
    features, outcomes = tables(30)
    folder = tmp_path / "in"
    folder.mkdir()
    found = {name: folder / f"{name}.csv" for name in ("features", "outcomes", "icc", "folds", "cases", "coefficients")}
    write(found["features"], features)
    write(found["outcomes"], outcomes)
    write(found["icc"], {"feature": ["x"], "icc": [1], "lower": [1], "upper": [1]})
    write(found["folds"], {"case": features["case"], "fold": [at % 3 for at in range(30)]})
    write(found["coefficients"], {"feature": ["original_glcm_Idm"], "coefficient": [1]})
    found |= {"image": folder / "image.nrrd", "mask": folder / "mask.nrrd", "settings": folder / "settings.yaml"}
    for name, path in zip(("image", "mask"), breast1, strict=True):
        shutil.copy(path, found[name])
    write(found["cases"], {"case": ["a"], "image": ["image.nrrd"], "mask": ["mask.nrrd"]})
    found["settings"].write_text("imageType:\n  Original: {}\n")
    found["model"] = folder / "model.json"
    shutil.copy(models_folder() / "demo-phantom.json", found["model"])
    return found


SURVIVAL = ("--time", "months", "--event", "event")
# Command by the names of its inputs; OUT is the file or folder that it writes.
COMMANDS = {
    "apply": ("apply", "model", "features", "--covariates", "outcomes", "--out", "OUT"),
    "recalibrate": ("recalibrate", "model", "features", "outcomes", *SURVIVAL, "--out", "OUT"),
    "complete": ("models", "complete", "model", "coefficients", "--out", "OUT"),
    "agreement": ("agreement", "features", "outcomes", "--repeat", "icc", "--out", "OUT"),
    "train": ("train", "features", "outcomes", "--icc", "icc", "--folds", "folds", "--settings", "settings", *SURVIVAL,
              "--report", "REPORT", "--out", "OUT"),
    "extract": ("extract", "cases", "--settings", "settings", "--out", "OUT", "--jobs", "1"),
}  # fmt: skip
FILES = {
    "apply": ("model", "features", "outcomes"),
    "recalibrate": ("model", "features", "outcomes"),
    "complete": ("model", "coefficients"),
    "agreement": ("features", "outcomes", "icc"),
    "train": ("features", "outcomes", "icc", "folds", "settings"),
    "extract": ("cases", "settings", "image", "mask"),
}


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("command", "name"), [(command, name) for command in FILES for name in FILES[command]])
def test_an_output_never_replaces_an_input(run, inputs, tmp_path, command, name):
    link = tmp_path / f"link{inputs[name].suffix}"
    link.hardlink_to(inputs[name])
    before = contents(tmp_path)
    for out in (inputs[name], link):
        known = {**inputs, "OUT": out, "REPORT": tmp_path / "report"}
        code, stdout, err = run(*(known.get(word, word) for word in COMMANDS[command]))
        assert (code, stdout) == (2, "")
        assert str(out) in err and "give the output another name" in err and err.count("\n") == 1
        assert contents(tmp_path) == before


@pytest.mark.parametrize("derived", [errors_path, journal_path, record_path])
def test_what_extract_writes_beside_its_table_replaces_no_input_either(run, inputs, tmp_path, derived):
    out = tmp_path / "in" / "made.csv"
    settings = derived(out)
    inputs["settings"].rename(settings)
    before = contents(tmp_path)
    code, _, err = run("extract", inputs["cases"], "--settings", settings, "--out", out, "--jobs", 1)
    assert code == 2 and str(settings) in err and "give the output another name" in err
    assert contents(tmp_path) == before


@pytest.mark.parametrize("command", ["train", "validate"])
def test_a_report_folder_holds_no_input(run, inputs, tmp_path, command):
    before = contents(tmp_path)
    words = {
        "train": ("train", inputs["features"], inputs["outcomes"], *SURVIVAL, "--out", tmp_path / "m.json"),
        "validate": ("validate", inputs["model"], inputs["features"], inputs["outcomes"], *SURVIVAL),
    }[command]
    code, stdout, err = run(*words, "--report", tmp_path / "in")
    assert (code, stdout) == (2, "") and "holds the input" in err
    assert contents(tmp_path) == before


def test_a_patients_report_replaces_no_input(run, inputs, tmp_path):
    image = inputs["image"].rename(tmp_path / "in" / "result.json")
    code, _, err = run("score", image, inputs["mask"], "--out", tmp_path / "in")
    assert code == 2 and "is an input: give the output another name" in err
    assert "report.html" not in [path.name for path in (tmp_path / "in").iterdir()]


def test_a_report_in_the_folder_of_the_series(run, shared_data, tmp_path):
    series = tmp_path / "dicom"
    shutil.copytree(shared_data / "ucsf-br-06" / "dicom_t1", series)
    before = contents(series)
    mask = shared_data / "ucsf-br-06" / "UCSF-BR-06_ftv_mask_largest.nrrd"
    code, _, err = run("score", series, mask, "--out", series)
    assert code == 2 and "would lie among the files of the input" in err
    assert contents(series) == before


def test_no_result_of_another_patient_stays(run, breast1, shared_data, tmp_path):
    patient, folder = shared_data / "ucsf-br-06", tmp_path / "report"
    dicom = patient / "dicom_t1", patient / "UCSF-BR-06_ftv_mask_largest.nrrd"
    assert run("score", *dicom, "--out", folder)[0] == 0
    assert {"report.html", "result.json", "result.dcm"} <= {path.name for path in folder.iterdir()}
    (folder / "letter.txt").write_text("the user's")
    code, _, err = run("score", *breast1, "--out", folder)
    assert code == 0
    assert {path.name for path in folder.iterdir() if path.name[0] != "."} == {
        "report.html",
        "report.pdf",
        "result.json",
        "letter.txt",
    }
    assert "also holds letter.txt, which this run did not write" in err


@pytest.mark.slow
def test_no_table_of_another_training_stays(run, inputs, tmp_path):
    features, outcomes = tables(100)
    write(inputs["features"], features)
    write(inputs["outcomes"], outcomes)
    folder = tmp_path / "report"
    words = ("train", inputs["features"], inputs["outcomes"], *SURVIVAL, "--jobs", 1, "--n-folds", 5,
             "--out", tmp_path / "model.json", "--report", folder, "--bootstrap", 0)  # fmt: skip
    assert run(*words)[0] == 0
    alone = {path.name for path in folder.iterdir()}
    assert run(*words, "--covariates", "age,stage", "--subgroups", "stage")[0] == 0
    assert {path.name for path in folder.iterdir()} > alone
    assert run(*words)[0] == 0
    assert {path.name for path in folder.iterdir()} == alone
    # A validation takes the place of the training too.
    code, _, err = run("validate", tmp_path / "model.json", inputs["features"], inputs["outcomes"], *SURVIVAL,
                       "--report", folder, "--bootstrap", 0)  # fmt: skip
    assert code == 0, err
    assert "path.csv" not in {path.name for path in folder.iterdir()} and "also holds" not in err

"""The command line on good and bad input: values, exit codes, one sentence, nothing half-written."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from LABCRadiomicsLib import NOTICE
from LABCRadiomicsLib.features import extract
from LABCRadiomicsLib.files import FILE_LIST
from LABCRadiomicsLib.imaging import read_image, read_mask
from LABCRadiomicsLib.model import find_model, load_model, save_model
from LABCRadiomicsLib.patient import extraction_settings, score_patient
from LABCRadiomicsLib.preprocessing import Masks
from LABCRadiomicsLib.resources import models_folder

SCORE_KEYS = [
    "format", "format_version", "model", "fingerprint", "status", "score", "cutoff", "risk_group", "survival",
    "linear_predictor", "points", "contributions", "stability", "trust", "second_reader", "warnings", "timings",
    "notice",
]  # fmt: skip


@pytest.fixture
def refused(run):
    """Call the command with bad input; gives its one sentence."""

    def call(*arguments):
        code, out, err = run(*arguments)
        assert code == 2
        assert out == ""
        assert err.startswith("labcradiomics: ")
        assert err.endswith("\n")
        sentence = err.removeprefix("labcradiomics: ").rstrip("\n")
        assert "\n" not in sentence
        assert "Traceback" not in sentence
        return sentence

    return call


def test_score_json_is_what_the_library_computes(run, breast1):
    code, out, err = run("score", *breast1, "--json", "--covariate", "age=52", "--covariate", "stage=IIIc")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert list(found)[: len(SCORE_KEYS)] == SCORE_KEYS
    assert found["notice"] == NOTICE
    model = find_model("demo-phantom")
    names = [term.feature for term in model.score.terms]
    values = extract(
        read_image(breast1[0]).volume, read_mask(breast1[1]).volume, extraction_settings(model), names
    ).values
    expected = model.score.intercept + sum(term.coefficient * values[term.feature] for term in model.score.terms)
    assert found["score"] == pytest.approx(expected, rel=1e-12)
    assert found["risk_group"] == ("high" if expected > model.cutoff.value else "low")
    assert [row["months"] for row in found["survival"]] == [12, 36, 60]
    assert all(0 <= row["lower"] <= row["probability"] <= row["upper"] <= 1 for row in found["survival"])
    assert found["fingerprint"] == model.fingerprint
    assert set(found["timings"]) == {"read_s", "extract_s", "score_s"}
    assert "covariate-unknown" in {warning["code"] for warning in found["warnings"]}
    assert not any("age" in warning["message"].lower().split() for warning in found["warnings"])


def test_an_older_patient_fares_worse(run, breast1):
    five_year = []
    for age in (30, 70):
        found = json.loads(run("score", *breast1, "--json", "--covariate", f"age={age}")[1])
        five_year.append(found["survival"][-1]["probability"])
    age = next(item for item in find_model("demo-phantom").nomogram.covariates if item.name == "age")
    assert (five_year[1] < five_year[0]) == (age.coefficients[0] > 0)


def test_score_for_people_and_its_files(run, breast1, tmp_path):
    code, out, _ = run("score", *breast1, "--out", tmp_path / "new" / "folder")
    assert code == 0
    assert "RISK" in out
    assert NOTICE.split(";")[0] in " ".join(out.replace("│", " ").split())
    written = sorted(path.name for path in (tmp_path / "new" / "folder").iterdir())
    assert written == [FILE_LIST, "report.html", "report.pdf", "result.json"]
    page = (tmp_path / "new" / "folder" / "report.html").read_text()
    assert NOTICE in page
    assert page.count("data:image/png;base64,") == 4  # slice, score, survival, nomogram
    assert "http" not in page.replace("https://doi.org", "")  # nothing is fetched when the page opens
    result = json.loads((tmp_path / "new" / "folder" / "result.json").read_text())
    assert list(result) == list(json.loads(run("score", *breast1, "--json")[1]))
    assert result["diagnostics"]["voxels"] == int(sitk.GetArrayFromImage(sitk.ReadImage(str(breast1[1]))).sum())


def test_demo_goes_through_a_mrml_scene(run, tmp_path):
    pytest.importorskip("slicer", reason="needs the slicer-core package")
    code, out, _ = run("demo", "--out", tmp_path / "demo")
    assert code == 0
    assert "through a MRML scene" in out
    assert (tmp_path / "demo" / "report.html").is_file()


def test_stability_is_reported(run, breast1):
    found = json.loads(run("score", *breast1, "--json", "--stability")[1])
    stability = found["stability"]
    assert stability["contours"] == 30
    assert 0 <= stability["same_group"] <= 30 - stability["failed"]
    assert stability["score_min"] <= stability["score_median"] <= stability["score_max"]


@pytest.fixture
def case(tmp_path):
    """Files of a small valid case, and a function that writes a variant of one of them."""
    rng = np.random.default_rng(0)
    image = sitk.GetImageFromArray(rng.normal(300, 60, (10, 16, 18)).astype(np.float32))
    array = np.zeros((10, 16, 18), np.uint8)
    array[3:7, 5:11, 6:12] = 1
    mask = sitk.GetImageFromArray(array)
    for item, name in ((image, "image.nrrd"), (mask, "mask.nrrd")):
        item.SetSpacing((0.7, 0.7, 2.0))
        sitk.WriteImage(item, str(tmp_path / name))

    def variant(item, name):
        path = tmp_path / f"{name}.nrrd"
        sitk.WriteImage(item, str(path))
        return path

    def changed(name, value):
        copy = sitk.GetArrayFromImage(image)
        copy[array == 1 if name == "constant" else (5, 8, 8)] = value
        result = sitk.GetImageFromArray(copy)
        result.CopyInformation(image)
        return variant(result, name)

    return tmp_path / "image.nrrd", tmp_path / "mask.nrrd", image, mask, variant, changed


def test_a_valid_small_case_scores(run, case):
    assert run("score", case[0], case[1], "--json")[0] == 0


def test_missing_files(refused, case):
    assert "absent.nrrd does not exist" in refused("score", "absent.nrrd", case[1])
    assert "absent.nrrd does not exist" in refused("score", case[0], "absent.nrrd")


def test_not_an_image(refused, case, tmp_path):
    for name, content in (("text.nrrd", b"not an image"), ("empty.nii.gz", b""), ("notes.txt", b"hello")):
        (tmp_path / name).write_bytes(content)
        assert "cannot be read as an image" in refused("score", tmp_path / name, case[1])


def test_truncated_image(refused, case, tmp_path):
    content = case[0].read_bytes()
    (tmp_path / "cut.nrrd").write_bytes(content[: len(content) // 2])
    assert "cut.nrrd" in refused("score", tmp_path / "cut.nrrd", case[1])


def test_dimensions_and_components(refused, case):
    image, _, volume, mask, variant, _ = case
    four = variant(sitk.JoinSeries([volume, volume]), "four")
    rgb = variant(sitk.Compose([sitk.Cast(volume, sitk.sitkUInt8)] * 3), "rgb")
    flat = variant(volume[:, :, 5], "flat")
    assert "four dimensions, holds 2 acquisitions" in refused("score", four, case[1])
    assert "3 components" in refused("score", rgb, case[1])
    assert "2 dimensions" in refused("score", flat, case[1])
    assert "3 components" in refused("score", image, variant(sitk.Compose([mask] * 3), "layers"))


def test_geometry(refused, run, case):
    image, _, _, mask, variant, _ = case
    for name, expected in (("smaller", False), ("shifted", True)):  # the voxels of a cropped mask are the image's own
        other = mask[2:14, 2:14, 1:9]
        if name == "shifted":
            other.SetOrigin([start + 0.3 for start in other.GetOrigin()])
        code, out, _ = run("score", image, variant(other, name), "--json")
        assert code == 0
        assert ("mask-resampled" in {warning["code"] for warning in json.loads(out)["warnings"]}) == expected
    elsewhere = sitk.Image(mask)
    elsewhere.SetOrigin((500, 0, 0))
    assert "do not overlap" in refused("score", image, variant(elsewhere, "elsewhere"))


def test_masks_that_hold_no_tumor(refused, case):
    image, mask_path, _, mask, variant, _ = case
    single = mask * 0
    single[8, 8, 5] = 1
    assert "mask is empty" in refused("score", image, variant(mask * 0, "empty"))
    assert "Label 7" in refused("score", image, mask_path, "--label", 7)
    assert "single voxel" in refused("score", image, variant(single, "single"))
    two = sitk.Image(mask)
    two[8, 8, 5] = 2
    assert "several labels (1, 2)" in refused("score", image, variant(two, "two"))
    assert "fractional" in refused("score", image, variant(sitk.Cast(mask, sitk.sitkFloat32) * 0.5, "fractional"))


def test_intensities(refused, case):
    *_, changed = case
    assert "not finite" in refused("score", changed("nan", np.nan), case[1])
    assert "constant" in refused("score", changed("constant", 7), case[1])


def test_covariates(refused, case):
    image, mask = case[:2]
    assert "glucose" in refused("score", image, mask, "--covariate", "glucose=5")
    assert "age" in refused("score", image, mask, "--covariate", "age=-3")
    assert "age" in refused("score", image, mask, "--covariate", "age=old")
    assert "stage" in refused("score", image, mask, "--covariate", "stage=V")
    assert "name=value" in refused("score", image, mask, "--covariate", "age")
    assert "twice" in refused("score", image, mask, "--covariate", "age=50", "--covariate", "age=51")


def test_wrong_use(refused, run, case):
    assert "bogus" in refused("bogus")
    assert "mask" in refused("score", case[0])
    assert "--label" in refused("score", case[0], case[1], "--label", "one")
    assert run("--version")[0] == 0


@pytest.fixture
def damaged(tmp_path):
    """The demonstration model with one thing done to its JSON, as a file."""

    def write(change):
        document = json.loads((models_folder() / "demo-phantom.json").read_text())
        text = change(document)
        path = tmp_path / "model.json"
        path.write_text(text if isinstance(text, str) else json.dumps(document))
        return path

    return write


def put(keys, value):
    """Give a change that sets one field."""

    def change(document):
        *path, last = keys
        for key in path:
            document = document[key]
        document[last] = value

    return change


DAMAGED = {
    "truncated JSON": (lambda document: json.dumps(document)[:500], "model.json"),
    "JSON with NaN": (lambda document: json.dumps(document).replace('"intercept": 0.0', '"intercept": NaN', 1), "NaN"),
    "wrong type": (put(("score", "terms", 0, "coefficient"), "much"), "score.terms[0].coefficient"),
    "unknown key": (put(("score", "bonus"), 1), "bonus"),
    "6 MB": (lambda document: json.dumps(document | {"title": "x" * 6_000_000}), "5 MB"),
    "no such feature": (put(("score", "terms", 0, "feature"), "original_glcm_Charm"), "original_glcm_Charm"),
    "not JSON": (lambda document: "coefficients: 3", "model.json"),
    "a list": (lambda document: "[]", "model.json"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_models(name, refused, damaged, case):
    change, words = DAMAGED[name]
    path = damaged(change)
    assert words in refused("score", case[0], case[1], "--model", path)
    assert words in refused("models", "check", path)


def test_models_that_cannot_score(refused, case):
    assert "no-such-model" in refused("score", case[0], case[1], "--model", "no-such-model")
    sentence = refused("score", case[0], case[1], "--model", "wang2022-labc-dfs")
    assert "15 features" in sentence
    assert "models complete" in sentence


def test_models_list_show_check(run):
    code, out, _ = run("models", "list")
    assert code == 0
    assert "demo-phantom" in out
    assert "wang2022-labc-dfs" in out
    shown = json.loads(run("models", "show", "wang2022-labc-dfs", "--json")[1])
    assert shown["status"] == "incomplete"
    assert "score" not in shown
    assert "Additional file" in run("models", "show", "wang2022-labc-dfs")[1].replace("\n", " ")
    assert run("models", "check", models_folder() / "demo-phantom.json")[0] == 0


def test_models_complete_with_made_up_coefficients(run, refused, case, tmp_path):
    """The numbers are made up and never leave this test."""
    names = [f"wavelet.LLH_glcm_{name}" for name in ("Idmn", "Id", "Imc1", "Imc2", "Contrast")]
    names += [f"original_firstorder_{name}" for name in ("Mean", "Median", "Range", "Energy", "Entropy")]
    names += [f"wavelet-HHL_gldm_{name}" for name in ("GrayLevelVariance", "DependenceEntropy", "DependenceVariance")]
    names += ["original_shape_Sphericity", "wavelet-LLL_ngtdm_Busyness"]
    table = tmp_path / "coefficients.csv"
    table.write_text("feature,coefficient\n" + "".join(f"{name},{0.01 * rank}\n" for rank, name in enumerate(names, 1)))
    out = tmp_path / "completed.json"
    assert run("models", "complete", "wang2022-labc-dfs", table, "--out", out)[0] == 0
    found = json.loads(run("score", case[0], case[1], "--model", out, "--json")[1])
    assert len(found["contributions"]) == 15
    assert found["survival"] == []
    assert {"no-baseline", "axis-order"} <= {warning["code"] for warning in found["warnings"]}
    table.write_text("feature,coefficient\n" + f"{names[0]},0.5\n")
    assert "15" in refused("models", "complete", "wang2022-labc-dfs", table, "--out", tmp_path / "other.json")
    assert not (tmp_path / "other.json").exists()


def test_dicom_series_as_image(run, shared_data):
    folder = shared_data / "ucsf-br-06"
    mask = folder / "UCSF-BR-06_ftv_mask_largest.nrrd"
    nrrd = json.loads(run("score", folder / "UCSF-BR-06_3dfgre_orig_t1.nrrd", mask, "--json")[1])
    series = json.loads(run("score", folder / "dicom_t1", mask, "--json")[1])
    assert series["score"] == nrrd["score"]


def test_folders_that_are_not_one_series(refused, case, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no DICOM series" in refused("score", tmp_path / "empty", case[1])


def test_output_folder_that_cannot_be_written(refused, breast1, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert "cannot be written" in refused("score", *breast1, "--out", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "in the way"


LIMITED = """
import resource, runpy, sys
import matplotlib, numpy, SimpleITK, LABCRadiomicsLib.report, LABCRadiomicsLib.patient  # before the limit
sys.argv = ["labcradiomics", *sys.argv[1:]]
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from LABCRadiomicsLib.cli import main
main()
"""


def test_a_disk_that_fills_up_leaves_nothing_half_written(breast1, tmp_path):
    """A limit on file size stands for the full disk: the write fails midway with an OSError."""
    resource = pytest.importorskip("resource", reason="needs limits on the size of files, as POSIX has them")
    folder = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, "score", *map(str, breast1), "--out", str(folder)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_the_scoring_path_needs_no_heavy_package():
    """Scoring imports the standard library, numpy, SimpleITK and radiomics with what radiomics itself imports."""
    code = (
        "import sys; import LABCRadiomicsLib.patient, LABCRadiomicsLib.model.registry; "
        "print([name for name in ('scipy', 'pandas', 'matplotlib', 'lifelines', 'sksurv', 'jinja2', 'rich', 'typer', "
        "'pydicom', 'highdicom') "
        "if name in sys.modules])"
    )
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == "[]"


def test_a_second_reader_stands_beside_the_first(run, breast1, tmp_path):
    image, mask = breast1
    other = sitk.GetArrayFromImage(sitk.ReadImage(mask))
    grown = sitk.BinaryDilate(sitk.ReadImage(mask) != 0, (1, 1, 0))
    sitk.WriteImage(grown, tmp_path / "second.nrrd")
    code, out, err = run("score", image, mask, "--second-reader", tmp_path / "second.nrrd", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)["second_reader"]
    voxels = sitk.GetArrayFromImage(grown).sum()
    assert found["dice"] == pytest.approx(2 * (other != 0).sum() / ((other != 0).sum() + voxels))
    alone = json.loads(run("score", image, tmp_path / "second.nrrd", "--json")[1])
    assert (found["score"], found["risk_group"]) == (alone["score"], alone["risk_group"])
    assert found["survival"] == alone["survival"]
    assert found["same_group"] == (alone["risk_group"] == json.loads(out)["risk_group"])
    assert "second reader's contour (Dice" in " ".join(
        run("score", image, mask, "--second-reader", tmp_path / "second.nrrd")[1].replace("\u2502", " ").split()
    )
    code, _, err = run("score", image, mask, "--second-reader", tmp_path / "absent.nrrd")
    assert code == 2 and "absent.nrrd does not exist" in err


def test_a_model_that_measures_a_tissue_gets_its_mask(run, breast1, tmp_path):
    image, mask = breast1
    demo = find_model("demo-phantom")
    steps = ({"step": "reference-tissue", "tissue": "fat", "value": 40},)
    save_model(replace(demo, extraction=replace(demo.extraction, preprocessing=steps)), tmp_path / "fat.json")
    code, _, err = run("score", image, mask, "--model", tmp_path / "fat.json")
    assert code == 2 and "outline some fat" in err
    sitk.WriteImage(sitk.ReadImage(image) > 120, tmp_path / "fat.nrrd")
    code, out, err = run(
        "score", image, mask, "--model", tmp_path / "fat.json", "--tissue", tmp_path / "fat.nrrd", "--json"
    )
    assert (code, err) == (0, "")
    found = json.loads(out)
    volumes = [read_image(image).volume, read_mask(mask).volume]
    tissue = Masks(tissue=read_mask(tmp_path / "fat.nrrd").volume)
    assert found["score"] == score_patient(load_model(tmp_path / "fat.json"), *volumes, masks=tissue).prediction.score
    assert found["score"] != json.loads(run("score", image, mask, "--json")[1])["score"]
    assert found["inputs"]["regions"] == {"tissue": {"segmentation": "fat.nrrd", "segment": None, "segment_id": None}}
    assert "division by the median intensity of fat" in " ".join(warning["message"] for warning in found["warnings"])

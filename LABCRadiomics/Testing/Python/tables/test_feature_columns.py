"""What is taken for a feature: by name, by the user's pattern, never in silence, never the outcome."""

import json

import numpy as np
import pytest

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.feature_names import DEPRECATED, FEATURES
from LABCRadiomicsLib.statistics.concordance import harrell_c, harrell_c_of_columns
from LABCRadiomicsLib.tables.cohort import read_features, read_outcomes
from LABCRadiomicsLib.tables.feature_columns import is_feature_name
from table_cases import NAMES, tables, write

FOREIGN = (
    "Unnamed: 0", "Unnamed: 0.1", "index", "lesion", "os_months", "OS_months", "dfs_event", "PatientBirthDate",
    "SeriesDate", "StudyInstanceUID", "scanner_id",
    "general_info_VoxelNum", "diagnostics_Mask-original_VoxelNum", "Image", "Mask",
    "image_voxel_size_x", "sample_name", "PatientID", "ROI", "age", "MI_date", "loc_recurrence", "stat_vital",
    "cM_stage", "img_dim_x_init_img", "shape", "x", "T1_E",
    "glcm", "morph_subtype", "ih_c_score", "Intensity", "Her2MostPos",
)  # fmt: skip
KNOWN = (
    "original_shape_Volume", "wavelet-LLH_glcm_Idmn", "wavelet.LLH_glcm_Idmn",
    "log-sigma-2-0-mm-3D_firstorder_10Percentile",
    "log.sigma.2.0.mm.3D_gldm_LargeDependenceEmphasis", "lbp-3D-k_glrlm_RunEntropy", "T1_original_ngtdm_Busyness",
    "glcm_Idm", "cm, original_glcm_Contrast, 3D, avg", "morph_volume", "morph_pca_elongation", "stat_p10", "stat_skew",
    "cm_joint_entr_d1.0_3d_avg_fbn_n32", "rlm_sre_3d_v_mrg_fbs_w25.0", "szm_sze_3d_fbn_n32", "ngl_lde_d1.0_a0.0_3d",
    "ivh_v10", "ivh_diff_i10_i90", "loc_peak_glob", "wavelet_db2_level_1_hhh_stat_mean", "ih_max_grad_g_fbn_n32",
    "morph_max_3d_diameter", "T1_E_GLCM_Bins-128_Radius-1_AutoCorrelation", "T1_E_NGTDM_Coarsness",
    "T1_E_Histogram_Bins-128_Bins-128_Bin-0_Frequency", "T1_E_LBP_Radius-3_Bins-128_LBP", "T1_E_Volumetric_Volume",
)  # fmt: skip


def test_names_of_features():
    ours = [f"original_{kind}_{name}" for table in (FEATURES, DEPRECATED) for kind in table for name in table[kind]]
    assert [name for name in (*KNOWN, *ours) if not is_feature_name(name)] == []
    assert [name for name in FOREIGN if is_feature_name(name)] == []


def test_real_tables(shared_data):
    """CaPTk's features of I-SPY1 are told from the clinical columns beside them; pyradiomics 1's from its settings."""
    captk = read_features(shared_data / "ispy1" / "ISPY1_captk_features_plus_outcome_merged.csv", id="SUBJECTID")
    assert len(captk.names) == 370 and all(name.startswith("T1_") for name in captk.names)
    assert [notice.code for notice in captk.notices] == ["columns-left-out"]
    assert "RFS, rfs_ind" not in captk.notices[0].message and "DataExtractDt, age" in captk.notices[0].message
    folder = shared_data / "qin-prostate-testretest"
    header = next(folder.glob("*.csv")).read_text(encoding="utf-8").splitlines()[0].split(";")
    kept = [name for name in header if is_feature_name(name)]
    assert len(header) - len(kept) == 12 + 4  # general_info_*, then study, series, canonicalType, segmentedStructure


@pytest.fixture
def read(tmp_path):
    """Write both tables and read the features as ``train`` does."""

    def call(features, outcomes, pattern=None, covariates=()):
        paths = write(tmp_path / "features.csv", features), write(tmp_path / "outcomes.csv", outcomes)
        known = read_outcomes(paths[1], "case", "months", "event")
        return read_features(paths[0], pattern, outcomes=known, covariates=covariates)

    return call


def only_features(found):
    """Check that a table holds the twelve features and nothing else; gives what was said."""
    features, _ = tables()
    assert found.names == NAMES and found.cases == tuple(features["case"])
    np.testing.assert_array_equal(found.values, np.column_stack([features[name] for name in NAMES]))
    return {notice.code: notice.message for notice in found.notices}


def test_features_alone_are_taken_without_a_word(read):
    assert only_features(read(*tables())) == {}


@pytest.mark.parametrize("name", ["Unnamed: 0", "index", "", "rownumber", "level_0", "SeriesDate"])
def test_a_row_number_is_no_feature(read, name):
    features, outcomes = tables()
    said = only_features(read({name: list(range(120))} | features, outcomes))
    if name:  # without a name it is R's or pandas' row names
        assert f"Left out, being no features: {name}; if they are" in said["columns-left-out"]


def test_columns_beside_the_features_are_left_out_and_named(read):
    features, outcomes = tables()
    others = {
        "os_months": [round(1.2 * value, 1) for value in outcomes["months"]],
        "relapse": outcomes["event"],
        "lesion": [1 + at % 3 for at in range(120)],
        "PatientBirthDate": [19500101 + at for at in range(120)],
        "general_info_VoxelNum": list(range(120)),
        "Image": [f"images/{at}.nrrd" for at in range(120)],
    }
    note = only_features(read(features | others, outcomes))["columns-left-out"]
    assert "Taken as features: 12 columns, original_glcm_Autocorrelation to wavelet-LLH_glcm_Idmn" in note
    assert "Left out, being no features: os_months, relapse, lesion, PatientBirthDate, Image;" in note


def test_one_table_for_both(read):
    """Features and outcomes merged: neither time, event nor covariates become features, whatever the pattern says."""
    features, outcomes = tables()
    merged = outcomes | features
    assert "months, event, age, stage" in only_features(read(merged, merged))["columns-left-out"]
    merged.pop("stage")
    said = only_features(read(merged, merged, ".", ["age"]))
    assert "Left out, being no features: months, event, age." in said["columns-left-out"]
    found = read(merged, merged, ".")
    assert found.names == ("age", *NAMES)  # by the user's own word, and named
    assert "1 are not named as pyradiomics, MIRP, PySERA or CaPTk name features: age." in found.notices[0].message


def test_columns_of_the_outcome_table_are_no_features_even_by_pattern(read):
    features, outcomes = tables()
    outcomes["os_months"] = [round(1.01 * value, 2) for value in outcomes["months"]]
    said = only_features(read(features | {"os_months": outcomes["os_months"]}, outcomes, "."))
    assert "Left out, being no features: os_months." in said["columns-left-out"]


def test_features_of_the_users_own_are_taken_by_a_pattern_and_counted(read):
    features, outcomes = tables()
    own = {name: f"X{at}_at" for at, name in enumerate(NAMES)}
    found = read({own.get(name, name): values for name, values in features.items()}, outcomes, "^X")
    assert found.names == tuple(own.values())
    assert "Taken as features: 12 columns, X0_at to X11_at. Of these 12 are not named" in found.notices[0].message


@pytest.mark.slow
def test_train_says_what_it_took_and_puts_what_is_nearly_the_outcome_first(run, tmp_path):
    features, outcomes = tables()
    order = np.argsort(outcomes["months"], kind="stable")
    columns = {name: [values[at] for at in order] for name, values in features.items()}
    columns |= {"visit": list(range(120)), "copy": [2 - outcomes["event"][at] for at in order]}
    outcomes["other"] = [round(0.9 * value + 1, 1) for value in outcomes["months"]]
    code, _, err = run(
        "train", write(tmp_path / "f.csv", columns), write(tmp_path / "o.csv", outcomes), "--time", "months",
        "--event", "event", "--bootstrap", 0, "--n-folds", 5, "--jobs", 1, "--feature-columns", ".", "--subgroups",
        "other", "--out", tmp_path / "model.json", "--report", tmp_path / "report",
    )  # fmt: skip
    assert code == 0, err
    first, second = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))["notes"][:2]
    assert first["code"] == "outcome-like-column" and second["code"] == "columns-of-unknown-kind"
    assert first["message"].startswith(
        "Nearly the outcome itself: visit (C-index 1.000), copy (AUC of event against none 1.000), "
        "other (C-index 0.999). Was this known at baseline, before follow-up? If not, leave it out"
    )
    assert err.splitlines()[:2] == [f"labcradiomics: {note['message']}" for note in (first, second)]


def test_without_a_known_name_and_without_a_pattern_nothing_is_guessed(tmp_path):
    path = write(tmp_path / "f.csv", {"case": ["a", "b"], "os_months": [1, 2], "f1": [3, 4]})
    with pytest.raises(CohortError, match=r"with --feature-columns, a regular expression; they are os_months, f1\."):
        read_features(path)
    assert read_features(path, "^f").names == ("f1",)


def test_the_index_of_many_columns_is_that_of_each():
    rng = np.random.default_rng(3)
    markers, time = np.round(rng.normal(size=(80, 6)), 1), rng.integers(1, 30, 80).astype(float)
    event = rng.random(80) < 0.5
    expected = [harrell_c(marker, time, event).c for marker in markers.T]
    np.testing.assert_allclose(harrell_c_of_columns(markers, time, event), expected, rtol=1e-12)
    markers[::7, 2] = np.nan
    known = ~np.isnan(markers[:, 2])
    found = harrell_c_of_columns(markers, time, event)
    assert found[2] == pytest.approx(harrell_c(markers[known, 2], time[known], event[known]).c, rel=1e-12)
    assert np.isnan(harrell_c_of_columns(markers, time, np.zeros(80, bool))).all()


def test_outcome_columns_that_are_named_as_features_are_features(tmp_path):
    """A volume measured by hand that the outcome table repeats is still what its name says."""
    features = write(tmp_path / "f.csv", {"case": ["a", "b"], "original_shape_VoxelVolume": [1, 2], "note": [0, 1]})
    known = write(
        tmp_path / "o.csv", {"case": ["a", "b"], "t": [5, 6], "e": [0, 1], "original_shape_VoxelVolume": [1, 2]}
    )
    outcomes = read_outcomes(known, "case", "t", "e")
    assert read_features(features, outcomes=outcomes).names == ("original_shape_VoxelVolume",)
    with pytest.raises(CohortError, match="has no column"):
        read_features(features, outcomes=outcomes, covariates=["original_shape_VoxelVolume"])


def test_a_level_that_is_too_rare_is_named(run, tmp_path):
    features, outcomes = tables()
    rare = next(at for at, event in enumerate(outcomes["event"]) if not event)
    paths = [write(tmp_path / "f.csv", features), tmp_path / "o.csv"]
    words = ("train", *paths, "--time", "months", "--event", "event", "--bootstrap", 0, "--n-folds", 5, "--jobs", 1,
             "--covariates", "age,stage", "--out", tmp_path / "m.json", "--report", tmp_path / "r")  # fmt: skip
    for level, named in (("IV", "level IV"), ("I", "the reference level")):
        stage = [level if at == rare else own for at, own in enumerate(outcomes["stage"])]
        write(paths[1], outcomes | {"stage": stage})
        code, _, err = run(*words)
        assert code == 2
        assert (
            f"{named} of stage is that of 1 of 120 patients, 0 of them with the event, too few to tell its risk" in err
        )

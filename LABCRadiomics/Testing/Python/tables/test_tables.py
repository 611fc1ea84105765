"""Cohort tables: the forms of CSV that people save, faults named by file, row and column, spreadsheet-safe cells."""

import csv
import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.tables.cohort import (
    LONGEST_MONTHS,
    read_covariates,
    read_features,
    read_folds,
    read_icc,
    read_outcomes,
)
from LABCRadiomicsLib.tables.csv_table import read_table, write_table
from LABCRadiomicsLib.tables.csv_text import plain_text

FEATURES = "case,original_glcm_Idm,wavelet.LLH_glcm_Idmn\na,1.5,-2e-3\nb,0.25,7\n"
OUTCOMES = "case,dfs_months,dfs_event,age,stage\na,12.5,1,50,II\nb,60,0,41.5,IIIc\n"


@pytest.fixture
def table(tmp_path):
    """Write a file; gives its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def _outcomes(path):
    return read_outcomes(path, "case", "dfs_months", "dfs_event")


# --- forms of CSV -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        FEATURES,
        b"\xef\xbb\xbf" + FEATURES.encode(),
        FEATURES.replace("\n", "\r\n"),
        FEATURES.replace(",", ";"),
        FEATURES.replace(",", "\t"),
        FEATURES.replace(",", ";").replace(".5", ",5").replace("0.25", "0,25"),
        b"\xef\xbb\xbf" + FEATURES.replace(",", "\t").replace("1.5", "1,5").replace("0.25", "0,25").encode(),
        FEATURES.replace("1.5", '" 1.5 "'),
        "\n" + FEATURES.replace("b,", "\n,,\nb,"),
        "case,diagnostics_Versions,original_glcm_Idm,wavelet.LLH_glcm_Idmn,,\n"
        "a,\"{'x': 1}\",1.5,-2e-3,,\nb,text,0.25,7,,\n",
    ],
    ids=["plain", "bom", "crlf", "semicolon", "tab", "decimal comma", "bom tab comma", "quoted", "blank", "extra"],
)
def test_one_table_in_every_form_people_save_it_in(table, content):
    found = read_features(table(content))
    assert found.cases == ("a", "b")
    assert found.names == ("original_glcm_Idm", "wavelet-LLH_glcm_Idmn")
    np.testing.assert_array_equal(found.values, [[1.5, -2e-3], [0.25, 7]])


def test_real_cohort_with_text_columns(shared_data):
    path = shared_data / "ispy1" / "ISPY1_captk_features_plus_outcome_merged.csv"
    found = read_features(path, "^T1_", id="SUBJECTID")
    assert found.values.shape == (161, 370)
    assert found.cases[:2] == ("1002", "1003")
    assert found.values[0, 0] == -1.166403908867608
    with pytest.raises(CohortError, match=r"row 2, column RFS: 1043 is more than 600 months, so days"):
        read_outcomes(path, "SUBJECTID", "RFS", "rfs_ind")


def test_columns_are_chosen_by_a_regular_expression(table):
    assert read_features(table(FEATURES), "^wavelet").names == ("wavelet-LLH_glcm_Idmn",)


def test_outcomes(table):
    found = _outcomes(table(OUTCOMES))
    np.testing.assert_array_equal(found.months, [12.5, 60])
    assert found.event.tolist() == [True, False]
    assert found.event.dtype == bool
    assert found.columns == {"age": ("50", "41.5"), "stage": ("II", "IIIc")}
    assert found.notices == ()


@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("Yes", "NO"), ("TRUE", "FALSE"), ("true", "0")])
def test_event_in_words_is_taken_and_said(table, yes, no):
    found = _outcomes(table(OUTCOMES.replace(",1,50", f",{yes},50").replace(",0,41", f",{no},41")))
    assert found.event.tolist() == [True, False]
    assert [notice.code for notice in found.notices] == ["event-words"]
    assert "dfs_event" in found.notices[0].message and yes in found.notices[0].message


def test_covariates_folds_and_correlations(table):
    found = read_covariates(table("id;age;stage\n1;50,5;II\n2;;IIIc\n"), id="id")
    assert found.cases == ("1", "2") and found.columns == {"age": ("50,5", ""), "stage": ("II", "IIIc")}
    assert found.decimal_marks == {","}
    assert read_folds(table("case,fold\na,1\nb,two\n")) == {"a": "1", "b": "two"}
    assert read_folds(table("Case,Fold\na,1\n")) == {"a": "1"}
    with pytest.raises(CohortError, match="row 2, column fold: the cell is empty; give the case's fold"):
        read_folds(table("case,fold\na,\n"))
    found = read_icc(table("feature,icc,lower,upper\nwavelet.LLH_glcm_Idm,0.8,0.6,0.9\nx,,,\n"))
    assert found["wavelet-LLH_glcm_Idm"] == (0.8, 0.6, 0.9)
    assert all(map(math.isnan, found["x"]))


def test_of_two_correlations_the_smaller_counts(table):
    header = "feature,icc,lower,upper,icc_repeat,lower_repeat,upper_repeat\n"
    found = read_icc(table(header + "x,.9,.8,.95,.7,.6,.8\ny,.7,.6,.8,.9,.8,.95\nz,.9,.8,.95,,,\nw,,,,.9,.8,.95\n"))
    assert found["x"] == found["y"] == (0.7, 0.6, 0.8)
    assert math.isnan(found["z"][0]) and math.isnan(found["w"][0])
    found = read_icc(table(header + "x,.9,.5,.95,.7,.6,.8\n"))  # smaller, though its lower limit is not
    assert found["x"] == (0.7, 0.6, 0.8)
    assert read_icc(table(header + "x,1,1,1,1,1,1\n"))["x"] == (1, 1, 1)


def test_causes_of_the_end_of_follow_up(table):
    def read(causes):
        rows = "".join(f"{at},{10 + at},{cause}\n" for at, cause in enumerate(causes))
        return read_outcomes(table("case,months,cause\n" + rows), "case", "months", "cause", competing=True)

    found = read(["0", "1", "2", "3", "1"])
    assert found.cause.tolist() == [0, 1, 2, 3, 1] and found.event.tolist() == [False, True, False, False, True]
    (notice,) = found.notices
    assert notice.code == "competing-events" and notice.message.startswith("2 patients had a competing event.")
    (notice,) = read(["0", "1"]).notices
    assert notice.code == "no-competing-event" and "all events are 1" in notice.message
    assert read(["0", "20"]).cause.tolist() == [0, 20]
    for cause in ("21", "1.5", "-1"):
        with pytest.raises(CohortError, match=rf"row 3, column cause: '{cause}' is no cause; give 0 for none, 1 for"):
            read(["1", cause])
    with pytest.raises(CohortError, match="row 2, column cause: the cell is empty; give 0 where follow-up ended"):
        read([""])
    plain = read_outcomes(table("case,months,event\na,1,1\n"), "case", "months", "event")
    assert plain.cause is None


def test_the_column_of_the_cases_is_the_one_asked_for_else_case(table):
    cases = lambda content, **asked: read_features(table(content), "x", **asked).cases  # noqa: E731
    assert cases("case,patient,x\na,p,1\n") == ("a",)
    assert cases("case,patient,x\na,p,1\n", id="patient") == ("p",)
    assert cases("case,x\na,1\n", id="patient") == ("a",)
    with pytest.raises(CohortError, match="column patient is missing; the table has name, x"):
        cases("name,x\na,1\n", id="patient")


def test_a_first_column_without_a_name_holds_the_cases_whatever_follows_them(table):
    found = read_features(table(",x,y\na,,2\nb,3,4\n"), "x|y", allow_missing=True)
    assert found.cases == ("a", "b") and found.names == ("x", "y")
    assert np.array_equal(found.values, [[np.nan, 2], [3, 4]], equal_nan=True)


def test_a_table_of_cases_alone_has_no_feature(table):
    with pytest.raises(CohortError, match="has no feature column: give a table with one column a feature"):
        read_features(table("case\na\nb\n"))


def test_follow_up_is_in_months(table):
    def read(months):
        return read_outcomes(table(f"case,months,event\na,{months},1\n"), "case", "months", "event").months.tolist()

    assert read("0.1") == [0.1] and read(f"{LONGEST_MONTHS:g}") == [LONGEST_MONTHS]
    for months, said in (("0", "0 months is not above zero"), (f"{LONGEST_MONTHS + 1:g}", "so days or a date's")):
        with pytest.raises(CohortError, match=f"row 2, column months: .*{said}"):
            read(months)


@pytest.mark.parametrize("cells", ["a,1,", "a,1,,", "a,1,2,,,"])
def test_empty_cells_at_the_end_of_a_row_may_be_more_than_the_header_has(table, cells):
    found = read_features(table(f"case,x,y\nb,5,6\n{cells}\n"), "x|y", allow_missing=True)
    assert found.values[0].tolist() == [5, 6] and found.values[1, 0] == 1


def test_missing_cells_only_where_allowed(table):
    path = table("case,x\na,1\nb,NA\nc,\n")
    assert np.isnan(read_features(path, "x", allow_missing=True).values[1:]).all()
    with pytest.raises(CohortError, match="row 3, column x: the cell is 'NA', not a number"):
        read_features(path, "x")


# --- faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "the table is empty; give a header and one row a case"),
        ("\n\n", "the table is empty"),
        ("case,x\n", "has a header but no rows"),
        ("x,y\n1,2\n", "column case is missing; the table has x, y"),
        ("case\na\n", "has no column that matches"),
        ("case,x\na,1\nb,2\na,3\n", r"row 4, column case: a repeats row 2; keep one"),
        ("case,x\na,1\n,2\n", r"row 3, column case: the cell is empty"),
        ("case,x\n\na,1\nb,n.d.\n", r"row 4, column x: 'n\.d\.' is not a number"),
        ("case,x\na,\n", r"row 2, column x: the cell is empty; give a number"),
        ("case,x\na,inf\n", r"row 2, column x: 'inf' is not a number"),
        ("case,x\na,1e999\n", r"row 2, column x: '1e999' is too large"),
        ("case,x\na,1_000\n", r"row 2, column x: '1_000' is not a number"),
        ("case,x\na,0x10\n", r"row 2, column x: '0x10' is not a number"),
        ("case,x\na,2021-03-04\n", r"row 2, column x: '2021-03-04' is a date"),
        ("case,x\na,04.03.2021\n", r"row 2, column x: '04\.03\.2021' is a date"),
        ("case,x\na,3/4/21\n", r"row 2, column x: '3/4/21' is a date"),
        ("case,x\na,01. Mai\n", r"row 2, column x: '01\. Mai' is a date"),
        ("case,x\na,Mar-04\n", r"row 2, column x: 'Mar-04' is a date"),
        ("case,x\na,12 months\n", r"row 2, column x: '12 months' is not a number"),
        ("case,x,y\na,1,5,2\n", r"row 2: 4 cells where the header has 3; use semicolons"),
        ('case,x,y\na,"1,5",2\n', r"row 2, column x: '1,5' is not a number; correct it, with a decimal point"),
        ("case;x;y\na;1,5;2.5\n", r"row 2, column y: 2\.5 has a decimal point unlike row 2, column x"),
        ("case;x\na;1.234,5\n", r"row 2, column x: '1\.234,5' is not a number"),
        ("case,x,x\na,1,2\n", r"row 1: column x occurs twice"),
        ("case,x,\na,1,2\n", r"row 1: column 3 has no name"),
        ("case,wavelet.LLH_glcm_Idm,wavelet-LLH_glcm_Idm\na,1,2\n", r"row 1: columns .* are one feature"),
        (b"case,x\na,\xe9\n", "byte 9 is not UTF-8 text; save the table as CSV in UTF-8"),
        (b"PK\x03\x04\xff\xfe", "is an Excel workbook or another zip archive"),
    ],
)
def test_faults_of_feature_tables(table, content, sentence):
    path = table(content)
    with pytest.raises(CohortError, match=sentence) as error:
        read_features(path, "^[xyw]")
    message = str(error.value)
    assert str(path) in message and message.endswith(".") and "\n" not in message


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (",12.5,", ",-1,", "row 2, column dfs_months: -1 months is not above zero"),
        (",12.5,", ",0,", "row 2, column dfs_months: 0 months is not above zero"),
        (",60,", ",45231,", "row 3, column dfs_months: 45231 is more than 600 months, so days or a date"),
        (",60,", ",,", "row 3, column dfs_months: the cell is empty"),
        (",0,41", ",2,41", "row 3, column dfs_event: an event is 1 and no event 0, not 2; recode the column"),
        (
            ",0,41",
            ",dead,41",
            "row 3, column dfs_event: 'dead' is a word; recode the column, 1 for an event and 0 for none",
        ),
        (",0,41", ",,41", "row 3, column dfs_event: the cell is empty"),
        ("dfs_event", "event", "column dfs_event is missing"),
        ("b,", "a,", "row 3, column case: a repeats row 2"),
    ],
)
def test_faults_of_outcome_tables(table, old, new, sentence):
    with pytest.raises(CohortError, match=sentence):
        _outcomes(table(OUTCOMES.replace(old, new)))


def test_faults_of_other_tables(table, tmp_path):
    with pytest.raises(CohortError, match="row 2, column fold: the cell is empty"):
        read_folds(table("case,fold\na,\n"))
    with pytest.raises(CohortError, match=r"row 2, column icc: 1\.5 is above 1"):
        read_icc(table("feature,icc,lower,upper\nx,1.5,0,1\n"))
    with pytest.raises(CohortError, match="column icc is missing"):
        read_icc(table("feature,ICC\nx,1\n"))
    with pytest.raises(CohortError, match=r"absent\.csv: the table cannot be read \(No such file or directory\)"):
        read_table(tmp_path / "absent.csv")
    with pytest.raises(CohortError, match="has no column that matches '\\^T1_'"):
        read_features(table(FEATURES), "^T1_")
    with pytest.raises(CohortError, match="is no regular expression"):
        read_features(table(FEATURES), "(")


# --- writing ----------------------------------------------------------------------------------------------------


def test_cells_that_a_spreadsheet_would_run_are_defused(tmp_path):
    texts = ["=1+1", "+cmd|' /C calc'!A0", "-x", "@SUM(A1)", "\tx", "\rx", "-12", "plain", "'=x", "\uff1dx"]
    path = tmp_path / "t.csv"
    write_table(path, ["case", "=header"], [[text, 1] for text in texts])
    with path.open(newline="", encoding="utf-8") as file:
        written = list(csv.reader(file))
    assert written[0] == ["case", "'=header"]
    texts[5] = "\nx"  # a lone carriage return would break the row
    expected = [f"'{text}" if text not in ("-12", "plain") else text for text in texts]
    assert [row[0] for row in written[1:]] == expected
    assert read_table(path).texts("case") == tuple(texts)


def test_numbers_are_written_to_be_read_back(tmp_path):
    path = tmp_path / "t.csv"
    row = [0.1 + 0.2, np.float64(1e-300), np.int64(7), True, None, math.nan, -math.inf, -2]
    write_table(path, list("abcdefgh"), [row])
    assert path.read_bytes() == b"a,b,c,d,e,f,g,h\n0.30000000000000004,1e-300,7,1,,,,-2\n"


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("before")

    def rows():
        yield [1]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_table(path, ["x"], rows())
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]
    with pytest.raises(CohortError, match="cannot be written"):
        write_table(tmp_path / "absent" / "t.csv", ["x"], [])


_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).map(plain_text).filter(bool)
_FLOAT = st.floats(allow_nan=False, allow_infinity=False)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_TEXT, _FLOAT), min_size=1, unique_by=lambda row: row[0]))
@example([("''=x", 0.0), ("'", -0.0), ('"', 5e-324), (";", 1.0), ("a,b", 2.0)])
def test_what_is_written_is_read_back_bit_for_bit(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("round") / "t.csv"
    write_table(path, ["case", "x"], rows)
    found = read_features(path, "x")
    assert found.cases == tuple(case for case, _ in rows)
    assert found.values[:, 0].tobytes() == np.array([value for _, value in rows]).tobytes()

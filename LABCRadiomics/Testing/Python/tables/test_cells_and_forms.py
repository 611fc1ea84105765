"""What single cells and whole files are taken for at their limits: whole numbers, separators, rows that do not fit."""

import json

import numpy as np
import pytest

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.tables.cells import (
    CellError,
    cell_text,
    parse_event,
    parse_number,
    shown,
    whole_number,
    without_guard,
)
from LABCRadiomicsLib.tables.cohort import matching_rows, read_icc
from LABCRadiomicsLib.tables.csv_table import Table, read_table
from LABCRadiomicsLib.tables.csv_text import read_csv_text
from LABCRadiomicsLib.tables.report_folder import kaplan_meier_table, report_document, write_report
from LABCRadiomicsLib.tables.study_tables import StudyTables


def test_whole_numbers_up_to_where_floats_tell_them_apart():
    assert [whole_number(text) for text in ("3", "1.0", "-7", "9007199254740992", "1e3")] == [3, 1, -7, 2**53, 1000]
    for text in ("1.5", "9007199254740994", "-9007199254740994", "1e300"):
        with pytest.raises(CellError, match="is not a whole number"):
            whole_number(text)
    with pytest.raises(CellError, match="the cell is empty; give a whole number"):
        whole_number("")


def test_numbers_and_their_decimal_marks():
    assert parse_number("1,5") == 1.5 and parse_number("-.5e1") == -5 and np.isnan(parse_number("NA"))
    for text, sentence in (("1,5", "is not a number"), ("2024-01-31", "is a date"), ("31.1.2024", "is a date")):
        with pytest.raises(CellError, match=sentence):
            parse_number(text, decimal_comma=False)
    with pytest.raises(CellError, match="too large"):
        parse_number("1e400")


def test_what_keeps_a_text_from_being_a_number_is_said_where_it_is_known():
    for text, sentence in (("1.234,5", "it "), ("1,234.5", "it "), ("five", "correct it, with a decimal point")):
        with pytest.raises(CellError, match=f"is not a number; {sentence}"):
            parse_number(text)


def test_events():
    assert [parse_event(text) for text in ("1", "0", "yes", "FALSE", "1,0")] == [1, 0, 1, 0, 1]
    for text, sentence in (("2", "not 2; recode"), ("alive", "is a word"), ("", "is empty"), ("NA", "is 'NA'")):
        with pytest.raises(CellError, match=sentence):
            parse_event(text)


def test_cells_that_are_shown_are_cut_at_forty():
    assert shown("x" * 40) == repr("x" * 40) and shown("x" * 41) == repr("x" * 40 + "...")


def test_cells_that_are_written():
    assert (
        cell_text(None) == "" and cell_text(float("nan")) == "" and cell_text(True) == "1" and cell_text(0.1) == "0.1"
    )
    assert cell_text("=1+1") == "'=1+1" and cell_text("-5") == "-5" and cell_text("a\r\nb\rc") == "a\nb\nc"
    assert without_guard("'=1+1") == "=1+1" and without_guard("'quoted") == "'quoted" and without_guard("=1") == "=1"


def read(folder, text):
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return read_csv_text(path)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_two_columns_are_enough_to_know_the_separator(tmp_path, mark):
    found = read(tmp_path, f"case{mark}age\nP1{mark}64\nP2{mark}50\n")
    assert (found.separator, found.header) == (mark, ("case", "age"))
    assert [cells for _, cells in found.rows] == [("P1", "64"), ("P2", "50")]


def test_decimal_commas_between_semicolons_do_not_divide_cells(tmp_path):
    found = read(tmp_path, "case;age\nP1;64,5\nP2;50,1\n")
    assert found.separator == ";" and [cells for _, cells in found.rows] == [("P1", "64,5"), ("P2", "50,1")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("case id|age\nP1|64,5\n", "2 cells where the header has 1; separate cells by commas, semicolons or tabs."),
        ("case age\nP1,64\n", "2 cells where the header has 1; separate cells by commas, semicolons or tabs."),
        ("case id,age\nP1,64,5\n",
         "3 cells where the header has 2; use semicolons between cells when decimals have commas, quote cells that "
         "hold the separator, and give row names a header."),
        ("case,age,sex\nP1,64\nP2,50,f\n",
         "2 cells where the header has 3; complete the row, and quote cells that hold a line end."),
        ("case;age\nP1;64;1\nP2;50\n",
         "3 cells where the header has 2 between semicolons; quote cells that hold the separator."),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_says_what_may_be_wrong(tmp_path, text, sentence):
    with pytest.raises(CohortError) as caught:
        read(tmp_path, text)
    assert str(caught.value).partition("row 2: ")[2] == sentence


def test_rows_of_two_tables_are_matched_by_case():
    sentence = "case {} has no outcome."
    assert matching_rows(("b", "a"), ("a", "x", "b"), sentence) == [2, 0]
    for cases, which in (("az", "z"), ("zayw", "z and 2 more")):
        with pytest.raises(CohortError) as caught:
            matching_rows(tuple(cases), ("a",), sentence)
        assert str(caught.value) == sentence.format(which)


def test_a_report_holds_what_json_has_and_null_for_the_rest(tmp_path):
    findings = {"a": np.array([1.5, np.nan]), "n": np.int64(3), "b": np.bool_(True), "t": (np.inf, "x", None)}
    document = report_document(findings, {"f.csv": "00"})
    assert {name: document[name] for name in findings} == {"a": [1.5, None], "n": 3, "b": True, "t": [None, "x", None]}
    assert document["b"] is True and document["inputs"] == {"f.csv": "00"} and document["notice"]
    path = write_report(tmp_path / "new" / "r", document, {"t.csv": (["case"], [["p"]])}, {"more.md": "text"})
    assert path == write_report(tmp_path / "new" / "r", document, {})  # again
    assert path.read_text(encoding="utf-8") == json.dumps(document, indent=1) + "\n"
    assert path == tmp_path / "new" / "r" / "report.json"
    assert path.with_name("t.csv").read_text() == "case\np\n" and path.with_name("more.md").read_text() == "text"
    with pytest.raises(ValueError, match="JSON"):
        write_report(tmp_path / "s", {"a": float("nan")}, {})
    with pytest.raises(CohortError):
        write_report(path, document, {})  # a file is in the way


def test_curves_of_both_groups_in_one_table():
    curve = {"months": [1, 2], "survival": [0.9, 0.8], "lower": [0.7, 0.6], "upper": [1, 0.9], "n": 3}
    header, rows = kaplan_meier_table({"low": curve, "high": curve})
    assert header == ["group", "months", "survival", "lower", "upper"]
    assert rows == [(name, *values) for name in ("low", "high") for values in ((1, 0.9, 0.7, 1), (2, 0.8, 0.6, 0.9))]


def test_correlations_of_two_readers_and_repeats(tmp_path):
    path = tmp_path / "icc.csv"
    path.write_text(
        "feature,icc,lower,upper,icc_repeat,lower_repeat,upper_repeat\n"
        "a,1,0.9,1,0.8,0.7,0.9\nb,0.6,0.5,0.7,0.95,0.9,1\nc,,,,0.9,0.8,1\nd,0.9,0.8,1,,,\ne,0.5,0.4,0.6,0.5,0.1,0.9\n"
    )
    found = read_icc(path)
    assert found["a"] == (0.8, 0.7, 0.9) and found["b"] == (0.6, 0.5, 0.7) and found["e"] == (0.5, 0.4, 0.6)
    assert np.isnan(found["c"][0]) and np.isnan(found["d"][0])
    path.write_text("feature,icc,lower,upper\na,1.01,0.9,1\n")
    with pytest.raises(CohortError, match=r"row 2, column icc: 1\.01 is above 1"):
        read_icc(path)


def test_a_fixed_name_is_found_as_written_first(tmp_path):
    (tmp_path / "t.csv").write_text("case,time,Time,Event\nP1,1,2,0\nP2,3,4,1\n")
    table = read_table(tmp_path / "t.csv")
    assert [table.find(name) for name in ("time", "Time", "TIME", "event", "age")] == [
        "time", "Time", None, "Event", None,
    ]  # fmt: skip


def test_the_first_case_that_is_absent_is_named_and_the_others_counted():
    for cases, named in ((["a", "x"], "x"), (["x", "a", "y"], "x and 1 more"), (["x", "y", "z"], "x and 2 more")):
        with pytest.raises(CohortError, match=f"^Case {named} has no outcome"):
            matching_rows(cases, ["a", "b"], "Case {} has no outcome.")


def test_files_of_a_study_are_those_that_are_no_tables_at_hand(tmp_path):
    features, outcomes = tmp_path / "f.csv", tmp_path / "o.csv"
    at_hand = Table(tmp_path, {"case": ["a"]}, [2])
    names = {"time": "months", "event": "event"}
    assert StudyTables(features=features, outcomes=outcomes, **names).files == (features, outcomes)
    assert StudyTables(features=at_hand, outcomes=outcomes, **names).files == (outcomes,)
    assert StudyTables(features=at_hand, outcomes=at_hand, **names).hashes() == {}

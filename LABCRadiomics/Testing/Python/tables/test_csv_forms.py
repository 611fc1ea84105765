"""Tables as Excel, R, pandas, SlicerRadiomics and others save them: read rightly, or refused with what to do."""

import csv
import unicodedata

import numpy as np
import pytest

from LABCRadiomicsLib.cohort import read_cases
from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.tables.cohort import matching_rows, read_features, read_outcomes
from LABCRadiomicsLib.tables.csv_table import Table, read_table
from LABCRadiomicsLib.tables.csv_text import read_csv_text
from table_cases import NAMES, tables, text

FEATURES, OUTCOMES = tables(12)
VALUES = np.column_stack([FEATURES[name] for name in NAMES])


@pytest.fixture
def read(tmp_path):
    """Write text or bytes as a table; gives its features."""

    def call(content, **options):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_features(path, **options)

    return call


def is_whole(found):
    np.testing.assert_array_equal(found.values, VALUES)
    return found.names == NAMES and found.cases == tuple(FEATURES["case"])


def quoted(columns, index=None, header=True):
    """As R's write.csv and write.table write: text in quotes, row names before them."""
    names = ['"case"', *(f'"{name}"' for name in NAMES)]
    rows = list(zip((f'"{case}"' for case in columns["case"]), *(columns[name] for name in NAMES), strict=True))
    first = [] if index is None else [index] if header else []
    lines = [[*first, *names], *([*([f'"{at}"'] if index is not None else []), *row] for at, row in enumerate(rows, 1))]
    return "".join(",".join(map(str, line)) + "\n" for line in lines)


WHOLE = {
    "sep line": "sep=;\n" + text(FEATURES, ";", ","),
    "sep line, bom, crlf": "\ufeffsep=;\r\n" + text(FEATURES, ";", ",", "\r\n"),
    "quoted sep line": '"sep=\t"\n' + text(FEATURES, "\t", ","),
    "sep line of commas": "SEP=,\n" + text(FEATURES),
    "bars": "sep=|\n" + text(FEATURES, "|"),
    "bare carriage returns": text(FEATURES, end="\r"),
    "bare carriage returns, semicolons": text(FEATURES, ";", ",", end="\r"),
    "no last line end": text(FEATURES).rstrip("\n"),
    "empty columns": text(FEATURES).replace("\n", ",,,\n"),
    "empty columns below the header alone": text(FEATURES).replace("\n", ",,\n").replace(",,\n", "\n", 1),
    "empty rows": "\n,,\n" + text(FEATURES) + ",,,\n\n;\n".replace(";", ""),
    "blanks": text(FEATURES, " , ").replace("\n", " \u00a0\n"),
    "huge cell": text(FEATURES | {"diagnostics_x": ["x" * 140_000] * 12}),
    "line ends in cells": text(FEATURES | {"diagnostics_x": ['"two\r\nlines, and ""quotes"""'] * 12}),
    "r, write.csv": quoted(FEATURES, '""'),
    "r, write.table": quoted(FEATURES, "", header=False),
    "r, row.names=FALSE": quoted(FEATURES),
    "r, tabs without a header for the row names": text({"1": list(range(1, 13))} | FEATURES, "\t").split("\t", 1)[1],
    "pandas": text({"": list(range(12))} | FEATURES),
    "r names": text({name.replace("-", "."): cells for name, cells in FEATURES.items()}),
    "capitals": text(FEATURES).replace("case", "Case", 1),
    "zero-width": text(FEATURES).replace("P0", "\u200bP0").replace("case", "case\u200b\ufeff", 1),
}


@pytest.mark.parametrize("form", WHOLE)
def test_one_table_in_every_form(read, form):
    assert is_whole(read(WHOLE[form]))


def test_the_separator_is_that_of_the_rows(read):
    """Commas in a header of semicolons, and the other way round."""
    names = [f"cm, {name}, 3D, avg" for name in NAMES]
    found = read(text({"case": FEATURES["case"]} | dict(zip(names, VALUES.T.tolist(), strict=True)), ";"))
    assert found.names == tuple(names) and (found.values == VALUES).all()
    names = [f'"{name}; a; b; c"' for name in NAMES]
    found = read(text({"case": FEATURES["case"]} | dict(zip(names, VALUES.T.tolist(), strict=True))))
    assert (found.values == VALUES).all()
    assert read("case;original_glcm_Idm\na;1,5\nb;2,5\n").values.tolist() == [[1.5], [2.5]]


def test_row_names_stand_for_the_cases_where_there_is_no_other_column(read, tmp_path):
    rest = {name: cells for name, cells in FEATURES.items() if name != "case"}
    assert is_whole(read(text({"": FEATURES["case"]} | rest)))
    assert is_whole(read(text({"": FEATURES["case"]} | rest), id="Patient"))
    with pytest.raises(CohortError, match="first column, which has no name, only numbers the rows"):
        read(text({"": list(range(12))} | rest))


def test_slicerradiomics_table_is_turned(read):
    parts = [name.split("_") for name in NAMES]
    columns = {title: [part[at] for part in parts] for at, title in
               enumerate(("Image type", "Feature Class", "Feature Name"))}  # fmt: skip
    columns |= dict(zip(FEATURES["case"], VALUES.tolist(), strict=True))
    for cells in columns.values():
        cells.append("x")  # a row of pyradiomics' diagnostics
    columns["Image type"][-1], columns["Feature Class"][-1], columns["Feature Name"][-1] = (
        "diagnostics",
        "Versions",
        "Python",
    )
    assert is_whole(read(text(columns)))
    assert is_whole(read(text(columns, "\t")))
    columns["P003"][2] = "1.2.3"
    with pytest.raises(CohortError, match=f"column P003, feature {NAMES[2]}: '1.2.3' is not a number"):
        read(text(columns))
    again = {name: [*cells, cells[0]] for name, cells in columns.items()}
    with pytest.raises(CohortError, match=f"feature {NAMES[0]} has two rows; keep one"):
        read(text(again))


def test_tables_of_other_software(read):
    """The columns beside the features are no features; what names the cases is told."""
    mirp = {"sample_name": FEATURES["case"], "image_modality": ["mr"] * 12, "image_voxel_size_x": [0.7] * 12,
            "morph_volume": [1.5] * 12, "cm_joint_max_d1.0_3d_avg_fbn_n32": [0.5] * 12}  # fmt: skip
    assert read(text(mirp), id="sample_name").names == tuple(mirp)[3:]
    with pytest.raises(
        CohortError, match="column case is missing; if sample_name names the cases, give --id sample_name"
    ):
        read(text(mirp))
    pysera = {"PatientID": ["a", "a", "b"], "ROI": ["lesion_1", "lesion_2", "lesion_1"], "stat_mean": [1, 2, 3]}
    with pytest.raises(CohortError, match=r"a repeats row 2; keep one row a case \(column ROI may tell them apart\)"):
        read(text(pysera), id="PatientID")
    batch = {"Patient": FEATURES["case"], "Image": ["i.nrrd"] * 12, "Mask": ["m.nrrd"] * 12} | FEATURES
    batch.pop("case")
    found = read(text(batch), id="Patient")
    assert is_whole(found) and "Left out, being no features: Image, Mask" in found.notices[0].message


def test_a_case_table_of_pyradiomics(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("ID,Image,Mask,Label\na,i.nrrd,m.nrrd,2.0\n")
    with pytest.raises(CohortError, match="if ID names the cases, give --id ID, or call the column case"):
        read_cases(path)
    path.write_text("Case,Image,Mask,Label\na,i.nrrd,m.nrrd,2.0\n")
    (case,) = read_cases(path)
    assert (case.name, case.image, case.mask, case.roi_label()) == ("a", "i.nrrd", "m.nrrd", 2)


REFUSED = {
    "transposed": (text(FEATURES).replace("case", "feature"), None),
    "utf-16": (text(FEATURES).encode("utf-16"), "is UTF-16 text, as Excel's 'Unicode text', no CSV file: save"),
    "utf-16 without a mark": (text(FEATURES).encode("utf-16-le"), "holds bytes that are no text"),
    "cp1252": (text(FEATURES).replace("P000", "M\u00fc").encode("cp1252"), "is not UTF-8 text; save the table as"),
    "excel": (b"PK\x03\x04" + bytes(30), "is an Excel workbook or another zip archive, no CSV file: save"),
    "old excel": (b"\xd0\xcf\x11\xe0" + bytes(30), "is an old Excel workbook"),
    "gzip": (b"\x1f\x8b" + bytes(30), "is compressed, no CSV file: unpack it"),
    "json": ('{"case": ["a"]}', "is JSON, no CSV file"),
    "html": ("<!DOCTYPE html>\n<table>", "is HTML or XML, no CSV file"),
    "open quote": (text(FEATURES).replace("P003", '"P003'), "row 5: not a CSV row (a quote in it is never closed)"),
    "cut row": (text(FEATURES)[:-30], "cells where the header has 13; complete the row"),
    "decimal commas": ("case,original_glcm_Idm\na,1,5\nb,2,5\n", "use semicolons between cells when decimals have"),
    "blanks between": ("case original_glcm_Idm\na 1\n", "column case is missing; the table has case original_glcm_Idm"),
    "twice": (text(FEATURES).replace(NAMES[1], NAMES[0], 1), f"row 1: column {NAMES[0]} occurs twice; keep one"),
    "twice by r": (text(FEATURES).replace(NAMES[0], "wavelet.LLH_glcm_Idmn"), "are one feature; keep one"),
    "unnamed": (text(FEATURES).replace(NAMES[1], ""), "row 1: column 3 has no name; name it or delete it"),
    "empty cell": (text(FEATURES).replace(str(VALUES[0, 0]), ""), "the cell is empty; give a number, or leave out"),
}  # fmt: skip


@pytest.mark.parametrize("form", REFUSED)
def test_what_cannot_be_read_is_named_with_what_to_do(read, form):
    content, sentence = REFUSED[form]
    if form == "transposed":
        rows = [line.split(",") for line in content.splitlines()]
        content, sentence = "".join(",".join(row) + "\n" for row in zip(*rows, strict=True)), "has one row a feature"
    with pytest.raises(CohortError) as error:
        read(content)
    assert sentence in str(error.value) and "table.csv" in str(error.value) and "\n" not in str(error.value)


def test_names_that_look_alike_are_the_same(tmp_path):
    """Composed and decomposed letters (macOS), zero-width characters, blanks of any width."""
    composed = [f"M\u00fc {at}" for at in range(3)]
    others = [unicodedata.normalize("NFD", composed[0]), f"{composed[1]}\u200b", f"\u00a0{composed[2]} \ufeff"]
    for names in (composed, others):
        (tmp_path / "t.csv").write_text(
            "case,gr\u00f6\u00dfe\n" + "".join(f"{name},1\n" for name in names), encoding="utf-8"
        )
        table = read_table(tmp_path / "t.csv")
        assert table.cases() == tuple(composed)
        assert table.numbers(unicodedata.normalize("NFD", "gr\u00f6\u00dfe")).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("P1", "p1"),
        ("0012", "12"),
        ("12", "12.0"),
        ("P-1", "P 1"),
        ("P_1", "P1"),
        ("M\u00fcller", "Muller"),
        ("\uff21 1", "A1"),
    ],
)
def test_cases_that_are_only_written_otherwise_are_named(here, there):
    with pytest.raises(CohortError) as error:
        matching_rows(["x", here], [there, "x"], "Case {} has no outcome.")
    assert f"The other table has {there!r} where this has {here!r}" in str(error.value)
    with pytest.raises(CohortError, match=r"has no outcome\.$"):
        matching_rows(["other"], [there], "Case {} has no outcome.")


WORDS = (
    "dead",
    "alive",
    "ja",
    "nein",
    "J",
    "N",
    "Y",
    "oui",
    "non",
    "s\u00ed",
    "relapse",
    "censored",
    "event",
    "\u6b7b\u4ea1",
)


@pytest.mark.parametrize("word", WORDS)
def test_an_event_in_other_words_is_not_guessed(tmp_path, word):
    path = tmp_path / "o.csv"
    path.write_text(text(OUTCOMES | {"event": [word] * 12}), encoding="utf-8")
    with pytest.raises(CohortError) as error:
        read_outcomes(path, "case", "months", "event")
    assert f"row 2, column event: '{word}' is a word; recode the column, 1 for an event and 0 for none" in str(
        error.value
    )


def test_a_name_that_is_nearly_right_is_shown_first(tmp_path):
    columns = {f"c{at}": [1] for at in range(40)} | {"DFS_Months": [1], "dfs_month": [1]}
    (tmp_path / "t.csv").write_text(text(columns))
    with pytest.raises(CohortError, match="column dfs_months is missing; the table has DFS_Months, dfs_month, c0, "):
        read_table(tmp_path / "t.csv").numbers("dfs_months")


def test_a_table_from_memory():
    """The interface that readers of other formats fill in."""
    table = Table("made", {"case": ["a", "b"], "x": ["1", "2"]}, (2, 3))
    assert table.cases() == ("a", "b") and table.numbers("x").tolist() == [1, 2] and len(table) == 2
    assert Table("made", {"case": ["a"], "x": ["1,5"]}, (2,)).numbers("x").tolist() == [1.5]
    with pytest.raises(CohortError, match="'1,5' is not a number"):
        Table("made", {"case": ["a"], "x": ["1,5"]}, (2,), decimal_comma=False).numbers("x")


@pytest.mark.parametrize(("count", "shown"), [(12, "c1, .*, c12"), (13, "c1, .*, c12 and 1 more")])
def test_of_many_columns_the_first_twelve_are_shown(count, shown):
    columns = {f"c{at + 1}": ["1"] for at in range(count)}
    with pytest.raises(CohortError, match=rf"{shown}[.;)]?( |$)"):
        Table("made", columns, (2,)).texts("absent")


def test_of_two_separators_that_fit_the_one_with_the_more_columns_is_taken(tmp_path):
    """Also where empty cells at the ends of rows make the others look wider."""
    for mark, other in ((";", ","), (",", ";"), ("\t", ","), (",", "\t")):
        lines = [f"case{mark}a{mark}b{other}c", f"P1{mark}1{mark}2{other}{other}{other}"]
        (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
        found = read_csv_text(tmp_path / "t.csv")
        assert found.separator == mark and found.header == ("case", "a", f"b{other}c")


def test_up_to_three_names_that_are_nearly_right_are_shown_first(tmp_path):
    alike = [f"dfs_month{letter}" for letter in "abcd"]
    (tmp_path / "t.csv").write_text(text({"c0": [1], **{name: [1] for name in alike}}))
    with pytest.raises(CohortError) as refused:
        read_table(tmp_path / "t.csv").numbers("dfs_month")
    shown = str(refused.value).partition("the table has ")[2].rstrip(".").split(", ")
    assert set(shown[:3]) < set(alike) and shown[3] == "c0" and set(shown[4:]) < set(alike)


def test_empty_cells_behind_row_names_are_none(tmp_path):
    (tmp_path / "t.tsv").write_text("a\tb\nP1\t1\t2\t\t\nP2\t3\t4\n")
    found = read_csv_text(tmp_path / "t.tsv")
    assert found.row_names and found.header == ("", "a", "b")
    assert found.rows == ((2, ("P1", "1", "2")), (3, ("P2", "3", "4")))


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("a,b\n1,2\n3,4\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("case;a,b\nx;1\ny;2\n", ";"),  # rows fit the semicolons alone
        ("case,a;b\nx,1\ny,2\n", ","),  # rows fit the commas alone
        ("a,b;c,d;e\n1,2;3,4;5\n", ","),  # both fit: more columns are better, of equal ones the first mark
        ("a;b;c,d;e\n1;2;3,4;5\n", ";"),
        ('a;b,"c\n1;2\n', ";"),  # with commas a quote is never closed
        ("a;b,\n1;2,\n", ";"),  # a header of a single cell fits nothing
    ],
)
def test_of_two_marks_the_one_whose_rows_fit_the_header_separates(tmp_path, content, separator):
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    assert read_csv_text(path).separator == separator


def test_reading_leaves_the_longest_cell_of_other_readers_as_it_was(read):
    before = csv.field_size_limit(4321)
    try:
        read(text(FEATURES | {"diagnostics_x": ["x" * 140_000] * 12}))
        assert csv.field_size_limit() == 4321
    finally:
        csv.field_size_limit(before)


def test_a_quote_that_no_mark_closes_is_named_and_a_table_that_was_read_is_not_read_again(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('a;b,c\n"1;"2,"3\n', encoding="utf-8")
    with pytest.raises(CohortError, match="row 2: not a CSV row"):
        read_csv_text(path)
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    table = read_table(path)
    assert read_table(table) is table

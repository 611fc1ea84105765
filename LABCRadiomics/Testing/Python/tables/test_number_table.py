"""Large tables of numbers: what each form of a cell is read as, where a table is divided, and how it is refused."""

import gzip

import numpy as np
import pytest

from LABCRadiomicsLib.errors import CohortError
from LABCRadiomicsLib.tables import number_table
from LABCRadiomicsLib.tables.number_table import NumberTable, is_missing, is_number


def table(folder, content, name="t.tsv", **options) -> NumberTable:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return NumberTable(path, **options)


def numbers(folder, content, columns=(1, 2)) -> list:
    (block,) = table(folder, content).blocks([0], list(columns))
    return block.numbers.tolist()


def refusal(folder, content, columns=(1, 2)) -> str:
    with pytest.raises(CohortError) as caught:
        list(table(folder, content).blocks([0], list(columns)))
    return str(caught.value).partition("t.tsv, ")[2]


def test_texts_and_numbers_of_the_columns_asked_for(tmp_path):
    read = table(tmp_path, "gene\ta\tkind\tb\nG1\t1.5\t x \t-2\nG2\t3e2\ty\t.5\n")
    assert read.names == ("gene", "a", "kind", "b") and read.separator == "\t" and read.header_row == 1
    assert read.first_cells == ("G1", "1.5", "x", "-2")
    (block,) = read.blocks([2, 0], [3, 1])
    assert block.first_row == 2
    assert block.texts == (["x", "y"], ["G1", "G2"])
    assert block.numbers.tolist() == [[-2, 1.5], [0.5, 300]]


def test_a_table_may_be_read_for_its_texts_alone(tmp_path):
    (block,) = table(tmp_path, "gene\ta\nG1\tword\nG2\t2\n").blocks([0], [])
    assert block.texts == (["G1", "G2"],) and block.numbers.shape == (2, 0)
    (block,) = table(tmp_path, "gene\ta\nG1\t1\n").blocks([], [1])
    assert block.texts == () and block.numbers.tolist() == [[1]]


@pytest.mark.parametrize("row", ["\t\t\n", "NA\tNaN\n", "n/a\t null\n", "#N/A\tNone\n"])
def test_cells_that_say_nothing_are_nan(tmp_path, row):
    cells = row.strip("\n")
    found = numbers(tmp_path, f"gene\ta\tb\nG1\t{cells}\nG2\t1\t2\n".replace("G1\t\t\t", "G1\t\t"))
    assert np.isnan(found[0]).all() and found[1] == [1, 2]


def test_runs_of_empty_cells(tmp_path):
    found = numbers(tmp_path, "gene\ta\tb\tc\td\nG1\t\t\t\t4\nG2\t1\t\t3\t\n", (1, 2, 3, 4))
    assert np.array_equal(found, [[np.nan] * 3 + [4], [1, np.nan, 3, np.nan]], equal_nan=True)
    found = numbers(tmp_path, "a\tb\tgene\n\t2\tG\n1\t2\tG\n", (0, 1))
    assert np.array_equal(found, [[np.nan, 2], [1, 2]], equal_nan=True)


def test_decimal_commas(tmp_path):
    assert numbers(tmp_path, "gene\ta\tb\nG1\t1,5\t2\nG2\t-3,25\t1e3\n") == [[1.5, 2], [-3.25, 1000]]
    assert numbers(tmp_path, "gene;a;b\nG1;1,5;2\n") == [[1.5, 2]]
    assert numbers(tmp_path, "gene,a,b\nG1,1.5,2\n") == [[1.5, 2]]
    # A text column with commas says nothing about the numbers' marks, nor one with points.
    assert numbers(tmp_path, "gene\ta\tb\nG,1\t1.5\t2\n") == [[1.5, 2]]
    assert numbers(tmp_path, "gene\ta\tb\nG.1\t1,5\t2\n") == [[1.5, 2]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("gene\ta\tb\nG1\t1\t2\nG2\tone\t2\n", "row 3, column a: 'one' is not a number; correct it."),
        ("gene\ta\tb\nG1\t1\t2\nG2\t1\tinf\n", "row 3, column b: 'inf' is not a number; correct it."),
        ("gene\ta\tb\nG1\t1e400\t2\n", "row 2, column a: '1e400' is too large a number; correct it."),
        ("gene\ta\tb\nG1\t1.5\t2\nG2\t1,5\t2\n",
         "row 3, column a: 1,5 has a decimal comma, other cells a point; use one mark."),
        ("gene\ta\tb\nG1\t1,5\t2\nG2\t1.5\t2\n",
         "row 3, column a: 1.5 has a decimal point, other cells a comma; use one mark."),
        ("gene\ta\tb\nG1\t1,5\t2\nG2\t1\tx\n", "row 3, column b: 'x' is not a number; correct it."),
        ("gene\ta\tb\nG1\t1\t2\nG2\t1\n",
         "row 3: 2 cells where the header has 3; the file may be cut off, or needs quotes around cells that hold the "
         "separator."),
        ('gene\ta\tb\n"G1\t1\t2\n', "row 2: a quote is not closed; correct the row."),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_with_its_place(tmp_path, content, sentence):
    assert refusal(tmp_path, content) == sentence


def test_row_names_without_a_header_count_as_a_column(tmp_path):
    read = table(tmp_path, "a\tb\nG1\t1\t2\n")
    assert read.names == ("", "a", "b")
    (block,) = read.blocks([0], [1, 2])
    assert block.texts == (["G1"],) and block.numbers.tolist() == [[1, 2]]
    assert refusal(tmp_path, "a\tb\nx\t1\t2\nG\t1\ty\n", (0, 2)).startswith("row 2, column 1: 'x' is not")


def test_comments_skipped_lines_and_empty_lines(tmp_path):
    content = "# made by\nversion 2\ngene\ta\n\nG1\t1\nG2\t2\n\nG3\t3\n"
    read = table(tmp_path, content, skip=lambda number, line: line.startswith("version"))
    assert read.header_row == 3 and read.first_cells == ("G1", "1")
    blocks = list(read.blocks([0], [1]))
    assert [(block.first_row, block.texts[0]) for block in blocks] == [(5, ["G1", "G2"]), (8, ["G3"])]
    (block,) = read.blocks([0], [1], skip_rows=4)
    assert block.first_row == 8 and block.numbers.tolist() == [[3]]


def test_a_table_larger_than_a_block_is_read_in_several(tmp_path, monkeypatch):
    monkeypatch.setattr(number_table, "_BLOCK", 10)
    rows = "".join(f"G{row}\t{row},5\n" for row in range(5))
    blocks = list(table(tmp_path, f"gene\ta\n{rows}").blocks([0], [1]))
    assert [block.first_row for block in blocks] == [2, 4, 6]
    assert np.concatenate([block.numbers[:, 0] for block in blocks]).tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]


def test_bytes_gzip_and_the_mark_of_utf_8(tmp_path):
    content = "gène\ta\nG\t1\n"
    for raw in (
        content.encode(),
        content.encode("utf-8-sig"),
        gzip.compress(content.encode()),
        content.encode("latin-1"),
    ):
        assert table(tmp_path, raw).names == ("gène", "a")
    with pytest.raises(CohortError, match="gzip file is damaged"):
        list(table(tmp_path, gzip.compress(content.encode())[:-6]).blocks([0], [1]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK\x03\x04 and more", "is a ZIP archive or an Excel workbook; save it as a text table"),
        ("gene\ta\n".encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
        (b"", "the table is empty"),
        (b"gene\ta\n\n", "has a header but no rows"),
        (b"gene a b\nG 1 2\n", "the header has no tab, comma or semicolon"),
    ],
)
def test_files_that_are_no_tables(tmp_path, content, message):
    with pytest.raises(CohortError, match=message):
        table(tmp_path, content)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(CohortError, match=r"absent.tsv: the table cannot be read"):
        NumberTable(tmp_path / "absent.tsv")


def test_what_a_single_cell_is():
    assert all(map(is_missing, ("", " NA ", "nan", "N/A", "#N/A", "null", "None")))
    assert not any(map(is_missing, ("0", "no", "-", "missing")))
    assert all(map(is_number, ("1", " -1.5", "1,5", ".5", ",5", "5.", "1e-3", "+2E5")))
    assert not any(map(is_number, ("", "1.5.2", "inf", "0x10", "1_0", "e5", ".")))


def test_a_point_among_decimal_commas_is_found_in_whatever_column(tmp_path):
    """``1.234`` may be a thousand: taken for a number with a decimal point it would be wrong in silence."""
    content = "gene\tname\ta\tb\nG1\tx\t1,5\t2\nG2\tx\t1\t1.234\n"
    assert refusal(tmp_path, content, (2, 3)).startswith("row 3, column b: 1.234 has a decimal point")
    assert numbers(tmp_path, content.replace("1.234", "3").replace("x", "x.y"), (2, 3)) == [[1.5, 2], [1, 3]]


def test_the_decimal_mark_of_the_first_lines_holds_for_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(number_table, "_BLOCK", 1)  # every line is a block of its own
    read = table(tmp_path, "gene\ta\nG1\t1,5\nG2\t2\nG3\t2,5\n").blocks([0], [1])
    assert [block.numbers.tolist() for block in read] == [[[1.5]], [[2]], [[2.5]]]
    assert refusal(tmp_path, "gene\ta\tb\nG1\t1,5\t1\nG2\t2.5\t1\n").startswith("row 3, column a")


def test_the_first_decimal_mark_in_a_column_of_numbers_tells(tmp_path):
    rows = "G1\tv.1\t1\nG2\tv.2\t2,5\n"  # the point is in a text
    assert numbers(tmp_path, "gene\tname\ta\n" + rows, (2,)) == [[1], [2.5]]
    assert numbers(tmp_path, "gene\tname\ta\n" + rows.replace("2,5", "2.5").replace("v.1", "v,1"), (2,)) == [[1], [2.5]]
    assert refusal(tmp_path, "gene\ta\tb\nG1\t1.5\t2\nG2\t1\t2,5\n").startswith(
        "row 3, column b: 2,5 has a decimal comma"
    )


@pytest.mark.parametrize("mark", ["\t", ",", ";"])
def test_quoted_cells_may_hold_the_mark_between_cells(tmp_path, mark):
    content = f'"gene"{mark}"a{mark}b"{mark}c\n"G{mark}1"{mark}"1.5"{mark}2\nG2{mark}3{mark}"4"\nG3{mark}5{mark}6\n'
    read = table(tmp_path, content)
    assert read.names == ("gene", f"a{mark}b", "c")
    (block,) = read.blocks([0], [1, 2])
    assert block.texts == ([f"G{mark}1".replace("\t", " "), "G2", "G3"],)
    assert block.numbers.tolist() == [[1.5, 2], [3, 4], [5, 6]]
    assert refusal(tmp_path, content.replace('"4"', '"4')).startswith("row 3: a quote is not closed")


def test_a_header_of_two_words_is_one_column_and_of_three_lacks_its_marks(tmp_path):
    assert table(tmp_path, "gene symbol\nG1\nG2\n").names == ("gene symbol",)
    assert table(tmp_path, "gene symbol\tits value\nG1\t1\n").names == ("gene symbol", "its value")
    with pytest.raises(CohortError, match="the header has no tab, comma or semicolon; save the table with tabs"):
        table(tmp_path, "gene a b\nG1 1 2\n")


def test_a_file_is_closed_when_its_table_is_read_or_refused(tmp_path, monkeypatch):
    opened = []
    real = number_table.Path.open
    monkeypatch.setattr(number_table.Path, "open", lambda *a, **k: opened.append(real(*a, **k)) or opened[-1])
    list(table(tmp_path, "gene\ta\nG1\t1\n").blocks([0], [1]))
    with pytest.raises(CohortError):
        table(tmp_path, "\n")
    next(table(tmp_path, "gene\ta\nG1\t1\nG2\t2\n").blocks([0], [1]))  # not read to its end
    assert len(opened) >= 5 and all(file.closed for file in opened)

"""Numbers in cells: what is read, what is refused and why, and when a column or its table settles a decimal mark."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from LABCRadiomicsLib.cell_values import NumeralError, decimal_marks, parse_number, parse_numbers, word


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("52", 52.0), ("+52", 52.0), ("-0.5", -0.5), (".5", 0.5), ("64,5", 64.5), ("0,345", 0.345), ("1e2", 100.0),
        ("1,5E-1", 0.15), ("12.345", 12.345), ("1234,567", 1234.567), ("007", 7.0),
    ],
)  # fmt: skip
def test_numbers(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("12,345", "can be 12345 or 12.345"),
        ("-1,000", "can be -1000 or -1.000"),
        ("1,234,567", "thousands marks"),
        ("1.234,5", "thousands marks"),
        ("1,234.5", "thousands marks"),
        ("1.234.567", "thousands marks"),
        ("12 345", "thousands marks"),
        ("12\u00a0345", "thousands marks"),  # no-break space
        ("12\u202f345", "thousands marks"),  # narrow no-break space
        ("12\u2009345", "thousands marks"),  # thin space
        ("12'345", "thousands marks"),
        ("12\u2019345", "thousands marks"),
        ("12_345", "thousands marks"),
        ("\u22125", "minus of a keyboard"),
        ("\uff15\uff12", "other digits"),  # full width
        ("50%", "percent sign"),
        ("50 %", "percent sign"),
        ("inf", "not a finite"),
        ("-Infinity", "not a finite"),
        ("0x10", "not a finite"),
        ("#DIV/0!", "not a finite"),
        ("1e400", "too large"),
        ("5_2", "is not a number"),
        ("1 2", "is not a number"),
        ("52 years", "is not a number"),
        ("52y", "is not a number"),
        ("\u0665\u0662", "is not a number"),  # Arabic-Indic: Python's own float() takes them
        ("5\u00b2", "other digits"),  # superscript two
        ("1.2.3", "is not a number"),
        ("--5", "is not a number"),
        (".", "is not a number"),
        ("1e", "is not a number"),
        ("", "is not a number"),
    ],
)
def test_what_is_no_number(text, why):
    with pytest.raises(NumeralError) as caught:
        parse_number(text)
    assert why in caught.value.why
    assert caught.value.disguised == (why != "is not a number")


def test_a_column_has_one_decimal_mark():
    assert parse_numbers(["1,234", "64,5", "52"]) == [1.234, 64.5, 52]
    with pytest.raises(NumeralError, match=r"'1,234' has a decimal comma where '1501.75' has a decimal point"):
        parse_numbers(["1501.75", "1,234"])
    with pytest.raises(NumeralError, match=r"can be 1234 or 1.234") as caught:
        parse_numbers(["1", "1,234", "20,000"])
    assert caught.value.at == 1


def test_the_table_settles_what_a_column_does_not_say():
    assert parse_numbers(["1,234", "20,000"], {","}) == [1.234, 20.0]
    assert parse_numbers(["1.234", "20.000"], {"."}) == parse_numbers(["1.234", "20.000"]) == [1.234, 20.0]
    with pytest.raises(NumeralError, match=r"can be 1234 or 1.234"):  # thousands points in a table of decimal commas
        parse_numbers(["1.234", "20.000"], {","})
    with pytest.raises(NumeralError, match=r"can be 1234 or 1.234"):
        parse_numbers(["1,234", "20,000"], {",", "."})
    assert parse_numbers(["1.5", "20.000"], {","}) == [1.5, 20.0]


@pytest.mark.parametrize(
    ("columns", "marks"),
    [
        ([["1,5", "20,25", "NA"]], {","}),
        ([["1.5", "2"]], {"."}),
        ([["1,5", "2,25"], ["1.5", "2.5"]], {",", "."}),
        ([["1,234", "2,345"]], set()),  # thousands or decimals
        ([["1,5", "2.5"]], set()),
        ([["1,5", "a"]], set()),
        ([["1,2", "2,0", "3"]], set()),  # codes
        ([["1", "2"], ["a,b"]], set()),
    ],
)
def test_decimal_marks_of_a_table(columns, marks):
    assert decimal_marks(columns) == marks


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_written_numbers_read_back(value):
    assert parse_number(repr(value)) == value


@given(st.text(alphabet="0123456789.,'_ \u202f\u2212+-eE%x", max_size=9))
def test_a_text_is_one_number_or_none(text):
    """Whatever is read is what float reads once the comma is a point; so no grouping is ever taken for a number."""
    try:
        value = parse_number(text)
    except NumeralError:
        return
    assert value == float(text.replace(",", ".")) and math.isfinite(value)
    assert "_" not in text and " " not in text


def test_words():
    assert word(2.0) == word("2") == word(" 2.0 ") == word("02") == "2"
    assert word(True) == "yes" and word("IIIa  B") == "iiia b"
    assert word("1_2") == "1_2" and word("1,2") == "1,2" and word("0.50") == "0.5"
    assert word("123456789012345678") != word("123456789012345679")

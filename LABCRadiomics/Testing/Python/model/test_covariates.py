"""A covariate's domain: what a column is taken for, and one reading of it from tables, flags and panel alike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from LABCRadiomicsLib.errors import CohortError, InputError
from LABCRadiomicsLib.model import CovariateDomain, infer_covariate

VOLUME = CovariateDomain(name="volume", label="Volume", type="number", unit="mm3", minimum=0)
STAGE = CovariateDomain(name="stage", label="Stage", type="category", levels=("1_2", "2_3", "1,2"), reference="1_2")


@pytest.mark.parametrize(
    ("texts", "kind", "levels"),
    [
        (["1_2", "2_3", "3_4", "1_2"], "category", ("1_2", "2_3", "3_4")),
        (["II", "IIIa", "unknown", "#N/A"], "category", ("II", "IIIa")),
        (["1", "2", "3a", "3b"], "category", ("1", "2", "3a", "3b")),
        (["0", "1", "2a", "2b"], "category", ("0", "1", "2a", "2b")),
        (["<50", "50-60", ">60"], "category", ("50-60", "<50", ">60")),
        (["T1,N2", "T2,N0"], "category", ("T1,N2", "T2,N0")),
        (["64,5", "52", "70,5", ""], "number", None),
        (["1e2", "+5", "7"], "number", None),
        (["none", "partial"], "category", ("none", "partial")),
    ],
)
def test_what_a_column_is(texts, kind, levels):
    found = infer_covariate("x", texts)
    assert (found.type, found.levels) == (kind, levels)


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["12,345", "1,234"], "'12,345', which can be 12345 or 12.345"),
        (["1501.75", "1,234"], "'1,234', which has a decimal comma where '1501.75' has a decimal point"),
        (["1,2", "2,0", "3"], "'1,2', which can be a number with a decimal comma, or two codes"),
        (["1 234", "2 345"], "'1 234', which has thousands marks"),
        (["1\u202f234", "900"], "which has thousands marks"),
        (["5\u2019000", "1\u2019000"], "which has thousands marks"),
        (["10%", "20%", "10%"], "'10%', which has a percent sign"),
        (["\u22125", "3"], "which begins with a sign that is not the minus"),
        (["\uff15\uff12", "60"], "which has other digits"),
        (["52", "61", "5_2"], "'5_2', which is not a number: correct it"),
        (["52", "61", "52 y"], "'52 y', which is not a number: correct it"),
        (["1", "2", "inf"], "'inf', which is not a finite"),
        (["1", "2", "0x10"], "'0x10', which is not a finite"),
        (list("abcdefg"), "7 different values, among them 'a'"),
    ],
)
def test_a_column_that_looks_like_numbers_and_is_none_is_refused(texts, sentence):
    with pytest.raises(CohortError) as caught:
        infer_covariate("x", texts)
    assert sentence in str(caught.value) and "--categories" in str(caught.value)
    assert infer_covariate("x", texts, category=True).type == "category"


@pytest.mark.parametrize(
    ("texts", "holds"), [(["3", "", "3.0"], "only the value 3"), (["", "unknown"], "no value"), ([], "no value")]
)
def test_a_column_of_one_value_teaches_nothing(texts, holds):
    with pytest.raises(CohortError, match=f"covariate x has {holds}, so nothing can be learned from it: leave it out."):
        infer_covariate("x", texts)


def test_codes_beside_words_are_whole_numbers_up_to_9():
    assert infer_covariate("x", ["1", "9", "3a", "3a"]).levels == ("1", "3a", "9")
    for quantity in ("10", "-1", "2.5"):
        with pytest.raises(CohortError, match="covariate x has"):
            infer_covariate("x", ["1", quantity, "3a", "3a"])


def test_the_case_at_fault_is_named():
    with pytest.raises(CohortError, match="case P3: covariate age has 4 different values, among them '5_2'"):
        infer_covariate("age", ["", "52", "5_2", "60", "61"], cases=["P1", "P2", "P3", "P4", "P5"])
    with pytest.raises(CohortError, match="case b: covariate volume: '5_2' is not a number from 0"):
        VOLUME.parse_column("abc", ["1", "5_2", "x"])
    with pytest.raises(CohortError, match="case c: covariate volume: '-1' is not a number from 0"):
        VOLUME.parse_column("abc", ["1", "", "-1"])


def test_numbers_are_read_with_the_column_and_its_table():
    assert VOLUME.parse_column("ab", ["12,345", "7,5"]) == (12.345, 7.5)
    assert VOLUME.parse_column("ab", ["12,345", None], {","}) == (12.345, None)
    with pytest.raises(CohortError, match=r"case a: covariate volume: '12,345' can be 12345 or 12.345: write it with"):
        VOLUME.parse_column("ab", ["12,345", "1,234"])
    assert VOLUME.parse("64,5") == 64.5 and VOLUME.parse(np.float32(2)) == 2
    for value in ("12,345", "5_2", True, "inf", "0x10", float("inf"), [1], "1\u202f234"):
        with pytest.raises(InputError, match="covariate volume: "):
            VOLUME.parse(value)


def test_levels_that_look_like_numbers_stay_levels():
    assert STAGE.parse_column("abcd", ["1_2", "2_3", "1,2", "?"]) == ("1_2", "2_3", "1,2", None)
    with pytest.raises(InputError, match="'12' is not one of 1_2, 2_3, 1,2, or unknown"):
        STAGE.parse("12")


def test_whole_numbers_are_one_level_however_a_spreadsheet_writes_them():
    grade = infer_covariate("grade", ["1", "2.0", "3", "2"], category=True)
    assert grade.levels == ("1", "2.0", "3") and grade.reference == "1"
    assert grade.parse_column("abcd", ["2", "2.0", 2, "3.0"]) == ("2.0", "2.0", "2.0", "3")
    assert infer_covariate("dose", ["10", "2", "1"], category=True).levels == ("1", "2", "10")


def test_a_level_may_be_spelled_like_nothing_known():
    odd = CovariateDomain(name="x", label="x", type="category", levels=("NA", "other"), reference="NA")
    assert odd.parse_column("ab", ["NA", ""]) == ("NA", None)


def test_only_levels_that_occur():
    stage = CovariateDomain(name="stage", label="Stage", type="category", levels=("I", "II", "III"), reference="I")
    found = stage.of_levels(("II", "III", None))
    assert (found.levels, found.reference) == (("II", "III"), "II")
    assert np.array_equal(found.columns(("III", None)), [[1.0], [np.nan]], equal_nan=True)
    with pytest.raises(CohortError, match="same value"):
        stage.of_levels(("II", None))


@given(st.lists(st.sampled_from(["I", "II", "iiia", "unknown", ""]), min_size=3, max_size=30))
def test_what_is_inferred_reads_its_own_column(texts):
    """Whatever training takes, scoring takes, with the same values; a column is as good as its cells one by one."""
    try:
        domain = infer_covariate("x", texts)
    except CohortError:
        return
    column = domain.parse_column([str(at) for at in range(len(texts))], texts)
    assert column == tuple(domain.parse(text) for text in texts)
    assert [value is None for value in column] == [text in ("unknown", "") for text in texts]


def test_numbers_that_can_be_two_codes_are_refused_where_the_words_are_few_too():
    with pytest.raises(CohortError, match="'1,2', which can be a number with a decimal comma, or two codes"):
        infer_covariate("x", ["1,2", "2,0", "1,2"])
    assert VOLUME.words(None) == STAGE.words(None) == "unknown" and VOLUME.words(52.0) == "52 mm3"
    for name in ("2x", "a b", "score"):
        with pytest.raises(CohortError, match=f"column {name} cannot name a covariate in a model file"):
            infer_covariate(name, ["1", "2"])


@pytest.mark.parametrize(
    ("minimum", "maximum", "fits"), [(None, 10, [-1e9, 0, 10]), (10, None, [10, 1e9]), (None, None, [-5, 5])]
)
def test_a_number_is_held_to_the_limits_that_there_are(minimum, maximum, fits):
    domain = CovariateDomain(name="x", label="X", type="number", minimum=minimum, maximum=maximum)
    assert [domain.parse(str(value)) for value in fits] == fits
    for wrong in ([10.001] if maximum else []) + ([9.999] if minimum else []):
        with pytest.raises(InputError, match=r"covariate x: .* is not a number"):
            domain.parse(str(wrong))

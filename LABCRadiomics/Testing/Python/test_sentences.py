"""Numbers and lists as sentences say them."""

import pytest

from LABCRadiomicsLib.sentences import joined, listed, many, was


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [(0, "case", "0 cases"), (1, "case", "1 case"), (2, "case", "2 cases"), (1200, "case", "1,200 cases"),
     (1, "category", "1 category"), (3, "category", "3 categories")],
)  # fmt: skip
def test_a_number_goes_with_its_noun(count, noun, said):
    assert many(count, noun) == said


def test_a_number_goes_with_its_verb():
    assert [was(count) for count in (0, 1, 2)] == ["were", "was", "were"]


def test_the_first_names_are_listed_and_the_others_counted():
    names = [f"n{at}" for at in range(15)]
    assert listed(names, 12) == ", ".join(names[:12]) + " and 3 more"
    assert listed(names[:13], 12).endswith("n11 and 1 more") and listed(names[:12], 12) == ", ".join(names[:12])
    assert listed(names[:5]) == "n0, n1, n2, n3 and 1 more" and listed([]) == "" and listed([7]) == "7"


def test_parts_are_joined_as_in_a_sentence():
    assert joined(["a"]) == "a" and joined(["a", "b"]) == "a and b" and joined(["a", "b", "c"]) == "a, b and c"

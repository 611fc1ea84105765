"""A model's card: everything that the file says stands in it, as it is, whatever characters it holds."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from example_models import document, document_2, incomplete_document, model
from LABCRadiomicsLib import NOTICE
from LABCRadiomicsLib.feature_words import feature_sentence
from LABCRadiomicsLib.model import bundled_models, find_model
from LABCRadiomicsLib.report import card_markdown
from LABCRadiomicsLib.report.markdown_text import code, inline, table
from LABCRadiomicsLib.scoring.table_words import metric_value

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKS = st.text(st.sampled_from("ab1 .)\\`*_[]<>|~#+-=!&;/(x\n") | st.characters(codec="utf-8", categories="L"))


def words(markdown: str) -> str:
    """What a reader of the rendered text sees, blanks joined."""
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", READER.render(markdown))).split())


def shown(markdown: str) -> str:
    return html.unescape(re.sub("</?(p|code|td|br)[^>]*>", "", READER.render(markdown))).strip("\n")


@given(MARKS)
def test_a_text_is_shown_as_it_is(text):
    assert shown(inline(text)) == " ".join(text.split())


@given(MARKS)
def test_a_name_is_shown_as_it_is(text):
    assert shown(code(text)) == " ".join(text.split())


@given(MARKS, MARKS)
def test_a_cell_is_shown_as_it_is(first, second):
    rendered = READER.render("\n".join(table(("a", "b"), [(inline(first), code(second))])))
    cells = [html.unescape(re.sub("</?code>", "", cell)) for cell in re.findall("<td>(.*?)</td>", rendered)]
    assert cells == [" ".join(text.split()) for text in (first, second)]


@pytest.mark.parametrize("example", bundled_models(), ids=lambda found: found.id)
def test_the_card_of_a_bundled_model_holds_what_the_file_says(example):
    found = words(card_markdown(example))
    for text in (example.title, example.fingerprint, example.intended_use, *example.limitations, NOTICE):
        assert " ".join(text.split()) in found
    assert found.count(NOTICE) >= 2
    for row in example.performance:
        events = "" if row.events is None else f" {row.events}"
        limits = "" if row.lower is None else f" {row.lower:.3f} to {row.upper:.3f}"
        assert f"{row.metric} {row.cohort} {row.kind} {row.n}{events} {metric_value(row)}{limits}" in found


def test_the_card_of_an_incomplete_model_says_what_is_missing_and_where():
    found = words(card_markdown(find_model("wang2022-labc-dfs")))
    assert "incomplete: parts are missing and are not invented" in found
    for missing in find_model("wang2022-labc-dfs").missing:
        assert f"{missing.part} : {missing.what}. Kept in: {missing.where}." in found
    assert "High risk is a score above -51.7682." in found
    assert "nomogram.baseline" in words(card_markdown(model(incomplete_document())))


def test_each_feature_has_its_coefficient_its_range_and_its_sentence():
    example = find_model("demo-phantom")
    found = words(card_markdown(example))
    for term in example.score.terms:
        assert f"{term.feature} {term.coefficient:.8g} {term.low:.6g} to {term.high:.6g} " in found
        assert feature_sentence(term.feature) in found
    assert f"High risk is a score above {example.cutoff.value:.8g}." in found
    for row in (f"low {example.groups.low.n} {example.groups.low.events}", f"high {example.groups.high.n}"):
        assert row in found


def test_everything_of_format_version_2_is_told():
    found = words(card_markdown(model(document_2())))
    for told in (
        "N4 bias field correction", "z-score of intensities (region otsu, scale 100)", "0.5 to 1 x 0.5 to 1 x 1 to 3",
        "100 to 90000", "1.5, 3", "ComBat brings 3 features to site A. The effects of age are kept.", "A 60", "B 40",
        "carried to a patient by 2 repeats: bootstrap of the patients",
        "one of A, B: features are harmonized", "Stage and pCR: Cox model of Stage, pCR",
        "On patients left out, the score may add to it.",
        "Laplacian of Gaussian (sigma 2 mm)", "wavelet-LLH_glcm_Idmn -2 0.9; 0.05 0.8 to 1",
        "The score is 0.5 plus the sum of", "An unknown covariate is averaged over what 100 training patients had.",
        "2025-02: nothing (from none.csv",
    ):  # fmt: skip
        assert told in found, told


def test_a_model_of_foreign_features_says_that_it_takes_tables():
    given_model = model(document())
    terms = (replace(given_model.score.terms[0], feature="a|b_c"),)
    foreign = replace(given_model, extraction=None, score=replace(given_model.score, terms=terms), nomogram=None)
    found = words(card_markdown(foreign))
    assert "the model does not say how to compute them from an image" in found
    assert "a|b_c 0.01 50 to 400 Not a feature of pyradiomics" in found
    assert "The model has none: it gives no survival." in found


def test_the_command_prints_or_writes_the_card(run, tmp_path):
    expected = card_markdown(find_model("wang2022-labc-dfs"))
    code_, out, err = run("models", "card", "wang2022-labc-dfs")
    assert (code_, out, err) == (0, expected, "")
    path = tmp_path / "card.md"
    assert run("models", "card", "wang2022-labc-dfs", "--out", path)[0] == 0
    assert path.read_text(encoding="utf-8") == expected
    code_, out, err = run("models", "card", "wang2022-labc-dfs", "--out", tmp_path / "none" / "card.md")
    assert (code_, out) == (2, "")
    assert "give --out another place" in err and err.count("\n") == 1


def test_the_card_never_replaces_its_model(run, tmp_path, resources):
    path = tmp_path / "m.json"
    before = (resources / "Models" / "demo-phantom.json").read_bytes()
    path.write_bytes(before)
    assert run("models", "card", path, "--out", path)[0] == 2
    assert path.read_bytes() == before

"""The model file: reading, writing, fingerprint, and every kind of text that is refused."""

from __future__ import annotations

import hashlib
import json
import math
import random
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import example_models
from example_models import refusal, set_field
from LABCRadiomicsLib.errors import ModelError
from LABCRadiomicsLib.model import contents
from LABCRadiomicsLib.model import file as model_file
from LABCRadiomicsLib.model.file import decode_model, format_model, load_model, save_model


def _names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_every_field_is_read():
    model = example_models.model()
    assert (model.id, model.status, model.cutoff.value, model.score.terms[1].sd) == (
        "made-up",
        "demonstration",
        4,
        0.05,
    )
    assert model.extraction.parameters()["imageType"]["LoG"] == {"sigma": [2.0]}
    assert model.nomogram.parameters() == ("age", "stage=IIIa-b", "stage=IIIc", "pcr", "score")
    assert model.nomogram.coefficients() == (0.02, 0.4, 0.9, -0.6, 0.3)
    expected = example_models.document() | {"missing": []}
    del expected["missing"]
    assert model.to_document() == expected


def test_save_then_load_is_identity_and_bytes_repeat(tmp_path):
    model = example_models.model()
    save_model(model, tmp_path / "a.json")
    again = load_model(tmp_path / "a.json")
    save_model(again, tmp_path / "b.json")
    assert again == model
    assert again.fingerprint == model.fingerprint
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert _names_in(tmp_path) == ["a.json", "b.json"]


finite = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=20)


@given(finite, finite, names, names)
@settings(deadline=None, max_examples=50)
def test_any_numbers_and_texts_survive_saving(tmp_path_factory, coefficient, cutoff, title, note):
    document = example_models.document()
    document["title"] = title
    document["limitations"] = [note, ""]
    document["score"]["terms"][0]["coefficient"] = coefficient
    document["cutoff"]["value"] = cutoff
    model = decode_model(document)
    path = tmp_path_factory.mktemp("model") / "m.json"
    save_model(model, path)
    assert load_model(path) == model
    assert load_model(path).fingerprint == model.fingerprint


@given(st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=25)
def test_fingerprint_does_not_depend_on_key_order(generator):
    shuffled = example_models.model(_shuffled(example_models.document(), generator))
    assert shuffled.fingerprint == example_models.model().fingerprint


def _shuffled(value: Any, generator: random.Random) -> Any:
    if isinstance(value, dict):
        keys = sorted(value)
        generator.shuffle(keys)
        return {key: _shuffled(value[key], generator) for key in keys}
    return [_shuffled(item, generator) for item in value] if isinstance(value, list) else value


def test_fingerprint_is_sha256_of_canonical_json(tmp_path):
    model = example_models.model()
    save_model(model, tmp_path / "m.json")
    document = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert model.fingerprint == hashlib.sha256(canonical.encode("utf-8")).hexdigest()
    assert replace(model, title="Another").fingerprint != model.fingerprint


def test_fingerprint_does_not_depend_on_how_a_number_is_written():
    document = example_models.document()
    document["cutoff"]["value"] = 4.0
    document["provenance"]["cohort"]["n"] = 100.0
    assert example_models.model(document).fingerprint == example_models.model().fingerprint
    built = replace(example_models.model(), cutoff=replace(example_models.model().cutoff, value=4))
    assert built.fingerprint == example_models.model().fingerprint


def _with(path: str, literal: str) -> str:
    """The made-up model's text with a literal in place of a field."""
    document = example_models.document()
    set_field(document, path, "@@")
    return json.dumps(document).replace('"@@"', literal)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000, "1" + "0" * 310])
@pytest.mark.parametrize("path", ["score.terms[2].coefficient", "cutoff.value", "extraction.setting.binWidth"])
def test_numbers_that_are_not_finite_are_refused_by_path(path, literal):
    assert path in refusal(_with(path, literal))


@pytest.mark.parametrize("literal", ["1e999", "-1e999", "NaN"])
def test_a_number_that_is_not_finite_is_refused_within_a_list_of_numbers(literal):
    months = example_models.document()["nomogram"]["baseline"]["months"]
    said = refusal(_with("nomogram.baseline.months", json.dumps([*months[:-1], "@"]).replace('"@"', literal)))
    assert f"nomogram.baseline.months[{len(months) - 1}] must be a finite number" in said


def test_the_types_of_all_fields_are_types_and_no_texts():
    """Texts would have to be evaluated before any model can be read."""
    with_fields = [held for held in vars(contents).values() if isinstance(held, type) and is_dataclass(held)]
    assert len(with_fields) > 20
    assert [field.name for held in with_fields for field in fields(held) if isinstance(field.type, str)] == []


def test_a_key_given_twice_is_refused_by_path():
    text = _with("score.terms[1].coefficient", '1, "coefficient": 2')
    assert "score.terms[1].coefficient" in refusal(text)
    text = _with("extraction.setting.binWidth", '25, "binWidth": 26')
    assert "extraction.setting.binWidth" in refusal(text)


def test_truncated_text_is_refused_at_every_length():
    text = json.dumps(example_models.document())
    for length in range(0, len(text), 97):
        assert "not valid JSON at line 1" in refusal(text[:length])


@pytest.mark.parametrize("depth", [9, 200, 900, 5_000, 100_000, 1_000_000])
@pytest.mark.parametrize("brackets", ["[]", "{}"])
def test_deep_nesting_is_refused(depth, brackets):
    opening = "[" if brackets == "[]" else '{"a":'
    nested = opening * depth + "1" + brackets[1] * depth
    refusal(nested)
    assert "nested too deeply" in refusal(_with("extraction.setting.binWidth", nested))


def test_a_file_of_the_largest_size_is_read_and_a_byte_more_is_not(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    path.write_text(_with("title", '"A title"'), encoding="utf-8")
    monkeypatch.setattr(model_file, "MAX_BYTES", path.stat().st_size)
    assert load_model(path).title == "A title"
    path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(ModelError, match="larger than 5 MB"):
        load_model(path)


@pytest.mark.parametrize("path", ["title", "provenance.cohort.n", "score.terms[1].feature", "nomogram.endpoint"])
def test_what_is_missing_is_named_by_its_path(path):
    document = example_models.document()
    example_models.drop_field(document, path)
    assert refusal(json.dumps(document)).endswith(f"{path} is missing.")


def test_all_of_a_group_may_have_had_the_event_and_its_limits_may_be_the_curve():
    document = example_models.document()
    low = document["groups"]["low"]
    low["events"] = low["n"]
    low["lower"] = low["upper"] = low["survival"]
    assert example_models.model(document).groups.low.events == low["n"]
    low["events"] += 1
    assert "groups.low.events must not exceed n" in refusal(json.dumps(document))


@pytest.mark.parametrize(
    ("value", "told"),
    [("5", "5"), ("true", "true"), ("null", "null"), ("[1]", "a list"), ("{}", "an object"), ("NaN", "NaN")],
)
def test_a_value_of_a_wrong_type_is_shown(value, told):
    assert refusal(_with("title", value)).endswith(f"title must be a text, not {told}.")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ('"many"', 'the text "many"'),
        ("false", "false"),
        ("[]", "a list"),
        ("1e999", "a number beyond 1e299"),
        ("-1e999", "a number beyond 1e299"),
    ],
)
def test_what_is_no_number_is_shown(value, told):
    assert f"cutoff.value must be a finite number, not {told}" in refusal(_with("cutoff.value", value))


def test_a_long_text_in_the_place_of_a_number_is_shown_cut():
    """Up to sixty letters with its quotes."""
    for length, told in ((58, f'the text "{"x" * 58}".'), (59, f"""the text '"{"x" * 59}'.""")):
        assert refusal(_with("cutoff.value", json.dumps("x" * length))).endswith(told)


@pytest.mark.parametrize("text", ["", "[]", "null", "1", '"model"', "{}", '{"format": "other"}'])
def test_what_is_no_model_is_refused(text):
    refusal(text)


def test_half_surrogates_are_refused():
    assert "title" in refusal(_with("title", r'"\ud800"'))
    assert "provenance.software" in refusal(_with("provenance.software", r'{"\udfff": "1"}'))


def test_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(json.dumps(example_models.document()), encoding="utf-8-sig")
    assert load_model(path) == example_models.model()


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'{"title": "\xff"}', "not UTF-8"), (json.dumps({}).encode("utf-16"), "not UTF-8"), (b" " * 6_000_000, "5 MB")],
)
def test_unreadable_files_are_refused(tmp_path, content, said):
    path = tmp_path / "m.json"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=said) as caught:
        load_model(path)
    assert str(path) in str(caught.value)


def test_absent_file_and_folder_are_refused(tmp_path):
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(ModelError, match="cannot be read"):
            load_model(path)


def test_failed_writing_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "m.json"
    path.write_text("before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ModelError, match="cannot be written"):
        save_model(example_models.model(), path)
    assert path.read_text() == "before"
    assert _names_in(tmp_path) == ["m.json"]


def test_an_invalid_model_is_not_written(tmp_path):
    model = example_models.model()
    for broken in (
        replace(model, cutoff=None),
        replace(model, cutoff=replace(model.cutoff, value=math.nan)),
        replace(model, title=""),
    ):
        with pytest.raises(ModelError):
            save_model(broken, tmp_path / "m.json")
    assert _names_in(tmp_path) == []
    with pytest.raises(ModelError, match="cannot be written"):
        save_model(model, tmp_path / "no folder" / "m.json")


def test_reading_models_imports_nothing_heavy(fresh_python):
    code = (
        "import sys, numpy; before = set(sys.modules)\n"
        "import LABCRadiomicsLib.scoring, LABCRadiomicsLib.model.registry, LABCRadiomicsLib.model.completion\n"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    heavy = {"scipy", "pandas", "SimpleITK", "radiomics", "lifelines", "sksurv", "matplotlib", "jsonschema", "yaml"}
    assert not heavy & set(fresh_python(code).split())


def test_a_model_that_would_be_too_large_to_read_is_not_written(tmp_path, monkeypatch):
    made_up = example_models.model()
    size = len(format_model(made_up).encode("utf-8"))
    monkeypatch.setattr(model_file, "MAX_BYTES", size)
    save_model(made_up, tmp_path / "model.json")
    monkeypatch.setattr(model_file, "MAX_BYTES", size - 1)
    with pytest.raises(ModelError, match="takes more than 5 MB"):
        save_model(made_up, tmp_path / "larger.json")
    assert not (tmp_path / "larger.json").exists()

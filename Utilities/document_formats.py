"""Write Docs/model-format.md and Docs/result-format.md from the JSON Schemas, so that the two cannot disagree."""

import json
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "LABCRadiomics" / "Resources" / "Models"

TABLE = "| field | needed | what it is |\n|---|---|---|\n"

MODEL_HEAD = """# The model file

A model is one JSON file: UTF-8, at most 5 MB, loaded without executing anything. Unknown keys, duplicate keys, NaN and
Infinity are errors, and the message names the path of the bad field. `labcradiomics models check FILE` checks one;
`labcradiomics models show ID` prints its card in short, `labcradiomics models card ID` all of it in
Markdown. The bundled models are in `LABCRadiomics/Resources/Models`.

Times are in months, survival is a probability from 0 to 1, limits are 95% limits, a higher score means a higher
hazard. Beyond this page, fields must agree with each other (for example: horizons lie within the baseline, the
covariance has one row a parameter); `LABCRadiomicsLib/model/checks.py` lists all such rules.

A file of format version 1 holds none of the fields that are marked *Format version 2*; it loads as it did, with the
fingerprint it had. No patient can be read out of a model: it holds coefficients, means, covariances of at least ten
patients, ranges, curves of groups, and marks from which no value can be found.

`fingerprint`, carried by every result, is the SHA-256 of the file's content as canonical JSON (sorted keys, no blanks).

This page is made from `model.schema.json` by `Utilities/document_formats.py`.

"""

RESULT_HEAD = """# The result of one patient

One JSON document holds everything that is known of a patient's result. It is the same wherever it comes from:
`labcradiomics score --json` prints it, `result.json` beside `report.html` is it, *Save values* and *Save report* of the
panel write it, and the scene keeps it in a text node, from which the panel shows a loaded scene's result and a DICOM
structured report is made. A scene that was saved by an earlier version is brought to this form when it is read.

Every key is there in every result; what does not apply is null or empty. Times are in months unless their name ends in
`_s` (seconds), survival is a probability from 0 to 1, limits are 95% limits, a higher score and more points mean a
higher hazard. The document names no patient; the names of nodes and files are those that were chosen.

This page is made from `result.schema.json` by `Utilities/document_formats.py`.

"""

PAGES = {"model": MODEL_HEAD, "result": RESULT_HEAD}


def fields(schema: dict, definitions: dict, path: str = "") -> Iterator[tuple[str, bool, str]]:
    """Path, whether it is required, and meaning of every field, depth first."""
    for name, declared in schema.get("properties", {}).items():
        target = resolved(declared, definitions)
        meaning = declared.get("description") or target.get("description", "")
        if "enum" in target:
            meaning = f"{meaning} One of: {', '.join('null' if v is None else str(v) for v in target['enum'])}."
        yield f"{path}{name}", name in schema.get("required", ()), meaning
        yield from fields(target, definitions, f"{path}{name}.")
        items = resolved(target.get("items") or {}, definitions)
        yield from fields(items, definitions, f"{path}{name}[].")


def resolved(schema: dict, definitions: dict) -> dict:
    """The definition that a schema refers to, also where null may stand in its place."""
    schema = schema["oneOf"][0] if "oneOf" in schema else schema
    return definitions[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def page(name: str) -> str:
    """Text of the page on one format."""
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    rows = fields(schema, schema["$defs"])
    lines = (f"| `{path}` | {'yes' if needed else ''} | {text} |\n" for path, needed, text in rows)
    return PAGES[name] + TABLE + "".join(lines)


if __name__ == "__main__":
    for name in PAGES:
        (ROOT / "Docs" / f"{name}-format.md").write_text(page(name), encoding="utf-8")

"""Write Docs/model-format.md from the model's JSON Schema, so that the two cannot disagree."""

import json
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "LABCRadiomics" / "Resources" / "Models" / "model.schema.json"
PAGE = ROOT / "Docs" / "model-format.md"

HEAD = """# The model file

A model is one JSON file: UTF-8, at most 5 MB, loaded without executing anything. Unknown keys, duplicate keys, NaN and
Infinity are errors, and the message names the path of the bad field. `labcradiomics models check FILE` checks one;
`labcradiomics models show ID` prints its card. The bundled models are in `LABCRadiomics/Resources/Models`.

Times are in months, survival is a probability from 0 to 1, limits are 95% limits, a higher score means a higher
hazard. Beyond this page, fields must agree with each other (for example: horizons lie within the baseline, the
covariance has one row a parameter); `LABCRadiomicsLib/model/checks.py` lists all such rules.

`fingerprint`, carried by every result, is the SHA-256 of the file's content as canonical JSON (sorted keys, no blanks).

This page is made from `model.schema.json` by `Utilities/document_model_format.py`.

| field | needed | what it is |
|---|---|---|
"""


def fields(schema: dict, definitions: dict, path: str = "") -> Iterator[tuple[str, bool, str]]:
    """Path, whether it is required, and meaning of every field, depth first."""
    for name, declared in schema.get("properties", {}).items():
        target = resolved(declared, definitions)
        meaning = declared.get("description") or target.get("description", "")
        if "enum" in target:
            meaning = f"{meaning} One of: {', '.join(map(str, target['enum']))}."
        yield f"{path}{name}", name in schema.get("required", ()), meaning
        yield from fields(target, definitions, f"{path}{name}.")
        items = resolved(target.get("items") or {}, definitions)
        yield from fields(items, definitions, f"{path}{name}[].")


def resolved(schema: dict, definitions: dict) -> dict:
    return definitions[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def page() -> str:
    schema = json.loads(SCHEMA.read_text())
    rows = fields(schema, schema["$defs"])
    return HEAD + "".join(f"| `{path}` | {'yes' if needed else ''} | {text} |\n" for path, needed, text in rows)


if __name__ == "__main__":
    PAGE.write_text(page())

"""Coverage-guided fuzzing of the readers of model files, tables and parameter files, with atheris.

    python -m venv fuzz && fuzz/bin/pip install atheris numpy scipy SimpleITK ruamel.yaml PyWavelets
    fuzz/bin/python Utilities/fuzz_readers.py {model,fields,table,settings} [CORPUS] [libFuzzer's options]

Atheris has no place among the development packages: it instruments what it imports and is built for few Pythons. A
reader may raise the library's own errors and nothing else; a model that is read is written and read again, and a table
whose numbers are read has finite ones. CORPUS is a folder that libFuzzer fills; sound files are put into it first.
"""

import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "LABCRadiomics"), str(ROOT / "LABCRadiomics" / "Testing" / "Python")]

with atheris.instrument_imports(include=["LABCRadiomicsLib"]):
    import numpy as np

    from LABCRadiomicsLib.errors import LABCRadiomicsError
    from LABCRadiomicsLib.features.settings import ExtractionSettings
    from LABCRadiomicsLib.model.file import format_model, load_model, parse_model
    from LABCRadiomicsLib.tables.cohort import read_features, read_icc, read_outcomes
    from LABCRadiomicsLib.tables.csv_table import read_table

PATH = Path(tempfile.mkdtemp(), "input.yaml")  # the reader of parameter files goes by the ending


def read_model(path: Path) -> None:
    model = load_model(path)
    text = format_model(model)
    if format_model(parse_model(text, "again")) != text:
        raise AssertionError("a model that is written is read as another")


def read_tables(path: Path) -> None:
    table = read_table(path)
    if any(len(table.texts(name)) != len(table) for name in table.names):
        raise AssertionError("a column is short")
    with contextlib.suppress(LABCRadiomicsError):
        if not np.isfinite(read_features(path, ".").values).all():
            raise AssertionError("a value is not finite")
    with contextlib.suppress(LABCRadiomicsError):
        read_icc(path)
    months = read_outcomes(path, "case", "months", "event").months
    if not (months > 0).all():
        raise AssertionError("a follow-up is not above zero")


def read_settings(path: Path) -> None:
    ExtractionSettings.from_parameters(path, "LPS")


SEEDS = {
    "model": [path.read_bytes() for path in (ROOT / "LABCRadiomics" / "Resources" / "Models").glob("*-*.json")],
    "table": [
        b"case,months,event,age\na,12.5,1,50\nb,60,0,41.5\n",
        b"sep=;\ncase;months;event\r\na;1,5;yes\r\n",
        b'"","case","months","event"\n"1","a",1,0\n',
        b"Image type,Feature Class,Feature Name,a\noriginal,glcm,Idm,0.5\n",
        b"feature,icc,lower,upper\nx,0.8,0.6,0.9\n",
    ],
    "settings": [
        b"setting:\n  binWidth: 25\n  normalize: true\n  resampledPixelSpacing: [1, 1, 1]\nimageType:\n  Original: {}\n"
        b"  LoG:\n    sigma: [1.0, 2.0]\n  Wavelet: {}\nfeatureClass:\n  shape:\n  glcm:\n    - Idm\n"
    ],
}
READERS = {"model": read_model, "table": read_tables, "settings": read_settings, "fields": read_model}
SEEDS["fields"] = []


def changed_model(data: bytes) -> bytes:
    """A sound model with fields changed as the fuzzer's bytes say, since bytes alone seldom make JSON."""
    provider = atheris.FuzzedDataProvider(data)
    document = json.loads(SEEDS["model"][provider.ConsumeIntInRange(0, len(SEEDS["model"]) - 1)])
    for _ in range(provider.ConsumeIntInRange(1, 3)):
        owner, key = document, None
        while isinstance(owner, (dict, list)) and owner and (key is None or provider.ConsumeIntInRange(0, 3)):
            keys = list(owner) if isinstance(owner, dict) else range(len(owner))
            key = keys[provider.ConsumeIntInRange(0, len(keys) - 1)]
            if not isinstance(owner[key], (dict, list)) or not owner[key]:
                break
            if provider.ConsumeBool():
                owner = owner[key]
                key = None
        if isinstance(owner, (dict, list)) and owner and key is not None:
            change(owner, key, provider)
    return json.dumps(document).encode()


def change(owner: dict | list, key: str | int, provider: atheris.FuzzedDataProvider) -> None:
    kind = provider.ConsumeIntInRange(0, 7)
    if kind == 0:
        del owner[key]
    elif kind == 1 and isinstance(owner, dict):
        owner[provider.ConsumeUnicode(8)] = owner[key]
    else:
        values = (
            provider.ConsumeFloat,
            lambda: provider.ConsumeInt(8),
            lambda: provider.ConsumeUnicode(12),
            lambda: None,
            lambda: [owner[key]] * provider.ConsumeIntInRange(0, 3),
            lambda: {provider.ConsumeUnicode(5): owner[key]},
        )
        owner[key] = values[provider.ConsumeIntInRange(0, len(values) - 1)]()


def main() -> None:
    name, *options = sys.argv[1:]
    corpus = next((Path(option) for option in options if not option.startswith("-")), None)
    if corpus:
        corpus.mkdir(parents=True, exist_ok=True)
        for at, seed in enumerate(SEEDS[name]):
            (corpus / f"seed-{at}").write_bytes(seed)

    def try_one(data: bytes) -> None:
        PATH.write_bytes(changed_model(data) if name == "fields" else data)
        with contextlib.suppress(LABCRadiomicsError):
            READERS[name](PATH)

    atheris.Setup([sys.argv[0], *options], try_one)
    atheris.Fuzz()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()

"""Random damage to the files that commands read, and what must hold of every command that meets it.

A damaged input ends with exit code 0 or 2, one sentence on stderr, no score that is not a number, and no output half
written. ``cli/test_damage.py`` tries a few, ``Benchmarks/damage.py`` thousands.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LABCRadiomicsLib import cli
from LABCRadiomicsLib.cohort import feature_table
from LABCRadiomicsLib.model.file import save_model
from LABCRadiomicsLib.resources import resources_folder
from table_cases import NAMES, tables, write

# What programs, people and other languages leave in cells and fields.
TOKENS = (
    b"", b"0", b"-1", b"1e400", b"-0.0", b"NaN", b"inf", b"1,5", b"1.234,5", b"0x10", b"1_000", b"9" * 20,
    b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\x00", b"\r", b"\n", b'"', b"'", b"=1+1", b",", b";", b"\t", b"{", b"}",
    b"[", b"]", b"null", b"true", b"case", b"\xe2\x80\x8b", b"\xf0\x9f\x98\x80", b"\\ud800", b"$\\frac$", b"[/b]",
    b"../x", b"%s", b" ", b"x" * 200_000, b"-" * 40, b"\xd9\xa3", b"9" * 400, b": ", b"- ", b"&a", b"*a", b"? ",
    b"!!python/object:os.system",
)  # fmt: skip


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Damage the bytes of a file in a place or two."""
    for _ in range(rng.integers(1, 3)):
        data = _KINDS[rng.integers(len(_KINDS))](data, rng)
    return data


def _place(data: bytes, rng: np.random.Generator) -> int:
    return int(rng.integers(len(data) + 1))


def _flipped(data: bytes, rng: np.random.Generator) -> bytes:
    at = _place(data, rng)
    return data[:at] + bytes(rng.integers(0, 256, 1, dtype=np.uint8)) + data[at + 1 :]


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: _place(data, rng)]


def _without_a_part(data: bytes, rng: np.random.Generator) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at + int(rng.integers(1, 60)) :]


def _repeated(data: bytes, rng: np.random.Generator) -> bytes:
    at = _place(data, rng)
    return data[:at] + data[at : at + int(rng.integers(1, 400))] + data[at:]


def _with_token(data: bytes, rng: np.random.Generator) -> bytes:
    at = _place(data, rng)
    return data[:at] + TOKENS[rng.integers(len(TOKENS))] + data[at:]


def _word_replaced(data: bytes, rng: np.random.Generator) -> bytes:
    """Replace what stands between two marks: a cell, a key, a value."""
    marks = [at for at, byte in enumerate(data) if byte in b',;\t\n":[]{} ']
    if len(marks) < 2:
        return data
    first = int(rng.integers(len(marks) - 1))
    return data[: marks[first] + 1] + TOKENS[rng.integers(len(TOKENS))] + data[marks[first + 1] :]


def _lines_swapped(data: bytes, rng: np.random.Generator) -> bytes:
    lines = data.split(b"\n")
    one, other = rng.integers(len(lines), size=2)
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _line_dropped(data: bytes, rng: np.random.Generator) -> bytes:
    lines = data.split(b"\n")
    del lines[rng.integers(len(lines))]
    return b"\n".join(lines)


_KINDS = (
    _flipped, _cut, _without_a_part, _repeated, _with_token, _with_token, _word_replaced, _word_replaced,
    _word_replaced, _lines_swapped, _line_dropped,
)  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """A command with one of its inputs to be damaged; its words may name inputs, and OUT is the output."""

    name: str
    words: tuple[str, ...]
    victim: str


_SURVIVAL = ("--time", "months", "--event", "event")
ATTACKS = (
    *(Attack("check", ("models", "check", "model"), "model") for _ in range(2)),
    Attack("show", ("models", "show", "model"), "model"),
    *(Attack(f"apply {name}", ("apply", "model", "features", "--covariates", "outcomes", "--out", "OUT"), name)
      for name in ("model", "features", "features", "outcomes")),
    *(Attack(f"recalibrate {name}", ("recalibrate", "model", "features", "outcomes", *_SURVIVAL, "--out", "OUT"), name)
      for name in ("outcomes", "outcomes")),
    Attack("agreement", ("agreement", "features", "second", "--out", "OUT"), "second"),
    *(Attack(f"extract {name}", ("extract", "cases", "--settings", "settings", "--out", "OUT", "--jobs", "1"), name)
      for name in ("cases", "settings", "settings")),
    Attack("score", ("score", "image", "mask", "--model", "own", "--json"), "own"),
)  # fmt: skip


def make_inputs(folder: Path) -> dict[str, Path]:
    """Write one sound file of each kind."""
    from example_models import model

    features, outcomes = tables(30)
    outcomes["stage"] = [{"IIIa": "IIIa-b"}.get(stage, stage) for stage in outcomes["stage"]]
    outcomes["pcr"] = [at % 2 for at in range(30)]
    second = features | {name: [value + 0.01 for value in features[name]] for name in NAMES}
    found = {
        "features": write(folder / "features.csv", features),
        "second": write(folder / "second.csv", second),
        "outcomes": write(folder / "outcomes.csv", outcomes),
        "model": folder / "model.json",
        "own": folder / "own.json",
        "settings": folder / "settings.yaml",
        "image": resources_folder() / "SampleData" / "breast1_image.nrrd",
        "mask": resources_folder() / "SampleData" / "breast1_label.nrrd",
    }
    found["cases"] = write(
        folder / "cases.csv",
        {"case": ["a"], "image": [str(found["image"])], "mask": [str(found["mask"])], "label": [1]},
    )
    save_model(table_model(model()), found["model"])
    shutil.copy(resources_folder() / "Models" / "demo-phantom.json", found["own"])
    found["settings"].write_text(
        "setting:\n  binWidth: 25\n  normalize: false\nimageType:\n  Original: {}\n"
        "featureClass:\n  firstorder:\n    - Mean\n    - Range\n  shape:\n    - VoxelVolume\n",
        encoding="utf-8",
    )
    return found


def table_model(example):
    """An example model whose score is of three columns of the feature table."""
    from dataclasses import replace

    from LABCRadiomicsLib.model import Score, Term

    terms = tuple(Term(feature=name, coefficient=value) for name, value in zip(NAMES, (1.5, -2.0, 0.5), strict=False))
    return replace(example, extraction=None, score=Score(intercept=0.1, terms=terms))


@contextlib.contextmanager
def one_process() -> Iterator[None]:
    """Let ``extract`` work in this process: damage does the same to it, without a start of workers each time."""
    before = feature_table.over_processes
    feature_table.over_processes = lambda function, tasks, jobs: (
        (name, function(task)) for name, task in tasks.items()
    )
    try:
        yield
    finally:
        feature_table.over_processes = before


def call(words: list[str]) -> tuple[int, str, str]:
    """Call the command in this process; gives exit code, stdout, stderr. A defect is whatever else it raises."""
    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["labcradiomics", *words]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            cli.main()
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue(), err.getvalue()
    finally:
        sys.argv = argv
    return 0, out.getvalue(), err.getvalue()


def attack(inputs: Mapping[str, Path], folder: Path, chosen: Attack, rng: np.random.Generator) -> tuple[int, bytes]:
    """Damage one input, run the command, and check what must hold; gives the exit code and the damaged bytes.

    Raises
    ------
    AssertionError
        Something does not hold, the message says what.
    """
    data = damaged(inputs[chosen.victim].read_bytes(), rng)
    victim, out = folder / inputs[chosen.victim].name, folder / "out.csv"
    victim.write_bytes(data)
    paths = {**inputs, chosen.victim: victim, "OUT": out}
    code, stdout, stderr = call([str(paths.get(word, word)) for word in chosen.words])
    assert code in (0, 2), f"exit code {code}: {stderr[-300:]}"
    assert "Traceback" not in stderr, stderr[-300:]
    if code == 2:
        assert stdout == "", stdout
        lines = stderr.rstrip("\n").split("\n")
        assert lines[-1].startswith("labcradiomics: "), stderr[-300:]
        assert not out.exists(), "an output of a command that was refused"
    check_numbers(chosen, stdout, out)
    left = {path.name for path in folder.iterdir()} - {victim.name, out.name}
    assert not [name for name in left if name.endswith(".tmp")], left
    for path in folder.iterdir():
        path.unlink()
    return code, data


def check_numbers(chosen: Attack, stdout: str, out: Path) -> None:
    """Check that what was written is whole, and its scores are numbers."""
    if chosen.name == "score" and stdout:
        assert math.isfinite(json.loads(stdout)["score"])
    if out.exists() and chosen.words[0] == "recalibrate":
        assert call(["models", "check", str(out)])[0] == 0, "a model was written that is none"
    elif out.exists():
        before = csv.field_size_limit(2**31 - 1)
        try:
            with out.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
        finally:
            csv.field_size_limit(before)  # it is the whole process', and other tests count on it
        assert rows and all(None not in row and None not in row.values() for row in rows), "a row is cut"
        assert all(math.isfinite(float(row["score"])) for row in rows if "score" in row), "a score is no number"


Report = Callable[[Attack, bytes, str], None]


def campaign(inputs: Mapping[str, Path], folder: Path, count: int, seed: int, report: Report) -> dict[str, list[int]]:
    """Attack a number of times; gives how often each attack ended with 0 and with 2, and reports what did not hold."""
    folder.mkdir(exist_ok=True)
    ended: dict[str, list[int]] = {}
    with one_process():
        for at in range(count):
            rng = np.random.default_rng((seed, at))
            chosen = ATTACKS[at % len(ATTACKS)]
            state = rng.bit_generator.state
            try:
                code, _ = attack(inputs, folder, chosen, rng)
            except Exception as error:  # of whatever kind: that is what is looked for
                rng.bit_generator.state = state
                report(chosen, damaged(inputs[chosen.victim].read_bytes(), rng), f"{type(error).__name__}: {error}")
                for path in folder.iterdir():
                    path.unlink()
                continue
            counts = ended.setdefault(chosen.name, [0, 0])
            counts[code == 2] += 1
    return ended

"""Do the tests notice? Small faults are put into a copy of the library, one at a time, and the room's tests are run.

A fault turns one comparison, sign, condition, number, returned value or call (see :mod:`mutants`). Only those tests are
run that call the function with the fault, as a first run without one shows, and none that is marked slow; the first
failure ends them. The library itself is never changed: the faults are in a copy in a temporary folder. What is sampled
depends on the seed and on the code that is changed, not on its neighbors, so a second run tries the same faults again.

    python Benchmarks/mutation.py --rooms model,scoring --number 30

A fault that no test can notice is listed with the reason in ``Benchmarks/equivalent_mutants.txt``, by the line that
this program prints, and counted apart.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from mutants import Mutant, mutants_of, with_mutant

ROOT = Path(__file__).resolve().parents[1]
LIBRARY, TESTS = Path("LABCRadiomics/LABCRadiomicsLib"), Path("LABCRadiomics/Testing/Python")
ROOMS = {  # the sources of a room and its tests
    "scoring": (["scoring"], ["scoring", "test_patient.py"]),
    "model": (["model"], ["model", "scoring"]),
    "patient": (["patient.py"], ["test_patient.py", "scoring"]),
    "performance": (["performance"], ["performance"]),
    "training": (["training"], ["training"]),
    "statistics": (["statistics"], ["statistics", "associations/test_associations_against_r.py"]),
    "features": (["features"], ["features"]),
    "tables": (["tables"], ["tables"]),
}
PRELOADED = ("numpy", "scipy.stats", "scipy.optimize", "scipy.ndimage", "scipy.spatial", "SimpleITK", "pandas",
             "matplotlib.figure", "hypothesis.extra.numpy", "jinja2", "pydicom", "ruamel.yaml", "joblib", "typer",
             "rich.table", "jsonschema")  # fmt: skip
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")
MEMORY = 6 << 30  # bytes that a fault may ask for
NO_TEST, WRONG_COPY = 5, 99  # exit codes: pytest's, ours


class Watcher:
    """A pytest plugin: runs the wanted tests in their order, notes what each calls, or which one failed."""

    def __init__(self, copy: Path, out: Path, wanted: list[str] | None = None):
        self.prefix, self.out, self.wanted = f"{copy / LIBRARY}{os.sep}", out, wanted
        self.called: set[tuple[str, str, int]] = set()
        self.by_fixture: dict[str, set] = {}
        self.found: dict[str, dict] = {}

    def pytest_collection_modifyitems(self, items):
        import LABCRadiomicsLib

        if not LABCRadiomicsLib.__file__.startswith(self.prefix):
            pytest.exit("the tests import another copy of the library", WRONG_COPY)
        if self.wanted is not None:
            place = {name: at for at, name in enumerate(self.wanted)}
            items[:] = sorted((item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid])

    def trace(self, frame, event, _):
        code = frame.f_code
        if code.co_filename.startswith(self.prefix):
            self.called.add((code.co_filename[len(self.prefix) :], code.co_name, code.co_firstlineno))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef):
        before, self.called = self.called, set()
        yield
        self.by_fixture.setdefault(fixturedef.argname, set()).update(self.called)
        self.called |= before

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        start, self.called = time.process_time(), set()
        if self.wanted is None:
            sys.settrace(self.trace)
        yield
        sys.settrace(None)
        for name in item.fixturenames:
            self.called |= self.by_fixture.get(name, set())
        self.found[item.nodeid] = {"calls": sorted(self.called), "seconds": time.process_time() - start}

    def pytest_runtest_logreport(self, report):
        if report.failed and self.wanted is not None:
            self.out.write_text(report.nodeid, encoding="utf-8")

    def pytest_sessionfinish(self):
        if self.wanted is None:
            self.out.write_text(json.dumps(self.found), encoding="utf-8")


def run_tests(copy: Path, files: list[str], out: Path, wanted: list[str] | None, limit: float) -> int | None:
    """Run pytest in a fork of this process, which has all but the library loaded; None when the time is up.

    The limit is of processor time, in seconds, and ten times as much of the clock.
    """
    out.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        os.setsid()
        os.chdir(copy)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit)))
        sys.dont_write_bytecode = True
        options = ["-q", "-x", "-m", "not slow", "-c", "pyproject.toml", "-p", "no:cacheprovider", "-p", "no:xdist"]
        code: int = 1
        try:
            code = int(pytest.main([*options, *files], plugins=[Watcher(copy, out, wanted)]))
        finally:
            os._exit(code)
    end = time.monotonic() + 10 * limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def calls_of(copy: Path, tests: list[str], out: Path) -> dict[str, dict]:
    """What each test of a room calls and how long it takes; each file by itself, so that nothing is remembered."""
    found: dict[str, dict] = {}
    paths = [copy / TESTS / name for name in tests]
    for file in sorted(file for path in paths for file in ([path] if path.is_file() else path.glob("test_*.py"))):
        code = run_tests(copy, [str(file.relative_to(copy))], out, None, 300)
        if code == 0:
            found |= json.loads(out.read_text(encoding="utf-8"))
        elif code != NO_TEST:
            print(f"  {file.relative_to(copy)} does not pass without a fault ({code}): left out", flush=True)
    return found


def covering(mutant: Mutant, calls: dict[str, dict], budget: float) -> list[str]:
    """Names of the tests that may notice: those that call the function, then their neighbors, the quickest first."""

    def reaches(test: str) -> bool:
        return any(file == mutant.file and mutant.line in (0, line) for file, _, line in calls[test]["calls"])

    # What no test calls may be called when its file is imported, for all of them.
    direct = {test for test in calls if reaches(test)} or set(calls)
    files = {test.partition("::")[0] for test in direct}
    # What is outside of functions is run at import, and may be noticed by any test.
    near = [test for test in calls if mutant.line == 0 or test.partition("::")[0] in files]
    chosen, spent = [], 0.0
    for test in sorted(near, key=lambda test: (mutant.line != 0 and test not in direct, calls[test]["seconds"])):
        spent += calls[test]["seconds"]
        if spent <= budget or not chosen:
            chosen.append(test)
    return chosen


def sampled(room: str, number: int, seed: str) -> list[Mutant]:
    """Choose mutants of a room by a hash of the seed and of what they change."""
    paths = [ROOT / LIBRARY / name for name in ROOMS[room][0]]
    files = sorted(file for path in paths for file in ([path] if path.is_file() else path.glob("*.py")))
    found = [m for f in files for m in mutants_of(f.read_text(encoding="utf-8"), str(f.relative_to(ROOT / LIBRARY)))]
    return sorted(found, key=lambda m: hashlib.sha256(f"{seed} {m}".encode()).digest())[:number]


def try_room(room: str, copy: Path, options: argparse.Namespace, equivalent: set[str]) -> None:
    out = copy.parent / "out"
    kept = Path(options.calls, f"{room}.json") if options.calls else None
    if kept is not None and kept.exists():
        calls = json.loads(kept.read_text(encoding="utf-8"))
    else:
        calls = calls_of(copy, ROOMS[room][1], out)
        if kept is not None:
            kept.write_text(json.dumps(calls), encoding="utf-8")
    print(f"{room}: {len(calls)} tests, {sum(test['seconds'] for test in calls.values()):.0f} s", flush=True)
    counts = {"caught": 0, "survived": 0, "equivalent": 0}
    for mutant in sampled(room, options.number, options.seed)[options.skip :]:
        if options.only not in str(mutant):
            continue
        tests, file = covering(mutant, calls, options.budget), copy / LIBRARY / mutant.file
        original = file.read_text(encoding="utf-8")
        file.write_text(with_mutant(original, mutant), encoding="utf-8")
        start = time.perf_counter()
        limit = 20 + 5 * sum(calls[test]["seconds"] for test in tests)
        files = sorted({test.partition("::")[0] for test in tests})
        code = run_tests(copy, files, out, tests, limit) if tests else NO_TEST
        shutil.copy2(ROOT / LIBRARY / mutant.file, file)
        if code == WRONG_COPY:
            sys.exit("The tests do not import the copy of the library: remove it from PYTHONPATH.")
        told = "equivalent" if str(mutant) in equivalent else "caught" if code not in (0, NO_TEST) else "survived"
        counts[told] += 1
        by = (
            out.read_text(encoding="utf-8").rpartition("/")[2] if out.exists() else "time" if code is None else "import"
        )
        why = f" by {by}" if told == "caught" else f" ({len(tests)} tests)"
        print(f"  {told}{why}, {time.perf_counter() - start:.1f} s\n    {mutant}", flush=True)
    noticeable = counts["caught"] + counts["survived"]
    share = f"{counts['caught'] / noticeable:.0%} of {noticeable} that could be caught" if noticeable else "none tried"
    print(f"{room}: {', '.join(f'{number} {told}' for told, number in counts.items())}: {share}\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", default=",".join(ROOMS))
    parser.add_argument("--number", type=int, default=30, help="mutants a room")
    parser.add_argument("--skip", type=int, default=0, help="mutants of the sample that were tried before")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--only", default="", help="try only the mutants of the sample whose line holds this text")
    parser.add_argument("--calls", help="a folder that keeps what tests call, for runs in portions on the same code")
    parser.add_argument("--budget", type=float, default=60, help="seconds of tests that one mutant may take")
    options = parser.parse_args()
    for name in PRELOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    lines = EQUIVALENT.read_text(encoding="utf-8").splitlines() if EQUIVALENT.exists() else []
    equivalent = {line for line in lines if line and not line.startswith((" ", "#"))}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "site")
        shutil.copytree(ROOT, copy, ignore=ignored, symlinks=True)
        if (ROOT.parent / "shared").is_dir():
            Path(folder, "shared").symlink_to((ROOT.parent / "shared").resolve())
        for room in options.rooms.split(","):
            try_room(room, copy, options, equivalent)


if __name__ == "__main__":
    main()

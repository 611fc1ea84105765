"""The table of `Docs/methods.md`: every statistic against R, and beside lifelines and scikit-survival.

The rows stand in the test files of their rooms, which test them. ``pytest test_statistics_against_r.py -s`` prints the
table; run as a script this file writes it into the document.
"""

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":
    sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[2])]

import pytest  # noqa: E402

from r_reference import FOLDER  # noqa: E402
from r_rows import ROWS, Row  # noqa: E402

DOCUMENT = HERE.parents[3] / "Docs" / "methods.md"
BEGIN, END = "<!-- table against R: begin -->", "<!-- table against R: end -->"
HEADER = (
    "| statistic | our function | R function | largest relative difference | tolerance | lifelines, scikit-survival |\n"
    "|---|---|---|---|---|---|"
)
ROOMS = (
    "test_cox",
    "test_cox_extended",
    "test_firth",
    "test_lasso",
    "test_kaplan_meier",
    "test_confidence_bands",
    "test_competing_risks",
    "test_roc",
    "test_cutoff",
    "test_concordance",
    "test_reclassification",
    "test_calibration",
    "test_decision",
    "test_combat",
    "test_sample_size",
    "test_imputation",
    "test_agreement_and_tables",
)


def all_rows() -> list[Row]:
    """Rows of all rooms, in their order."""
    return [entry for room in ROOMS for entry in ROWS[importlib.import_module(room).__name__]]


def test_reference_tables_are_complete() -> None:
    assert (FOLDER / "README.md").is_file()
    assert len(all_rows()) == len({entry.statistic for entry in all_rows()})
    assert {path.stem for path in HERE.glob("test_*.py") if "equal_to_r(" in path.read_text("utf-8")} - {
        Path(__file__).stem
    } == set(ROOMS)


def _printed() -> str:
    return "\n".join([HEADER, *(entry.line() for entry in all_rows())])


def _documented() -> list[list[str]]:
    text = DOCUMENT.read_text(encoding="utf-8")
    lines = text[text.index(BEGIN) : text.index(END)].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]


def test_table_is_that_of_the_document() -> None:
    """Same rows and tolerances; the document's differences were within them; looser ones than 1e-6 are explained."""
    pytest.importorskip("lifelines")
    pytest.importorskip("sksurv")
    print(f"\n{_printed()}")
    documented, rows = _documented(), all_rows()
    expected = [[entry.statistic, f"`{entry.ours}`", f"`{entry.r}`", f"{entry.tolerance:.0e}"] for entry in rows]
    assert [[*cells[:3], cells[4]] for cells in documented] == expected
    assert all(float(cells[3]) <= float(cells[4]) for cells in documented)
    for cells, entry in zip(documented, rows, strict=True):
        assert all(f"{other.package} " in cells[5] and other.why in cells[5] for other in entry.others), cells[0]
    explained = DOCUMENT.read_text(encoding="utf-8").split(END)[1]
    for entry in rows:
        if entry.tolerance > 1e-6:
            assert f"**{entry.statistic}**" in explained, (
                f"{DOCUMENT.name} does not say why {entry.statistic} is looser"
            )


def _write() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{_printed()}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    _write()

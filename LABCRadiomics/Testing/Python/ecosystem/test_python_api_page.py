"""The examples of Docs/python-api.md and the cells of the notebook run, in order."""

import json
import re

import matplotlib as mpl
import pytest

from conftest import ROOT


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_examples_of_the_page_run(capsys):
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "Docs" / "python-api.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(blocks) == 4
    known: dict = {}
    for block in blocks:
        exec(block, known)
    said = capsys.readouterr().out
    assert "C-index, radiomics score alone" in said and "survival_60" in said and "se(coef)" in said
    assert len(known["scores"]) == 161
    assert "161 patients" in known["again"].provenance.changes[-1].what


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_cells_of_the_notebook_run():
    mpl.use("Agg")
    cells = json.loads((ROOT / "Docs" / "lifelines.ipynb").read_text(encoding="utf-8"))["cells"]
    known: dict = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), known)
    assert len(known["theirs"]) > 150 and known["back"].nomogram is not None
    mpl.pyplot.close("all")

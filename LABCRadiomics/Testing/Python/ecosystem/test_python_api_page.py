"""The examples of Docs/python-api.md run, in order."""

import re

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

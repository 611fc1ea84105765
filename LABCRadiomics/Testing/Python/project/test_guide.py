"""The pages that the module shows without a network are those of Docs, whole and with links that lead somewhere."""

import re
import sys
from html.parser import HTMLParser

import pytest

from conftest import ROOT
from LABCRadiomicsLib.step_options import STEPS

sys.path.append(str(ROOT / "Utilities"))
import document_options
import make_guide

pytest.importorskip("markdown_it", reason="needs markdown-it-py, which rich brings")


class Links(HTMLParser):
    """Addresses and anchors of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.addresses, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Collect them."""
        given = dict(attrs)
        self.anchors.add(given.get("id"))
        self.addresses += [given[key] for key in ("href", "src") if key in given]


@pytest.mark.parametrize("name", make_guide.PAGES)
def test_page_is_up_to_date(name):
    written = (make_guide.GUIDE / f"{name}.html").read_text(encoding="utf-8")
    assert written == make_guide.page(name), "run Utilities/make_guide.py"


def test_pictures_are_those_of_the_docs():
    kept = {str(path.relative_to(make_guide.GUIDE)) for path in make_guide.GUIDE.rglob("*.png")}
    assert kept == set(make_guide.pictures())
    for address in kept:
        assert (make_guide.GUIDE / address).read_bytes() == (make_guide.DOCS / address).read_bytes()


@pytest.mark.parametrize("name", make_guide.PAGES)
def test_links_lead_somewhere_without_a_network(name):
    """A page, a place in it, a picture; only other pages of the project's site need a network."""
    for address in Links((make_guide.GUIDE / f"{name}.html").read_text(encoding="utf-8")).addresses:
        if "://" in address:
            assert (ROOT / "Docs" / address.removeprefix(make_guide.SITE).partition("#")[0]).exists() or (
                not address.startswith(make_guide.SITE)
            )
            continue
        file, _, place = address.partition("#")
        target = make_guide.GUIDE / (file or f"{name}.html")
        assert target.is_file(), address
        if place:
            assert place in Links(target.read_text(encoding="utf-8")).anchors, address


def test_pictures_are_small():
    for path in (ROOT / "Docs" / "Images").glob("*.png"):
        assert path.stat().st_size < 200_000, path.name


def test_pictures_of_the_docs_are_used():
    """And those of patients are credited on every page that shows them."""
    pages = [ROOT / "README.md", *sorted((ROOT / "Docs").rglob("*.md"))]
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    for path in (ROOT / "Docs" / "Images").glob("*.png"):
        assert any(f"Images/{path.name}" in text for text in (*texts.values(), cmake)), path.name
    for page, text in texts.items():
        for name in ("slicer-result.png", "slicer-plot.png"):
            if re.search(rf"!\[[^]]*\]\([^)]*{name}\)", text):
                flat = " ".join(text.split())
                assert "UCSF-BR-06" in flat and "CC BY 3.0" in flat and "3D Slicer 5.13" in flat, page.name


def test_the_page_of_the_options_is_made_of_the_table():
    """Of commands, panel and page, none has an option that the others have not."""
    text = (ROOT / "Docs" / "options.md").read_text(encoding="utf-8")
    assert text == document_options.page(), "run Utilities/make_guide.py"
    assert text.count("\n## ") == len(STEPS)
    for step in STEPS.values():
        assert [row.flag for row in step.options if row.flag and f"`{row.flag}" not in text] == []

"""Make the pages that the module shows without a network, LABCRadiomics/Resources/Guide, from Docs.

    .venv/bin/python Utilities/make_guide.py

The user guide, the tutorial and the options of the steps, with their pictures. Links between them stay; links to other
pages of Docs lead to the project's site. ``Docs/options.md`` is made anew before, from
the table of options. Run it after every change of these; a test holds the pages to it.
"""

import html
import itertools
import re
import shutil
from pathlib import Path

import document_options

ROOT = Path(__file__).resolve().parents[1]
DOCS, GUIDE = ROOT / "Docs", ROOT / "LABCRadiomics" / "Resources" / "Guide"
PAGES = ("user-guide", "tutorial", "options")
SITE = "https://github.com/LABCRadiomics/SlicerLABCRadiomics/blob/main/Docs/"
FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; color: #1a1a1a; background: #fff }}
body {{ max-width: 50rem; margin: 2rem auto; padding: 0 1rem }}
img {{ max-width: 100%; height: auto; border: 1px solid #ccc }}
table {{ border-collapse: collapse; display: block; overflow-x: auto }}
th, td {{ border: 1px solid #999; padding: .3rem .6rem; text-align: left; vertical-align: top }}
code {{ background: #f0f0f0 }}
@media (prefers-color-scheme: dark) {{
body {{ color: #eee; background: #1e1e1e }} a {{ color: #6cb6ff }} code {{ background: #333 }}
}}
</style>
</head>
<body>
{body}</body>
</html>
"""


def page(name: str) -> str:
    """Give a page as HTML that needs nothing but its pictures."""
    from markdown_it import MarkdownIt

    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token, content in itertools.pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slug(content.content))
        for part in token.children or ():
            if part.type == "link_open":
                part.attrSet("href", target(part.attrGet("href")))
    title = text.splitlines()[0].lstrip("# ")
    return FRAME.format(title=html.escape(title), body=markdown.renderer.render(tokens, markdown.options, {}))


def slug(heading: str) -> str:
    """Give the name of a heading as links to it have it."""
    return re.sub(r"[^\w-]", "", heading.casefold().replace(" ", "-"))


def target(address: str) -> str:
    """Turn a link of Docs into one of the bundled pages."""
    file, mark, place = address.partition("#")
    if "://" in address or not file:
        return address
    if file.removesuffix(".md") in PAGES:
        return f"{file.removesuffix('.md')}.html{mark}{place}"
    return f"{SITE}{address}"


def pictures() -> list[str]:
    """Give the pictures of the pages, relative to Docs."""
    texts = [(DOCS / f"{name}.md").read_text(encoding="utf-8") for name in PAGES]
    return sorted({address for text in texts for address in re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)})


def main() -> None:
    document_options.main()
    shutil.rmtree(GUIDE, ignore_errors=True)
    GUIDE.mkdir(parents=True)
    for name in PAGES:
        (GUIDE / f"{name}.html").write_text(page(name), encoding="utf-8", newline="\n")
    for address in pictures():
        (GUIDE / address).parent.mkdir(exist_ok=True)
        shutil.copyfile(DOCS / address, GUIDE / address)


if __name__ == "__main__":
    main()

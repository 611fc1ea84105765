"""Hooks of mkdocs: docstrings refer to names as Sphinx has it (``:func:`.x```); the site shows the name alone."""

import re

_ROLE = re.compile(r":(?:func|mod|class|meth|attr|data):(?=<code)")


def on_page_content(html: str, **_: object) -> str:
    return _ROLE.sub("", html)

"""The HTML templates in the module's ``Resources``; every page carries the notice, and says when it is a simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import NOTICE, __version__
from ..resources import resources_folder
from ..scoring import DEMONSTRATION


def render(name: str, filters: Mapping[str, Callable[..., object]], **values: Any) -> str:
    """Fill in a template; a value that it names and is not given is an error."""
    import jinja2  # a model's card has no page

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources_folder() / "Templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= filters
    fixed = {"notice": NOTICE, "demonstration": DEMONSTRATION, "version": __version__}
    return environment.get_template(name).render(**fixed, **values)

"""Commands on model files: ``models list | show | card | check | complete``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ..files import refuse_overwriting
from ..sentences import many
from .common import JsonOption, ModelArgument, console, say

app = typer.Typer(
    help="List, show, check and complete model files, and write their cards.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def models_list() -> None:
    """List the bundled models."""
    from ..model.registry import bundled_models
    from .terminal import model_table

    console().print(model_table(bundled_models()))


@app.command("show")
def models_show(
    model: ModelArgument,
    as_json: JsonOption = False,
) -> None:
    """Show a model's card: its purpose, needs, gaps and performance."""
    from ..model.registry import find_model
    from .terminal import show_model

    found = find_model(model)
    if as_json:
        say(json.dumps({**found.to_document(), "fingerprint": found.fingerprint}, allow_nan=False))
    else:
        show_model(console(), found)


@app.command("card")
def models_card(
    model: ModelArgument,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The Markdown file to write; else it is printed.")
    ] = None,
) -> None:
    """Write a model's card in Markdown: purpose, needs, limits, every feature in words, performance, origin."""
    from ..errors import InputError
    from ..files import write_atomically
    from ..model.registry import find_model, model_path
    from ..report import card_markdown

    if out is None:
        say(card_markdown(find_model(model)).rstrip("\n"))
        return
    refuse_overwriting([model_path(model)], [out])
    found = find_model(model)
    try:
        write_atomically(out, card_markdown(found))
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror or error}): give --out another place.") from error
    say(f"{out}: card of {found.id}, version {found.version}, {found.status}.")


@app.command("check")
def models_check(path: Annotated[Path, typer.Argument(help="A model file.")]) -> None:
    """Check that a file is a valid model."""
    from ..model.file import load_model
    from .terminal import gives

    model = load_model(path)
    say(f"{path} is a valid model: {model.id}, {model.status}, gives {gives(model)}.")
    say(f"fingerprint {model.fingerprint}")


@app.command("complete")
def models_complete(
    model: Annotated[str, typer.Argument(help="Id or path of an incomplete model.")],
    coefficients: Annotated[Path, typer.Argument(help="CSV with the columns feature and coefficient.")],
    out: Annotated[Path, typer.Option(help="The model file to write.")],
) -> None:
    """Add the score's coefficients to an incomplete model."""
    from ..model.completion import complete_model
    from ..model.file import save_model
    from ..model.registry import find_model, model_path
    from ..scoring import require_score
    from .terminal import gives

    refuse_overwriting([model_path(model), coefficients], [out])
    completed = complete_model(find_model(model), coefficients)
    save_model(completed, out)
    count = len(require_score(completed).terms)
    say(f"{out}: {completed.id} with {many(count, 'feature')}, gives {gives(completed)}.")

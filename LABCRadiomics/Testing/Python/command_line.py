"""The commands of the program as they are, for tests that hold other things to them."""

import typer

from LABCRadiomicsLib.cli import application


def commands() -> dict:
    """Every command of the program, by its words."""
    found = {}
    for name, command in typer.main.get_command(application()).commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {word}": one for word, one in inner.items()} if inner else {name: command}
    return found

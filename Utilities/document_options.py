"""Write Docs/options.md from the table of options, so that page, command line and panel cannot disagree.

``Utilities/make_guide.py`` does it too.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "LABCRadiomics"))
from LABCRadiomicsLib.step_options import COMMANDS_LEFT_OUT, OPTIONS_LEFT_OUT, STEPS, Kind, Option, Step  # noqa: E402

HEAD = """# Steps and their options

Every step is a command (`labcradiomics train ...`) and, unless this page says otherwise, a step of the module's
*Cohort* section. A field there and a flag of the command are the same thing; the section's log begins with the command
line that it runs. Arguments, which have no flag, come in this order.

This page is made from the table in `LABCRadiomicsLib/step_options` by `Utilities/make_guide.py`.

"""
TABLE = "| field | flag | what it is | when nothing is given |\n|---|---|---|---|\n"


def page() -> str:
    """Text of the page."""
    return HEAD + "\n".join(map(section, STEPS.values()))


def section(step: Step) -> str:
    """A step: what it does, where the panel has it, its options."""
    command = step.name.split()[0]
    where = f" No step of the section *Cohort*: {COMMANDS_LEFT_OUT[command]}" if command in COMMANDS_LEFT_OUT else ""
    left = OPTIONS_LEFT_OUT.get(step.name, {})
    lines = (
        f"| {row.label} | {flag(row)} | {cell(row, left.get(row.name, ''))} | {usual(row)} |\n" for row in step.options
    )
    return f"## {step.title}: `{step.name}`\n\n{step.help}{where}\n\n{TABLE}{''.join(lines)}"


def flag(row: Option) -> str:
    """How the command line takes it."""
    value = row.metavar.replace("|", "\\|")
    return f"`{row.flag}{f' {value}' if value else ''}`" if row.flag else "argument"


def cell(row: Option, left: str) -> str:
    """What it is: sentence, unit, limits, choices."""
    text = row.help.replace("|", "\\|")
    if row.kind is Kind.CHOICE:
        text += f" One of: {', '.join(row.choices)}."
    if row.unit and row.unit not in row.help.casefold():
        text += f" In {row.unit}."
    if row.least is not None:
        text += f" From {row.least:g} to {row.most:g}." if row.most is not None else f" At least {row.least:g}."
    return f"{text} No field of the panel: {left[0].lower()}{left[1:]}" if left else text


def usual(row: Option) -> str:
    """What is taken when nothing is given."""
    if row.required:
        return "needed"
    return row.usually.replace("|", "\\|") or ("no" if row.kind is Kind.FLAG else "")


def main() -> None:
    (ROOT / "Docs" / "options.md").write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

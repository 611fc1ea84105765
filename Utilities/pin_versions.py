"""Pin every package to the newest version that works: rewrite constraints.txt and its copy in pyproject.toml.

Needs uv on the PATH. Run the tests afterwards. No address of a package host is written.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXPORT = ("uv", "export", "--no-hashes", "--no-annotate", "--no-header", "--all-extras", "--no-emit-project")


def with_pins(text: str, pins: list[str]) -> str:
    """Put the pins into the text of pyproject.toml."""
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    block = f"constraint-dependencies = [ # the same as constraints.txt\n{lines}]\n"
    return re.sub(r"constraint-dependencies = \[.*?\n\]\n", lambda _: block, text, count=1, flags=re.DOTALL)


def main() -> None:
    project = ROOT / "pyproject.toml"
    project.write_text(with_pins(project.read_text(), []))
    (ROOT / "uv.lock").unlink(missing_ok=True)
    exported = subprocess.run(EXPORT, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    (ROOT / "constraints.txt").write_text(exported)
    project.write_text(with_pins(project.read_text(), exported.split("\n")[:-1]))


if __name__ == "__main__":
    main()

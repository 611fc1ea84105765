"""Pin every package to the newest version that works: rewrite the list in pyproject.toml, which is the only one.

    python Utilities/pin_versions.py            # needs uv on the PATH; run the tests afterwards
    python Utilities/pin_versions.py --print    # the list as pip takes it: pip install -c <(...) .

No address of a package host is written.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROJECT = ROOT / "pyproject.toml"
EXPORT = ("uv", "export", "--no-hashes", "--no-annotate", "--no-header", "--all-extras", "--no-emit-project")


def with_pins(text: str, pins: list[str]) -> str:
    """Put the pins into the text of pyproject.toml."""
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    block = r"(constraint-dependencies = \[[^\n]*\n).*?\]\n"
    return re.sub(block, lambda found: f"{found.group(1)}{lines}]\n", text, count=1, flags=re.DOTALL)


def main() -> None:
    if "--print" in sys.argv:
        print("\n".join(tomllib.loads(PROJECT.read_text(encoding="utf-8"))["tool"]["uv"]["constraint-dependencies"]))
        return
    PROJECT.write_text(with_pins(PROJECT.read_text(encoding="utf-8"), []), encoding="utf-8")
    (ROOT / "uv.lock").unlink(missing_ok=True)
    exported = subprocess.run(EXPORT, cwd=ROOT, check=True, capture_output=True, encoding="utf-8").stdout
    PROJECT.write_text(with_pins(PROJECT.read_text(encoding="utf-8"), exported.split("\n")[:-1]), encoding="utf-8")


if __name__ == "__main__":
    main()

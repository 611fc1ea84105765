"""Rewrite the two file lists of LABCRadiomics/CMakeLists.txt from the tree."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "LABCRadiomics" / "Testing" / "Python" / "project"))

import test_packaging


def main() -> None:
    path = test_packaging.MODULE / "CMakeLists.txt"
    text = path.read_text(encoding="utf-8")
    for variable, scripts in (("MODULE_PYTHON_SCRIPTS", True), ("MODULE_PYTHON_RESOURCES", False)):
        files = [file for file in test_packaging.packaged_files() if file.endswith(".py") == scripts]
        lines = "".join(f"  {file}\n".replace(f"{test_packaging.NAME}.p", "${MODULE_NAME}.p") for file in files)
        block = f"set({variable}\n{lines}  )"
        text = re.sub(rf"set\({variable}\n.*?  \)", lambda _, block=block: block, text, flags=re.DOTALL)
    path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

"""Say which system libraries the installed packages miss, and the command that installs them."""

import importlib
import re
import sys

MODULES = ("SimpleITK", "matplotlib", "vtk", "slicer")
NOT_EVERYWHERE = ("vtk", "slicer")  # Slicer's core has no build for every Python and processor

# Shared library to Debian package.
PACKAGES = {
    "libGL": "libgl1",
    "libEGL": "libegl1",
    "libOSMesa": "libosmesa6",
    "libX11": "libx11-6",
    "libXrender": "libxrender1",
    "libXcursor": "libxcursor1",
    "libXt": "libxt6",
    "libSM": "libsm6",
    "libICE": "libice6",
    "libgomp": "libgomp1",
    "libstdc++": "libstdc++6",
    "libxkbcommon": "libxkbcommon0",
    "libdbus": "libdbus-1-3",
    "libfontconfig": "libfontconfig1",
    "libglib": "libglib2.0-0",
}


def main() -> int:
    problems = []
    for name in MODULES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            if name in NOT_EVERYWHERE and isinstance(error, ModuleNotFoundError):
                continue
            missing = re.search(r"(lib[\w+-]+)[\w.]*: cannot open shared object", str(error))
            if missing is None:
                raise
            library = missing.group(1)
            package = next((package for stem, package in PACKAGES.items() if library.startswith(stem)), None)
            advice = f"apt-get install {package}" if package else f"install the system package that provides {library}"
            problems.append(f"{name} needs the system library {library}: {advice}")
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())

"""Succeed where this Python can compile C, as installing pyradiomics needs; the tests compare with it."""

import shutil
import sys
import sysconfig
from pathlib import Path

sys.exit(not (shutil.which("cc") and Path(sysconfig.get_path("include"), "Python.h").is_file()))

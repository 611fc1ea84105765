"""Succeed where this Python can compile packages in C: pyradiomics, which the tests compare with, has to be compiled."""

import os
import shutil
import sys
import sysconfig

if not (shutil.which("cc") and os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))):  # noqa: PTH
    sys.exit(1)

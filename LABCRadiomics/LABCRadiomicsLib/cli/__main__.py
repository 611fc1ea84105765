"""``python -m LABCRadiomicsLib.cli``."""

from . import main

main()

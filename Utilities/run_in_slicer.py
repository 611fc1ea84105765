"""Run the module's self test within a real Slicer, which ends with the exit code of the test.

Slicer --testing --no-splash --additional-module-paths LABCRadiomics --python-script Utilities/run_in_slicer.py
"""

import sys
import traceback
import unittest

import slicer


def main() -> int:
    try:
        module = slicer.util.getModule("LABCRadiomics")
        print(f"{module.title}, in Slicer {slicer.app.applicationVersion}")
        from LABCRadiomicsPanel.self_test import SelfTest

        tests = unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest)
        done = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    except Exception:
        traceback.print_exc()
        return 1
    return 0 if done.wasSuccessful() and done.testsRun else 1


if __name__ == "__main__":
    slicer.util.exit(main())

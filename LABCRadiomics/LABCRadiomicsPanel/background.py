"""Run ``LABCRadiomicsLib.cli`` in the background for the panel: ``python -m LABCRadiomicsPanel.background TOKEN ...``.

Ending PythonSlicer does not end this process: PythonSlicer is a launcher that starts Python as a child and leaves it
behind when it is killed. So the panel keeps a token file, and this process ends when the file goes away: first as by
Ctrl+C, which lets the command tidy up, then, if it does not listen, at once (files are written whole or not at all).
"""

import _thread
import os
import signal
import sys
import threading
import time
from pathlib import Path

POLL_SECONDS = 0.2
GRACE_SECONDS = 5.0


def watch(token):
    """End this process when a file goes away."""
    while token.exists():
        time.sleep(POLL_SECONDS)
    interrupt()
    time.sleep(GRACE_SECONDS)
    os._exit(130)


def interrupt():
    """Interrupt the main thread as Ctrl+C does."""
    if hasattr(signal, "pthread_kill"):  # also wakes a thread that waits
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    else:
        _thread.interrupt_main()


def main():
    """Run the command line given after the token."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a process started in the background may ignore it
    threading.Thread(target=watch, args=(Path(sys.argv[1]),), daemon=True).start()
    sys.argv = ["labcradiomics", *sys.argv[2:]]
    from LABCRadiomicsLib.cli import main as run

    run()


if __name__ == "__main__":
    main()

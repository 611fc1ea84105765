"""One command of ``LABCRadiomicsLib.cli`` in a process of Slicer's Python; the application stays usable."""

import codecs
import os
import re
import shutil
import uuid
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
KILL_MSEC = 8000  # after a cancel, should the command not end by itself
BAR = "[\u2501\u2578\u257a]"  # whole and half cells of rich's progress bar
PROGRESS = re.compile(rf"\s*(.*?)\s*{BAR}.*?(\d+)/(\d+)")


class CohortProcess:
    """Starts, follows and ends the process."""

    def __init__(self, onLine, onProgress, onFinished):
        """
        :param onLine: called with each line that the command prints
        :param onProgress: called with (what is done, done, total)
        :param onFinished: called with (exit code, last line of the error output); the code is None after a cancel
        """
        self._onLine, self._onProgress, self._onFinished = onLine, onProgress, onFinished
        self._process = None
        self._ended = None  # the process before: Qt still works on it after the signal that it ended
        self._killTimer = qt.QTimer()
        self._killTimer.setSingleShot(True)
        self._killTimer.connect("timeout()", self._onKill)
        self._token = None  # file whose removal ends the command, see background.py
        self._cancelled = False
        self._rest = {}
        self._lastError = ""

    def isRunning(self):
        """Whether a command is at work."""
        return self._process is not None

    def start(self, arguments, pythonFolder):
        """Run ``LABCRadiomicsLib.cli`` with arguments.

        :param pythonFolder: folder that holds LABCRadiomicsLib
        :raises FileNotFoundError: Slicer's Python is not on the PATH
        """
        python = findPython()
        environment = qt.QProcessEnvironment.systemEnvironment()
        paths = [pythonFolder, *filter(None, [os.environ.get("PYTHONPATH")])]
        environment.insert("PYTHONPATH", os.pathsep.join(paths))
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("PYTHONIOENCODING", "utf-8")
        # The progress bar is drawn for a terminal only; its count is read from what it draws.
        environment.insert("FORCE_COLOR", "1")
        environment.insert("TERM", "xterm")
        environment.insert("COLUMNS", "100")
        self._cancelled, self._rest, self._lastError = False, {"out": "", "error": ""}, ""
        decoder = codecs.getincrementaldecoder("utf-8")  # output may end in the middle of a character
        self._decoders = {channel: decoder("replace") for channel in self._rest}
        self._process = qt.QProcess()
        self._process.setProcessEnvironment(environment)
        self._process.connect("readyReadStandardOutput()", self._onOutput)
        self._process.connect("readyReadStandardError()", self._onError)
        self._process.connect("finished(int,QProcess::ExitStatus)", self._onEnd)
        self._process.connect("errorOccurred(QProcess::ProcessError)", self._onProcessError)
        self._token = Path(slicer.app.temporaryPath) / f"LABCRadiomics-{uuid.uuid4().hex}.running"
        self._token.touch()
        self._process.start(python, ["-m", "LABCRadiomicsPanel.background", str(self._token), *arguments])

    def cancel(self):
        """End the command; it cleans up after itself."""
        if self._process is not None:
            self._cancelled = True
            self._token.unlink(missing_ok=True)
            self._killTimer.start(KILL_MSEC)

    def cleanup(self):
        """End the command at once and forget it, without a report: the panel goes away."""
        process = self._forget()
        if process is not None:
            process.kill()  # the launcher; the command itself ends by the token
            process.waitForFinished(3000)

    def _forget(self):
        """Be no longer running; gives the process."""
        process, self._process = self._process, None
        if process is not None:
            self._ended = process
            self._killTimer.stop()
            self._token.unlink(missing_ok=True)
        return process

    def _onKill(self):
        if self._process is not None:
            self._process.kill()

    def _onOutput(self):
        if self._process is not None:
            self._take("out", self._process.readAllStandardOutput())

    def _onError(self):
        if self._process is not None:
            self._take("error", self._process.readAllStandardError())

    def _take(self, channel, data):
        text = self._rest[channel] + ANSI.sub("", self._decoders[channel].decode(data.data()))
        *lines, self._rest[channel] = re.split(r"[\r\n]+", text)
        for line in (*lines, *([self._rest[channel]] if re.search(BAR, self._rest[channel]) else [])):
            self._report(channel, line)

    def _report(self, channel, line):
        counted = PROGRESS.match(line)
        if counted:
            self._onProgress(counted.group(1), int(counted.group(2)), int(counted.group(3)))
        elif line.strip() and not re.search(BAR, line):
            if channel == "error":
                self._lastError = line.strip()
            self._onLine(line.rstrip())

    def _onProcessError(self, error):
        # After any other error the process still finishes.
        if self._process is not None and error == qt.QProcess.FailedToStart:
            reason = self._forget().errorString()
            self._onFinished(1, _("The process could not be started: {reason}").format(reason=reason))

    def _onEnd(self, code, _status):
        if self._process is None:
            return
        self._onOutput()
        self._onError()
        for channel, rest in self._rest.items():
            self._report(channel, rest)
        self._forget()
        self._onFinished(None if self._cancelled else code, self._lastError)


def findPython():
    """Find Slicer's Python: the application puts it on the PATH.

    :raises FileNotFoundError: it is not there
    """
    python = shutil.which("PythonSlicer")
    if python is None:
        raise FileNotFoundError(_("PythonSlicer was not found on the PATH: start Slicer by its launcher."))
    return python

"""Python packages that scoring does not need: asked for when a step first needs them, installed only with consent."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import slicer
import slicer.util
from slicer.i18n import tr as _

REQUESTER = "LABC Radiomics"


class PackagesRefused(Exception):
    """The user did not want the packages, or they could not be installed; the text says so in one sentence."""


def ensure(requirementsPath, names, purpose):
    """Have packages installed after asking the user, who is told which and what for.

    :param requirementsPath: path of Resources/requirements.txt
    :param names: of the packages that are needed, as that file spells them
    :param purpose: a question with {names} in it, which are those that are missing
    :raises PackagesRefused: the user declined or the installation failed
    """
    wanted = [line for line in readRequirements(requirementsPath) if packageName(line) in names]
    missing = [requirement for requirement in wanted if not _isInstalled(requirement)]
    if not missing:
        return
    listed = ", ".join(packageName(requirement) for requirement in missing)
    question = _("{purpose}\n\nThey are downloaded from the Python Package Index into Slicer's Python.")
    question = question.format(purpose=purpose.format(names=listed))
    if not slicer.util.confirmOkCancelDisplay(question, _("LABC Radiomics: install Python packages")):
        raise PackagesRefused(
            _("Python packages are missing and were not installed: {names}. Click again to be asked again.").format(
                names=listed
            )
        )
    try:
        _install(missing)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        sentence = _("Python packages could not be installed: {names} ({reason}). See the application's log.")
        raise PackagesRefused(sentence.format(names=listed, reason=error)) from error


def readRequirements(path):
    """Give the requirements of a file, one a line, without comments."""
    lines = [line.partition("#")[0].strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line]


def packageName(requirement):
    """Give the name of a requirement such as ``"rich>=13"``."""
    for position, character in enumerate(requirement):
        if not (character.isalnum() or character in "-_."):
            return requirement[:position]
    return requirement


def _isInstalled(requirement):
    packaging = _slicerPackaging()
    if packaging is not None:
        return packaging.pip_check(requirement)
    try:
        version(packageName(requirement))
    except PackageNotFoundError:
        return False
    return True


def _install(requirements):
    packaging = _slicerPackaging()
    if packaging is not None:  # it also says when Slicer has to be restarted
        packaging.pip_ensure(requirements, requester=REQUESTER, prompt_install=False)
    else:
        slicer.util.pip_install(requirements)


def _slicerPackaging():
    """Give slicer.packaging; None in Slicer before 5.11."""
    try:
        import slicer.packaging
    except ModuleNotFoundError:
        return None
    return slicer.packaging

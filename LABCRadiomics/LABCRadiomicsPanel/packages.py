"""Python packages that scoring does not need: asked for when a step first needs them, installed only with consent."""

from pathlib import Path

import slicer
import slicer.util
from slicer.i18n import tr as _

REQUESTER = "LABC Radiomics"


class PackagesRefused(Exception):
    """The user did not want the packages, or they could not be installed; the text says so in one sentence."""


def ensure(requirementsPath, names):
    """Have packages installed after asking the user.

    :param requirementsPath: path of Resources/requirements.txt
    :param names: of the packages that are needed, as that file spells them
    :raises PackagesRefused: the user declined or the installation failed
    """
    wanted = [line for line in readRequirements(requirementsPath) if packageName(line) in names]
    try:
        import slicer.packaging
    except ModuleNotFoundError:  # Slicer before 5.11
        _ensureWithPip(wanted)
        return
    try:
        slicer.packaging.pip_ensure(wanted, requester=REQUESTER)
    except (RuntimeError, OSError, slicer.packaging.CalledProcessError) as error:
        raise PackagesRefused(
            _("This step needs Python packages that were not installed: {reason}").format(reason=error)
        ) from error


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


def _ensureWithPip(wanted):
    from importlib.metadata import PackageNotFoundError, version

    missing = []
    for requirement in wanted:
        try:
            version(packageName(requirement))
        except PackageNotFoundError:
            missing.append(requirement)
    if not missing:
        return
    question = _("This step needs Python packages: {names}.\n\nInstall them into Slicer's Python?")
    if not slicer.util.confirmOkCancelDisplay(question.format(names=", ".join(missing)), REQUESTER):
        raise PackagesRefused(
            _("This step needs Python packages that were not installed: {reason}").format(reason=", ".join(missing))
        )
    slicer.util.pip_install(missing)

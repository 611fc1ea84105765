"""The errors this library raises on purpose.

Every message is one sentence that names the file, row, column, field or argument at fault and says what to do.
The command line turns each of them into exit code 2; the Slicer module shows the sentence in its panel.
"""

from typing import TypeVar

T = TypeVar("T")


class LABCRadiomicsError(Exception):
    """Base of every error that a user can act on; anything else that escapes is a defect of ours."""


class InputError(LABCRadiomicsError, ValueError):
    """An argument, file or value given by the user is unusable."""


class GeometryError(InputError):
    """Image and mask do not describe the same region of space."""


class ExtractionError(LABCRadiomicsError):
    """Features could not be computed from an image and mask that were readable."""


class ModelError(LABCRadiomicsError):
    """A model file is malformed, inconsistent, or does not exist."""


class ModelIncompleteError(ModelError):
    """A model lacks a part that the requested result needs."""


class CohortError(InputError):
    """A cohort table (cases, features, outcomes, folds) is unusable."""


class DependencyError(LABCRadiomicsError):
    """An optional package that this step needs is not installed."""


def present(value: T | None, what: str) -> T:
    """Give a value that earlier checks promise; where it is None all the same, the defect is ours.

    Parameters
    ----------
    value : object or None
    what : str
        Names it in the message.
    """
    if value is None:
        raise AssertionError(f"{what} is None where it cannot be")
    return value

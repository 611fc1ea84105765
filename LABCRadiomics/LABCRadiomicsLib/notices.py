"""Remarks that travel with a result: what the user should know before trusting a number."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """One remark.

    Attributes
    ----------
    code : str
        Stable machine-readable name, for example ``"mask-resampled"``.
    message : str
        One sentence for the user.
    grave : bool
        Whether a result with this remark is not to be relied on.
    """

    code: str
    message: str
    grave: bool = False

    def to_dict(self) -> dict[str, str]:
        """Give the remark as the JSON outputs hold it."""
        return {"code": self.code, "message": self.message}

"""Radiomics score, risk group and disease-free survival for locally advanced breast cancer MRI.

Research use only. Not a medical device; not for diagnosis or treatment decisions.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

NOTICE = "Research use only. Not a medical device; not for diagnosis or treatment decisions."

# What users import most, read when it is first asked for: importing the package costs nothing.
_OFFERED = {
    "LABCRadiomicsError": "errors",
    "Model": "model",
    "RadiomicsScore": "ecosystem.estimator",
    "bundled_models": "model",
    "extract": "features",
    "find_model": "model",
    "load_model": "model",
    "predict": "scoring",
    "read_image": "imaging",
    "read_mask": "imaging",
    "read_pair": "imaging",
    "save_model": "model",
    "score_patient": "patient",
}
__all__ = ["NOTICE", "__version__", *_OFFERED]


def __getattr__(name: str) -> Any:
    if name not in _OFFERED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_OFFERED[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

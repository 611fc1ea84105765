"""Radiomics score, risk group and disease-free survival for locally advanced breast cancer MRI.

Research use only. Not a medical device; not for diagnosis or treatment decisions.
"""

__version__ = "0.1.0"

NOTICE = "Research use only. Not a medical device; not for diagnosis or treatment decisions."

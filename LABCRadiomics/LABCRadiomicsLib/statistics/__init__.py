"""Survival statistics of the article, equal to R's: numpy arrays in, small frozen results out, no input or output.

Every module can be imported on its own; this file imports none of them, so that scoring never pays for training.

May import: errors.
"""

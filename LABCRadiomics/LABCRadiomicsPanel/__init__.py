"""The pieces of the module's panel: each takes the widgets of ``LABCRadiomics.ui`` that it needs, and does one thing.

Only these files and ``LABCRadiomics.py`` know Qt; what they show is computed in ``LABCRadiomicsLib``.
"""

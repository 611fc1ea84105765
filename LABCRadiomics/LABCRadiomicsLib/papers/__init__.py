"""What a paper on a study has to tell, as far as the software knows it: checklists filled in, and a methods section.

A study is its ``report.json`` and its model, nothing else (``study``). ``patients``, ``modeling``, ``evaluation`` and
``extraction`` answer one question each function, in training and in validation, or not at all; ``checklists`` says
which item of which list asks it, and what nobody answers is left to the authors. ``methods`` writes the text,
``references`` holds what it cites, ``writing_up`` puts the files together.

May import: resources, sentences, tables, model, report.
"""

from .checklists import CHECKLISTS, OPEN, Checklist
from .study import Study
from .writing_up import WritingUp, writing_up

__all__ = ["CHECKLISTS", "OPEN", "Checklist", "Study", "WritingUp", "writing_up"]

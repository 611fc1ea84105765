"""What a user reads in the panel: the rich text of labels and tooltips as plain words."""

import html
import re


def plain(text: str) -> str:
    """Words without tags, entities and the places where a label may break a long name."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)).replace("\u200b", "")).strip()


def tip(widget) -> str:
    """Words of a widget's tooltip, which Slicer makes rich text of."""
    return plain(widget.toolTip)

"""The patient report as a PDF that prints on A4: the result, what made it, and a page in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from .. import NOTICE, __version__
from ..feature_words import feature_sentence
from ..scoring import DEMONSTRATION
from ..scoring.wording import grade, number, percent, survival_remarks, trust, wider_limits, without_image
from .patient_pictures import PatientPictures
from .plain_words import plain_words

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

    from ..patient import PatientResult

_INK, _FAINT, _LINE, _HIGH, _LOW = "#1b1f24", "#5b6570", "#d8dde3", "#b34700", "#0060a0"
_MARGIN_MM = 18
_PADDING = 6  # points, of the frame that reportlab puts text into
_EAST_ASIAN = re.compile(r"[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]+")


def patient_pdf(result: PatientResult, case: str, pictures: PatientPictures) -> bytes:
    """Lay out the report of a patient on A4 pages.

    Parameters
    ----------
    result : PatientResult
    case : str
        Name of the case, shown on every page.
    pictures : PatientPictures

    Returns
    -------
    bytes
        PDF; the same result gives the same bytes.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import PageBreak, SimpleDocTemplate

    styles = _styles()
    buffer = BytesIO()
    page = SimpleDocTemplate(
        buffer, pagesize=A4, title=f"LABCRadiomics: {case}", author=f"LABCRadiomics {__version__}", invariant=1,
        leftMargin=_MARGIN_MM * mm - _PADDING, rightMargin=_MARGIN_MM * mm - _PADDING,
        topMargin=16 * mm, bottomMargin=20 * mm,
    )  # fmt: skip
    story = [*_result_page(result, case, pictures, styles), *_details(result, pictures, styles)]
    story += [PageBreak(), *_plain_page(result, styles)]

    def footer(canvas: Any, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(_fonts()[0], 7.5)
        canvas.setFillColor(_FAINT)
        canvas.drawString(_MARGIN_MM * mm, 11 * mm, NOTICE)
        canvas.drawRightString(A4[0] - _MARGIN_MM * mm, 11 * mm, f"page {document.page}")
        canvas.restoreState()

    page.build(story, onFirstPage=footer, onLaterPages=footer)
    return buffer.getvalue()


def _result_page(result: PatientResult, case: str, pictures: PatientPictures, styles: dict) -> list[Flowable]:
    """The answer, how far to trust it above it where that is grave, the tumor, and survival."""
    document, model = result.document, result.model
    story = [_text("Radiomics score for locally advanced breast cancer", styles["title"])]
    story.append(_text(f"{case} \u00b7 model {model.title} ({model.id}, version {model.version})", styles["faint"]))
    if document["status"] == "demonstration":
        story.append(_text(f"{DEMONSTRATION[0].upper()}{DEMONSTRATION[1:]}.", styles["grave"]))
    answer = [_text(grade(document), styles["grave" if document["trust"]["grade"] == "do-not-rely" else "body"])]
    answer += _headline(document, styles)
    if document["survival"]:
        answer += [_space(4), _survival_table(document, styles)]
        answer += [_text(sentence, styles["faint"]) for sentence in survival_remarks(document)]
    if sentence := without_image(model, result.prediction):
        answer += [_space(4), _text(sentence, styles["body"])]
    story += answer if pictures.slice is None else [_side_by_side(answer, _picture(pictures.slice, 62))]
    story.append(_text("How far to trust it", styles["heading"]))
    story += _bullets([*trust(document), *model.limitations], styles)
    if pictures.score_plot is not None:
        story += _section("Where the score lies", _picture(pictures.score_plot, 150), styles)
    if pictures.survival_plot is not None:
        story += _section(str(document["endpoint"]), _picture(pictures.survival_plot, 140), styles)
    return story


def _headline(document: dict[str, Any], styles: dict) -> list[Flowable]:
    group, score = document["risk_group"], number(document["score"])
    if group is None:
        return [_text("No risk group", styles["group"]), _text(f"Radiomics score {score} (no unit).", styles["body"])]
    if not document["group_shown"]:
        words = [_text("Risk group withheld", styles["group"])]
        return [*words, _text(f"Radiomics score {score} (no unit; higher is worse).", styles["body"])]
    side = "above" if group == "high" else "not above"
    sentence = f"Radiomics score {score}, {side} the cutoff {number(document['cutoff'])} (no unit; higher is worse)."
    return [_text(f"{group.capitalize()} risk", styles[group]), _text(sentence, styles["body"])]


def _survival_table(document: dict[str, Any], styles: dict) -> Flowable:
    wider = wider_limits(document)
    rows = [
        [str(document["endpoint"]), "probability", "95% limits", *(["with the choice of features"] if wider else [])]
    ]
    for at, estimate in enumerate(document["survival"]):
        limits = "not available"
        if estimate["lower"] is not None:
            limits = f"{percent(estimate['lower'])} to {percent(estimate['upper'])}"
        months = f"at {estimate['months']:g} months"
        rows.append([months, percent(estimate["probability"]), limits, *wider[at : at + 1]])
    return _table(rows, [27, 25, 27, 27] if wider else [42, 26, 38], styles)


def _details(result: PatientResult, pictures: PatientPictures, styles: dict) -> list[Flowable]:
    """Nomogram, covariates, features with their sentences, and where all of it comes from."""
    document, model, story = result.document, result.model, []
    if pictures.nomogram is not None:
        story += _section("Nomogram, with this patient's values marked", _picture(pictures.nomogram, 165), styles)
    if document["covariates"]:
        rows = [["covariate", "value", "points (more is worse)"]]
        given = document["inputs"]["covariates"]
        for covariate in document["covariates"]:
            known = covariate["value"] is not None
            value = (
                str(given.get(covariate["name"], covariate["value"]))
                if known
                else ("unknown: averaged over" if document["averaged"] else "unknown: the model's mean stands in")
            )
            rows.append(
                [covariate["label"], value, "" if covariate["points"] is None else f"{covariate['points']:.1f}"]
            )
        if document["points"] is not None:
            rows.append(["Radiomics score", number(document["score"]), f"{document['score_points']:.1f}"])
            rows.append(["Total", "", f"{document['points']:.1f}"])
        story += _section("Clinical covariates", _table(rows, [60, 74, 40], styles), styles)
    story.append(_text("What made the score", styles["heading"]))
    rows = [["feature, and what is different when it rises", "value", "contribution", "in training range"]]
    for part in document["contributions"]:
        words = f"{part['feature']}: {feature_sentence(part['feature']) or ''}"
        within = {True: "yes", False: "no", None: "not stated"}[part["in_range"]]
        rows.append([words, number(part["value"]), number(part["contribution"]), within])
    story.append(_table(rows, [98, 24, 26, 26], styles))
    found = document["diagnostics"] or {}
    facts = [["model fingerprint", document["fingerprint"]], ["citation", model.provenance.citation or ""]]
    facts += [["input SHA-256", str(found.get("input_sha256", ""))], ["software", f"LABCRadiomics {__version__}"]]
    story += [_text("Where it comes from", styles["heading"]), _table(facts, [34, 140], styles, header=False)]
    return story


def _plain_page(result: PatientResult, styles: dict) -> list[Flowable]:
    words = plain_words(result.document)
    story = [_text(words.title, styles["title"]), _text(words.lead, styles["plain"])]
    for heading, paragraphs in words.sections:
        story.append(_text(heading, styles["heading"]))
        story += [_text(paragraph, styles["plain"]) for paragraph in paragraphs]
    return story


def _section(title: str, content: Flowable, styles: dict) -> list[Flowable]:
    """A heading and what stands under it on one page."""
    from reportlab.platypus import KeepTogether

    return [KeepTogether([_text(title, styles["heading"]), content])]


def _picture(png: bytes, width_mm: float) -> Flowable:
    from reportlab.lib.units import mm
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Image

    width, height = ImageReader(BytesIO(png)).getSize()
    return Image(BytesIO(png), width_mm * mm, width_mm * mm * height / width)


def _side_by_side(left: Sequence[Flowable], right: Flowable) -> Flowable:
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (1, 0), (1, 0), 0),
    ]
    return Table([[list(left), right]], [112 * mm, 62 * mm], style=style)


def _table(rows: Sequence[Sequence[str]], widths_mm: Sequence[float], styles: dict, header: bool = True) -> Flowable:
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    style = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ]
    cells = [
        [_text(cell, styles["head" if header and not at else "cell"]) for cell in row] for at, row in enumerate(rows)
    ]
    return Table(cells, [width * mm for width in widths_mm], style=style, repeatRows=int(header), hAlign="LEFT")


def _bullets(sentences: Iterable[str], styles: dict) -> list[Flowable]:
    return [_text(f"\u2022 {sentence}", styles["bullet"]) for sentence in sentences]


def _space(points: float) -> Flowable:
    from reportlab.platypus import Spacer

    return Spacer(1, points)


def _text(words: str, style: Any) -> Flowable:
    """A paragraph that shows its words as they are, whatever letters they have."""
    from reportlab.platypus import Paragraph

    return Paragraph(
        _EAST_ASIAN.sub(lambda found: f'<font name="STSong-Light">{found[0]}</font>', escape(words)), style
    )


def _styles() -> dict[str, Any]:
    from reportlab.lib.styles import ParagraphStyle

    plain, bold = _fonts()
    body = ParagraphStyle("body", fontName=plain, fontSize=9.5, leading=13, textColor=_INK, splitLongWords=1)

    def like(name: str, **changes: Any) -> ParagraphStyle:
        return ParagraphStyle(name, parent=body, **changes)

    return {
        "body": body,
        "title": like("title", fontName=bold, fontSize=14, leading=18, spaceAfter=2),
        "heading": like("heading", fontName=bold, fontSize=11, leading=14, spaceBefore=10, spaceAfter=3),
        "faint": like("faint", textColor=_FAINT, spaceAfter=4),
        "grave": like("grave", fontName=bold, textColor=_HIGH, spaceAfter=4),
        "group": like("group", fontName=bold, fontSize=16, leading=20),
        "high": like("high", fontName=bold, fontSize=16, leading=20, textColor=_HIGH),
        "low": like("low", fontName=bold, fontSize=16, leading=20, textColor=_LOW),
        "bullet": like("bullet", leftIndent=9, firstLineIndent=-9, fontSize=9, leading=12),
        "cell": like("cell", fontSize=8.5, leading=11),
        "head": like("head", fontName=bold, fontSize=8.5, leading=11),
        "plain": like("plain", fontSize=11, leading=16, spaceAfter=6),
    }


@cache
def _fonts() -> tuple[str, str]:
    """Register fonts with Greek, Cyrillic and accented letters, which come with matplotlib, and one for East Asia."""
    import matplotlib
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    names = "DejaVuSans", "DejaVuSans-Bold"
    for name in names:
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    return names

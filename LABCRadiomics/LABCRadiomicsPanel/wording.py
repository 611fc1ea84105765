"""A result and a model in the words of the panel, as the rich text of labels; nothing here knows Qt.

What is shown is a sentence of ``_()`` with its values put in, never pieces joined to one: other languages order and
join their words differently.
"""

import math
import re
from html import escape
from pathlib import Path

from slicer.i18n import tr as _

from LABCRadiomicsLib.feature_words import feature_sentence
from LABCRadiomicsLib.scoring import wording as result_wording

number, percent = result_wording.number, result_wording.percent

# Okabe-Ito; white text on them is readable in light and dark themes. The words say the same.
WARNING = "\u26a0"  # what a grave sentence begins with
WITHHELD = "withheld"
GROUP_COLORS = {"high": "#b84a00", "low": "#005f94", WITHHELD: "#555555", None: "#555555"}
FINE, DO_NOT_RELY = "fine", "do-not-rely"  # grades of trust; the sentence of the second stands above the group


def breakable(text):
    """The same text with places where a label may break a long name or path: a zero-width space."""
    pieces = r"([/\\_-]|[^/\\_-]{40})"
    return re.sub(r"[^\s\u200b]{25,}", lambda word: re.sub(pieces, "\\1\u200b", word.group()), text)


def plain(text):
    """A text as the rich text of a label, in which long names may be broken."""
    return escape(breakable(text))


def problem(sentence):
    """What is wrong with something that was chosen or entered."""
    return f"<b>{WARNING}</b> {plain(sentence)}"


def error_box(sentence):
    """What went wrong with something that the user started; the words mark it, not the color alone."""
    mark = escape(_("Not done."))
    return f"<b>{WARNING} {mark}</b> {plain(sentence)}"


def file_link(path, shown=""):
    """A path that opens its file, or that of another path, when clicked."""
    return f'<a href="{Path(shown or path).absolute().as_uri()}">{plain(str(path))}</a>'


def linked(words, path):
    """Words with a link to a file in place of their {path}; a name in them may hold other braces."""
    return words.replace("{path}", file_link(path))


def notice():
    """What every output of this software carries."""
    sentence = escape(_("Research use only. Not a medical device; not for diagnosis or treatment decisions."))
    return f"<small>{sentence}</small>"


def group_badge(result, outdated):
    """The risk group in words on its color, and how far to trust it; gray and marked when it is of other inputs."""
    group = result["risk_group"] if result["group_shown"] or result["risk_group"] is None else WITHHELD
    words = {
        "high": _("HIGH RISK"),
        "low": _("LOW RISK"),
        WITHHELD: _("RISK GROUP WITHHELD"),
        None: _("NO RISK GROUP"),
    }[group]
    color = GROUP_COLORS[None if outdated else group]
    if outdated:
        words = _("OUTDATED: {words}").format(words=words)
    trusted = f"<b>{WARNING} {plain(result_wording.grade(result, _))}</b>" if result["trust"]["grade"] != FINE else ""
    grave = result["trust"]["grade"] == DO_NOT_RELY
    below = [] if grave or not trusted else [trusted]
    if result["status"] == "demonstration":
        demonstration = escape(_("Demonstration, simulated data, not for any clinical use"))
        below.append(f"<b>{demonstration}</b>")
    cell = f'<td bgcolor="{color}"><font color="white" size="+1"><b>{escape(words)}</b></font></td>'
    return f'{trusted if grave else ""}<table width="100%" cellpadding="6"><tr>{cell}</tr></table>{"<br/>".join(below)}'


def score_sentence(result):
    """The score against the cutoff; without saying on which side where the group is withheld."""
    cutoff = "" if result["cutoff"] is None else number(result["cutoff"])
    if result["cutoff"] is None:
        sentence = _("Radiomics score {score} (the model has no cutoff)")
    elif not result["group_shown"]:
        sentence = _("Radiomics score {score}")
    elif result["risk_group"] == "high":
        sentence = _("Radiomics score {score}, above the cutoff {cutoff}")
    else:
        sentence = _("Radiomics score {score}, not above the cutoff {cutoff}")
    return sentence.format(score=number(result["score"]), cutoff=cutoff)


def survival_table(result):
    """Survival at the horizons with its limits."""
    if not result["survival"]:
        return escape(_("This model gives no survival: it has no baseline. Recalibrate it on a local cohort (below)."))
    second = result["second_reader"]["survival"] if result["second_reader"] is not None else []
    rows = [f'<tr><td colspan="3"><b>{escape(result["endpoint"])}</b></td></tr>']
    for at, estimate in enumerate(result["survival"]):
        months = _("at {months:g} months").format(months=estimate["months"])
        rows.append(_survival_row(months, estimate, bold=True))
        rows += _wider_row(result, at)
        if at < len(second):
            rows.append(_survival_row(_("second reader"), second[at], bold=False))
    sentences = result_wording.survival_remarks(result, _)
    remarks = "".join(f"<p><small>{escape(sentence)}</small></p>" for sentence in sentences)
    return f"<table>{''.join(rows)}</table>{remarks}"


def _wider_row(result, at):
    """The limits that also carry the choice of the model's features, as the sentence below the table says."""
    limits = result["selection"]["survival"][at : at + 1] if result["selection"] is not None else []
    if not limits or limits[0]["lower"] is None:
        return []
    ends = {end: percent(limits[0][end]) for end in ("lower", "upper")}
    sentence = _("wider: {lower} to {upper}").format(**ends)
    return [f"<tr><td></td><td></td><td><small>{escape(sentence)}</small></td></tr>"]


def _survival_row(whose, estimate, bold):
    limits = _("no limits available")
    if estimate["lower"] is not None:
        ends = {end: percent(estimate[end]) for end in ("lower", "upper")}
        limits = _("95% CI {lower} to {upper}").format(**ends)
    value = percent(estimate["probability"])
    cells = (whose, f"<b>{value}</b>" if bold else value, limits)
    return f"<tr>{''.join(f'<td>{cell}&nbsp;&nbsp;</td>' for cell in cells)}</tr>"


def result_text(result):
    """Everything of a result below its badge: the gravest warning, score, survival, how far to trust them."""
    inputs = result["inputs"]
    sentences = result_wording.trust(result, _)
    grave = gravest(result, sentences)
    parts = [f"<p><b>{plain(sentence)}</b></p>" for sentence in grave]
    direction = escape(_("Higher is worse; no unit."))
    parts.append(f"<p>{escape(score_sentence(result))}<br/><small>{direction}</small></p>")
    parts.append(survival_table(result))
    if result["points"] is not None:
        points = _("Nomogram: {points:.0f} points; more mean a higher hazard.").format(points=result["points"])
        parts.append(f"<p>{escape(points)}</p>")
    told = {*grave, *_told_beside_survival(result)}
    rest = "".join(f"<li>{plain(sentence)}</li>" for sentence in sentences if sentence not in told)
    fine = f"<p>{plain(result_wording.grade(result, _))}</p>" if result["trust"]["grade"] == FINE else ""
    if rest or fine:
        heading = escape(_("How far to trust it"))
        parts.append(f"<p><b>{heading}</b></p>{fine}<ul style='margin-left:-22px'>{rest}</ul>")
    scored = _("Scored: segment {segment} of {segmentation} on {volume}; model {model} ({fingerprint}).").format(
        model=result["model"],
        fingerprint=result["fingerprint"][:12],
        **{key: inputs[key] for key in ("segment", "segmentation", "volume")},
    )
    parts.append(f"<p><small>{plain(scored)}</small></p>")
    return "".join(parts)


def _told_beside_survival(result):
    """Warnings, one for each unknown covariate, that a sentence beside the survival says together."""
    if not result_wording.survival_remarks(result, _):
        return []
    return [warning["message"] for warning in result["warnings"] if warning["code"] == "covariate-unknown"]


def contributions(result):
    """Each feature of the score, its part of the score first, and in a sentence what it tells; then their sum."""
    parts = sorted(result["contributions"], key=lambda part: -abs(part["contribution"]))
    intercept = result["score"] - math.fsum(part["contribution"] for part in parts)
    if abs(intercept) < 1e-9 * max(abs(result["score"]), 1.0):  # what rounding leaves
        total = _("Together they are the score, {score}.")
    else:
        total = _("Together with the model's intercept, {intercept}, they are the score, {score}.")
    total = total.format(score=number(result["score"]), intercept=number(intercept))
    return "".join(f"<p>{_contribution(part)}</p>" for part in parts) + f"<p>{plain(total)}</p>"


def _contribution(part):
    if not math.isclose(part["value"] * part["coefficient"], part["contribution"], rel_tol=1e-9, abs_tol=1e-12):
        sentence = _("{contribution} from {feature}: value {value}, standardized, times coefficient {coefficient}.")
    else:
        sentence = _("{contribution} from {feature}: value {value} times coefficient {coefficient}.")
    texts = {name: number(part[name]) for name in ("value", "coefficient")}
    texts |= {"contribution": f"{part['contribution']:+.4g}", "feature": part["feature"]}
    lines = [plain(sentence.format(**texts))]
    if part["in_range"] is False:
        outside = escape(_("Outside the training cohort's range."))
        lines.append(f"<b>{WARNING} {outside}</b>")
    words = feature_sentence(part["feature"], _)
    if words is not None:
        lines.append(f"<small>{plain(words)}</small>")
    return "<br/>".join(lines)


def gravest(result, sentences):
    """Give the gravest reason against a result as it stands among the sentences; an empty list when there is none."""
    reasons = result["trust"]["reasons"]
    if not reasons:
        return []
    said = [sentence for sentence in sentences if sentence.removeprefix(WARNING).strip() == reasons[0]["message"]]
    warned = [sentence for sentence in sentences if sentence.startswith(WARNING)]  # the same, in another language
    return (said or warned)[:1]


def model_summary(model, gives):
    """One line on what a model is."""
    texts = {
        "complete": _("Complete model"),
        "incomplete": _("Incomplete model: it lacks what scoring needs"),
        "demonstration": _("Demonstration on simulated data, not for any clinical use"),
    }
    count = len(model.nomogram.covariates) if model.nomogram else 0
    return _("{status}. Gives: {gives}. Clinical covariates: {count}.").format(
        status=texts[model.status], gives=gives, count=count
    )


def model_gives(model):
    """Which results a model can give."""
    if model.score is None:
        return _("nothing until completed")
    parts = [_("score")]
    if model.cutoff is not None:
        parts.append(_("risk group"))
    if model.nomogram is not None and model.nomogram.baseline is not None:
        parts.append(model.nomogram.endpoint.lower())
    return ", ".join(parts)


def model_card(model):
    """What a model is for, from whom it was learned, what it lacks, how it performed."""
    image = f"{model.image.modality}, {model.image.sequence}, {model.image.timing}"
    rows = [(_("Missing"), f"{missing.what}; {missing.where}") for missing in model.missing]
    rows += [
        (_("Intended use"), model.intended_use),
        (_("Image"), image),
        (
            _("Made from"),
            _("{n} patients ({events} events)").format(
                n=model.provenance.cohort.n, events=model.provenance.cohort.events
            ),
        ),
        (_("Source"), model.provenance.citation),
    ]
    rows += [(_("Limitation"), text) for text in model.limitations]
    rows.append((_("Fingerprint"), model.fingerprint[:16]))
    named = _("<b>{name}:</b> {value}")
    text = "".join(f"<p>{named.format(name=escape(name), value=plain(str(value)))}</p>" for name, value in rows)
    return text + _performance_table(model)


def _performance_table(model):
    if not model.performance:
        return ""
    cells = "".join(
        f"<tr><td>{escape(row.metric)}&nbsp;&nbsp;</td><td>{escape(row.cohort)}&nbsp;&nbsp;</td>"
        f"<td>{'' if row.relation == '=' else escape(row.relation)}{number(row.value)}{_limits(row)}</td></tr>"
        for row in model.performance
    )
    heading = escape(_("Performance"))
    return f"<p><b>{heading}</b></p><table>{cells}</table>"


def _limits(row):
    if row.lower is None:
        return ""
    return escape(_(" ({lower} to {upper})").format(lower=number(row.lower), upper=number(row.upper)))

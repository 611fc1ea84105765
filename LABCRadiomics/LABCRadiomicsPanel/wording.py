"""A result and a model in the words of the panel, as the rich text of labels; nothing here knows Qt.

What is shown is a sentence of ``_()`` with its values put in, never pieces joined to one: other languages order and
join their words differently.
"""

import re
from html import escape
from pathlib import Path

from slicer.i18n import tr as _

from LABCRadiomicsLib.scoring.wording import grade, number, percent, trust

# Okabe-Ito; white text on them is readable in light and dark themes. The words say the same.
WARNING = "\u26a0"  # what a grave sentence begins with
SHOW_GROUP = "show-group"  # address of the link that shows a risk group that is withheld
GROUP_COLORS = {"high": "#b84a00", "low": "#005f94", None: "#555555"}


def breakable(text):
    """The same text with places where a label may break a long name or path: a zero-width space."""
    pieces = r"([/\\_-]|[^/\\_-]{40})"
    return re.sub(r"[^\s\u200b]{25,}", lambda word: re.sub(pieces, "\\1\u200b", word.group()), text)


def plain(text):
    """A text as the rich text of a label, in which long names may be broken."""
    return escape(breakable(text))


def problem(sentence):
    """What is wrong with something that was chosen or entered."""
    return f"<b>&#9888;</b> {plain(sentence)}"


def error_box(sentence):
    """What went wrong with something that the user started; the words mark it, not the color alone."""
    return f"<b>&#9888; {escape(_('Not done.'))}</b> {plain(sentence)}"


def file_link(path, shown=""):
    """A path that opens its file, or that of another path, when clicked."""
    return f'<a href="{Path(shown or path).absolute().as_uri()}">{plain(str(path))}</a>'


def group_badge(result, outdated):
    """The risk group in words on its color; gray where it is withheld, or not of what is chosen now.

    What speaks gravely against a result stands above the group, which a link below it shows where it is withheld.
    """
    withheld = result["risk_group"] is not None and not result["group_shown"]
    words = {"high": _("HIGH RISK"), "low": _("LOW RISK"), None: _("NO RISK GROUP")}[result["risk_group"]]
    if withheld:
        words = _("RISK GROUP WITHHELD")
    color = GROUP_COLORS[None if outdated or withheld else result["risk_group"]]
    if outdated:
        words = _("OUTDATED: {words}").format(words=words)
    demonstration = ""
    if result["status"] == "demonstration":
        demonstration = "<br/><b>" + escape(_("Demonstration, simulated data, not for any clinical use")) + "</b>"
    cell = f'<td bgcolor="{color}"><font color="white" size="+1"><b>{escape(words)}</b></font></td>'
    grave = result["trust"]["grade"] == "do-not-rely"
    above = f"<b>&#9888; {escape(grade(result, _))}</b>" if grave else ""
    below = f'<br/><a href="{SHOW_GROUP}">{escape(_("Show the risk group all the same"))}</a>' if withheld else ""
    return f'{above}<table width="100%" cellpadding="6"><tr>{cell}</tr></table>{demonstration}{below}'


def score_sentence(result):
    """The score against the cutoff."""
    if result["cutoff"] is None:
        sentence, cutoff = _("Radiomics score {score} (the model has no cutoff)"), ""
    elif not result["group_shown"]:
        sentence, cutoff = _("Radiomics score {score}"), ""
    elif result["risk_group"] == "high":
        sentence, cutoff = _("Radiomics score {score}, above the cutoff {cutoff}"), number(result["cutoff"])
    else:
        sentence, cutoff = _("Radiomics score {score}, not above the cutoff {cutoff}"), number(result["cutoff"])
    return sentence.format(score=number(result["score"]), cutoff=cutoff)


def survival_table(result):
    """Survival at the horizons with its limits."""
    if not result["survival"]:
        return escape(_("This model gives no survival: it has no baseline. Recalibrate it on a local cohort (below)."))
    rows = [f'<tr><td colspan="3"><b>{escape(result["endpoint"])}</b></td></tr>']
    for estimate in result["survival"]:
        limits = _("no limits available")
        if estimate["lower"] is not None:
            limits = _("95% CI {lower} to {upper}").format(
                lower=percent(estimate["lower"]), upper=percent(estimate["upper"])
            )
        rows.append(
            f"<tr><td>{_('at {months:g} months').format(months=estimate['months'])}&nbsp;&nbsp;</td>"
            f"<td><b>{percent(estimate['probability'])}</b>&nbsp;&nbsp;</td><td>{limits}</td></tr>"
        )
    return f"<table>{''.join(rows)}</table>"


def result_text(result):
    """Everything of a result below its badge: the gravest warning, score, survival, how far to trust them."""
    inputs = result["inputs"]
    sentences = trust(result, _)
    grave = [sentence for sentence in sentences if sentence.startswith(WARNING)][:1]
    parts = [f"<p><b>{plain(sentence)}</b></p>" for sentence in grave]
    parts.append(f"<p>{escape(score_sentence(result))}<br/><small>{escape(_('Higher is worse; no unit.'))}</small></p>")
    parts.append(survival_table(result))
    if result["points"] is not None:
        points = _("Nomogram: {points:.0f} points; more mean a higher hazard.").format(points=result["points"])
        parts.append(f"<p>{escape(points)}</p>")
    rest = "".join(f"<li>{plain(sentence)}</li>" for sentence in sentences if sentence not in grave)
    if rest:
        parts.append(f"<p><b>{escape(_('How far to trust it'))}</b></p><ul style='margin-left:-22px'>{rest}</ul>")
    scored = _("Scored: segment {segment} of {segmentation} on {volume}; model {model} ({fingerprint}).").format(
        model=result["model"],
        fingerprint=result["fingerprint"][:12],
        **{key: inputs[key] for key in ("segment", "segmentation", "volume")},
    )
    parts.append(f"<p><small>{plain(scored)}</small></p>")
    return "".join(parts)


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
    return f"<p><b>{escape(_('Performance'))}</b></p><table>{cells}</table>"


def _limits(row):
    if row.lower is None:
        return ""
    return escape(_(" ({lower} to {upper})").format(lower=number(row.lower), upper=number(row.upper)))

"""A methods section with the numbers of a study, to be pasted into a paper and gone over by its authors."""

from __future__ import annotations

from .. import NOTICE
from ..report import extraction_words as words
from ..report.markdown_text import inline
from ..sentences import joined, many
from .evaluation import added_value
from .extraction import software_words
from .modeling import harmonization
from .patients import flow, missing_notes
from .references import numbered
from .study import Study, divided, estimate, p_value, penalized

_PREFACE = (
    "Drafted by the software from what it knows of this run. Patients, images, segmentation, outcome and ethics are "
    "the authors' to describe; a sentence that does not fit the study is to be taken out."
)


def methods_markdown(study: Study) -> str:
    """Write the methods section.

    Returns
    -------
    str
        Markdown: paragraphs under headings, and the works that they cite.
    """
    parts = _training(study) if study.is_training else _validation(study)
    paragraphs = [(title, " ".join(sentence for sentence in sentences if sentence)) for title, sentences in parts]
    whole, works = numbered("\x00".join(text for _, text in paragraphs))
    lines = ["# Methods, with numbers", "", f"> {inline(_PREFACE)}", ""]
    for (title, _), text in zip(paragraphs, whole.split("\x00"), strict=True):
        if text:
            lines += [f"## {title}", "", inline(text), ""]
    lines += ["## References", ""]
    lines += [f"{number}. {inline(work)}" for number, work in enumerate(works, 1)]
    return "\n".join([*lines, "", inline(NOTICE), ""])


def _training(study: Study) -> list[tuple[str, list[str]]]:
    return [
        ("Patients", [*_patients(study), _size(study)]),
        ("Features", [*_features(study), _agreement(study), " ".join(missing_notes(study)), _sites(study)]),
        ("Selection and score", _selection(study)),
        ("Cutoff and risk groups", [_cutoff(study), _groups(study)]),
        ("Nomogram", _nomogram(study)),
        ("Performance and optimism", [*_measures(study), _optimism(study), _comparison(study)]),
        ("Software", [_software(study)]),
    ]


def _validation(study: Study) -> list[tuple[str, list[str]]]:
    return [
        ("Patients", [*_patients(study), _own(study), _size(study)]),
        ("Features", [*_features(study), " ".join(missing_notes(study))]),
        ("Model", [_applied(study), _groups(study)]),
        ("Performance", [*_measures(study), _limits(study), _comparison(study)]),
        ("Software", [_software(study)]),
    ]


def _patients(study: Study) -> list[str]:
    kind = "training cohort" if study.is_training else f"cohort ({study.report['cohort']})"
    if study.simulated and study.is_training:
        kind = "training cohort, which is simulated,"
    found = flow(study).text.replace("reverse Kaplan-Meier method", "reverse Kaplan-Meier method {followup}")
    endpoint = study.report["endpoint"]
    named = f" The endpoint was {endpoint[0].lower()}{endpoint[1:]}." if endpoint else ""
    return [f"The {kind} has {found[0].lower()}{found[1:]}{named}"]


def _size(study: Study) -> str:
    size = study.report["sample_size"]
    if size is None:
        return ""
    work = "riley2019" if study.is_training else "riley2021"
    counted_ones = f", {size['assumed']['parameters']} candidate parameters being counted" if study.is_training else ""
    return (
        f"The criteria of Riley et al. {{{work}}} ask for {size['n_needed']} patients with "
        f"{size['events_needed']:.0f} events{counted_ones}."
    )


def _features(study: Study) -> list[str]:
    extraction = study.extraction
    if extraction is None:
        if study.model.extraction is None:
            return ["The features were computed elsewhere [to be described by the authors]."]
        return [
            "How the features of this cohort were computed is not on record [to be described by the authors]; those "
            "of the model are described in its card."
        ]
    made_with = study.report["extracted_with"]
    software = f" with {software_words(made_with)}" if made_with else ""
    what = "Features" if study.is_training else "The score's features"
    steps = words.preprocessing(extraction)
    before = (
        f"Images were preprocessed: {'; then '.join(steps)}."
        if steps
        else "Images were not preprocessed by this software."
    )
    if any(step.get("step") == "n4" for step in extraction.preprocessing):
        before = before.replace("N4 bias field correction", "N4 bias field correction {n4}")
    resampled = words.resampling(extraction)
    return [
        before,
        "They were not resampled by this software."
        if resampled.startswith("None")
        else f"Resampling: {_lower(resampled)}",
        f"{what} were computed{software} by the definitions of {words.definitions(extraction)} {{pyradiomics,ibsi}} "
        f"on {joined([_with_article(image) for image in words.image_types(extraction)])}, in "
        f"{words.neighborhood(extraction)}: "
        f"{joined([_share(family) for family in words.feature_classes(extraction)])} on each image, shape once.",
        f"Intensities were discretized: {_lower(words.discretization(extraction))}",
        f"The voxels' axis order was {words.axis_order(extraction)}.",
    ]


def _with_article(image: str) -> str:
    return image if image.startswith("the ") else f"its {image}"


def _share(family: str) -> str:
    """A class of features with its number in brackets."""
    name, _, number = family.rpartition(": ")
    return f"{name} ({number})" if not name.endswith(")") else f"{name[:-1]}, {number})"


def _lower(sentence: str) -> str:
    return f"{sentence[0].lower()}{sentence[1:]}"


def _agreement(study: Study) -> str:
    found = study.report
    if not found["icc"]:
        return "Agreement between readers was not used to select features."
    return (
        f"Of {found['features_in']} features, the {found['features_icc']} with an intraclass correlation between "
        f"readers above {found['icc']['threshold']:g} {{icc}} were kept."
    )


def _sites(study: Study) -> str:
    if study.model.harmonization is None:
        return ""
    return harmonization(study).replace("ComBat", "ComBat {combat}")


def _article(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"


def _selection(study: Study) -> list[str]:
    found, settings = study.report, study.settings
    folds = "given by a table" if settings["folds_given"] else f"dealt at random (seed {settings['seed']})"
    rule = {"min": "the least cross-validated deviance", "1se": "the one-standard-error rule"}[settings["penalty"]]
    return [
        "The score was made after Wang et al. {wang2022}.",
        f"Each feature was tested by univariable Cox regression {{cox,efron}}; the {found['features_univariable']} "
        f"with p below {settings['p']:g} entered {_article(penalized(study))} {{lasso,path}}.",
        f"Its penalty was chosen by {settings['folds']}-fold cross-validation{divided(study)} of the partial "
        f"likelihood {{cv}}, folds being {folds}, by {rule} (lambda {found['lambda']:.4g}; path of {len(found['cv'])} "
        "penalties).",
        f"The score is the sum of {many(len(found['score_terms']), 'feature')} times their coefficients; features "
        "were not scaled by this software.",
    ]


def _cutoff(study: Study) -> str:
    roc = study.report["roc"]
    return (
        f"The cutoff {roc['cutoff']:.6g} has the largest Youden index {{youden}} on the time-dependent ROC curve of "
        f"the score at {roc['horizon']:g} months, with inverse probability of censoring weighting {{roc}} (apparent "
        f"AUC {roc['auc']:.3f}, sensitivity {roc['tpr']:.3f}, specificity {1 - roc['fpr']:.3f}); a score above it is "
        f"high risk.{_choice(study)}"
    )


def _choice(study: Study) -> str:
    """What the choice of the cutoff is worth, as a maximally selected statistic."""
    test = (study.report.get("cutoff") or {}).get("maximally_selected")
    if not test:
        return ""
    return (
        f" With the choice among {test['candidates']} cutoffs taken into account {{lausen}}, the largest log-rank "
        f"statistic has {p_value(test['p'])}."
    )


def _groups(study: Study) -> str:
    groups, test = study.report["groups"], study.report["logrank"]
    if not groups:
        return ""
    apparent = "; apparent" if study.is_training else ""
    ratio = groups["hazard_ratio"]
    hazard = f"hazard ratio {estimate(ratio, 2)}, " if ratio else ""
    return (
        f"{groups['high']['n']} patients ({many(groups['high']['events'], 'event')}) were at high and "
        f"{groups['low']['n']} ({many(groups['low']['events'], 'event')}) at low risk; Kaplan-Meier curves {{km}} "
        f"were compared by the log-rank test {{logrank}} ({hazard}{p_value(test['p'])}{apparent})."
    )


def _nomogram(study: Study) -> list[str]:
    found, settings = study.report, study.settings
    names = joined(list(dict.fromkeys(row["covariate"] for row in found["covariates"]["multivariable"])))
    chosen = ""
    if settings["candidates"]:
        limit = settings["covariate_p"]
        chosen = f" Of {joined(settings['candidates'])}, covariates entered whose own p was below {limit:g}."
    test = found["proportional_hazards"]["global"]
    months = joined([f"{months:g}" for months in found["horizons_months"]])
    return [
        f"The nomogram is a multivariable Cox model {{cox}} of {names}, with Efron's ties {{efron}}.{chosen}",
        f"It gives survival at {months} months.",
        f"Proportional hazards were tested {{proportional}} ({p_value(test['p'])} for all together).",
    ]


def _measures(study: Study) -> list[str]:
    used = {row["measure"] for row in study.report["performance"]}
    sentences = []
    discrimination = ["Harrell's C-index {harrell}"] if "c_index" in used else []
    discrimination += ["Uno's C-index {uno}"] if "uno_c" in used else []
    discrimination += ["time-dependent AUC {roc}"] if "auc" in used else []
    if discrimination:
        sentences.append(f"Discrimination was measured by {joined(discrimination)}.")
    if "sensitivity" in used:
        sentences.append(
            "The cutoff was measured by sensitivity, specificity and predictive values, with the weights of the ROC "
            "curve."
        )
    entries = study.report["calibration"]["horizons"]
    if any(entry["summary"] for entry in entries):
        curve = " and smooth calibration curves {ici}" if any(entry["curve"] for entry in entries) else ""
        sentences.append(
            f"Calibration was measured by observed over expected events, the slope {{calibration}}{curve}."
        )
    if "brier_score" in used:
        sentences.append(
            "Overall accuracy was measured by the Brier score {brier} and the index of prediction accuracy {ipa}."
        )
    if study.report["decision_curve"]["horizons"]:
        sentences.append("Clinical use was looked at by decision curves {decision}.")
    return sentences


def _optimism(study: Study) -> str:
    nested, optimism, permutation = (study.report[name] for name in ("nested", "optimism", "permutation"))
    if not nested:
        return "Performance was measured on the training patients alone and is apparent."
    times = "once" if nested["repeats"] == 1 else f"{nested['repeats']} times"
    seed = study.settings["seed"]
    sentences = [
        f"The whole procedure (screening, penalty, cutoff, nomogram) was repeated in {nested['folds']}-fold nested "
        f"cross-validation, {times} (seed {seed}); corrected figures are those of patients left out, with limits by "
        "the corrected variance of Nadeau and Bengio {nadeau}."
    ]
    corrected, apparent = (study.figures("c_index", kind=kind) for kind in ("optimism-corrected", "apparent"))
    pairs = [(one, other) for one in apparent for other in corrected if one["marker"] == other["marker"]]
    sentences += [
        f"C-index of the {one['marker']}: apparent {estimate(one)}, corrected {estimate(other)}."
        for one, other in pairs
    ]
    if optimism:
        sentences.append(
            f"{many(optimism['repeats'], 'bootstrap sample')} of the whole procedure (seed {seed}) show the "
            "stability of selection, cutoff and penalty, and give out-of-bag and .632+ estimates {632}."
        )
    if permutation:
        sentences.append(
            f"Absence of any signal was tested by {many(permutation['permutations'], 'permutation')} of the "
            f"outcome {{permutation}} ({p_value(permutation['p'])})."
        )
    return " ".join(sentences)


def _comparison(study: Study) -> str:
    found = added_value(study)
    if found is None:
        return ""
    return f"Models were compared by the difference of C-indices, IDI {{idi}} and NRI {{nri}}. {found.text}"


def _limits(study: Study) -> str:
    repeats = study.settings["bootstrap"]
    if not repeats:
        return ""
    return (
        f"Limits of Brier score, IPA, IDI and NRI are percentiles of {many(repeats, 'bootstrap resample')} (seed "
        f"{study.settings['seed']})."
    )


def _own(study: Study) -> str:
    own = study.report["training_cases"]
    return f"{own} of them are training patients of the model." if own else ""


def _applied(study: Study) -> str:
    model, cohort = study.model, study.model.provenance.cohort
    cutoff = f", its cutoff {model.cutoff.value:.6g}" if model.cutoff else ""
    baseline = " and its baseline survival" if model.nomogram and model.nomogram.baseline else ""
    return (
        f"The model {model.title} (version {model.version}, fingerprint {model.fingerprint}), made from {cohort.n} "
        f"patients with {cohort.events} events, was applied as it is, with its coefficients{cutoff}{baseline}."
    )


def _software(study: Study) -> str:
    if not study.is_training:
        return f"All computations were made with {study.software}."
    versions = joined([f"{name} {version}" for name, version in study.model.provenance.software.items()])
    return f"All computations were made with {versions}. The model's fingerprint is {study.model.fingerprint}."

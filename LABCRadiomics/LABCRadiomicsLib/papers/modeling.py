"""How the model was made: selection of features, penalty, cutoff, nomogram; and what it is."""

from __future__ import annotations

from ..sentences import joined, many
from .study import Answer, Study, card, divided, figure, files, p_value, page, penalized, report

_SELECTION = page("Selection of features")


def data_use(study: Study) -> Answer:
    """How the data were used, and whether they were split."""
    found = study.report
    if not study.is_training:
        return Answer(
            f"All {found['n']} patients evaluate the model, which was applied as it is; nothing of it was fitted to "
            "them.",
            (report("n", "kind"),),
        )
    whole = f"All {found['n']} patients made the model; none was set aside."
    return Answer(f"{whole} {_resampling(study)}", (report("nested", "optimism", "permutation"), page("Stability")))


def _resampling(study: Study) -> str:
    """What was repeated of the whole procedure."""
    nested, optimism = study.report["nested"], study.report["optimism"]
    if not nested:
        return "Nothing was resampled: every figure is apparent, on the patients the model was made from."
    times = "once" if nested["repeats"] == 1 else f"{nested['repeats']} times"
    text = (
        f"Performance on other patients was estimated by {nested['folds']}-fold nested cross-validation of the whole "
        f"procedure (screening, penalty, cutoff, nomogram), {times}"
    )
    return f"{text}; {many(optimism['repeats'], 'bootstrap sample')} show its stability." if optimism else f"{text}."


def handling(study: Study) -> Answer:
    """How predictors entered the models."""
    return Answer(
        f"{_scale(study)} Within the LASSO they are divided by their standard deviation and the coefficients given "
        "back per unit. Numbers among the covariates are linear, levels are indicators against a reference.",
        (card("Score", "Nomogram"),),
    )


def _scale(study: Study) -> str:
    score, sites = study.model.score, study.model.harmonization
    scaled = score is not None and any(term.mean is not None for term in score.terms)
    raw = "in standard deviations from a stored mean" if scaled else "as they are in the table, without scaling"
    return (
        f"Features are linear in the score and enter it {raw}{', after harmonization between sites' if sites else ''}."
    )


def scaling(study: Study) -> Answer:
    """Scaling of features, and harmonization between sites."""
    return Answer(f"{_scale(study)} {harmonization(study)}", (card("Score"),))


def harmonization(study: Study) -> str:
    """Say whether features were harmonized between sites, and which."""
    found = study.model.harmonization
    if found is None:
        return "Features were not harmonized between sites by this software."
    sites = joined([f"{site.name} ({site.n})" for site in found.sites])
    target = f"to site {found.reference}" if found.reference else "to one scale"
    return f"Features of the sites {sites} are brought {target} by ComBat."


def clusters(study: Study) -> Answer:
    """Differences between clusters such as hospitals."""
    if study.model.harmonization is None:
        text = "No clusters were told to the software: differences between them were neither handled nor measured."
        return Answer(text, (report("settings"),), "whether the patients come from several centers")
    text = f"{harmonization(study)} Performance was not measured site by site."
    return Answer(text, (card("Harmonization between sites"),), "whether sites are centers, and further clusters")


def agreement(study: Study) -> Answer | None:
    """Agreement between readers, which is looked at in training."""
    if not study.is_training:
        return None
    found = study.report
    if not found["icc"]:
        text = "No table of agreement was given: no feature was left out for disagreement between readers."
        return Answer(text, (report("icc"),), "whether agreement was looked at elsewhere")
    text = (
        f"Features with an intraclass correlation above {found['icc']['threshold']:g} were kept: "
        f"{found['features_icc']} of {found['features_in']}."
    )
    left = "readers, patients and form of the intraclass correlation"
    return Answer(text, (report("icc", "features_in", "features_icc"), files("icc.csv")), left)


def reduction(study: Study) -> Answer | None:
    """From all features to those of the score."""
    if not study.is_training:
        return None
    found = study.report
    steps = [many(found["features_in"], "feature")]
    if found["icc"]:
        steps.append(f"{found['features_icc']} with an intraclass correlation above {found['icc']['threshold']:g}")
    elif found["features_icc"] != found["features_in"]:
        steps.append(f"{found['features_icc']} without those left out for missing values")
    steps.append(f"{found['features_univariable']} with p below {study.settings['p']:g} in univariable Cox regression")
    steps.append(f"{len(found['score_terms'])} with a coefficient in the {penalized(study)}")
    where = (
        report("features_in", "features_icc", "features_univariable", "score_terms"),
        files("univariable.csv", "score_terms.csv"),
        _SELECTION,
    )
    return Answer(f"{', then '.join(steps)}. All on the training patients.", where)


def algorithm(study: Study) -> Answer:
    """The kind of model and its software."""
    if study.is_training:
        return Answer(
            f"Score: {penalized(study)}; nomogram: a Cox proportional hazards model of the score and clinical "
            f"covariates (Efron's ties). Made with {_made_with(study)}.",
            (card("How it was made", "Where it comes from"),),
        )
    nomogram = " and a Cox nomogram" if study.model.nomogram is not None else ""
    return Answer(
        f"A linear score of {many(_terms(study), 'feature')}{nomogram}; measured with {study.software}.",
        (card("Score", "Nomogram"), report("software")),
    )


def _made_with(study: Study) -> str:
    return joined([f"{name} {version}" for name, version in study.model.provenance.software.items()])


def _terms(study: Study) -> int:
    return 0 if study.model.score is None else len(study.model.score.terms)


def tuning(study: Study) -> Answer | None:
    """The penalty of the LASSO, the one thing that is tuned."""
    if not study.is_training:
        return None
    found, settings = study.report, study.settings
    folds = (
        "as a given table deals them" if settings["folds_given"] else f"dealt at random with seed {settings['seed']}"
    )
    return Answer(
        f"The penalty was chosen by {settings['folds']}-fold cross-validation{divided(study)} of the partial "
        f"likelihood deviance (folds {folds}) on a path of {len(found['cv'])} penalties: lambda.min "
        f"{found['lambda_min']:.4g}, lambda.1se {found['lambda_1se']:.4g}; used: lambda.{settings['penalty']}, "
        f"{found['lambda']:.4g}.",
        (report("cv", "lambda_min", "lambda_1se", "lambda", "settings"), files("cv.csv"), _SELECTION),
    )


def model_choice(study: Study) -> Answer | None:
    """How the final model was chosen among the path."""
    if not study.is_training:
        return None
    rule = {
        "min": "the penalty of the least cross-validated deviance",
        "1se": "the largest penalty whose deviance is within one standard error of the least",
    }[study.settings["penalty"]]
    return Answer(
        f"The final score is the {penalized(study)} at {rule}, with "
        f"{many(len(study.report['score_terms']), 'feature')}.",
        (report("lambda", "score_terms", "settings"), _SELECTION),
    )


def building(study: Study) -> Answer | None:
    """Every step from features to a nomogram, with internal validation."""
    steps = [reduction(study), tuning(study), output(study)]
    if any(step is None for step in steps):
        return None
    texts = " ".join(step.text for step in steps if step is not None)
    where = tuple(dict.fromkeys(place for step in steps if step is not None for place in step.where))
    return Answer(f"{algorithm(study).text} {texts} {_resampling(study)}", where, "why this kind of model")


def output(study: Study) -> Answer | None:
    """What the model gives, and how its cutoff was found."""
    cutoff, nomogram = study.model.cutoff, study.model.nomogram
    if not study.is_training or cutoff is None or nomogram is None:
        return None
    roc = study.report["roc"]
    months = joined([f"{horizon:g}" for horizon in nomogram.horizons_months])
    return Answer(
        f"A score without unit (higher is worse), a risk group (high: score above {cutoff.value:.6g}), and the "
        f"probability of {nomogram.endpoint.lower()} at {months} months. The cutoff has the largest Youden index on "
        f"the time-dependent ROC curve at {roc['horizon']:g} months (AUC {roc['auc']:.3f}; sensitivity "
        f"{roc['tpr']:.3f}, specificity {1 - roc['fpr']:.3f}, all three apparent).",
        (report("roc"), files("roc.csv"), card("Cutoff and risk groups")),
    )


def specification(study: Study) -> Answer | None:
    """The whole model, in a file that others can use."""
    if not study.is_training:
        return None
    return Answer(
        "Every coefficient, the cutoff, the baseline survival and the covariance of the nomogram are in the model "
        f"file (fingerprint {study.model.fingerprint}). Any installation of LABCRadiomics applies it.",
        (files("model.json"), card("Score", "Cutoff and risk groups", "Nomogram")),
        "restrictions of access and use",
    )


def model_file(study: Study) -> Answer:
    """The model file, and that sharing it is the authors' to decide."""
    place = (files("model.json"),) if study.is_training else (card("What it is"),)
    needs = "with the settings of extraction" if study.model.extraction else "without extraction: it scores tables"
    text = f"One model file holds the whole model, {needs} (fingerprint {study.model.fingerprint})."
    return Answer(text, place, "where it can be had")


def ready_to_use(study: Study) -> Answer:
    """The software that applies the model file."""
    return Answer(
        f"{study.software}, a module of 3D Slicer and a command, applies the model file.",
        (report("software"),),
        "whether and where the model file can be had",
    )


def code(study: Study) -> Answer:
    """The software of the analysis."""
    command = "train" if study.is_training else "validate"
    return Answer(
        f"The analysis is `labcradiomics {command}` of {study.software} (open source, Apache-2.0), with the settings "
        "in report.json.",
        (report("software", "settings"),),
        "where the code and settings of this analysis can be had",
    )


def settings_file(study: Study) -> Answer | None:
    """The settings of extraction, in the model file."""
    if study.extraction is None:
        return None
    where = (files("model.json"),) if study.is_training else ()
    text = "The settings of preprocessing and extraction are in the model file and in its card."
    return Answer(text, (*where, card("Preprocessing and features")), "where they can be had")


def prediction(study: Study) -> Answer:
    """How predictions were calculated in a validation."""
    cutoff = study.model.cutoff
    group = "" if cutoff is None else f", risk group (high: score above {cutoff.value:.6g})"
    survival = ""
    if study.model.nomogram is not None and study.model.nomogram.baseline is not None:
        survival = " and survival of the stored nomogram and baseline"
    return Answer(
        f"Score{group}{survival} by {study.software} from the model file with fingerprint {study.model.fingerprint}.",
        (report("software", "fingerprint"), files("scores.csv"), card("Score")),
    )


def updating(study: Study) -> Answer:
    """That a validation changes nothing, and what was changed before it."""
    earlier = [f"{change.date}: {change.what}" for change in study.model.provenance.changes]
    text = "None in this evaluation: the model was applied as it is."
    if earlier:
        text += f" Earlier changes of the model: {'; '.join(earlier)}."
    return Answer(text, (card("Changes since") if earlier else report("fingerprint"),))


def poor_input(study: Study) -> Answer:
    """What happens to poor or missing input when the model is used."""
    sentences = ["A value outside the training range is marked, and a result outside the model's domain is graded."]
    nomogram = study.model.nomogram
    if nomogram is not None and nomogram.covariates and nomogram.center is not None:
        sentences.append("An unknown clinical covariate is accepted and said.")
    where = (card("Score", "Nomogram", "Images it was made from"),)
    return Answer(" ".join(sentences), where, "how input should be assessed in practice")


def users(study: Study) -> Answer:
    """What a user has to do."""
    nomogram, site = study.model.nomogram, ", the site" if study.model.harmonization is not None else ""
    clinical = " and the clinical covariates" if nomogram is not None and nomogram.covariates else ""
    if study.model.extraction is None:
        text = f"The user gives a table of the features, made elsewhere{site}{clinical}."
    else:
        text = f"The user gives the image, the whole tumor segmented on it{site}{clinical}."
    return Answer(text, (card("What it needs"),), "the expertise that this takes")


def dimensionality(study: Study) -> tuple[bool, str] | None:
    """Whether the events can carry the features, by Riley's criteria and by events a feature."""
    size, ratios = study.report["sample_size"], study.report.get("events_per_parameter")
    if not study.is_training or size is None or ratios is None:
        return None
    text = (
        f"{study.report['events']} events are {figure(ratios['candidates'], '.2g')} for each candidate and "
        f"{figure(ratios['selected'], '.2g')} for each feature of the score; Riley's criteria ask for "
        f"{size['n_needed']} "
        f"patients where there are {size['n']}."
    )
    return size["n"] >= size["n_needed"], text


def confounders(study: Study) -> Answer | None:
    """The score's effect beside that of covariates."""
    if not study.is_training:
        return None
    rows = study.report["covariates"]["multivariable"]
    *others, score = rows
    if not others:
        text = "None: no clinical covariate was given, so the score's effect is not adjusted."
        return Answer(text, (report("covariates"),), "handling elsewhere")
    names = joined(list(dict.fromkeys(row["covariate"] for row in others)))
    subgroups = sorted({row["covariate"] for row in study.report["subgroups"]})
    within = f" The risk groups were analyzed within {joined(subgroups)}." if subgroups else ""
    return Answer(
        f"In a multivariable Cox model with {names} the score's hazard ratio per unit is "
        f"{figure(score['hr'], '.3g')} ({figure(score['lower'], '.3g')} to {figure(score['upper'], '.3g')}, "
        f"{p_value(score['p'])}; apparent).{within}",
        (report("covariates.multivariable"), files("covariates.csv"), page("Nomogram")),
        "confounders of imaging, such as scanner and protocol",
    )

"""What a methods section cites, numbered in the order of its first mention."""

from __future__ import annotations

import re

WORKS = {
    "wang2022": "Wang X, Xie T, et al. Radiomics predicts the prognosis of patients with locally advanced "
    "breast cancer by reflecting the heterogeneity of tumor cells and the tumor microenvironment. Breast Cancer Res "
    "2022;24:20.",
    "pyradiomics": "van Griethuysen JJM, Fedorov A, Parmar C, et al. Computational radiomics system to decode the "
    "radiographic phenotype. Cancer Res 2017;77:e104-e107.",
    "ibsi": "Zwanenburg A, Vallières M, Abdalah MA, et al. The Image Biomarker Standardization Initiative: "
    "standardized quantitative radiomics for high-throughput image-based phenotyping. Radiology 2020;295:328-338.",
    "n4": "Tustison NJ, Avants BB, Cook PA, et al. N4ITK: improved N3 bias correction. IEEE Trans Med Imaging "
    "2010;29:1310-1320.",
    "combat": "Johnson WE, Li C, Rabinovic A. Adjusting batch effects in microarray expression data using empirical "
    "Bayes methods. Biostatistics 2007;8:118-127.",
    "icc": "Shrout PE, Fleiss JL. Intraclass correlations: uses in assessing rater reliability. Psychol Bull "
    "1979;86:420-428.",
    "cox": "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187-220.",
    "efron": "Efron B. The efficiency of Cox's likelihood function for censored data. J Am Stat Assoc 1977;72:557-565.",
    "lasso": "Tibshirani R. The lasso method for variable selection in the Cox model. Stat Med 1997;16:385-395.",
    "path": "Simon N, Friedman J, Hastie T, Tibshirani R. Regularization paths for Cox's proportional hazards model "
    "via coordinate descent. J Stat Softw 2011;39(5):1-13.",
    "cv": "Verweij PJM, van Houwelingen HC. Cross-validation in survival analysis. Stat Med 1993;12:2305-2314.",
    "roc": "Blanche P, Dartigues JF, Jacqmin-Gadda H. Estimating and comparing time-dependent areas under receiver "
    "operating characteristic curves for censored event times with competing risks. Stat Med 2013;32:5381-5397.",
    "youden": "Youden WJ. Index for rating diagnostic tests. Cancer 1950;3:32-35.",
    "lausen": "Lausen B, Schumacher M. Maximally selected rank statistics. Biometrics 1992;48:73-85.",
    "km": "Kaplan EL, Meier P. Nonparametric estimation from incomplete observations. J Am Stat Assoc 1958;53:457-481.",
    "logrank": "Mantel N. Evaluation of survival data and two new rank order statistics arising in its consideration. "
    "Cancer Chemother Rep 1966;50:163-170.",
    "followup": "Schemper M, Smith TL. A note on quantifying follow-up in studies of failure time. Control Clin Trials "
    "1996;17:343-346.",
    "proportional": "Grambsch PM, Therneau TM. Proportional hazards tests and diagnostics based on weighted residuals. "
    "Biometrika 1994;81:515-526.",
    "harrell": "Harrell FE, Califf RM, Pryor DB, Lee KL, Rosati RA. Evaluating the yield of medical tests. JAMA "
    "1982;247:2543-2546.",
    "uno": "Uno H, Cai T, Pencina MJ, D'Agostino RB, Wei LJ. On the C-statistics for evaluating overall adequacy of "
    "risk prediction procedures with censored survival data. Stat Med 2011;30:1105-1117.",
    "calibration": "van Houwelingen HC. Validation, calibration, revision and combination of prognostic survival "
    "models. Stat Med 2000;19:3401-3415.",
    "ici": "Austin PC, Harrell FE, van Klaveren D. Graphical calibration curves and the integrated calibration index "
    "(ICI) for survival models. Stat Med 2020;39:2714-2742.",
    "brier": "Graf E, Schmoor C, Sauerbrei W, Schumacher M. Assessment and comparison of prognostic classification "
    "schemes for survival data. Stat Med 1999;18:2529-2545.",
    "ipa": "Kattan MW, Gerds TA. The index of prediction accuracy: an intuitive measure useful for evaluating risk "
    "prediction models. Diagn Progn Res 2018;2:7.",
    "decision": "Vickers AJ, Cronin AM, Elkin EB, Gonen M. Extensions to decision curve analysis, a novel method for "
    "evaluating diagnostic tests, prediction models and molecular markers. BMC Med Inform Decis Mak 2008;8:53.",
    "idi": "Uno H, Tian L, Cai T, Kohane IS, Wei LJ. A unified inference procedure for a class of measures to assess "
    "improvement in risk prediction systems with survival data. Stat Med 2013;32:2430-2442.",
    "nri": "Pencina MJ, D'Agostino RB, Steyerberg EW. Extensions of net reclassification improvement calculations to "
    "measure usefulness of new biomarkers. Stat Med 2011;30:11-21.",
    "632": "Efron B, Tibshirani R. Improvements on cross-validation: the .632+ bootstrap method. J Am Stat Assoc "
    "1997;92:548-560.",
    "nadeau": "Nadeau C, Bengio Y. Inference for the generalization error. Mach Learn 2003;52:239-281.",
    "permutation": "Phipson B, Smyth GK. Permutation P-values should never be zero: calculating exact P-values when "
    "permutations are randomly drawn. Stat Appl Genet Mol Biol 2010;9:39.",
    "riley2019": "Riley RD, Snell KIE, Ensor J, et al. Minimum sample size for developing a multivariable prediction "
    "model: PART II - binary and time-to-event outcomes. Stat Med 2019;38:1276-1296.",
    "riley2021": "Riley RD, Debray TPA, Collins GS, et al. Minimum sample size for external validation of a clinical "
    "prediction model with a binary outcome. Stat Med 2021;40:4230-4251.",
}

_MENTION = re.compile(r"\{(\w+(?:,\w+)*)\}")


def numbered(text: str) -> tuple[str, list[str]]:
    """Replace mentions of works, such as ``{cox,efron}``, by their numbers.

    Returns
    -------
    text : str
        With ``[1, 2]`` for each mention.
    works : list of str
        In the order of their numbers.
    """
    order: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        if not set(found[1].split(",")) <= set(WORKS):
            return found[0]  # braces in a name or a title of the user's
        numbers = sorted(order.setdefault(name, len(order) + 1) for name in found[1].split(","))
        return f"[{', '.join(map(str, numbers))}]"

    replaced = _MENTION.sub(number, text)
    return replaced, [WORKS[name] for name in order]

"""The recipe: from some patients' features and covariates to a score, its cutoff and its nomogram.

The one place where it is written down. A training runs it once, on all patients; every estimate of optimism runs it
again on others. The agreement filter is not part of it: it was made from other contours of the cohort, without any
outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import CohortError, InputError
from ..performance import NOMOGRAM, SCORE_ALONE, Estimate, Marker, Measure, essentials
from ..statistics.cox import CoxModel, cox, explain
from ..statistics.imputed_cox import imputed_cox
from ..statistics.lasso import random_folds
from ..statistics.unknown_covariates import covariate_distribution
from .clinical_models import known_rows, wald_p
from .clinical_rivals import Rival
from .covariate_imputation import Imputation, ImputedCovariates, expected_rows, impute_covariates
from .missing_features import FeatureFill, FillBy, learn_fill
from .selection import ChosenCutoff, Selection, cutoff_of, require_features, score_values, shrink
from .site_harmonization import SiteHarmonization, harmonize
from .training_cohort import TrainingCohort, patient_folds

RESAMPLED = 5  # imputed tables in a resample, of which there are many


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The choices a score is made by.

    Attributes
    ----------
    p : float
        Limit of the univariable Wald p value.
    penalty : {"min", "1se"}
    n_folds, cv_repeats : int
        Folds of the cross-validation of the penalty, and divisions into folds that it is averaged over.
    alpha : float
        Share of the penalty on absolute coefficients: 1 is the LASSO, less the elastic net.
    horizon : float
        Months; of the ROC curve on which the cutoff is chosen.
    named, candidates : tuple of str
        Covariates that enter the nomogram, and those that enter when their univariable p is below ``covariate_p``.
    covariate_p : float
    site, site_reference : str or None
        Column with the sites that features are harmonized over, and the one that the others are brought to. The effects
        of ``named`` covariates on the features are preserved; those of candidates are not, for these are chosen by the
        outcome.
    fill : {"median", "model"}
        What stands in for missing features: the median, or a regression on the features nearest to each.
    imputations : int
        Tables that unknown covariates are imputed in, at most five of them in a resample; 0 leaves patients with an
        unknown covariate out of the nomogram.
    """

    p: float = 0.05
    penalty: str = "min"
    n_folds: int = 10
    cv_repeats: int = 1
    alpha: float = 1.0
    horizon: float = 60.0
    named: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    covariate_p: float = 0.1
    site: str | None = None
    site_reference: str | None = None
    fill: FillBy = "median"
    imputations: int = 0


@dataclass(frozen=True)
class Built:
    """A model made from some patients.

    Attributes
    ----------
    selection : Selection
    chosen : ChosenCutoff or None
        None when no feature was selected.
    score_model : CoxModel or None
        Of the score alone; None when there is no score or no finite coefficient.
    covariates : tuple of int
        Positions of the nomogram's covariates.
    nomogram : CoxModel or None
        Of these covariates and the score.
    fill : FeatureFill or None
        What stood in for missing features; None where none was missing.
    sites : SiteHarmonization or None
        What the features were adjusted by; None where they were not.
    imputation : Imputation or None
        What stood in for unknown covariates in the nomogram; None where it was made of known ones.
    """

    selection: Selection
    chosen: ChosenCutoff | None
    score_model: CoxModel | None
    covariates: tuple[int, ...]
    nomogram: CoxModel | None
    fill: FeatureFill | None = None
    sites: SiteHarmonization | None = None
    imputation: Imputation | None = None

    @property
    def coefficients(self) -> np.ndarray:
        """Of the score, shape (p,); all zero when no feature was selected."""
        return self.selection.coefficients

    @property
    def cutoff(self) -> float:
        """Above it a patient's risk is high; infinity when no feature was selected."""
        return float("inf") if self.chosen is None else self.chosen.cutoff.value

    @property
    def empty(self) -> bool:
        """Whether no feature was selected."""
        return not self.coefficients.any()


@dataclass(frozen=True)
class Procedure:
    """A recipe with a cohort's data as plain arrays, cheap to send to other processes.

    Attributes
    ----------
    features : numpy.ndarray, shape (n, p)
        NaN where missing: what the patients have that a model is made from stands in, when it is applied too.
    months, event : numpy.ndarray, shape (n,)
    recipe : Recipe
    names : tuple of str
        Of the covariates.
    blocks : tuple of numpy.ndarray
        Columns of each covariate, shape (n, k); NaN where unknown.
    parameters : tuple of tuple of str
        Names of these columns.
    rivals : tuple of Rival
        Models without the score that a cross-validation predicts by too.
    numbers : tuple of bool
        Which covariates are numbers.
    sites : numpy.ndarray of str, shape (n,), or None
        Of the patients, where the recipe harmonizes the features.
    preserved : numpy.ndarray, shape (n, c), or None
        Columns of the named covariates, whose effects on the features harmonization keeps.
    """

    features: np.ndarray
    months: np.ndarray
    event: np.ndarray
    recipe: Recipe
    names: tuple[str, ...] = ()
    blocks: tuple[np.ndarray, ...] = ()
    parameters: tuple[tuple[str, ...], ...] = ()
    rivals: tuple[Rival, ...] = ()
    numbers: tuple[bool, ...] = ()
    sites: np.ndarray | None = None
    preserved: np.ndarray | None = None

    @classmethod
    def of(cls, cohort: TrainingCohort, recipe: Recipe, rivals: tuple[Rival, ...] = ()) -> Procedure:
        """Make the procedure that trains on a cohort."""
        names = tuple(dict.fromkeys((*recipe.named, *recipe.candidates)))
        blocks = tuple(cohort.columns((name,)) for name in names)
        parameters = tuple(cohort.spec(name).parameters() for name in names)
        numbers = tuple(cohort.spec(name).type == "number" for name in names)
        plain = cls(cohort.features, cohort.months, cohort.event, recipe, names, blocks, parameters, rivals, numbers)
        if recipe.site is None:
            return plain
        return replace(plain, sites=np.array(cohort.sites), preserved=cohort.columns(recipe.named))

    @property
    def n(self) -> int:
        """Number of patients."""
        return self.months.size

    @property
    def everyone(self) -> np.ndarray:
        """Indices of all patients."""
        return np.arange(self.n)

    def without_covariates(self) -> Procedure:
        """The same for the score alone."""
        return replace(self, names=(), blocks=(), rivals=())

    def permuted(self, order: np.ndarray) -> Procedure:
        """The same with the patients' outcomes exchanged, which breaks every tie between features and outcome."""
        return replace(self, months=self.months[order], event=self.event[order])

    def folds(self, seed: int) -> np.ndarray:
        """Deal all patients into the recipe's folds, shape (n,), or (r, n) for a repeated cross-validation.

        Raises
        ------
        InputError
            More folds than patients with the event.
        """
        return self._dealt(lambda own: random_folds(self.event, self.recipe.n_folds, own), seed)

    def _dealt(self, deal: Callable[[int], np.ndarray], seed: int) -> np.ndarray:
        """Deal folds as often as the recipe repeats the cross-validation, first by the seed itself."""
        repeats = self.recipe.cv_repeats
        if repeats == 1:
            return deal(seed)
        further = np.random.SeedSequence(seed).generate_state(repeats - 1)
        return np.stack([deal(int(own)) for own in (seed, *further)])

    def build(self, rows: np.ndarray, seed: int = 0, *, folds: np.ndarray | None = None, strict: bool = False) -> Built:
        """Make a model from some patients, repeated ones counting as often as they occur.

        Parameters
        ----------
        rows : numpy.ndarray of int, shape (m,)
        seed : int
            Of the folds, where these are not given, and of imputations.
        folds : numpy.ndarray, shape (m,) or (r, m), optional
        strict : bool
            Whether a step without result is an error, and the LASSO's path is whole, as in a training; or such a step
            leaves its part of the model out, as in a resample.

        Raises
        ------
        InputError
            Too few of the patients have the event.
        CohortError
            If ``strict``: no feature is selected, or a Cox model has no finite estimates.
        """
        months, event = self.months[rows], self.event[rows]
        fill = self._fill(rows)
        sites = self._harmonization(rows, fill)
        features = self.prepared(rows, fill, sites)
        if folds is None:
            folds = self._dealt(lambda own: patient_folds(rows, event, self.recipe.n_folds, own), seed)
        # In a resample features may separate the events: the solver then overflows and shortens the path, as it should.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            selection = shrink(
                features,
                months,
                event,
                folds,
                p=self.recipe.p,
                penalty=self.recipe.penalty,
                alpha=self.recipe.alpha,
                whole_path=strict,
            )
        if strict:
            require_features(selection, p=self.recipe.p, penalty=self.recipe.penalty)
        if not selection.coefficients.any():
            return Built(selection, None, None, (), None, fill, sites)
        score = score_values(features, selection.coefficients)
        tables = self._imputed(rows, score, seed, strict)
        chosen = self.entering(rows, tables)
        score_model = self._fit((), rows, score, strict)
        imputation = self._of_imputed(chosen, rows, score, strict, tables)
        nomogram = score_model
        if imputation is not None:
            nomogram = imputation.fit.model
        elif chosen:
            nomogram = self._fit(chosen, rows, score, strict)
        return Built(
            selection=selection,
            chosen=cutoff_of(score, months, event, self.recipe.horizon),
            score_model=score_model,
            covariates=chosen,
            nomogram=nomogram,
            fill=fill,
            sites=sites,
            imputation=imputation,
        )

    def apply(self, built: Built, rows: np.ndarray) -> tuple[Marker, ...]:
        """Apply a model to some patients.

        Returns
        -------
        tuple of Marker
            The nomogram, unknown where a covariate is, if the recipe names covariates; then the score with its groups.
        """
        score = score_values(self.prepared(rows, built.fill, built.sites), built.coefficients)
        # A model without any feature says the same of everybody.
        log_hazard = np.full(rows.size, 0.0 if built.empty else np.nan)
        if built.score_model is not None:
            log_hazard = built.score_model.linear_predictor(score[:, None])
        alone = Marker(
            name=SCORE_ALONE, values=score, log_hazard=log_hazard, high=score > built.cutoff, cutoff=built.cutoff
        )
        if not self.blocks:
            return (alone,)
        nomogram, share = np.full(rows.size, np.nan), np.full(rows.size, np.nan)
        if built.nomogram is not None:
            design = self.expected_design(built, rows, score)
            known = known_rows(design)
            share = built.nomogram.coef[-1] * (score - built.nomogram.center[-1])
            if known.any():
                nomogram[known] = built.nomogram.linear_predictor(design[known])
        return Marker(name=NOMOGRAM, values=nomogram, log_hazard=nomogram, score_share=share), alone

    def expected_design(self, built: Built, rows: np.ndarray, score: np.ndarray) -> np.ndarray:
        """Give the nomogram's columns of some patients, shape (m, k), and of the unknown what scoring would expect."""
        design = self.design(built.covariates, rows, score)
        return design if built.imputation is None else expected_rows(built.imputation.distribution, design)

    def prepared(self, rows: np.ndarray, fill: FeatureFill | None, sites: SiteHarmonization | None) -> np.ndarray:
        """Give the features of some patients as a model takes them, shape (m, p): without holes, adjusted to sites."""
        features = self.features[rows] if fill is None else fill.apply(self.features[rows])
        if sites is None or self.sites is None or self.preserved is None:
            return features
        return sites.apply(features, self.sites[rows], self.preserved[rows])

    def _fill(self, rows: np.ndarray) -> FeatureFill | None:
        missing = np.isnan(self.features).any(axis=0)
        return learn_fill(self.features[rows], self.recipe.fill, missing) if missing.any() else None

    def _harmonization(self, rows: np.ndarray, fill: FeatureFill | None) -> SiteHarmonization | None:
        """Fit to the features of some patients; None where the recipe or these patients do not allow it."""
        if self.sites is None or self.preserved is None:
            return None
        features = self.prepared(rows, fill, None)
        return harmonize(features, self.sites[rows], self.preserved[rows], rows, self.recipe.site_reference)

    def design(self, covariates: Sequence[int], rows: np.ndarray, score: np.ndarray | None) -> np.ndarray:
        """Give the columns of a Cox model of covariates (by position) and, where given, the score, shape (m, k)."""
        columns = [self.blocks[at][rows] for at in covariates]
        return np.column_stack(columns if score is None else [*columns, score])

    def entering(self, rows: np.ndarray, tables: ImputedCovariates | None = None) -> tuple[int, ...]:
        """Give the positions of the covariates that a nomogram of some patients takes."""
        return tuple(at for at in range(len(self.blocks)) if self._enters(at, rows, tables))

    def _enters(self, at: int, rows: np.ndarray, tables: ImputedCovariates | None) -> bool:
        """Whether a covariate is in the nomogram: it was named, or its own p value is below the recipe's limit."""
        if self.names[at] in self.recipe.named:
            return True
        imputation = self._of_imputed((at,), rows, None, False, tables)
        fitted = self._fit((at,), rows, None, strict=False) if imputation is None else imputation.fit.model
        return fitted is not None and wald_p(fitted) < self.recipe.covariate_p

    def _imputed(self, rows: np.ndarray, score: np.ndarray, seed: int, strict: bool) -> ImputedCovariates | None:
        """Impute the unknown covariates of some patients; None where none is, or the recipe leaves them out."""
        blocks = [block[rows] for block in self.blocks]
        if not self.recipe.imputations or not any(np.isnan(block).any() for block in blocks):
            return None
        repeats = self.recipe.imputations if strict else min(self.recipe.imputations, RESAMPLED)
        outcome = self.months[rows], self.event[rows]
        try:
            return impute_covariates(blocks, self.numbers, score, *outcome, repeats=repeats, seed=seed)
        except InputError as error:
            if strict:
                raise CohortError(f"Unknown covariates cannot be imputed: {error}") from error
            return None

    def _of_imputed(
        self,
        covariates: Sequence[int],
        rows: np.ndarray,
        score: np.ndarray | None,
        strict: bool,
        tables: ImputedCovariates | None,
    ) -> Imputation | None:
        """Fit a Cox model of covariates some of which were imputed; None where all of these are known."""
        if tables is None or not any(np.isnan(self.blocks[at][rows]).any() for at in covariates):
            return None
        design = tables.design(covariates, score)
        try:
            fit = imputed_cox(design, self.months[rows], self.event[rows])
        except InputError as error:
            if not strict:
                return None
            raise self._cannot_fit(error, covariates, rows, design[0], score is not None) from error
        return Imputation(tables, fit, covariate_distribution(design, tables.categories(covariates)))

    def _fit(
        self, covariates: Sequence[int], rows: np.ndarray, score: np.ndarray | None, strict: bool
    ) -> CoxModel | None:
        """Fit a Cox model to those patients of whom all is known."""
        design = self.design(covariates, rows, score)
        known = known_rows(design)
        try:
            return cox(design[known], self.months[rows][known], self.event[rows][known])
        except InputError as error:
            if not strict:
                return None
            raise self._cannot_fit(error, covariates, rows[known], design[known], score is not None) from error

    def _cannot_fit(
        self, error: InputError, covariates: Sequence[int], rows: np.ndarray, design: np.ndarray, with_score: bool
    ) -> CohortError:
        names = [parameter for at in covariates for parameter in self.parameters[at]]
        fault = explain(error, [*names, "the score"], design, self.event[rows])
        what = ", ".join([*(self.names[at] for at in covariates), *(["the score"] if with_score else [])])
        return CohortError(f"The Cox model of {what} cannot be fitted: {fault}")


def measure_markers(
    markers: Sequence[Marker], months: np.ndarray, event: np.ndarray, horizon: float
) -> dict[Measure, Estimate]:
    """Measure the markers of one model on patients; see :func:`.performance.essentials`."""
    return {key: value for marker in markers for key, value in essentials(marker, months, event, horizon).items()}

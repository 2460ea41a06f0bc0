"""The fit as scikit-learn knows estimators."""

import numpy as np
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from matcher.learning import map_logistic
from matcher.scoring import Scorer
from service.learning.estimator import PairScorer
from tests.matcher.outcome_world import a_world


def test_it_keeps_scikit_learns_rules() -> None:
    check_estimator(PairScorer(), on_skip=None)


def test_it_is_the_fit_that_learning_uses() -> None:
    judged, prior = a_world(60), Scorer().weights()
    spread = np.maximum(0.5 * prior, 0.5)
    made = PairScorer(prior, spread).fit(judged.values, judged.reached >= 1)
    bias, weights = map_logistic(np.nan_to_num(judged.values), (judged.reached >= 1).astype(float), prior)
    assert (made.intercept_, made.coef_.tolist()) == (bias, weights.tolist())
    assert (made.coef_ >= 0).all()


def test_needs_are_kept_together_by_scikit_learns_own_folds() -> None:
    judged = a_world(60)
    made = PairScorer(Scorer().weights(), 1.0)
    scores = cross_val_score(
        made, judged.values, judged.reached >= 1, groups=judged.needs, cv=GroupKFold(3), scoring="roc_auc"
    )
    assert (scores > 0.6).all()


def test_forgetting_a_value_never_raises_a_probability() -> None:
    judged = a_world(60)
    made = PairScorer(Scorer().weights(), 1.0).fit(judged.values, judged.reached >= 1)
    for column in range(judged.values.shape[1]):
        forgotten = judged.values.copy()
        forgotten[:, column] = np.nan
        assert (made.predict_proba(forgotten)[:, 1] <= made.predict_proba(judged.values)[:, 1]).all()

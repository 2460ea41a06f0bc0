"""The fit of one step as a scikit-learn estimator, for analysts: pipelines, cross-validation, tables of values.

Not in ``matcher``, which stays light: scikit-learn's base class loads pandas wherever that is installed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from matcher.learning import map_logistic
from matcher.scoring import Floats


class PairScorer(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A logistic with weights of at least 0 and a Gaussian prior; NaN is unknown and earns f(0) = 0.

    ``prior`` holds the expected weights, one a column, and ``spread`` their standard deviations (numbers or one number
    for all); as they stand, ridge regression with C = 1 whose weights may not be negative.
    """

    def __init__(self, prior: Any = 0.0, spread: Any = 1.0) -> None:
        self.prior = prior
        self.spread = spread

    def fit(self, X: Any, y: Any) -> PairScorer:  # noqa: N803 - scikit-learn's names
        """Learn from values (pairs, signals) and two kinds of outcome, the later in sorting order the better."""
        X, y = validate_data(self, X, y, ensure_all_finite="allow-nan", dtype=np.float64)  # noqa: N806
        check_classification_targets(y)
        if type_of_target(y, input_name="y") != "binary":
            raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
        self.classes_, took = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("expected outcomes of two kinds; got one class: nothing can be told apart")
        prior, spread = (np.broadcast_to(np.asarray(one, np.float64), X.shape[1:]) for one in (self.prior, self.spread))
        values = np.nan_to_num(X, nan=0.0)
        self.intercept_, self.coef_ = map_logistic(values, took.astype(np.float64), prior, spread)
        return self

    def decision_function(self, X: Any) -> Floats:  # noqa: N803
        """Return each pair's log-odds."""
        check_is_fitted(self)
        values = validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=np.float64)
        return np.asarray(self.intercept_ + np.nan_to_num(values, nan=0.0) @ self.coef_)

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Return the probabilities of both kinds (pairs, 2)."""
        better = 1 / (1 + np.exp(-self.decision_function(X)))
        return np.column_stack([1 - better, better])

    def predict(self, X: Any) -> Any:  # noqa: N803
        """Return the likelier kind of each pair."""
        better = self.decision_function(X) > 0
        return self.classes_[better.astype(np.int64)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # data whose features speak against are no pairs of ours
        return tags

"""Money as arrays, compared only in one currency or by dated rates somebody supplied; never one to one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Self

import numpy as np

from matcher.encoding import Codes, Dictionary, Flags, Floats, Names, plain, positions, vocabulary
from matcher.quantities import Money

_WHOLE: Final = frozenset({"total", "in_total"})  # said of a sum that is the whole, as one without a basis is


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit of each currency was worth in a common one on a day; the operator supplies and answers for it."""

    as_of: date
    worth: Mapping[str, float] = field(default_factory=dict)  # ISO 4217 -> value of one unit

    def convert(self, currency: str, into: str) -> float:
        """Return what one unit of ``currency`` is in another; NaN when either is not in the table."""
        return self.worth.get(currency, np.nan) / self.worth.get(into, np.nan)


def factor(currency: str, into: str, rates: Rates | None) -> float:
    """Return the factor between two currencies: 1 for the same, NaN when nobody supplied it."""
    if currency == into:
        return 1.0
    return rates.convert(currency, into) if rates else np.nan


def same_basis(one: str | None, other: str | None) -> bool:
    """Tell whether two amounts speak of the same thing; without a basis an amount is the whole sum.

    So a price per unit is never held against a budget, stated as a total or bare. The words "per unit" are no evidence
    that could be missing but part of the number: who strikes them out states another, whole sum, which may then be
    compared. To bar that, no two bare amounts could ever be compared, and most amounts are bare.
    """
    return _basis(one) == _basis(other)


def _basis(stated: str | None) -> str:
    found = plain(stated or "")
    return "" if found in _WHOLE else found


@dataclass(frozen=True, slots=True, eq=False)
class MoneyColumn:
    """Distinct amounts: ``low`` and ``high`` as stated (NaN = open end) with currency and basis; row 0 is unknown."""

    currencies: Names
    bases: Names
    low: Floats
    high: Floats
    currency: Codes  # position in currencies
    basis: Codes  # position in bases; the first is "" = the whole sum
    codes: Codes

    @classmethod
    def encode(cls, rows: Dictionary[Money]) -> Self:
        """Encode the distinct amounts that streamed by."""
        stated = rows.stated()
        currencies = vocabulary([money.currency for money in stated] or [""])
        bases = vocabulary(["", *(plain(money.basis or "") for money in stated)])
        ends = [(np.nan if m.min is None else m.min, np.nan if m.max is None else m.max) for m in stated]
        low, high = np.array([(np.nan, np.nan), *ends], np.float64).T
        currency = positions(currencies, [currencies[0].decode(), *(m.currency for m in stated)])
        basis = positions(bases, ["", *(plain(m.basis or "") for m in stated)])
        return cls(
            currencies, bases, low.copy(), high.copy(), currency.astype(np.int32), basis.astype(np.int32), rows.codes()
        )

    def amounts(self, other: Money, rates: Rates | None, codes: Codes | None = None) -> tuple[Floats, Floats]:
        """Return least and greatest amounts in the currency of ``other``; NaN both where they cannot be compared.

        An end that is not stated is NaN. Amounts of different price years are taken as stated.
        """
        at = slice(None) if codes is None else codes
        factors = np.array([factor(name.decode(), other.currency, rates) for name in self.currencies.tolist()])
        scale = np.where(self._alike(other.basis)[at], factors[self.currency[at]], np.nan)
        return self.low[at] * scale, self.high[at] * scale

    def _alike(self, basis: str | None) -> Flags:
        """Tell which amounts speak of the same thing."""
        alike = [same_basis(name.decode(), basis) for name in self.bases.tolist()]
        return np.array(alike)[self.basis]

"""Quantities as people write them; what cannot be read for certain is refused, never guessed."""

from __future__ import annotations

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from matcher.errors import BadInput, UnknownUnit
from matcher.quantities import Money, Range, parse_money, parse_range, to_base


class TestRanges:
    @pytest.mark.parametrize(
        ("text", "low", "high", "unit"),
        [
            ("5 kW", 5, 5, "kW"),
            ("5kW", 5, 5, "kW"),
            ("5-10 kW", 5, 10, "kW"),
            ("5 kW - 10 kW", 5, 10, "kW"),
            ("5 \u2013 10 kW", 5, 10, "kW"),
            ("0.5..2 m", 0.5, 2, "m"),
            ("between 5 and 10 kW", 5, 10, "kW"),
            ("1,5 kW", 1.5, 1.5, "kW"),
            ("1,500 m", 1500, 1500, "m"),
            ("1 500 m", 1500, 1500, "m"),
            ("1\u00a0500 m", 1500, 1500, "m"),
            ("1.200,5 m", 1200.5, 1200.5, "m"),
            ("approx. 5 kW", 5, 5, "kW"),
            ("~5 kW", 5, 5, "kW"),
            ("<= 2000 m", None, 2000, "m"),
            ("up to 2000 m", None, 2000, "m"),
            ("max. 40 \u00b0C", None, 40, "\u00b0C"),
            ("\u2265 3 l/s", 3, None, "l/s"),
            ("at least 3 l/s", 3, None, "l/s"),
            ("5+ kW", 5, None, "kW"),
            ("-5 to 40 degC", -5, 40, "degC"),
            ("TRL 6-7", 6, 7, ""),
            ("5e3 W", 5000, 5000, "W"),
        ],
    )
    def test_reads_what_people_write(self, text: str, low: float | None, high: float | None, unit: str) -> None:
        assert Range.model_validate(text) == Range(min=low, max=high, unit=unit)

    def test_a_number_alone_has_no_unit(self) -> None:
        assert Range.model_validate(5) == Range(min=5, max=5)

    @pytest.mark.parametrize("text", ["", "a lot", "12 15 kW", "5 MW to 10 kW", "kW", "5 parsnips", "5 m 3", "10-5 kW"])
    def test_refuses_what_it_cannot_read_for_certain(self, text: str) -> None:
        with pytest.raises(ValidationError):
            Range.model_validate(text)

    def test_says_what_to_write_instead(self) -> None:
        with pytest.raises(BadInput, match='such as "5-10 kW"'):
            parse_range("a lot")

    def test_a_range_needs_an_end(self) -> None:
        with pytest.raises(ValidationError, match="range_empty"):
            Range(unit="kW")

    def test_kilowatts_and_megawatts_differ_a_thousandfold(self) -> None:
        kilo, mega = (Range.model_validate(text).base() for text in ("5 kW", "5 MW"))
        assert mega[0] == pytest.approx(1000 * kilo[0])
        assert mega[2] == kilo[2]

    def test_an_open_end_is_infinite(self) -> None:
        low, high, _ = Range.model_validate("up to 3 m").base()
        assert (low, high) == (-math.inf, 3)

    @pytest.mark.parametrize(
        "unit", ["m2", "m\u00b3/h", "m3/day", "km2", "\u00b0C", "%", "kWh", "masl", "l/s", "kWh/m2", ""]
    )
    def test_units_of_everyday_use_are_known(self, unit: str) -> None:
        assert math.isfinite(to_base(1.0, unit)[0])

    @pytest.mark.parametrize(
        "unit", ["m**9**9**9**9", "m^9^9^9^9", "m**(9**9)", "9**9**9", "kWW", "m 3", "x" * 61, "__import__"]
    )
    def test_a_unit_that_is_none_is_refused_at_once(self, unit: str) -> None:
        with pytest.raises(UnknownUnit):
            to_base(1.0, unit)

    @given(text=st.text(max_size=40))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        with contextlib.suppress(ValidationError):
            Range.model_validate(text)

    @given(low=st.integers(0, 10**6), span=st.integers(0, 10**6), unit=st.sampled_from(["kW", "m", "l/s", "degC"]))
    def test_what_is_written_in_plain_numbers_is_read_back(self, low: int, span: int, unit: str) -> None:
        assert parse_range(f"{low:,} - {low + span} {unit}") == {"min": low, "max": low + span, "unit": unit}


class TestMoney:
    @pytest.mark.parametrize(
        ("text", "low", "high", "currency"),
        [
            ("USD 1.5 m", 1.5e6, 1.5e6, "USD"),
            ("USD 1.5M", 1.5e6, 1.5e6, "USD"),
            ("1.5 million USD", 1.5e6, 1.5e6, "USD"),
            ("US$ 2 bn", 2e9, 2e9, "USD"),
            ("200-300k EUR", 200e3, 300e3, "EUR"),
            ("200kEUR", 200e3, 200e3, "EUR"),
            ("USD 200k - USD 300k", 200e3, 300e3, "USD"),
            ("USD 500 - 1 m", 500, 1e6, "USD"),
            ("1500$", 1500, 1500, "USD"),
            ("CAD 5$", 5, 5, "CAD"),
            ("45000EGP", 45000, 45000, "EGP"),
            ("1 200 BDT", 1200, 1200, "BDT"),
            ("USD 1,50,000", 150e3, 150e3, "USD"),
            ("EUR 200.000,00", 200e3, 200e3, "EUR"),
            ("1.2 million euros", 1.2e6, 1.2e6, "EUR"),
            ("1,450 - 1,750 quetzales", 1450, 1750, "GTQ"),
            ("up to USD 50,000", None, 50e3, "USD"),
            ("at least 5 k EUR", 5e3, None, "EUR"),
            ("kes 2000", 2000, 2000, "KES"),
        ],
    )
    def test_reads_what_people_write(self, text: str, low: float | None, high: float | None, currency: str) -> None:
        assert Money.model_validate(text) == Money(min=low, max=high, currency=currency)

    def test_the_price_year_and_what_it_buys_are_kept(self) -> None:
        assert Money.model_validate("$40,000 (2019)").price_year == 2019
        assert Money.model_validate("1200 BDT per unit").basis == "per unit"
        assert Money.model_validate("USD 3 m per year, 2020 prices").price_year == 2020

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("1.5 m", "no_currency"),
            ("500 XYZ", "no_currency"),
            ("5 kW", "not_money"),
            ("5 dollars", "not_money"),
            ("500 FCFA", "not_money"),
            ("USD 5 - EUR 7", "no_currency"),
            ("\u20ac1.500", "ambiguous_amount"),
            ("depends on the quantity", "not_money"),
        ],
    )
    def test_refuses_what_it_would_have_to_guess(self, text: str, code: str) -> None:
        with pytest.raises(BadInput) as refused:
            parse_money(text)
        assert refused.value.code == code

    def test_money_is_never_negative(self) -> None:
        with pytest.raises(ValidationError):
            Money.model_validate("USD -5")

    @given(text=st.text(max_size=40) | st.from_regex(r"\A(USD|EUR|\$)? ?[\d., ]{1,12} ?(k|m|bn)? ?(USD|per)?\Z"))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        with contextlib.suppress(ValidationError):
            Money.model_validate(text)

    @given(amount=st.integers(0, 10**12), currency=st.sampled_from(["USD", "EUR", "KES", "NAD"]))
    def test_grouped_digits_are_read_back(self, amount: int, currency: str) -> None:
        assert parse_money(f"{currency} {amount:,}")["min"] == amount

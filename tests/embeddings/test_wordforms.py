"""Quantities and negations as terms, worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.lexical import Lexical, terms
from embeddings.wordforms import split


def read(text: str) -> set[str]:
    return {term for term, _ in split(text)[1]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 kW", "4-6 kW"),
        ("5 kW", "5000 W"),
        ("5kW", "5,000 watts"),
        ("20 MWp", "15 to 25 MW"),
        ("2 l/s", "7 m3/h"),
        ("200 litres of water a day", "200 L/day"),
        ("200 litres par jour", "0.2 m\u00b3/d\u00eda"),
        ("a head of 12 m", "head 2\u201330 m"),
        ("1.5 ha", "15 000 m2"),
        ("230 V", "0,2 kV"),
    ],
)
def test_sizes_that_are_alike_share_a_term(one: str, other: str) -> None:
    assert read(one) & read(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 kW", "5 MW"),
        ("5 kW", "500 kW"),
        ("5 kW", "5 kWh"),
        ("2 l/s", "700 m3/h"),
        ("200 litres a day", "200 m3 a day"),
        ("200 litres", "200 litres a day"),
        ("5 km", "5 m"),
        ("5 mW", "5 MW"),
    ],
)
def test_sizes_and_kinds_that_differ_share_none(one: str, other: str) -> None:
    assert read(one)
    assert read(other)
    assert not read(one) & read(other)


@pytest.mark.parametrize(
    "text",
    [
        "USD 1.5 m",
        "$ 5 m",
        "4G network",
        "2019",
        "SDG 7",
        "0 kW",
        "version 2.3.4 l",
        "from 1 W to 9 GW, 1 W-9 GW",
        "3 days",
    ],
)
def test_money_years_and_names_are_no_sizes(text: str) -> None:
    """What is no quantity stays words; a span too wide to say a size says none."""
    assert not read(text) & {term for term in read(text) if "length" in term or "mass" in term or "flow" in term}
    assert split(text)[0].split() == text.split() or "W" in text


@given(st.floats(1e-3, 1e9), st.floats(1.0, 1.7))
def test_within_a_factor_of_1_7_a_term_is_always_shared(size: float, factor: float) -> None:
    """The two rows of buckets leave no edge between near sizes; a factor of 3.3 apart nothing is shared."""
    near, far = f"{size * factor:f} W", f"{size * 3.3:f} W"
    if read(f"{size:f} W"):
        assert read(f"{size:f} W") & read(near)
        assert not read(f"{size:f} W") & read(far)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("No grid needed", "no~grid"),
        ("works without a grid", "no~grid"),
        ("an off-grid clinic", "no~grid"),
        ("off the national grid", "no~grid"),
        ("not connected to the grid", "no~grid"),
        ("grid-independent supply", "no~grid"),
        ("dispensaire sans r\u00e9seau", "no~grid"),
        ("hors r\u00e9seau", "no~grid"),
        ("sin red el\u00e9ctrica", "no~grid"),
        ("fuera de la red", "no~grid"),
        ("sem rede el\u00e9trica", "no~grid"),
        ("без электросети", "no~grid"),
        ("without access to electricity", "no~electricity"),
        ("villages without power", "no~electricity"),
        ("pas d\u2019\u00e9lectricit\u00e9", "no~electricity"),
        ("sin electricidad", "no~electricity"),
        ("does not need fuel", "no~fuel"),
        ("chemical-free", "no~chemicals"),
        ("no internet connection", "no~internet"),
    ],
)
def test_what_is_done_without_is_a_term_of_its_own(text: str, term: str) -> None:
    assert read(text) == {term}


@pytest.mark.parametrize(
    "text",
    [
        "needs grid connection",
        "the grid, without delay",
        "no red tape at the power station",
        "No poverty",
        "zero hunger without borders",
        "switched off. Grid code",
        "not only electricity",
    ],
)
def test_what_is_not_negated_is_not_read(text: str) -> None:
    assert read(text) == set()


def test_a_grid_that_is_not_there_is_no_grid_but_what_is_wished_for_stays() -> None:
    """A village without electricity may want just that; one off the grid is not looking for grid equipment."""
    assert "grid" not in terms("works without a grid")
    assert "electr" in terms("a village without electricity")


def test_a_negation_is_another_word_to_the_index() -> None:
    lexical = Lexical.build([["Refrigerator, needs the grid"], ["Refrigerator, no grid needed"], ["Seed drill"]])
    scores = lexical.scores(lexical.query("Refrigerator for an off-grid clinic"))
    assert scores[1] > scores[0] > scores[2]


@given(st.text(max_size=200))
def test_any_text_is_read_without_a_fault_and_little_of_it_is_lost(text: str) -> None:
    rest, found = split(text)
    assert found or rest == text

"""How long one need takes against many capabilities: run with --benchmark-only (make bench)."""

from typing import Any

import numpy as np
import pytest

from matcher.asked import Asked, Pair
from matcher.columns import Columns
from matcher.gates import DEFAULT, explain, judge
from matcher.signals import STRUCTURED, evidence, measure
from tests.builders import a_need
from tests.matcher.small_world import AS_OF, a_full_need, a_place_book, some_capabilities, some_organisations

ROWS = 100_000
CANDIDATES = 300
_DISTINCT = 20_000  # records are repeated to reach ROWS: making them is not what is measured


@pytest.fixture(scope="module")
def world() -> tuple[Asked, Columns, list[Any]]:
    offers, known, book = some_capabilities(_DISTINCT), some_organisations(_DISTINCT // 3), a_place_book()
    columns = Columns.build(offers * (ROWS // _DISTINCT), known, book, AS_OF)
    return Asked.of(a_need(**a_full_need()), known, columns, book), columns, offers


def test_build(benchmark: Any) -> None:
    """A thousandth of the rows, so that the figure reads as milliseconds a hundred capabilities."""
    offers, known, book = some_capabilities(100), some_organisations(30), a_place_book()
    benchmark(lambda: Columns.build(offers, known, book, AS_OF))


def test_judge(benchmark: Any, world: tuple[Asked, Columns, list[Any]]) -> None:
    """All gates of one need over every capability: about 2 ms."""
    asked, columns, _ = world
    benchmark(judge, asked, columns)


def test_measure(benchmark: Any, world: tuple[Asked, Columns, list[Any]]) -> None:
    """All structured signals over the candidates: about 1 ms."""
    asked, columns, _ = world
    rows = np.sort(np.random.default_rng(1).choice(len(columns), CANDIDATES, replace=False))
    benchmark(measure, asked, columns, rows)


def test_sentences(benchmark: Any, world: tuple[Asked, Columns, list[Any]]) -> None:
    """Gates and signals of one shown pair in words: about a tenth of a millisecond."""
    asked, columns, offers = world
    states = judge(asked, columns)[:, 0]
    values = measure(asked, columns, np.array([0]))[:, 0]
    known = [None if np.isnan(value) else float(value) for value in values]

    def say() -> None:
        pair = Pair(asked, columns, 0, offers[0])
        explain(pair, states, DEFAULT)
        for signal, value in zip(STRUCTURED, known, strict=True):
            evidence(signal, pair, value)

    benchmark(say)

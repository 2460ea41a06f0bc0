"""What words count beside meaning, by how many capabilities there are to tell rare words from common ones."""

from dataclasses import replace
from itertools import pairwise

import pytest

from embeddings.encoder import HashingEncoder
from matcher.catalogue import build
from matcher.matching import Matcher
from matcher.topic import ENOUGH, FEW, LEXICAL, NeedText, Say
from tests.builders import a_capability, a_need
from tests.matcher.small_world import AS_OF, a_place_book


def a_text(*, unread: bool = False) -> NeedText:
    catalogue = build([a_capability()], {}, HashingEncoder(), a_place_book(), AS_OF)
    matcher = Matcher(catalogue, HashingEncoder(), a_place_book(), AS_OF)
    return replace(matcher.prepared(a_need()).text, unread=unread)


def test_words_have_half_their_say_among_few_and_all_of_it_among_many() -> None:
    text = a_text()
    for capabilities, share in ((0, 0.5), (1, 0.5), (FEW, 0.5), (ENOUGH, 1.0), (100_000, 1.0)):
        dense, lexical = Say.of(text, capabilities)
        assert lexical / dense == pytest.approx(LEXICAL * share)
    assert Say.of(text, ENOUGH) == (1.0, LEXICAL)


def test_say_grows_without_steps_and_values_keep_their_level() -> None:
    """A record more never turns a list over; a pair with the best of both earns as much in any catalogue."""
    text = a_text()
    said = [Say.of(text, capabilities) for capabilities in range(1, 2 * ENOUGH)]
    assert all(0 <= after.lexical - before.lexical < 0.001 for before, after in pairwise(said))
    assert {round(one.dense + one.lexical, 9) for one in said} == {1 + LEXICAL}


def test_where_the_encoder_reads_little_words_keep_all_their_say() -> None:
    assert Say.of(a_text(unread=True), 10) == (1.0, LEXICAL)

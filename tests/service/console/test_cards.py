"""Cards: filled once, shown to many, and never more than one may see."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from matcher.matches import TermEvidence
from service.console.cards import ACTIONS, PARTNER, Cards
from service.console.marking import marked
from service.releases import current_release
from tests.builders import an_organisation
from tests.service.api.world import HOSTILE, World


@pytest.mark.parametrize(
    ("passage", "terms", "found"),
    [
        ("Small turbines for a small river.", ["turbin"], "Small <mark>turbines</mark> for a small river."),
        ("A 60 kW turbine, <b>", ["turbin"], "A 60 kW <mark>turbine</mark>, &lt;b&gt;"),
        ("No words shared.", [], "No words shared."),
        ("Returbined turbines", ["turbin"], "Returbined <mark>turbines</mark>"),
        ("works without a grid", ["no~grid"], "works <mark>without a grid</mark>"),
        ("", ["x"], ""),
    ],
)
def test_words_are_marked_by_the_terms_of_the_score_and_everything_is_escaped(
    passage: str, terms: list[str], found: str
) -> None:
    assert str(marked(passage, [TermEvidence(term, 0.1) for term in terms])) == found


def test_the_marked_words_of_both_passages_are_terms_of_the_explanation(client: TestClient) -> None:
    from embeddings.lexical import terms

    first = client.get("/v1/needs/need-1/matches").json()["matches"][0]
    known = {one["term"] for one in first["contributions"][0]["topic"]["terms"]}
    text = client.get("/needs/need-1").text.partition('id="rank-1"')[2].partition('id="rank-2"')[0]
    words = {html.unescape(word) for word in re.findall("<mark>(.*?)</mark>", text)}
    assert words
    assert all(known.intersection(terms(word)) for word in words)


def test_a_card_is_filled_once_for_each_language_and_text(served: World) -> None:
    from service.api.shortlists import Line

    release = current_release(served.settings.releases_dir)
    columns = release.columns("need-1", ("capability_id", "score", "tier", "detail"))
    lines = list(map(Line, *columns.values()))
    cards = Cards()
    first = cards.of("need-1", lines, "en")
    assert all(one is other for one, other in zip(first, cards.of("need-1", lines, "en"), strict=True))
    assert cards.of("need-1", lines, "en-US")[0] is not first[0]
    assert PARTNER in first[0].html
    assert PARTNER not in first[0].filled(HOSTILE)
    assert ACTIONS not in first[0].filled(HOSTILE)
    assert HOSTILE not in first[0].filled(HOSTILE)


def test_cards_that_were_not_used_for_long_are_forgotten(served: World) -> None:
    from service.api.shortlists import Line

    release = current_release(served.settings.releases_dir)
    lines = list(map(Line, *release.columns("need-1", ("capability_id", "score", "tier", "detail")).values()))
    cards = Cards(most=2)
    cards.of("need-1", lines, "en")
    assert len(cards._kept) == 2


def test_a_partner_that_is_withdrawn_loses_its_name_at_once_though_its_cards_are_kept(world: World) -> None:
    world.upsert("organisations", an_organisation("org-1", name="Known Once", country="IND"))
    world.night()
    with world.client() as client:
        assert ">Known Once<" in client.get("/needs/need-1").text
    world.upsert("organisations", an_organisation("org-1", name="Known Once", country="IND", review_state="withdrawn"))
    with world.client() as client:
        for path in ("/needs/need-1", "/needs/need-1/with/cap-1", "/needs/need-1/compare?with=cap-1"):
            assert ">Known Once<" not in client.get(path).text, path

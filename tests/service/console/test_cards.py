"""Cards of matches: what they say, what they leave to the pair's page, and never more than one may see."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from matcher.matches import TermEvidence
from service.console.marking import marked
from service.outcomes import shown
from service.store import list_shown
from tests.builders import an_organisation
from tests.service.api.world import World


@pytest.mark.parametrize(
    ("passage", "terms", "found"),
    [
        ("Small turbines for a small river.", ["turbin"], "Small <mark>turbines</mark> for a small river."),
        ("A 60 kW turbine, <b>", ["turbin"], "A 60 kW <mark>turbine</mark>, &lt;b&gt;"),
        ("No words shared.", [], "No words shared."),
        ("Returbined turbines", ["turbin"], "Returbined <mark>turbines</mark>"),
        ("works without a grid", ["no~grid"], "works <mark>without a grid</mark>"),
        ("Solar pumps, pump", ["solar", "pump"], "<mark>Solar pumps</mark>, <mark>pump</mark>"),
        ("a \ufdd0pump\ufdd1 & <b>", ["pump"], "a <mark>pump</mark> &amp; &lt;b&gt;"),
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


def test_a_card_names_what_is_not_known_and_the_pairs_page_says_why(client: TestClient) -> None:
    """A card has rows for the evidence there is; every signal and gate with its reason stands on the pair's page."""
    match = client.get("/v1/needs/need-1/matches").json()["matches"][0]
    unknown = [one for one in match["contributions"] if one["value"] is None]
    known = [one for one in match["contributions"] if one["value"] is not None]
    card = client.get("/needs/need-1").text.partition('id="rank-1"')[2].partition('id="rank-2"')[0]
    pair = client.get(f"/needs/need-1/with/{match['capability_id']}").text
    assert unknown
    assert known
    assert card.count('<rect class="fill"') == len(known)
    assert f"up to {sum(one['points_if_known'] for one in unknown):+.2f}" in card
    for one in match["contributions"]:
        assert (html.escape(one["evidence"], quote=False) in card) == (one["value"] is not None), one["signal"]
        assert html.escape(one["evidence"], quote=False) in pair
    assert f'/with/{match["capability_id"]}#points"' in card


def test_a_list_that_is_looked_at_is_noted_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "AGAIN", 0.0)  # else a second note of the same list would pass unseen
    with world.client() as client:
        matches = len(client.get("/v1/needs/need-1/matches?limit=20").json()["matches"])
        client.app.state.context.following.shown.write()  # type: ignore[attr-defined]
        before = _noted(world)
        client.get("/needs/need-1")
        client.app.state.context.following.shown.write()  # type: ignore[attr-defined]
        assert _noted(world) - before == matches > 0


def _noted(world: World) -> int:
    with world.store.reading() as session:
        return len(list(list_shown(session)))


def test_a_partner_that_is_withdrawn_loses_its_name_at_once_though_its_cards_are_kept(world: World) -> None:
    world.upsert("organisations", an_organisation("org-1", name="Known Once", country="IND"))
    world.night()
    with world.client() as client:
        assert ">Known Once<" in client.get("/needs/need-1").text
    world.upsert("organisations", an_organisation("org-1", name="Known Once", country="IND", review_state="withdrawn"))
    with world.client() as client:
        for path in ("/needs/need-1", "/needs/need-1/with/cap-1", "/needs/need-1/compare?with=cap-1"):
            assert ">Known Once<" not in client.get(path).text, path

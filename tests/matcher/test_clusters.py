"""Clusters of needs: who is short of the same thing in the same sector, named, and the same one the next night."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.encoder import HashingEncoder
from embeddings.lexical import Lexical
from matcher.clusters import Clustering, News, families_of, of_needs
from matcher.profiles import Need
from tests.builders import a_need

OFFERS = Lexical.build(
    [
        ["Solar pumps lift water for rice."],
        ["Solar pumps for rice farms."],
        ["Kits for nurses."],
        ["Courses for nurses."],
    ]
)
TEXTS = {
    "rice": "Solar pumps lift water for rice farmers of the plain",
    "nurses": "Telemedicine kits for nurses of remote health posts",
    "waste": "Sorting of plastic waste by collectors of the harbour city",
    "roads": "Asphalt made of crushed stone for mountain roads",
}


class EnglishOnly(HashingEncoder):
    """Covers one language, as a model does."""

    languages = frozenset({"en"})


def a_like_need(name: str, topic: str, **facts: Any) -> Need:
    return a_need(name, title=f"{TEXTS[topic]}", summary=f"{TEXTS[topic]}. Case {name}.", **facts)


def clustered(*needs: Need, earlier: Clustering | None = None, encoder: HashingEncoder | None = None) -> Clustering:
    return of_needs(needs, encoder or HashingEncoder(), OFFERS, earlier)


def members(found: Clustering) -> dict[str, tuple[str, ...]]:
    return {cluster.id: cluster.members for cluster in found.clusters}


WORLD = (
    a_like_need("a1", "rice", sectors=["energy.solar", "agriculture"]),
    a_like_need("a2", "rice", sectors=["agriculture.irrigation"]),
    a_like_need("a3", "rice", sectors=["energy"]),
    a_like_need("b1", "nurses", sectors=["health"]),
    a_like_need("b2", "nurses", sectors=["health.telemedicine"]),
    a_like_need("c1", "waste", sectors=["waste"]),
    a_like_need("d1", "waste", cluster="Harbour cities", sectors=["waste"]),
    a_like_need("d2", "roads", cluster="harbour  Cities", sectors=["transport"]),
)


def test_needs_that_are_alike_in_a_sector_form_a_cluster_and_the_rest_is_counted() -> None:
    """a2 and a3 share no family, so a1, which shares one with each, goes with one of them only."""
    found = clustered(*WORLD[:6])
    (rice,) = (cluster for cluster in found.clusters if "a1" in cluster.members)
    assert rice.members in {("a1", "a2"), ("a1", "a3")}
    assert {cluster.members for cluster in found.clusters} == {rice.members, ("b1", "b2")}
    assert (found.alone, found.unread) == (2, 0)
    assert rice.likeness is not None
    assert rice.likeness > 0.4


def test_a_stated_cluster_wins_over_the_texts_and_is_one_whatever_its_spelling() -> None:
    """c1 reads like d1 and stays out: nobody stated that it belongs."""
    found = clustered(*WORLD)
    (stated,) = (cluster for cluster in found.clusters if cluster.stated)
    assert (stated.label, stated.members) == ("Harbour cities", ("d1", "d2"))
    assert not any("c1" in cluster.members for cluster in found.clusters)


def test_a_stated_cluster_may_have_one_member_and_another_may_not() -> None:
    (alone,) = clustered(a_like_need("x", "roads", cluster="Passes")).clusters
    assert (alone.members, alone.likeness) == (("x",), None)
    assert clustered(a_like_need("x", "roads")).clusters == ()


def test_a_cluster_is_labelled_by_its_own_words() -> None:
    found = clustered(*WORLD)
    nurses = next(cluster for cluster in found.clusters if "b1" in cluster.members)
    assert "nurses" in nurses.label.split(", ")
    assert nurses.sectors == ("health",)


def test_a_confidential_need_lends_no_word_to_the_label() -> None:
    secret = a_need(
        "s", title=f"{TEXTS['nurses']} xylophone", summary=f"{TEXTS['nurses']} xylophone", confidentiality="broker_only"
    )
    (found,) = clustered(secret, a_like_need("b1", "nurses")).clusters
    assert found.members == ("b1", "s")
    assert "xylophone" not in str(found.terms)


def test_a_need_the_model_cannot_read_is_not_compared_and_counted() -> None:
    """Two texts in a language that the model does not know are alike by their language, not by what they are about."""
    needs = [a_like_need(name, "nurses", language="pt") for name in ("p1", "p2")]
    found = clustered(*needs, encoder=EnglishOnly())
    assert (found.clusters, found.unread, found.alone) == ((), 2, 0)
    read = [need.model_copy(update={"summary_en": need.summary}) for need in needs]
    assert clustered(*read, encoder=EnglishOnly()).clusters[0].members == ("p1", "p2")


def test_sector_families_are_stated_or_those_of_the_purpose_codes() -> None:
    assert families_of(a_need(sectors=["energy.solar", "water"])) == {"energy", "water"}
    assert families_of(a_need(crs_purpose=["23230"])) == {"energy"}
    assert families_of(a_need()) == frozenset()


@settings(max_examples=25, deadline=None)
@given(st.permutations(WORLD), st.integers(0, len(WORLD)))
def test_the_order_of_the_needs_does_not_matter(order: list[Need], count: int) -> None:
    chosen = {need.id for need in order[:count]}
    assert clustered(*order[:count]) == clustered(*(need for need in WORLD if need.id in chosen))


@pytest.mark.parametrize("stranger", ["0", "a1x", "zz"])
def test_an_unrelated_need_changes_no_cluster_and_no_id(stranger: str) -> None:
    before = clustered(*WORLD)
    unrelated = a_need(stranger, title="Quantum metrology", summary="Ytterbium lattice clocks", sectors=["science"])
    assert members(clustered(*WORLD, unrelated)) == members(before)
    assert members(clustered(*WORLD, unrelated, earlier=before)) == members(before)


def test_the_next_night_keeps_the_ids_and_says_who_joined_and_left() -> None:
    first = clustered(*WORLD)
    assert {cluster.news for cluster in first.clusters} == {News.NEW}
    nurses = next(cluster for cluster in first.clusters if "b1" in cluster.members)
    changed = [need for need in WORLD if need.id not in {"b2", "d2"}]
    second = clustered(
        *changed, a_like_need("b3", "nurses"), a_like_need("b4", "nurses", sectors=["health"]), earlier=first
    )
    after = second.by_id[nurses.id]
    assert (after.members, after.news, after.joined, after.left) == (("b1", "b4"), News.KEPT, 1, 1)
    harbour = next(cluster for cluster in second.clusters if cluster.stated)
    assert (harbour.news, harbour.left, harbour.id in first.by_id) == (News.KEPT, 1, True)


def test_what_is_no_more_has_ended_or_merged_into_what_holds_it_now() -> None:
    first = clustered(*WORLD)
    nurses = next(cluster.id for cluster in first.clusters if "b1" in cluster.members)
    rice = next(cluster.id for cluster in first.clusters if "a1" in cluster.members)
    renamed = [need.model_copy(update={"cluster": "Clinics"}) for need in WORLD if need.id.startswith("b")]
    second = clustered(*renamed, earlier=first)
    (clinics,) = second.clusters
    fates = {gone.id: (gone.news, gone.into) for gone in second.gone}
    assert clinics.news is News.NEW
    assert fates[nurses] == (News.MERGED, clinics.id)
    assert fates[rice] == (News.ENDED, None)


def test_a_part_that_leaves_a_cluster_says_from_which_it_was_split() -> None:
    first = clustered(*(a_like_need(name, "nurses", cluster="Clinics") for name in ("b1", "b2", "b3", "b4", "b5")))
    second = clustered(
        *(a_like_need(name, "nurses", cluster="Clinics") for name in ("b1", "b2", "b3")),
        *(a_like_need(name, "nurses") for name in ("b4", "b5")),
        earlier=first,
    )
    part = next(cluster for cluster in second.clusters if not cluster.stated)
    assert (part.news, part.before) == (News.SPLIT, first.clusters[0].id)

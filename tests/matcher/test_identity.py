"""Who may be the same: names written differently, not names that are merely near; people decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.identity import LIKELY, all_duplicates, combined, duplicates, plain_name, referring, resolved
from tests.builders import an_organisation


def likeness(mine: dict[str, object], theirs: dict[str, object]) -> tuple[float, tuple[str, ...]]:
    one, other = an_organisation("a", **mine), an_organisation("b", **theirs)
    found = duplicates(one, [other], least=0.0)
    return (found[0].score, found[0].reasons) if found else (0.0, ())


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("Kenya Solar Works Ltd.", "KENYA SOLAR WORKS LIMITED"),
        ("Société Générale de l'Eau", "Societe Generale de l Eau SA"),
        ("Solar Works Kenya", "Kenya Solar Works"),
        ("WaterAid", "Water Aid"),
        ("Barefoot Colege", "Barefoot College"),
        ("Grüne Energie GmbH & Co. KG", "Grune Energie"),
    ],
)
def test_one_name_written_in_two_ways_is_suggested(mine: str, theirs: str) -> None:
    assert likeness({"name": mine}, {"name": theirs})[0] >= LIKELY


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("National Institute of Technology", "National Institute of Hydrology"),
        ("Ministry of Energy", "Ministry of Water"),
        ("University of Nairobi", "University of Malawi"),
        ("Solar Works Kenya", "Solar Works Ghana"),
        ("Green Energy Company", "Green Water Company"),
    ],
)
def test_names_that_share_most_of_their_letters_are_not(mine: str, theirs: str) -> None:
    assert likeness({"name": mine}, {"name": theirs})[0] < LIKELY


def test_a_further_name_or_a_website_is_enough() -> None:
    assert likeness({"name": "ITDG"}, {"name": "Practical Help", "aliases": ["I.T.D.G.", "ITDG"]})[0] == 1.0
    score, reasons = likeness(
        {"name": "Alpha", "website": "https://www.example.org/en"}, {"name": "Omega", "website": "example.org"}
    )
    assert score >= LIKELY
    assert reasons == ("the same website: example.org",)


def test_a_website_that_many_share_says_nothing() -> None:
    shared = {"website": "https://facebook.com/a"}
    assert likeness({"name": "Alpha", **shared}, {"name": "Omega", **shared})[0] == 0.0


def test_the_country_speaks_for_and_against() -> None:
    same = likeness({"name": "Red Hat Labs", "country": "KEN"}, {"name": "Red Hat Labs", "country": "KEN"})
    other = likeness({"name": "Red Hat Labs", "country": "KEN"}, {"name": "Red Hat Labs", "country": "PER"})
    assert same[1][-1] == "the same country"
    assert other[0] < LIKELY <= same[0]


def test_initials_count_only_within_a_country() -> None:
    long, short = "Kenya Rural Energy Agency", "KREA"
    assert likeness({"name": long, "country": "KEN"}, {"name": short, "country": "KEN"})[0] >= LIKELY
    assert likeness({"name": long, "country": "KEN"}, {"name": short, "country": "IND"})[0] < LIKELY


def test_an_organisation_is_no_duplicate_of_itself_and_the_likest_stands_first() -> None:
    one = an_organisation("a", name="Solar Works")
    others = [an_organisation("c", name="Solar Work"), one, an_organisation("b", name="Solar Works Ltd")]
    assert [each.organisation_id for each in duplicates(one, others)] == ["b", "c"]


@given(st.text(min_size=1, max_size=40).filter(lambda name: bool(plain_name(name))))
def test_any_name_is_like_itself(name: str) -> None:
    assert plain_name(plain_name(name)) == plain_name(name)


def test_chains_of_merges_lead_to_the_last_and_circles_are_refused() -> None:
    assert resolved({"a": "b", "b": "c", "d": "c"}) == {"a": "c", "b": "c", "d": "c"}
    with pytest.raises(ValueError, match="circle"):
        resolved({"a": "b", "b": "a"})


def test_together_they_know_what_either_knows_and_slots_are_not_added_up() -> None:
    kept = an_organisation("a", name="A", roles=["provider"], slots_total=2)
    one = an_organisation("b", name="B", aliases=["Bee"], roles=["facilitator"], slots_total=5, country="KEN")
    both = combined(kept, [one])
    assert (both.id, both.name, both.aliases, both.slots_total, both.country) == ("a", "A", ("B", "Bee"), 2, "KEN")
    assert set(both.roles) == {"provider", "facilitator"}


def test_references_follow_and_everything_else_stays() -> None:
    merges = {"b": "a"}
    assert referring({"id": "n", "owner_organisation_id": "b"}, "needs", merges)["owner_organisation_id"] == "a"
    assert referring({"id": "b", "provider_id": "b", "recipient_id": "c"}, "cases", merges) == {
        "id": "b",
        "provider_id": "a",
        "recipient_id": "c",
    }
    assert referring({"network_members": ["b", "a", "x"]}, "organisations", merges) == {"network_members": ["a", "x"]}


_NAMES = ("Kenya Solar Works", "Lake Water Filters", "Institute of Hydrology", "Hill Turbines", "Green Cold Stores")


def _changed(name: str, way: int) -> str:
    match way % 5:
        case 0:
            return f"{name} Ltd"
        case 1:
            return " ".join(reversed(name.split()))
        case 2:
            return f"{name[:7]}z{name[8:]}"
        case 3:
            return name.replace(" ", "", 1)
        case _:
            return name.upper()


@given(st.lists(st.tuples(st.sampled_from(_NAMES), st.integers(0, 9)), min_size=2, max_size=8))
def test_comparing_all_finds_what_comparing_one_by_one_finds(given_names: list[tuple[str, int]]) -> None:
    every = [an_organisation(f"o{at}", name=_changed(*one), country="KEN") for at, one in enumerate(given_names)]
    one_by_one = {
        (min(one.id, other.organisation_id), max(one.id, other.organisation_id)): other.score
        for one in every
        for other in duplicates(one, every)
    }
    found = all_duplicates(every)
    assert {each.ids: each.score for each in found} == one_by_one
    assert [each.ids for each in found] == [
        each.ids for each in sorted(found, key=lambda each: (-each.score, each.ids))
    ]

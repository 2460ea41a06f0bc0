"""Finding records: filters, words, pages, snapshots."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from matcher.errors import BadInput
from matcher.places import Country, Membership, PlaceBook
from matcher.profiles import Need, Profile
from matcher.vocabulary import Confidentiality, ReviewState
from service.store import (
    Filters,
    Store,
    UnknownRecord,
    dangling_organisations,
    digest,
    get_record,
    get_release,
    history,
    list_events,
    list_records,
    places_covering,
    snapshot,
    upsert_records,
)
from tests.builders import a_capability, a_case, a_need, an_organisation

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def write(store: Store, kind: str, *profiles: Profile) -> None:
    with store.writing() as session:
        upsert_records(session, kind, profiles, actor="tester", at=NOW)


def ids(store: Store, kind: str | None, **filters: object) -> list[str]:
    with store.reading() as session:
        return [item.id for item in list_records(session, kind, Filters(**filters)).items]  # type: ignore[arg-type]  # tests name filters freely


def test_a_place_is_found_by_what_was_stated(store: Store) -> None:
    kisumu = {"name": "Kisumu", "country": "KEN"}
    write(
        store, "needs", a_need("k", beneficiary_places=["KEN"]), a_need("s", beneficiary_places=[kisumu]), a_need("u")
    )
    assert ids(store, "needs", places=["KEN"]) == ["k", "s"]
    assert ids(store, "needs", places=[]) == []


def test_a_country_finds_groups_only_while_it_is_a_member(store: Store) -> None:
    kenya = Country("KEN", "KE", "404", "Kenya", "Republic of Kenya", "Africa", "Sub-Saharan Africa", "Eastern Africa")
    book = PlaceBook([kenya], [Membership("CLUB", "KEN", date(2000, 1, 1), date(2020, 1, 1))])
    write(store, "needs", a_need("g", beneficiary_places=["CLUB"]), a_need("n", beneficiary_places=["Kenya", "Oz"]))
    with store.reading() as session:
        then, now = (places_covering(session, "KEN", book, date(year, 6, 1)) for year in (2010, 2026))
    assert then == {"CLUB", "Kenya"}
    assert now == {"Kenya"}


def test_a_group_finds_its_members_of_the_day_and_what_is_stated_for_them_all(store: Store) -> None:
    kenya, nepal = (
        Country(code, two, number, name, name, "R", "S", "")
        for code, two, number, name in (("KEN", "KE", "404", "Kenya"), ("NPL", "NP", "524", "Nepal"))
    )
    club = [Membership("CLUB", "KEN", date(2000, 1, 1), date(2020, 1, 1)), Membership("CLUB", "NPL", date(2000, 1, 1))]
    book = PlaceBook([kenya, nepal], club)
    write(store, "needs", *(a_need(place, beneficiary_places=[place]) for place in ("CLUB", "Kenya", "NPL", "World")))
    with store.reading() as session:
        then, now = (places_covering(session, "club", book, date(year, 6, 1)) for year in (2010, 2026))
        with pytest.raises(BadInput, match="CLUB is known here"):
            places_covering(session, "CLUB", book, date(1999, 6, 1))
    assert then == {"CLUB", "Kenya", "NPL", "World"}
    assert now == {"CLUB", "NPL", "World"}, "Kenya has left"


def test_a_sector_finds_its_children_and_not_its_parent(store: Store) -> None:
    write(store, "needs", a_need("parent", sectors=["energy"]), a_need("child", sectors=["energy.solar"]))
    assert ids(store, "needs", sector="energy") == ["child", "parent"]
    assert ids(store, "needs", sector="energy.solar") == ["child"]


def test_filters_narrow_each_other(store: Store) -> None:
    write(
        store,
        "needs",
        a_need("a", sdg_goals=[6, 7], language="fr", confidentiality="partners"),
        a_need("b", sdg_goals=[6], language="en", review_state="withdrawn"),
        a_need("c", owner_organisation_id="ministry"),
    )
    assert ids(store, "needs", sdg=6) == ["a", "b"]
    assert ids(store, "needs", sdg=6, language="fr") == ["a"]
    assert ids(store, "needs", review_states=[ReviewState.WITHDRAWN]) == ["b"]
    assert ids(store, "needs", review_states=[ReviewState.PUBLISHED]) == ["a", "c"]
    assert ids(store, "needs", confidentiality=[Confidentiality.PUBLIC]) == ["b", "c"]
    assert ids(store, "needs", organisation_id="ministry") == ["c"]


def test_a_filter_follows_the_record_to_its_next_version(store: Store) -> None:
    write(store, "needs", a_need(sdg_goals=[6]))
    write(store, "needs", a_need(sdg_goals=[7]))
    assert (ids(store, "needs", sdg=6), ids(store, "needs", sdg=7)) == ([], ["need-1"])


def test_search_finds_every_word_across_all_kinds_whatever_case_and_accents(store: Store) -> None:
    write(store, "needs", a_need("n", title="Énergie pour Côte d'Ivoire", summary="x"))
    write(store, "capabilities", a_capability("c", title="ENERGIE", summary="for cote d'ivoire"))
    write(store, "organisations", an_organisation("o", name="Energie", country="GHA"))
    assert ids(store, None, q="energie côte") == ["c", "n"]
    assert ids(store, None, q="ENERGIE") == ["c", "n", "o"]
    assert ids(store, "organisations", q="gha") == ["o"]


def test_search_finds_words_by_their_beginning_not_their_middle(store: Store) -> None:
    write(store, "needs", a_need("n", title="Programme", summary="x"))
    assert (ids(store, None, q="prog"), ids(store, None, q="gram")) == (["n"], [])


def test_search_takes_wildcards_as_text(store: Store) -> None:
    write(store, "needs", a_need("n", title="Pumps", summary="x"))
    assert ids(store, None, q="p%s") == []
    assert ids(store, None, q="p_mps") == []
    assert ids(store, None, q="%") == ["n"]  # no word asks nothing


def test_search_reads_scripts_without_spaces(store: Store) -> None:
    write(store, "needs", a_need("n", title="太阳能水泵", summary="x"))
    assert ids(store, None, q="水泵") == ["n"]


def test_pages_show_every_record_once_in_one_order(store: Store) -> None:
    """Ids are ordered by code point on every database: capitals first, accents last."""
    names = ["b", "a", "B", "é", "a-1", "a1", "ä", "Z", "_", "10", "9"]
    write(store, "needs", *(a_need(name) for name in names))
    write(store, "organisations", an_organisation("o"))
    shown: list[tuple[str, str]] = []
    after = None
    with store.reading() as session:
        while True:
            page = list_records(session, None, after=after, limit=3)
            shown += [(item.kind, item.id) for item in page.items]
            after = page.next
            if after is None:
                break
    assert shown == [*(("needs", name) for name in sorted(names)), ("organisations", "o")]


@pytest.mark.parametrize("limit", [0, -1, 501])
def test_a_page_has_bounds(store: Store, limit: int) -> None:
    with store.reading() as session, pytest.raises(BadInput, match="1 to 500 records a page"):
        list_records(session, "needs", limit=limit)


@pytest.mark.parametrize("cursor", ["", "?", "WzFd", "bnVsbA==", "e30=", "é"])
def test_a_cursor_of_ones_own_making_is_refused(store: Store, cursor: str) -> None:
    with store.reading() as session, pytest.raises(BadInput, match="the next of an earlier page"):
        list_records(session, "needs", after=cursor)


def test_a_snapshot_is_one_moment_while_others_write(store: Store) -> None:
    """A night reads needs and capabilities as of its beginning, and holds no writer up."""
    write(store, "needs", *(a_need(f"need-{n:04d}") for n in range(1100)))
    with store.reading() as session:
        rows = snapshot(session, "needs")
        first = next(rows)
        write(store, "needs", a_need("need-0000", title="Changed"), a_need("need-9999"))
        write(store, "capabilities", a_capability())
        seen = [first, *rows]
        assert [row.id for row in seen] == [f"need-{n:04d}" for n in range(1100)]
        assert {row.version for row in seen} == {1}
        assert list(snapshot(session, "capabilities")) == []
    with store.reading() as session:
        assert len(list(snapshot(session, "needs"))) == 1101


def test_a_snapshot_row_is_read_by_the_kinds_model(store: Store) -> None:
    write(store, "needs", a_need(budget="USD 1.5 m", site_conditions={"head": "3-5 m", "grid": ["none"]}))
    with store.reading() as session:
        (row,) = snapshot(session, "needs")
        assert Need.model_validate_json(row.profile) == get_record(session, "needs", "need-1").profile


def test_the_digest_tells_any_change(store: Store) -> None:
    def now() -> str:
        with store.reading() as session:
            return digest(session)

    seen = [now()]
    for title, updated in (("a", "2025-01-01"), ("b", "2025-01-01"), ("b", "2026-01-01")):
        write(store, "needs", a_need(title=title, updated_at=updated))
        seen.append(now())
    assert all(one != another for one, another in pairwise(seen))
    write(store, "needs", a_need(title="b", updated_at="2026-01-01"))
    assert now() == seen[-1]


def test_organisations_that_nobody_described_are_counted_once_each(store: Store) -> None:
    """Stand-ins for an organisation that was never stated are not counted."""
    write(store, "needs", *(a_need(name, owner_organisation_id="ghost") for name in "ab"), a_need("c"))
    write(store, "capabilities", a_capability("c"), a_capability("d", organisation_id="known"))
    write(store, "cases", a_case("s", provider_id="known", recipient_id="other"))
    write(store, "organisations", an_organisation("known"))
    with store.reading() as session:
        assert dangling_organisations(session) == 2


def test_history_of_nothing_says_so(store: Store) -> None:
    with store.reading() as session, pytest.raises(UnknownRecord):
        history(session, "needs", "nobody")


def test_asking_for_what_no_database_holds_finds_nothing(store: Store) -> None:
    """PostgreSQL refuses a NUL even in a question: it must not come out as a fault of ours."""
    write(store, "needs", a_need())
    nul = "need-1\x00"
    with store.reading() as session:
        with pytest.raises(UnknownRecord):
            get_record(session, "needs", nul)
        with pytest.raises(UnknownRecord):
            history(session, "needs", nul)
        assert list_events(session, need_id=nul, capability_id=nul) == ()
        assert get_release(session, nul) is None
    for field in ("sector", "organisation_id", "language"):
        assert ids(store, "needs", **{field: nul}) == []

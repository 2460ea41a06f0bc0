"""What holds for any records: hypothesis makes them from what people state and leave out."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from matcher.profiles import Need, Profile
from service.store import (
    Store,
    UpsertCounts,
    canonical,
    content_hash,
    digest,
    get_record,
    history,
    open_store,
    snapshot,
    upsert_records,
)
from service.store.facts import facts_of
from tests.builders import a_need
from tests.postgres import a_database

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(lambda text: text.strip())
stamps = st.datetimes(timezones=st.just(UTC))
sources = st.fixed_dictionaries(
    {"system": st.just("register"), "source_id": texts}, optional={"retrieved_at": st.dates(), "url": texts}
)
ranges = st.fixed_dictionaries({"min": st.floats(-1e9, 1e9), "unit": st.just("m")})
stated = st.fixed_dictionaries(
    {"title": texts, "summary": texts},
    optional={
        "sdg_goals": st.lists(st.integers(1, 17), max_size=3),
        "sectors": st.lists(st.sampled_from(["energy", "energy.solar", "water"]), max_size=2),
        "keywords": st.lists(texts, max_size=3),
        "beneficiary_places": st.lists(texts | st.fixed_dictionaries({"name": texts, "country": texts}), max_size=3),
        "site_conditions": st.dictionaries(
            texts,
            st.fixed_dictionaries({"min": st.floats(-1e9, 1e9), "unit": st.just("m")}) | st.lists(texts, max_size=2),
        ),
        "budget": st.fixed_dictionaries({"min": st.floats(0, 1e12), "currency": st.just("USD")}),
        "enabling": st.just({"policy": "ready"}),
        "co_development_ok": st.booleans(),
        "trl_min": st.integers(1, 9),
        "complete_by": st.dates(),
        "provenance": st.just({"title": "stated"}),
        "review_state": st.sampled_from(["draft", "published", "expired", "withdrawn"]),
        "confidentiality": st.sampled_from(["public", "partners", "broker_only"]),
        "language": st.sampled_from(["en", "fr-CI"]),
        "created_at": stamps,
        "updated_at": stamps,
        "content_hash": texts,
        "source": sources,
    },
)


Fresh = Callable[[], AbstractContextManager[Store]]


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def a_store(request: pytest.FixtureRequest) -> Fresh:
    """Makes an empty store whenever it is called: each example has its own."""
    server: URL | None = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None

    @contextmanager
    def fresh() -> Iterator[Store]:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            url = stack.enter_context(a_database(server)) if server else f"sqlite:///{folder}/store.db"
            yield stack.enter_context(closing(open_store(url)))

    return fresh


def write(store: Store, needs: list[Need]) -> UpsertCounts:
    with store.writing() as session:
        return upsert_records(session, "needs", needs, actor="tester", at=NOW)


def without_source(facts: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in facts.items() if field != "source"}


@given(stated)
@settings(deadline=None)  # the first example loads the units
def test_a_records_text_says_exactly_what_the_record_says(facts: dict[str, Any]) -> None:
    need = a_need(**facts)
    text, digest_ = canonical(need)
    assert Need.model_validate_json(text) == need.model_copy(update={"content_hash": digest_})


@given(stated, stated)
@settings(deadline=None)
def test_equal_hashes_mean_equal_content(one: dict[str, Any], other: dict[str, Any]) -> None:
    stamps_aside = [
        json.loads(canonical(a_need(**facts))[0])
        | {"created_at": None, "updated_at": None, "content_hash": None}
        | {"source": {**facts.get("source", {}), "retrieved_at": None}}
        for facts in (one, other)
    ]
    same = content_hash(a_need(**one)) == content_hash(a_need(**other))
    assert same == (stamps_aside[0] == stamps_aside[1])


@given(stated, stamps, stamps)
@settings(deadline=None)
def test_stamps_and_the_order_of_fields_leave_the_hash_alone(
    facts: dict[str, Any], one: datetime, other: datetime
) -> None:
    backwards = dict(reversed(facts.items()))
    stamped = {"created_at": one, "updated_at": other, "content_hash": "claimed"}
    assert content_hash(a_need(**facts)) == content_hash(a_need(**(backwards | stamped)))


@given(stated)
@settings(deadline=None)
def test_what_a_record_is_found_by_fits_its_columns(facts: dict[str, Any]) -> None:
    found = facts_of(a_need(**facts))
    assert all(0 < len(value) <= 200 and "\x00" not in value for _, value in found.facets if value)
    assert "\x00" not in found.title + found.search_text


@given(listed=st.lists(stated, min_size=1, max_size=5))
@settings(max_examples=8, deadline=None)
def test_records_come_back_exactly_and_importing_twice_changes_nothing(
    a_store: Fresh, listed: list[dict[str, Any]]
) -> None:
    needs = [a_need(f"need-{number}", **without_source(facts)) for number, facts in enumerate(listed)]
    with a_store() as store:
        assert write(store, needs) == UpsertCounts(created=len(needs))
        assert write(store, needs) == UpsertCounts(unchanged=len(needs))
        with store.reading() as session:
            assert [get_record(session, "needs", need.id).profile for need in needs] == [
                need.model_copy(update={"content_hash": content_hash(need)}) for need in needs
            ]


@given(listed=st.lists(stated, min_size=2, max_size=5), random=st.randoms(use_true_random=False))
@settings(max_examples=8, deadline=None)
def test_the_order_of_rows_does_not_matter(a_store: Fresh, listed: list[dict[str, Any]], random: Any) -> None:
    needs = [a_need(f"need-{number}", **without_source(facts)) for number, facts in enumerate(listed)]
    shuffled = random.sample(needs, len(needs))
    with a_store() as one, a_store() as other:
        write(one, needs)
        write(other, shuffled)
        with one.reading() as left, other.reading() as right:
            assert digest(left) == digest(right)
            assert list(snapshot(left, "needs")) == list(snapshot(right, "needs"))


@given(titles=st.lists(texts, min_size=1, max_size=8))
@settings(max_examples=8, deadline=None)
def test_the_history_holds_every_version_and_ends_in_the_current_one(a_store: Fresh, titles: list[str]) -> None:
    with a_store() as store:
        said: list[Profile] = []
        for title in titles:
            need = a_need(title=title)
            said += [need] if not said or content_hash(said[-1]) != content_hash(need) else []
            write(store, [need])
        with store.reading() as session:
            versions = history(session, "needs", "need-1")
            current = get_record(session, "needs", "need-1")
    assert [version.version for version in versions] == list(range(1, len(said) + 1))
    assert [version.profile for version in versions] == [canonical(need)[0] for need in said]
    assert (current.version, current.content_hash) == (versions[-1].version, versions[-1].content_hash)

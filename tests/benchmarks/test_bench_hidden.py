"""Lists for an account from whom a fifth of 100,000 records is hidden, beside one who sees all: ratios in one run.

Each page is one query, whoever looks, and what is hidden is found by an index; counts are those of what is seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.orm import Session

from matcher.vocabulary import ReviewState
from service.reference import load_places
from service.store import Filters, Store, list_records, open_store, upsert_records
from service.store.faceting import Places, count_facets
from service.visibility import WITHDRAWN_NOW, Audience, visibility
from tests.builders import a_need

NEEDS = 100_000
NOW, DAY = datetime(2026, 11, 22, tzinfo=UTC), date(2026, 11, 22)
STRANGER, ALL = Audience(frozenset({"third"}), frozenset()), Audience(None, None)
SHARES = (("default", "public", 0.8), ("other", "partners", 0.1), ("other", "broker_only", 0.1))
TIMES_OF_ALL = 3.0  # a page passes over what is hidden: a fifth here, at the end of the list half
_PLACES = ("KEN", "NPL", "IND", "PER", "GHA", "Africa", "LDC")
Question = Callable[[Session, Filters], int]


def _filled(folder: Path) -> Store:
    store, at = open_store(f"sqlite:///{folder}/m.db"), 0
    for tenant, level, share in SHARES:
        until = at + round(NEEDS * share)
        needs = (
            a_need(
                f"n{one:06d}",
                title=f"Need {one}",
                summary="Water, power, light, seeds and schools for a village. " * 4,
                beneficiary_places=[_PLACES[one % len(_PLACES)]],
                sectors=["water" if one % 3 else "energy.hydropower"],
                confidentiality=level,
            )
            for one in range(at, until)
        )
        with store.writing() as session:
            upsert_records(session, "needs", needs, actor="bench", at=NOW, tenant_id=tenant)
        at = until
    return store


def _page(session: Session, filters: Filters) -> int:
    return len(list_records(session, "needs", filters, limit=50).items)


def _last_page(session: Session, filters: Filters) -> int:
    after = list_records(session, "needs", Filters(q=f"{round(NEEDS * 0.79)}"), limit=1).items[0]
    from service.wire import cursor_of

    return len(list_records(session, "needs", filters, after=cursor_of(["needs", after.id]), limit=50).items)


def _counted(session: Session, filters: Filters) -> int:
    return count_facets(session, "needs", filters, Places(load_places(), ["LDC"], DAY), {}).total


def _hidden(session: Session, filters: Filters) -> int:
    assert filters.audience is not None
    return sum(map(len, visibility(session, filters.audience).hidden.values()))


def _asked(store: Store, question: Question, audience: Audience) -> tuple[int, float, int]:
    """Return the answer, the least seconds of three tries, and how many queries one takes."""
    said: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM record" in statement:
            said.append(statement)

    event.listen(store.engine, "before_cursor_execute", note)
    filters = Filters(review_states=frozenset(ReviewState) - WITHDRAWN_NOW, audience=audience)
    best, found = float("inf"), 0
    for _ in range(3):
        said.clear()
        began = time.perf_counter()
        with store.reading() as session:
            found = question(session, filters)
        best = min(best, time.perf_counter() - began)
    event.remove(store.engine, "before_cursor_execute", note)
    return found, best, len(said)


def test_lists_with_hidden_records_are_as_quick_as_without(tmp_path: Path) -> None:
    store = _filled(tmp_path)
    seen = round(NEEDS * SHARES[0][2])
    lines = []
    for name, question, answers, queries in (
        ("first page", _page, (50, 50), 1),
        ("a page near the end", _last_page, (50, 50), 2),
        ("facets", _counted, (seen, NEEDS), 7),
        ("what is hidden", _hidden, (NEEDS - seen, 0), 2),
    ):
        (found, seconds, asked), (every, of_all, _) = (_asked(store, question, who) for who in (STRANGER, ALL))
        assert (found, every) == answers, name
        assert asked <= queries, f"{name}: {asked} queries"
        lines.append(f"  {name:<20} {seconds * 1e3:8.1f} ms, {seconds / of_all:5.2f} of who sees all, {asked} queries")
        if name != "what is hidden":  # there is nothing to find for who sees all
            assert seconds < TIMES_OF_ALL * of_all + 0.01, name
    store.close()
    print(f"\n{NEEDS:,} needs, a fifth hidden from who looks:", *lines, sep="\n")  # noqa: T201 - it is there to be read

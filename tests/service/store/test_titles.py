"""Lists for people go by title, whatever the ids, the case and the accents; an index holds that order."""

import pytest
from sqlalchemy import event, text

from matcher.errors import BadInput
from service.store import Store, list_by_title, list_records, upsert_records
from tests.builders import a_need, an_organisation
from tests.service.api.world import NOW

TITLES = ("Eau potable", "\u00c9nergie", "ecole", '"Quoted" dryers', "Zinc", "arsenic", "10 wells", "\u6c34")
TWICE = "Eau potable"
IN_ORDER = ["10 wells", "arsenic", TWICE, TWICE, "ecole", "\u00c9nergie", '"Quoted" dryers', "Zinc", "\u6c34"]
MANY = 3_000


@pytest.fixture
def filled(store: Store) -> Store:
    """Needs whose ids run against their titles, and an organisation beside them."""
    with store.writing() as session:
        needs = [a_need(f"n{90 - at}", title=title) for at, title in enumerate((*TITLES, TWICE))]
        upsert_records(session, "needs", needs, actor="t", at=NOW)
        upsert_records(session, "organisations", [an_organisation("o1", name="Aqua")], actor="t", at=NOW)
    return store


def _walked(store: Store, kind: str | None, limit: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    after = None
    while True:
        with store.reading() as session:
            page = list_by_title(session, kind, after=after, limit=limit)
        found += [(getattr(one.profile, "title", one.kind), one.id) for one in page.items]
        if page.next is None:
            return found
        after = page.next


def test_titles_go_by_their_letters_and_equal_ones_by_id(filled: Store) -> None:
    walked = _walked(filled, "needs", 50)
    assert [title for title, _ in walked] == IN_ORDER
    assert [one for title, one in walked if title == TWICE] == ["n82", "n90"]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
@pytest.mark.parametrize("kind", ["needs", None])
def test_pages_of_any_size_hold_every_record_once_in_one_order(filled: Store, kind: str | None, limit: int) -> None:
    assert _walked(filled, kind, limit) == _walked(filled, kind, 50)
    assert len(_walked(filled, kind, limit)) == len(IN_ORDER) + (kind is None)


def test_a_cursor_of_one_order_is_none_of_the_other(filled: Store) -> None:
    with filled.reading() as session:
        by_id = list_records(session, "needs", limit=2).next
        by_title = list_by_title(session, "needs", limit=2).next
        for read, cursor in ((list_records, by_title), (list_by_title, by_id)):
            with pytest.raises(BadInput, match="bad_cursor"):
                read(session, "needs", after=cursor)


def test_a_page_is_read_off_an_index_and_nothing_is_sorted(store: Store) -> None:
    needs = (a_need(f"n{at}", title=f"T{at % 70}") for at in range(MANY))
    with store.writing() as session:
        upsert_records(session, "needs", needs, actor="t", at=NOW)
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE records"))
    said: list[tuple[str, object]] = []
    with store.reading() as session:
        after = list_by_title(session, "needs", limit=25).next
        event.listen(store.engine, "before_cursor_execute", lambda *told: said.append((told[2], told[3])))
        list_by_title(session, "needs", limit=25)
        list_by_title(session, "needs", limit=25, after=after)
    explain = "EXPLAIN " if store.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    asked = [one for one in said if "FROM records" in one[0]]
    assert len(asked) == 2
    with store.engine.connect() as connection:
        for statement, parameters in asked:
            plan = " ".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))  # type: ignore[arg-type]
            assert "ix_records_title_key" in plan, plan
            assert not any(word in plan.upper() for word in ("SORT", "B-TREE", "SEQ SCAN")), plan

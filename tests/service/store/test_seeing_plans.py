"""What a reader may not see is found by indexes, and the two ways of saying it are opposites."""

from itertools import product

import pytest
from sqlalchemy import event, select, text

from matcher.vocabulary import Confidentiality
from service.store import Store, upsert_records, withdraw
from service.store.models import RecordRow
from service.store.seeing import hidden_from, seen_by
from service.visibility import Audience, visibility
from tests.builders import a_need
from tests.service.api.world import NOW

TENANTS = ("here", "there")
REACHES = (None, frozenset[str](), frozenset({"here"}), frozenset(TENANTS))
MANY = 2_000


@pytest.fixture
def filled(store: Store) -> Store:
    with store.writing() as session:
        for tenant, level in product(TENANTS, Confidentiality):
            record = a_need(f"{tenant}-{level.value}", confidentiality=level)
            upsert_records(session, "needs", [record], actor="t", at=NOW, tenant_id=tenant)
        upsert_records(session, "needs", [a_need("gone")], actor="t", at=NOW)
        withdraw(session, "needs", "gone", actor="t", at=NOW)
    return store


@pytest.mark.parametrize(("partners", "broker_only"), list(product(REACHES, REACHES)))
def test_what_is_hidden_is_what_is_not_seen(
    filled: Store, partners: frozenset[str] | None, broker_only: frozenset[str] | None
) -> None:
    audience = Audience(partners, broker_only)
    with filled.reading() as session:
        every, seen, hidden = (
            set(session.execute(select(RecordRow.id).where(*which)).scalars())
            for which in ((), (seen_by(audience),), (hidden_from(audience),))
        )
        found = visibility(session, audience)
    assert (seen | hidden, seen & hidden) == (every, set())
    assert found.hidden.get("needs", frozenset()) == hidden | {"gone"}


def test_an_index_finds_it_among_many(filled: Store) -> None:
    with filled.writing() as session:
        upsert_records(session, "needs", (a_need(f"n{at}") for at in range(MANY)), actor="t", at=NOW)
    if filled.engine.dialect.name == "postgresql":
        with filled.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE records"))
    said: list[tuple[str, object]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        said.append((statement, parameters))

    event.listen(filled.engine, "before_cursor_execute", note)
    with filled.reading() as session:
        visibility(session, Audience(frozenset({"here"}), frozenset()))
    event.remove(filled.engine, "before_cursor_execute", note)
    asked = [(statement, parameters) for statement, parameters in said if "FROM records" in statement]
    assert len(asked) == 2, "one query a reason, however many records there are"
    explain = "EXPLAIN " if filled.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    with filled.engine.connect() as connection:
        for statement, parameters in asked:
            plan = " ".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))  # type: ignore[arg-type]
            assert "INDEX" in plan.upper(), plan
            assert not {"SCAN RECORDS", "SEQ SCAN"} & {plan.upper()[:12], plan.upper()[:8]}, plan


def test_a_transaction_that_fills_a_table_finds_records_by_their_key_all_along(store: Store) -> None:
    """PostgreSQL, which has not counted them yet, would look through all of a kind for each few hundred."""
    ids = [f"n{at}" for at in range(12_000)]
    with store.writing() as session:
        upsert_records(session, "needs", map(a_need, ids), actor="t", at=NOW)
        asked = select(RecordRow.version).where(RecordRow.kind == "needs", RecordRow.id.in_(ids[:500]))
        said = asked.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN" if store.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = " ".join(str(row[-1]) for row in session.connection().exec_driver_sql(f"{explain} {said}"))
    assert "pk_records" in plan or "sqlite_autoindex_records_1 (kind=? AND id=?)" in plan, plan

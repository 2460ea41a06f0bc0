"""Accounts on both databases: tenants, users, grants, keys, the audit log, and confidentiality as a condition."""

from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from matcher.errors import BadInput
from matcher.vocabulary import Confidentiality, Provenance
from service.accounts.audit import Action, audit, list_audit
from service.accounts.grants import grant, granters, list_grants, revoke_grant
from service.accounts.keys import NewKey, end_key, issue_key, prefix_of
from service.accounts.reviewing import Asked, waiting
from service.accounts.roles import DEFAULT_TENANT, Permission, Role
from service.accounts.speaking import organisations_of
from service.accounts.tenants import list_tenants, make_tenant
from service.accounts.users import (
    NewUser,
    change_password,
    disable_user,
    list_users,
    make_user,
    require_user,
    verify_password,
)
from service.store import Filters, Store, list_keys, list_records, upsert_records, verify_key
from service.visibility import Audience, visibility
from tests.builders import a_need, an_organisation

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
PASSWORD = "four random words"


def test_a_new_store_has_the_default_tenant_and_nobody_in_it(store: Store) -> None:
    with store.reading() as session:
        assert [tenant.id for tenant in list_tenants(session)] == [DEFAULT_TENANT]
        assert (list_users(session), list_grants(session), list_audit(session)) == ((), (), ())


def test_a_user_signs_in_with_the_password_and_no_other_until_the_account_ends(store: Store) -> None:
    with store.writing() as session:
        upsert_records(session, "organisations", [an_organisation("org-1")], actor="test", at=NOW)
        new = NewUser("Desk@Bank.example", Role.PROVIDER, password=PASSWORD, organisations=["org-1"])
        user = make_user(session, new, actor="test", at=NOW)
    with store.reading() as session:
        assert verify_password(session, "desk@bank.example", PASSWORD) == user
        assert verify_password(session, "desk@bank.example", PASSWORD.upper()) is None
        assert verify_password(session, "nobody\x00", PASSWORD) is None
        assert organisations_of(session, user.account) == {"org-1"}
        assert PASSWORD not in str(session.execute(text("SELECT * FROM users")).all())
    with store.writing() as session:
        changed = change_password(session, user.login, "other random words", actor="test", at=NOW)
        assert changed.stamp != user.stamp, "sessions under the old password end"
        disable_user(session, user.login, actor="test", at=NOW)
    with store.reading() as session:
        assert verify_password(session, user.login, "other random words") is None
        assert require_user(session, user.login).disabled_at == NOW


def test_what_is_refused_leaves_nothing(store: Store) -> None:
    for new in (NewUser("a@b.example", Role.VIEWER, "nowhere"), NewUser("a@b.example", Role.VIEWER, password="short")):
        with pytest.raises(BadInput), store.writing() as session:
            make_user(session, new, actor="test", at=NOW)
    with store.reading() as session:
        assert (list_users(session), list_audit(session)) == ((), ())


def test_a_key_has_a_role_a_tenant_and_scopes_and_reading_is_always_among_them(store: Store) -> None:
    with store.writing() as session:
        make_tenant(session, "north", "North", actor="test", at=NOW)
        made = issue_key(session, NewKey("k", Role.ANALYST, "north", scopes=[Permission.EXPORT]), actor="test", at=NOW)
    with store.reading() as session:
        known = verify_key(session, made, at=NOW)
    assert known is not None
    assert (known.role, known.tenant_id) == (Role.ANALYST, "north")
    assert known.scopes == frozenset({Permission.READ, Permission.EXPORT})
    with pytest.raises(BadInput), store.writing() as session:
        end_key(session, prefix_of(made), actor="test", at=NOW, tenant_id=DEFAULT_TENANT)
    with store.writing() as session:
        assert end_key(session, prefix_of(made), actor="test", at=NOW, tenant_id="north").revoked_at == NOW
    with store.reading() as session:
        assert verify_key(session, made, at=NOW) is None
        assert [key.revoked_at for key in list_keys(session)] == [NOW]


def test_a_grant_goes_one_way_and_is_not_passed_on(store: Store) -> None:
    with store.writing() as session:
        for tenant in ("north", "south"):
            make_tenant(session, tenant, tenant, actor="test", at=NOW)
        assert grant(session, "north", "south", actor="test", at=NOW)
        assert grant(session, DEFAULT_TENANT, "north", actor="test", at=NOW)
        assert granters(session, "south") == {"north"}
        assert granters(session, "north") == {DEFAULT_TENANT}
        assert granters(session, DEFAULT_TENANT) == set()
        assert revoke_grant(session, "north", "south", actor="test", at=NOW)
        assert granters(session, "south") == set()


def test_the_audit_log_grows_and_nothing_in_it_changes(store: Store) -> None:
    with store.writing() as session:
        numbers = [audit(session, Action.ERASED, actor="test", at=NOW, subject=f"needs/{n}", why=n) for n in range(3)]
    with store.reading() as session:
        found = list_audit(session, limit=2)
        assert [entry.number for entry in found] == numbers[:0:-1]
        assert [entry.facts for entry in list_audit(session, before=found[-1].number)] == [{"why": 0}]
    for change in ("UPDATE audit_log SET actor = 'nobody'", "DELETE FROM audit_log"):
        with pytest.raises(IntegrityError), store.writing() as session:
            session.execute(text(change))
    with store.reading() as session:
        assert len(list_audit(session)) == 3


def test_a_list_and_the_view_of_a_release_ask_confidentiality_alike(store: Store) -> None:
    with store.writing() as session:
        make_tenant(session, "north", "North", actor="test", at=NOW)
        for level, tenant in product(Confidentiality, (DEFAULT_TENANT, "north")):
            need = a_need(f"{tenant} {level}", confidentiality=level)
            upsert_records(session, "needs", [need], actor="test", at=NOW, tenant_id=tenant)
    own = frozenset({"north"})
    for audience, expected in (
        (Audience(), {"default public", "north public"}),
        (Audience(partners=own), {"default public", "north public", "north partners"}),
        (Audience(own, own), {"default public", "north public", "north partners", "north broker_only"}),
        (
            Audience.of_level(Confidentiality.PARTNERS),
            {f"{t} {c}" for t in ("default", "north") for c in ("public", "partners")},
        ),
    ):
        with store.reading() as session:
            listed = {one.id for one in list_records(session, "needs", Filters(audience=audience)).items}
            hidden = visibility(session, audience).hidden.get("needs", frozenset())
        assert listed == expected
        assert hidden.isdisjoint(expected)
        assert len(hidden) + len(expected) == 6


def test_a_change_of_confidentiality_is_written_down_whoever_makes_it(store: Store) -> None:
    for level in ("public", "broker_only", "broker_only", "public"):
        with store.writing() as session:
            upsert_records(session, "needs", [a_need("n", confidentiality=level)], actor="import x", at=NOW)
    with store.reading() as session:
        found = [(one.actor, one.subject, one.facts["after"]) for one in list_audit(session)]
    assert found == [("import x", "needs/n", "public"), ("import x", "needs/n", "broker_only")]


def test_what_waits_for_review_is_found_inside_provenance_alone(store: Store) -> None:
    marked = {"sectors": Provenance.INFERRED}
    hostile = a_need("b", summary='"sectors":"inferred"')
    with store.writing() as session:
        found = [
            a_need("a", sectors=["water"], provenance=marked),
            hostile,
            a_need("c", provenance={"language": "inferred"}),
        ]
        upsert_records(session, "needs", found, actor="test", at=NOW)
    with store.reading() as session:
        asked = Asked(DEFAULT_TENANT, Audience())
        assert [one.id for one in waiting(session, asked)] == ["a"]
        assert waiting(session, asked, after=("needs", "a")) == ()
        assert waiting(session, Asked("north", Audience())) == ()


def test_keys_made_before_there_were_roles_keep_what_they_had(tmp_path: Path) -> None:
    """They read public records and saved needs; an upgrade must not show them what is confidential."""
    from alembic import command

    from service.store import connect, open_store, upgrade
    from service.store.keys import _hash
    from service.store.schema import configuration

    url, key = f"sqlite:///{tmp_path}/old.db", "pm_0123456789ab_secret"
    engine = connect(url)
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "0001")
        row = {"prefix": "0123456789ab", "sha256": _hash(key), "name": "old", "at": NOW}
        insert = "INSERT INTO api_keys (prefix, sha256, name, created_at) VALUES (:prefix, :sha256, :name, :at)"
        connection.execute(text(insert), row | {"at": NOW.isoformat(sep=" ")[:19]})
    upgrade(engine)
    engine.dispose()
    store = open_store(url)
    with store.reading() as session:
        known = verify_key(session, key, at=NOW)
    store.close()
    assert known is not None
    assert known.scopes == frozenset({Permission.READ, Permission.SAVE_RECORDS})
    assert (known.role, known.tenant_id) == (Role.BROKER, DEFAULT_TENANT)

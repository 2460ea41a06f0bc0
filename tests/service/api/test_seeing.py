"""What an account may see and do: role, tenant, grants and scopes, asked of the living store."""

import re
from datetime import UTC, datetime
from itertools import product

import pytest
from sqlalchemy import text

from matcher.vocabulary import Confidentiality, ReviewState
from service.accounts.grants import grant, revoke_grant
from service.accounts.roles import PERMITS, Permission, Role
from service.accounts.tenants import make_tenant
from service.api.keys import KeyRing, Principal
from service.api.live import Live, is_shown
from service.api.problems import Refused
from service.releases import Release
from service.store import upsert_records
from service.store.standing import Standing
from service.visibility import visibility
from tests.builders import a_capability, a_need
from tests.service.api.world import NOW, World

BROKERS = {Role.BROKER, Role.ADMIN}


def a_principal(role: Role, tenant_id: str = "default", **facts: object) -> Principal:
    return Principal("p", "name", role=role, tenant_id=tenant_id, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(("role", "level"), list(product(Role, Confidentiality)))
def test_who_sees_what_is_what_the_domain_says(role: Role, level: Confidentiality) -> None:
    """Public: anybody; partners: the owner's tenant and those it granted; broker_only: brokers of the owner's."""
    record = Standing("hash", ReviewState.PUBLISHED, level, "owner")
    for tenant, granted in (("owner", False), ("friend", True), ("stranger", False)):
        asker = a_principal(role, tenant, granted_by=frozenset({"owner"} if granted else ()))
        expected = {
            Confidentiality.PUBLIC: True,
            Confidentiality.PARTNERS: tenant != "stranger",
            Confidentiality.BROKER_ONLY: tenant == "owner" and role in BROKERS,
        }[level]
        assert is_shown(record, asker) is expected, tenant


@pytest.mark.parametrize("state", [ReviewState.WITHDRAWN, ReviewState.DRAFT, ReviewState.IN_REVIEW])
def test_nobody_sees_what_is_withdrawn(state: ReviewState) -> None:
    assert not is_shown(Standing("hash", state, Confidentiality.PUBLIC), a_principal(Role.ADMIN))


def test_the_view_of_a_release_and_the_view_of_one_record_agree(world: World) -> None:
    """The set that lists are filtered by, and the question asked of one record, are the same rule."""
    with world.store.writing() as session:
        make_tenant(session, "north", "North", actor="test", at=NOW)
        for number, (level, tenant) in enumerate(product(Confidentiality, ("default", "north"))):
            need = a_need(f"n-{number}", confidentiality=level)
            upsert_records(session, "needs", [need], actor="test", at=NOW, tenant_id=tenant)
    live = Live(world.store)
    for role, tenant, granted in product(Role, ("default", "north", "south"), (frozenset({"north"}), frozenset[str]())):
        asker = a_principal(role, tenant, granted_by=granted)
        visible = live.visible(asker)
        for number in range(6):
            standing = live.standing("needs", f"n-{number}")
            assert standing is not None
            assert visible.shows("needs", f"n-{number}") is is_shown(standing, asker)


def test_a_grant_is_seen_within_seconds_and_so_is_its_end(world: World) -> None:
    moment = [0.0]
    ring = KeyRing(world.store, clock=lambda: moment[0])
    with world.store.writing() as session:
        make_tenant(session, "north", "North", actor="test", at=NOW)
    key = world.key_of(Role.VIEWER, "north")
    for change, expected in ((grant, {"default"}), (revoke_grant, set())):
        with world.store.writing() as session:
            assert change(session, "default", "north", actor="test", at=NOW)
            assert not change(session, "default", "north", actor="test", at=NOW)
        moment[0] += 2.0
        found = ring.recall(key) or ring.verify(key)
        assert found is not None
        assert found.granted_by == expected


def test_a_permission_that_is_lacking_is_named() -> None:
    with pytest.raises(Refused) as refused:
        a_principal(Role.VIEWER).require(Permission.SAVE_RECORDS)
    assert (refused.value.status_code, refused.value.code) == (403, "not-permitted")
    assert "'save_records'" in refused.value.detail
    a_principal(Role.BROKER).require(Permission.SAVE_RECORDS)


def test_scopes_narrow_a_role_and_never_widen_it() -> None:
    narrowed = a_principal(Role.VIEWER, scopes=frozenset({Permission.READ, Permission.ADMINISTER}))
    assert narrowed.may(Permission.READ)
    assert not narrowed.may(Permission.ADMINISTER)
    assert not narrowed.may(Permission.READ_PARTNERS)


def test_an_administrator_may_do_everything_and_everybody_may_read() -> None:
    assert PERMITS[Role.ADMIN] == set(Permission)
    assert all(Permission.READ in permitted for permitted in PERMITS.values())


def test_a_viewer_does_not_save_and_nobody_saves_over_another_tenants_record(world: World) -> None:
    need = {"title": "Electricity for a hill village", "text": "Power from a small river."}
    with world.store.writing() as session:
        make_tenant(session, "north", "North", actor="test", at=datetime.now(UTC))
    with world.client(world.key_of(Role.VIEWER)) as client:
        assert client.put("/v1/needs/need-9", json=need).json()["type"].endswith("not-permitted")
    with world.client(world.key_of(Role.BROKER, "north")) as client:
        assert client.put("/v1/needs/need-9", json={**need, "confidentiality": "broker_only"}).status_code == 201
        assert client.get("/v1/needs/need-9").status_code == 200
        assert client.put("/v1/needs/need-1", json=need).json()["type"].endswith("not-yours")
        taken = {"system": "s", "source_id": "1"}
        assert client.put("/v1/needs/need-8", json={**need, "source": taken}).status_code == 201
    with world.client() as client:
        assert client.get("/v1/needs/need-9").status_code == 404
        assert client.put("/v1/needs/need-7", json={**need, "source": taken}).status_code == 409


def test_what_a_release_holds_and_the_store_does_not_is_seen_only_if_it_was_public(world: World) -> None:
    """After a backup of an earlier day came back nobody knows any more whose a confidential record was."""
    facts = {"beneficiary_places": ["NPL"], "sectors": ["energy.hydropower"]}
    world.upsert("needs", a_need("need-lost", confidentiality="broker_only", **facts), a_need("need-open", **facts))
    world.upsert("capabilities", a_capability("cap-lost", places_offered=["World"], confidentiality="partners"))
    release = world.night()
    with world.store.writing() as session:
        session.execute(text("DELETE FROM records WHERE id IN ('need-lost', 'need-open', 'cap-lost')"))
    with world.client() as client:
        paths = ("/v1/needs/{}/matches", "/v1/matches/{}/cap-1", "/needs/{}", "/v1/needs/{}/similar")
        for path in paths:
            assert client.get(path.format("need-lost")).status_code == 404, path
            assert client.get(path.format("need-open")).status_code == 200, path
        for path in (
            "/v1/needs/need-1/matches?limit=100",
            "/v1/capabilities/cap-1/matches?limit=100",
            "/v1/reports/unserved",
        ):
            assert not {"need-lost", "cap-lost"} & set(re.findall(r"[a-z]+-lost", client.get(path).text)), path
        assert client.get("/v1/capabilities/cap-lost/matches").status_code == 404
    found = Release.open(world.settings.releases_dir / release)
    with world.store.reading() as session:
        assert not visibility(session, Confidentiality.PUBLIC, found).shows("needs", "need-lost")
        assert visibility(session, Confidentiality.BROKER_ONLY, found).shows("needs", "need-lost")
        assert visibility(session, Confidentiality.PUBLIC, found).shows("needs", "need-open")

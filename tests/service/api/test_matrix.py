"""Every route x role x confidentiality x tenant: what an account may not see is in no answer, and counts nowhere.

Routes are taken from the interface's own description and pages from the application, so a new one is asked as well, or
fails here until ``tests/service/api/matrix.py`` says how it is to be asked.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from service.accounts.roles import Role
from service.api.app import create_app
from service.settings import Settings
from tests.service.api.matrix import (
    ENTRIES,
    FRIEND,
    NOBODY,
    OWN_WORDS,
    OWNER,
    PAGES,
    SECRETS,
    STRANGER,
    TENANTS,
    WRITES_LAST,
    Ask,
    Secret,
    Wanted,
    a_secret_world,
    asks_of,
    imports_of,
    operations,
    pages,
    values_of,
)
from tests.service.api.world import World


@cache
def _app() -> Any:
    return create_app(Settings(model="hashing"))


def _reads() -> list[tuple[str, str, Wanted]]:
    found = [(m, p, ENTRIES.get(o, Wanted())) for m, p, o in operations(_app()) if o not in WRITES_LAST]
    return found + [("GET", path, PAGES.get(path, Wanted())) for path in pages(_app())]


def _writes() -> list[tuple[str, str, Wanted]]:
    return [(method, path, ENTRIES[name]) for method, path, name in operations(_app()) if name in WRITES_LAST]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = a_secret_world(tmp_path_factory.mktemp("secret"))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    with world.client("", follow_redirects=False) as started:
        yield started


@pytest.fixture(scope="module")
def keys(world: World) -> dict[tuple[Role, str], str]:
    return {(role, tenant): world.key_of(role, tenant) for role in Role for tenant in TENANTS}


def _asked(client: TestClient, key: str, ask: Ask) -> Response:
    headers = {"X-API-Key": key, "Accept": "text/html" if not ask.path.startswith("/v1") else "application/json"}
    return client.request(ask.method, ask.path, params=dict(ask.query), json=ask.body, headers=headers)


def _said(answer: Response) -> str:
    """Return everything an answer says; a workbook is unzipped."""
    text = answer.text
    if answer.content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            text = "\n".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    return f"{text}\n{answer.headers}"


def test_every_route_that_writes_or_takes_a_body_has_an_entry() -> None:
    lacking = [name for method, _, name in operations(_app()) if method != "GET" and name not in ENTRIES]
    assert not lacking, "say in tests/service/api/matrix.py how they are asked"


def test_every_entry_is_of_a_route_that_is_there() -> None:
    assert ENTRIES.keys() <= {name for _, _, name in operations(_app())}
    assert PAGES.keys() <= set(pages(_app()))


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("tenant", TENANTS)
def test_what_an_account_may_not_see_is_in_no_answer(
    world: World, client: TestClient, keys: dict[tuple[Role, str], str], role: Role, tenant: str
) -> None:
    """Neither its id nor a word of its title, in body or headers; asked for by name, it is like one that never was."""
    hidden = [secret for secret in SECRETS if not secret.seen_by(role, tenant)]
    names = {secret.id for secret in hidden} | set(imports_of(world) if tenant != OWNER else ())
    own = () if tenant == OWNER else OWN_WORDS
    past = {one.id for one in SECRETS if one.history_seen_by(role, tenant)}
    for method, path, wanted in _reads():
        for ask in asks_of(method, path, wanted, values_of(world, path)):
            if path.endswith("/history") and past & set(ask.names):
                continue
            answer = _asked(client, keys[role, tenant], ask)
            assert not [word for word in own if word in _said(answer)], ask
            assert answer.status_code != 422, f"{ask}: asked so that it says nothing; enter it in matrix.py"
            if names.isdisjoint(ask.names):
                _assert_silent(answer, hidden, ask)
            elif method == "GET":
                _assert_like_nobody(client, keys[role, tenant], ask, names)
            else:
                assert answer.status_code in {403, 404}, ask
                assert not [one.word for one in hidden if one.word in _said(answer)], ask


def _assert_silent(answer: Response, hidden: list[Secret], ask: Ask) -> None:
    said = _said(answer)
    asked = str(ask.query) + str(ask.body)
    told = [one for one in hidden if one.id in said or (one.word in said and one.word not in asked)]
    assert not told, (ask, said[:2000])
    if any(one.word in asked for one in hidden) and ask.path.startswith("/v1"):
        assert answer.json()["items"] == [], ask


def _assert_like_nobody(client: TestClient, key: str, ask: Ask, hidden: set[str]) -> None:
    answer, other = (_asked(client, key, one) for one in (ask, ask.of_nobody(hidden)))
    assert answer.status_code == other.status_code, (ask, answer.status_code, other.status_code)
    assert answer.status_code in {403, 404}, ask
    forgotten = re.sub("|".join(map(re.escape, hidden)), NOBODY, answer.text)
    assert forgotten == other.text, ask


@pytest.mark.parametrize("secret", SECRETS, ids=lambda one: one.id)
def test_who_may_see_a_record_finds_it_by_every_way(
    client: TestClient, keys: dict[tuple[Role, str], str], secret: Secret
) -> None:
    """Otherwise the matrix above would pass on an empty world."""
    for (role, tenant), key in keys.items():
        shown = secret.seen_by(role, tenant)
        headers = {"X-API-Key": key}
        one = client.get(f"/v1/{secret.kind}/{secret.id}", headers=headers)
        listed = client.get("/v1/search", params={"q": secret.word}, headers=headers)
        assert (one.status_code == 200, secret.word in one.text) == (shown, shown), (role, tenant)
        assert (secret.id in listed.text) is shown, (role, tenant)
        if secret.kind == "needs":
            assert (client.get(f"/v1/needs/{secret.id}/matches", headers=headers).status_code == 200) is shown
            assert (secret.id in client.get("/v1/capabilities/cap-1/matches", headers=headers).text) is shown
        if secret.kind == "capabilities":
            assert (secret.id in client.get("/v1/needs/need-1/matches?limit=200", headers=headers).text) is shown


def test_the_news_have_secrets_of_every_kind_for_who_may_see_them(world: World, client: TestClient) -> None:
    """Otherwise the matrix above would pass on two releases that differ in nothing secret."""
    key = {"X-API-Key": world.key}
    found = client.get("/v1/changes?limit=200&min_ranks=1", headers=key).json()
    told = {(one["kind"], one["capability_id"]) for one in found["items"] if one["need_id"] == "need-1"}
    assert ("new", "hid-capabilities-broker_only") in told
    assert {kind for kind, name in told if name == "hid-capabilities-partners"} & {"up", "down"}
    assert {one["need_id"] for one in found["items"]} >= {"hid-needs-partners", "hid-needs-broker_only"}
    assert found["withheld"] > 0, "what was withdrawn is dropped from every list, and told to nobody"
    (subscription,) = client.get("/v1/subscriptions", headers=key).json()["items"]
    assert client.get(f"/v1/subscriptions/{subscription['id']}/digest", headers=key).json()["total"] > 0


_UNCOUNTED = {
    "withheld",
    "rank",
    "rank_before",
    "rank_after",
    "rank_by_score",
    "above_rank",
    "answers",
    "next",
    "version",
}
"""What states how much was withheld; places in a list from which it was; to whom a text was likened that night."""


def _counts(value: Any, at: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name not in _UNCOUNTED:
                yield from _counts(each, f"{at}.{name}")
    elif isinstance(value, list):
        yield f"{at}[]", len(value)
        for each in value:
            yield from _counts(each, f"{at}[]")
    elif isinstance(value, int) and not isinstance(value, bool):
        yield at, value


_BY_SCORE = {"/v1/changes", "/v1/needs/need-1/changes"}
"""What moved by its score may differ: scores of a night are computed with the whole catalogue in view (README). What
is new, dropped or no longer eligible may not, which is asked for with the greatest thresholds."""

_NIGHT_OVER_ALL = {"/v1/reports/allocation"}
"""Figures of a whole night, for those alone to whom nothing is confidential."""


@pytest.mark.parametrize(("role", "tenant", "told"), [(Role.BROKER, "default", True), (Role.BROKER, STRANGER, False)])
def test_figures_of_the_whole_night_are_told_to_who_may_see_all_of_it(
    world: World, client: TestClient, role: Role, tenant: str, told: bool
) -> None:
    key = {"X-API-Key": world.key_of(role, tenant)}
    found = client.get("/v1/reports/allocation", headers=key).json()
    assert (found["figures"] is not None, found["withheld"]) == (told, not told)
    assert ("Introductions proposed" in client.get("/portfolio", headers=key).text) is told


def test_counts_are_those_of_a_world_without_the_secrets(
    world: World, client: TestClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    twin = a_secret_world(tmp_path_factory.mktemp("twin"), secrets=False)
    key, twins = world.key_of(Role.BROKER, STRANGER), twin.key_of(Role.BROKER, STRANGER)
    with twin.client("", follow_redirects=False) as other:
        for method, path, wanted in _reads():
            if not path.startswith("/v1") or path in _NIGHT_OVER_ALL:
                continue
            for ask in asks_of(method, path, wanted, values_of(twin, path)):
                if any(name.startswith("hid-") for name in ask.names):
                    continue
                if ask.path in _BY_SCORE and "min_change" not in ask.query:
                    continue
                mine, theirs = _asked(client, key, ask), _asked(other, twins, ask)
                assert mine.status_code == theirs.status_code, ask
                if mine.headers["content-type"] != "application/json":
                    continue
                assert sorted(_counts(mine.json())) == sorted(_counts(theirs.json())), ask
    twin.store.close()


@pytest.mark.parametrize("tenant", [FRIEND, STRANGER])
def test_writing_over_a_secret_tells_nothing_and_changes_nothing(
    world: World, client: TestClient, keys: dict[tuple[Role, str], str], tenant: str
) -> None:
    with world.store.reading() as session:
        from service.store import digest

        before = digest(session)
    for role in Role:
        hidden = {secret.id for secret in SECRETS if not secret.seen_by(role, tenant)}
        for method, path, wanted in _writes():
            for ask in asks_of(method, path, wanted, values_of(world, path)):
                if hidden & set(ask.names):
                    answer = _asked(client, keys[role, tenant], ask)
                    assert answer.status_code in {403, 404}, (role, ask)
                    assert not [one.word for one in SECRETS if one.word in _said(answer)], ask
    with world.store.reading() as session:
        assert digest(session) == before
    assert OWNER not in {FRIEND, STRANGER}

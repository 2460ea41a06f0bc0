"""What administrators and reviewers decide from pages: the interface's own routes, with its permissions."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from service.accounts.roles import Role
from tests.builders import a_need, an_organisation
from tests.service.api.world import World


def _token(client: TestClient, key: str) -> str:
    client.headers.pop("X-API-Key", None)
    assert client.post("/sign-in", data={"key": key, "next": "/"}).status_code == 200
    found = re.search(r'name="csrf_token" value="(\w+)"', client.get("/needs/need-1").text)
    return found[1] if found else ""


def test_a_key_is_made_shown_once_works_and_is_revoked(world: World) -> None:
    with world.client("") as client:
        token = _token(client, world.key_of(Role.ADMIN))
        made = client.post("/administration/keys", data={"csrf_token": token, "name": "the desk", "role": "viewer"})
        key = re.search(r"<code>(pm_[\w-]+)</code>", made.text)
        assert key
        assert key[1] not in client.get("/administration").text
        prefix = key[1].split("_")[1]
        assert client.get("/v1/key", headers={"X-API-Key": key[1]}).json()["role"] == "viewer"
        text = client.post(f"/administration/keys/{prefix}/revoke", data={"csrf_token": token}).text
        assert "revoked" in text
        assert "key made" in text


def test_a_user_is_made_signs_in_and_is_ended(world: World) -> None:
    with world.client("") as client:
        token = _token(client, world.key_of(Role.ADMIN))
        form = {"csrf_token": token, "login": "desk@bank.example", "password": "a long enough one", "role": "broker"}
        assert "desk@bank.example" in client.post("/administration/users", data=form).text
        assert client.post("/administration/users", data={**form, "password": "short"}).status_code == 422
        with world.client("") as other:
            sent = {"login": "desk@bank.example", "password": "a long enough one", "next": "/pipeline"}
            assert other.post("/sign-in", data=sent).url.path == "/pipeline"
        text = client.post("/administration/users/desk%40bank.example/disable", data={"csrf_token": token}).text
        assert re.search(r"desk@bank\.example.*?ended", text, re.DOTALL)


def test_each_user_and_key_has_a_state_in_words(world: World) -> None:
    with world.client("") as client:
        form = {"csrf_token": _token(client, world.key_of(Role.ADMIN)), "role": "broker", "password": "a long one, yes"}
        for login in ("one@bank.example", "two@bank.example"):
            text = client.post("/administration/users", data={**form, "login": login}).text
        assert _states(text, "Users") == ["active", "active"]
        text = client.post("/administration/users/two%40bank.example/disable", data=form).text
        assert sorted(_states(text, "Users")) == ["active", "ended"]
        assert set(_states(text, "Keys")) == {"active"}


def _states(text: str, table: str) -> list[str]:
    """Return what stands first in each row's cell of the state: words, not what can be done."""
    rows = text.partition(f'<caption class="unseen">{table}</caption>')[2].partition("</table>")[0]
    return re.findall(r'data-label="State"><span[^>]*>(\w+)</span>', rows)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.BROKER, Role.ANALYST])
def test_who_may_not_administer_sees_neither_page_nor_link(world: World, role: Role) -> None:
    with world.client(world.key_of(role)) as client:
        assert client.get("/administration").status_code == 403
        assert client.post("/administration/keys", data={"name": "x", "role": "admin"}).status_code == 403
        assert client.post("/administration/users", data={"login": "x@y.example", "role": "admin"}).status_code == 403
        assert 'href="/administration"' not in client.get("/").text


def test_a_rule_that_repeated_reasons_proposed_is_confirmed_and_lifted(world: World) -> None:
    with world.client("") as client:
        token = _token(client, world.key)
        for need in ("need-1", "need-hostile", "need%2F2:odd%20%252F%20id"):
            form = {"csrf_token": token, "stage": "declined", "reason_codes": "political"}
            client.post(f"/needs/{need}/with/cap-1/outcome", data=form)
        rules = client.get("/v1/rules").json()["items"]
        text = client.get("/rules").text
        assert len(rules) == text.count('<th scope="row">')
        number = rules[0]["number"]
        text = client.post(f"/rules/{number}", data={"csrf_token": token, "state": "confirmed"}).text
        assert "confirmed" in text
        assert client.post(f"/rules/{number}", data={"csrf_token": token, "state": "magic"}).status_code == 422
        client.post(f"/rules/{number}", data={"csrf_token": token, "state": "rejected"})
        assert client.get("/v1/rules").json()["items"][0]["state"] == "rejected"


def test_two_organisations_are_said_to_be_one_and_taken_apart_again(world: World) -> None:
    facts = {"country": "IND", "website": "https://example.org/"}
    world.upsert("organisations", an_organisation("org-twin", name="Organisation org-1", **facts))
    with world.client("") as client:
        token = _token(client, world.key)
        text = client.get("/organisations/org-twin/duplicates").text
        assert "Organisation org-1" in text
        form = {"csrf_token": token, "into": "org-1"}
        text = client.post("/organisations/org-twin/merge", data=form).text
        assert "It goes by Organisation org-1 from the next night on" in text
        text = client.post("/organisations/org-twin/unmerge", data={"csrf_token": token}).text
        assert "taken back" in html.unescape(text)
        assert client.post("/organisations/org-twin/merge", data={**form, "into": "nobody"}).status_code in {
            404,
            409,
            422,
        }


def test_two_organisations_are_told_apart_from_a_list_of_all_and_that_is_taken_back(world: World) -> None:
    facts = {"country": "IND", "website": "https://example.org/"}
    world.upsert("organisations", an_organisation("org-twin", name="Organisation org-1", **facts))
    with world.client("") as client:
        token = _token(client, world.key)
        pair = ("/organisations/org-1", "/organisations/org-twin")
        assert all(f'href="{href}"' in client.get("/duplicates").text for href in pair)
        form = {"csrf_token": token, "other": "org-twin", "back": "/duplicates"}
        assert client.post("/organisations/org-1/distinguish", data=form).status_code == 422  # says no reason
        said = client.post("/organisations/org-1/distinguish", data={**form, "reason": "Two <towns>"})
        assert not any(f'href="{href}"' in said.text for href in pair)
        apart = client.get("/duplicates?state=distinct").text
        assert "Two &lt;towns&gt;" in apart
        assert "Nobody is like it" in client.get("/organisations/org-1/duplicates").text
        client.post("/organisations/org-1/undistinguish", data=form)
        assert all(f'href="{href}"' in client.get("/duplicates").text for href in pair)
    with world.client(world.key_of(Role.VIEWER)) as viewer:
        assert "They are two" not in viewer.get("/duplicates").text
        assert (
            viewer.post("/organisations/org-1/distinguish", data={"other": "org-twin", "reason": "x"}).status_code
            == 403
        )


def test_changes_since_the_last_visit_are_those_since_the_release_that_was_seen(world: World) -> None:
    with world.client() as client:
        assert "no earlier release" in client.get("/changes").text
    first = world.night()
    with world.client() as client:
        client.get("/changes")
        world.upsert("organisations", an_organisation("org-1", country="NPL", website="https://example.org/"))
        world.night()
        found = client.get("/v1/changes", params={"since": first, "limit": 100}).json()
    with world.client(cookies={"matcher_seen": first}) as client:
        text = client.get("/changes").text
        assert "since you looked last" in text
        assert f'<option value="{first}" selected>' in text
        assert text.count('<th scope="row"><a href="/') == len(found["items"])
        assert client.get("/changes?since=nothing").status_code == 422
        assert client.get(f"/changes?since={first}&kind=magic").status_code == 422


def test_what_was_inferred_is_confirmed_or_rejected_field_by_field(world: World) -> None:
    world.upsert(
        "needs",
        a_need(
            "need-guessed",
            beneficiary_places=["NPL"],
            sectors=["water"],
            sdg_goals=[6],
            provenance={"sectors": "inferred", "sdg_goals": "inferred"},
        ),
    )
    with world.client("") as client:
        token = _token(client, world.key)
        text = client.get("/reviews").text
        etags = re.findall(r'name="etag" value="([^"]+)"', text)
        assert len(set(etags)) == 1
        form = {"csrf_token": token, "etag": html.unescape(etags[0]), "field": "sectors", "verdict": "confirm"}
        assert client.post("/reviews/needs/need-guessed", data=form).url.path == "/reviews"
        stale = {**form, "field": "sdg_goals", "verdict": "reject"}
        assert client.post("/reviews/needs/need-guessed", data=stale).status_code == 412, "it was changed meanwhile"
        etag = re.findall(r'name="etag" value="([^"]+)"', client.get("/reviews").text)[0]
        client.post("/reviews/needs/need-guessed", data={**stale, "etag": html.unescape(etag)})
        record = client.get("/v1/needs/need-guessed").json()["record"]
        assert record["sectors"] == ["water"]
        assert record["provenance"]["sectors"] == "reviewed"
        assert "sdg_goals" not in record
        assert "Nothing waits" in client.get("/reviews").text
        assert client.post("/reviews/magic/need-1", data=form).status_code == 404
    with world.client(world.key_of(Role.VIEWER)) as client:
        assert client.get("/reviews").status_code == 403

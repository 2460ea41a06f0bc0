"""Subscriptions over HTTP, their digests, and the files that matcher digest writes of them."""

from __future__ import annotations

import email
import json
from datetime import UTC, date, datetime
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.accounts.roles import Role
from service.cli import main
from service.store import revoke_key
from tests.builders import a_capability, a_need
from tests.service.api.world import World

SUBS = "/v1/subscriptions"


def subscribe(client: TestClient, **sent: Any) -> dict[str, Any]:
    answer = client.post(SUBS, json=sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def another_night(world: World, day: int = 23) -> str:
    world.upsert("capabilities", a_capability(f"cap-0-new-{day}", places_offered=["World"], title="Kit <b>new</b>"))
    return world.night(date(2026, 11, day))


def posted(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> dict[str, dict[str, Any]]:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(world.settings.data_dir))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main(["digest", "--json", *options])
    assert not left.value.code
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return {one["subscription_id"]: one for one in lines}


def test_a_subscription_is_made_read_changed_and_removed(world: World) -> None:
    with world.client() as client:
        made = subscribe(client, need_id="need-1", channel="email", min_score=0.3)
        one = f"{SUBS}/{made['id']}"
        read = client.get(one)
        assert read.json() == made
        assert made["last_release"] == client.get("/v1/releases/current").json()["release_id"]
        tag = {"If-Match": read.headers["ETag"]}
        changed = client.put(one, json={"needs": {"sector": "energy"}}, headers=tag)
        assert (changed.json()["version"], changed.json()["need_id"]) == (2, None)
        assert changed.json()["needs"]["sector"] == "energy"
        assert client.put(one, json={}, headers=tag).status_code == 412
        assert [each["id"] for each in client.get(SUBS).json()["items"]] == [made["id"]]
        assert client.delete(one).status_code == 204
        assert client.get(one).status_code == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"need_id": "nobody"}, 404),
        ({"need_id": "need-1", "needs": {"sdg": 7}}, 422),
        ({"needs": {"sector": "witchcraft"}}, 422),
        ({"needs": {"country": "Atlantis"}}, 422),
        ({"min_change": 0}, 422),
        ({"channel": "pigeon"}, 422),
        ({"need": "need-1"}, 422),
    ],
)
def test_what_cannot_be_followed_is_refused(client: TestClient, sent: dict[str, Any], status: int) -> None:
    assert client.post(SUBS, json=sent).status_code == status


def test_a_subscription_is_its_owners(world: World) -> None:
    viewer, admin = world.key_of(Role.VIEWER), world.key_of(Role.ADMIN)
    other = world.key_of(Role.BROKER)
    with world.client() as client:
        made = subscribe(client)
        assert client.post(SUBS, json={}, headers={"X-API-Key": viewer}).status_code == 403
        assert client.get(f"{SUBS}/{made['id']}", headers={"X-API-Key": other}).status_code == 404
        assert client.get(SUBS, headers={"X-API-Key": other}).json()["items"] == []
        assert len(client.get(SUBS, headers={"X-API-Key": admin}).json()["items"]) == 1


def test_a_digest_tells_what_changed_since_the_subscription_was_told_and_has_a_page(world: World) -> None:
    with world.client() as client:
        made = subscribe(client, needs={"country": "Nepal"}, min_ranks=1)
        since = made["last_release"]
    release_id = another_night(world)
    with world.client() as client:
        found = client.get(f"{SUBS}/{made['id']}/digest").json()
        page = client.get(f"/subscriptions/{made['id']}/digest", headers={"Accept": "text/html"})
    assert (found["since"], found["release_id"]) == (since, release_id)
    assert {line["need_id"] for line in found["lines"]} == {"need-1"}
    new = next(line for line in found["lines"] if line["kind"] == "new")
    assert (new["capability_title"], new["cause"]) == ("Kit <b>new</b>", "data")
    assert found["total"] == len(found["lines"]) == sum(sum(of.values()) for of in found["counts"].values())
    assert page.status_code == 200
    assert "Kit &lt;b&gt;new&lt;/b&gt;" in page.text
    assert "the capability is new" in page.text


def test_digests_are_files_of_each_channel_written_once(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with world.client() as client:
        channels = ("feed", "webhook", "email")
        made = {channel: subscribe(client, need_id="need-1", channel=channel) for channel in channels}
        deaf = subscribe(client, min_score=1.0)
    release_id = another_night(world)
    out = tmp_path / "out"
    dry = posted(world, monkeypatch, capsys, "--out", str(out), "--dry-run")
    assert dry[made["feed"]["id"]]["outcome"] == "written"
    assert not out.exists()
    first = posted(world, monkeypatch, capsys, "--out", str(out))
    assert first[deaf["id"]]["outcome"] == "nothing_new"
    paths = {channel: out / first[one["id"]]["path"] for channel, one in made.items()}
    assert sorted(out.rglob("*.*")) == sorted(paths.values())
    feed = json.loads(paths["feed"].read_bytes())
    assert (feed["release_id"], feed["lines"][0]["need_id"]) == (release_id, "need-1")
    hook = json.loads(paths["webhook"].read_bytes())
    assert hook["type"] == "changes.digest"
    assert hook["data"]["lines"] == feed["lines"]
    letter: Any = email.message_from_bytes(paths["email"].read_bytes(), policy=default)
    parts = {part.get_content_type(): str(part.get_content()) for part in letter.walk() if not part.is_multipart()}
    assert "new: Kit <b>new</b>" in parts["text/plain"]
    assert "Kit &lt;b&gt;new&lt;/b&gt;" in parts["text/html"]
    again = posted(world, monkeypatch, capsys, "--out", str(out))
    assert {one["outcome"] for one in again.values()} == {"up_to_date"}


def test_who_is_gone_is_told_nothing_and_each_is_told_what_they_may_see(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broker = world.key_of(Role.BROKER, "bank-b")
    with world.client() as client:
        mine = subscribe(client, min_ranks=1)
        theirs = client.post(SUBS, json={"min_ranks": 1}, headers={"X-API-Key": broker}).json()
        gone = client.post(SUBS, json={}, headers={"X-API-Key": world.key_of(Role.BROKER)}).json()
    with world.store.writing() as session:
        assert revoke_key(session, gone["owner"].removeprefix("key:"), at=datetime.now(UTC))
    world.upsert("needs", a_need("need-secret", confidentiality="partners", beneficiary_places=["NPL"]))
    another_night(world)
    found = posted(world, monkeypatch, capsys, "--out", str(tmp_path))
    assert found[gone["id"]]["outcome"] == "owner_gone"
    assert "need-secret" in (tmp_path / found[mine["id"]]["path"]).read_text()
    assert "need-secret" not in (tmp_path / found[theirs["id"]]["path"]).read_text()


def test_a_second_release_is_told_from_where_the_first_was_told(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with world.client() as client:
        made = subscribe(client, need_id="need-1")
    second = another_night(world, 23)
    posted(world, monkeypatch, capsys, "--out", str(tmp_path))
    another_night(world, 24)
    found = posted(world, monkeypatch, capsys, "--out", str(tmp_path))
    told = json.loads((tmp_path / found[made["id"]]["path"]).read_bytes())
    assert told["since"] == second
    assert "cap-0-new-23" not in {line["capability_id"] for line in told["lines"] if line["kind"] == "new"}

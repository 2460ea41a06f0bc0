"""Needs matched now: not saved, or saved since the night."""

from datetime import date
from typing import Any

from fastapi.testclient import TestClient

from service.accounts.roles import Permission, Role
from service.api.schemas import SavedOut, ShortlistOut
from tests.service.api.world import World

VILLAGE = {"title": "Electricity for a hill village", "text": "Low-head turbines for a village", "places": ["Nepal"]}


def test_a_new_need_is_matched_unallocated_and_names_its_release(client: TestClient) -> None:
    answer = client.post("/v1/match", json=VILLAGE, params={"limit": 2})
    found = ShortlistOut.model_validate_json(answer.content)
    assert answer.headers["Matcher-Release"] == found.release_id
    assert (found.allocated, found.provisional) == (False, True)
    assert sum(not match.near_miss for match in found.matches) == 2
    assert found.matches[0].capability_id in {"cap-1", "cap-hostile", "cap-exclusive"}


def test_a_need_matched_now_equals_the_same_need_matched_by_the_night(client: TestClient) -> None:
    need = client.get("/v1/needs/need-1").json()["record"]
    now = client.post("/v1/match", json=need, params={"limit": 20}).json()
    then = client.get("/v1/needs/need-1/matches", params={"limit": 200}).json()
    assert _bare(now) == _bare(then)


def _bare(listed: dict[str, Any]) -> list[dict[str, Any]]:
    """The matches without what allocation made of them, which looks at a whole night, and without news."""
    ours = {"allocated", "placing", "allocation", "delta"}
    return [{name: value for name, value in match.items() if name not in ours} for match in listed["matches"]]


def test_an_unsaved_need_leaves_nothing_behind(client: TestClient) -> None:
    before = client.get("/v1/needs", params={"limit": 200}).json()
    client.post("/v1/match", json={"id": "need-x", **VILLAGE})
    assert client.get("/v1/needs", params={"limit": 200}).json() == before


def test_every_bad_value_of_a_need_is_named_at_once(client: TestClient) -> None:
    answer = client.post("/v1/match", json={**VILLAGE, "trl_min": 12, "sdg_goals": [99], "colour": "red"})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} >= {"trl_min", "sdg_goals", "colour"}


def test_a_misspelt_place_is_refused_with_a_suggestion(client: TestClient) -> None:
    answer = client.post("/v1/match", json={**VILLAGE, "places": ["Nepall"]})
    assert answer.status_code == 422
    assert "Nepal" in answer.json()["errors"][0]["fix"]


def _put(client: TestClient, need_id: str, **facts: Any) -> SavedOut:
    answer = client.put(f"/v1/needs/{need_id}", json={**VILLAGE, **facts})
    assert answer.status_code in {200, 201}, answer.text
    return SavedOut.model_validate_json(answer.content)


def test_a_saved_need_has_a_provisional_list_until_a_release_holds_it_as_it_is(world: World) -> None:
    with world.client() as client:
        saved = _put(client, "need-noon")
        assert (saved.outcome, saved.version, saved.shortlist) == ("created", 1, "provisional")
        at_noon = client.get("/v1/needs/need-noon/matches", params={"limit": 200}).json()
        assert (at_noon["provisional"], at_noon["allocated"]) == (True, False)
        assert at_noon["matches"]
    world.night(date(2026, 11, 22))
    with world.client() as client:
        at_night = client.get("/v1/needs/need-noon/matches", params={"limit": 200}).json()
        assert at_night["provisional"] is False
        assert _bare(at_night) == _bare(at_noon), "noon and night answer alike, allocation and news apart"
        assert {match["allocation"] for match in at_noon["matches"]} == {"unallocated"}
        assert None not in {match["allocated"] for match in at_night["matches"]}
        changed = _put(client, "need-noon", summary="Something else: arsenic in wells")
        assert (changed.outcome, changed.version, changed.shortlist) == ("updated", 2, "provisional")
        assert client.get("/v1/needs/need-noon/matches").json()["provisional"] is True
        _put(client, "need-noon")
        assert client.get("/v1/needs/need-noon/matches").json()["provisional"] is False, "as the release has it again"


def test_a_provisional_list_is_kept_for_other_workers(world: World) -> None:
    with world.client() as client:
        _put(client, "need-noon")
        expected = client.get("/v1/needs/need-noon/matches").json()
    settings = world.settings.model_copy(update={"model": "another-model-that-is-not-there"})
    with World(settings, world.store, world.key).client() as other:
        assert other.get("/v1/needs/need-noon/matches").json() == expected


def test_saving_tells_created_from_replaced_and_from_nothing_new(world: World) -> None:
    with world.client() as client:
        created = client.put("/v1/needs/a%2Fb", json=VILLAGE)
        assert (created.status_code, created.headers["Location"]) == (201, "/v1/needs/a%2Fb")
        again = client.put("/v1/needs/a%2Fb", json=VILLAGE)
        assert (again.status_code, again.json()["outcome"]) == (200, "unchanged")
        record = client.get("/v1/needs/a%2Fb").json()["record"]
        assert (record["id"], record["beneficiary_places"]) == ("a/b", ["Nepal"])


def test_a_save_that_names_what_it_read_never_overwrites_what_somebody_else_saved(world: World) -> None:
    with world.client() as client:
        read = client.put("/v1/needs/need-noon", json=VILLAGE).headers["ETag"]
        assert client.get("/v1/needs/need-noon").headers["ETag"] == read
        first = client.put("/v1/needs/need-noon", json={**VILLAGE, "trl_min": 5}, headers={"If-Match": read})
        assert first.status_code == 200
        second = client.put("/v1/needs/need-noon", json={**VILLAGE, "trl_min": 9}, headers={"If-Match": read})
        assert (second.status_code, second.json()["type"].rpartition(":")[2]) == (412, "changed")
        assert client.get("/v1/needs/need-noon").json()["record"]["trl_min"] == 5
        either = f'W/"x", {first.headers["ETag"]}'
        assert client.put("/v1/needs/need-noon", json=VILLAGE, headers={"If-Match": either}).status_code == 200


def test_a_save_may_ask_that_the_need_is_there(world: World) -> None:
    with world.client() as client:
        absent = client.put("/v1/needs/need-new", json=VILLAGE, headers={"If-Match": "*"})
        assert (absent.status_code, client.get("/v1/needs/need-new").status_code) == (412, 404)
        assert client.put("/v1/needs/need-1", json=VILLAGE, headers={"If-Match": "*"}).status_code == 200
        assert client.put("/v1/needs/need-1", json=VILLAGE, headers={"If-Match": 'W/"x"'}).status_code == 412


def test_an_owner_described_inline_is_kept_but_never_changes_one_that_is_known(world: World) -> None:
    with world.client() as client:
        _put(client, "need-noon", organisation={"name": "Hill council", "country": "NPL"})
        record = client.get("/v1/needs/need-noon").json()["record"]
        owner = client.get(f"/v1/organisations/{record['owner_organisation_id'].replace(':', '%3A')}").json()["record"]
        assert (owner["name"], owner["country"]) == ("Hill council", "NPL")
        _put(client, "need-noon", organisation={"id": "org-1", "name": "Taken over"})
        assert client.get("/v1/organisations/org-1").json()["record"]["name"] == "Organisation org-1"


def test_an_id_in_the_body_must_be_that_of_the_address(world: World) -> None:
    with world.client() as client:
        answer = client.put("/v1/needs/need-noon", json={**VILLAGE, "id": "other"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "other_id")


def test_a_source_that_belongs_to_another_need_is_a_conflict_and_changes_nothing(world: World) -> None:
    source = {"system": "s", "source_id": "1"}
    with world.client() as client:
        _put(client, "first", source=source)
        before = client.get("/v1/needs/first").json()
        answer = client.put("/v1/needs/second", json={**VILLAGE, "title": "Changed", "source": source})
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (409, "source-taken")
        assert client.get("/v1/needs/first").json() == before


def test_confidential_needs_are_neither_taken_nor_overwritten_nor_shown(world: World) -> None:
    from tests.builders import a_need

    world.upsert("needs", a_need("need-secret", confidentiality="broker_only"))
    public_only = world.key_of(Role.BROKER, scopes=[Permission.SAVE_RECORDS])
    with world.client(public_only) as client:
        for need_id, facts in (("need-noon", {"confidentiality": "partners"}), ("need-secret", {})):
            assert client.put(f"/v1/needs/{need_id}", json={**VILLAGE, **facts}).status_code == 403
        assert client.get("/v1/needs/need-secret").status_code == 404
        assert client.get("/v1/needs/need-secret/matches").status_code == 404
        listed = client.get("/v1/search", params={"q": "village", "limit": 200}).json()["items"]
    assert "need-secret" not in {item["id"] for item in listed}


def test_without_a_release_a_need_is_saved_and_its_list_comes_later(tmp_path: Any) -> None:
    from tests.service.api.world import a_world

    world = a_world(tmp_path, published=False)
    with world.client() as client:
        assert _put(client, "need-noon").shortlist == "later"
        assert client.get("/v1/needs/need-noon/matches").status_code == 503
        assert client.get("/v1/ready").status_code == 503
        assert client.get("/v1/health").status_code == 200
    world.store.close()


OWNER = {"id": "org-terai", "name": "Terai Power Users", "country": "NPL", "roles": ["need_owner"]}


def test_a_need_saved_at_noon_calls_its_new_owner_by_name_as_the_night_will(world: World) -> None:
    with world.client() as client:
        _put(client, "need-noon", owner_organisation_id="org-terai")
        unnamed = client.get("/v1/needs/need-noon/matches", params={"limit": 200})
        assert "Terai Power Users" not in unnamed.text, "nobody has said what it is called"
        assert client.put("/v1/organisations/org-terai", json=OWNER).status_code == 201
        at_noon = client.get("/v1/needs/need-noon/matches", params={"limit": 200})
        assert "no mailbox of Terai Power Users is known" in at_noon.text
        assert "no mailbox of org-terai" not in at_noon.text
        assert _bare(client.post("/v1/match", params={"limit": 100}, json=_record(client)).json()) == _bare(
            at_noon.json()
        )
    world.night(date(2026, 11, 22))
    with world.client() as client:
        at_night = client.get("/v1/needs/need-noon/matches", params={"limit": 200})
        assert _bare(at_night.json()) == _bare(at_noon.json())


def _record(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/needs/need-noon").json()["record"]
    return found

"""A no with a reason sticks; a reason that repeats proposes a rule; a confirmed rule acts, and says so."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.accounts.roles import Role
from service.cli import main
from service.store import merge
from tests.builders import a_capability, a_need, an_organisation
from tests.service.api.test_outcomes import post
from tests.service.api.world import NOW, World

LIST = "/v1/needs/need-1/matches"


def ids(answer: Any) -> list[str]:
    return [match["capability_id"] for match in answer.json()["matches"]]


def dismiss(client: TestClient, need: str, capability: str, reason: str = "price", **facts: Any) -> dict[str, Any]:
    answer = post(client, "declined", f"/v1/matches/{need}/{capability}/events", reason_codes=[reason], **facts)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_dismissed_pair_is_off_the_list_in_this_release_and_the_next(world: World) -> None:
    other = world.key_of(Role.BROKER, "bank-b")
    with world.client() as client:
        before = client.get(LIST).json()
        assert (before["dismissed"], "cap-1" in ids(client.get(LIST))) == (0, True)
        dismiss(client, "need-1", "cap-1")
        after = client.get(LIST)
        assert "cap-1" not in ids(after)
        assert (after.json()["dismissed"], after.json()["ruled_out"], after.json()["withheld"]) == (1, 0, 0)
        assert "1 of the matches are left out" in after.json()["notes"][-1]
        assert "need-1" not in [one["need_id"] for one in client.get("/v1/capabilities/cap-1/matches").json()["needs"]]
        assert "cap-1" in ids(client.get(LIST, headers={"X-API-Key": other})), "each tenant decides for itself"
        world.upsert("needs", a_need("need-9", title="Another need", summary="It makes another release."))
        assert world.night() != after.json()["release_id"]
    with world.client() as client:
        assert "cap-1" not in ids(client.get(LIST))


def test_asked_for_a_dismissed_pair_is_shown_with_its_reason(world: World) -> None:
    with world.client() as client:
        dismiss(client, "need-1", "cap-1", note="Twice the budget.")
        (found,) = client.get("/v1/needs/need-1/dismissed").json()["items"]
        assert (found["why"], found["note"], found["rank"]) == ("dismissed: price", "Twice the budget.", 1)
        assert client.get("/v1/matches/need-1/cap-1").json()["kept_off"] == "dismissed: price"
        assert client.get("/v1/matches/need-1/cap-hostile").json()["kept_off"] is None
        assert client.get("/needs/need-1/with/cap-1").status_code == 200
        brief = client.get("/v1/matches/need-1/cap-1/brief")
        assert (brief.status_code, "dismissed: price" in brief.json()["detail"]) == (404, True)


def test_a_reason_that_may_not_be_told_is_not_told_though_the_pair_stays_off(world: World) -> None:
    viewer = {"X-API-Key": world.key_of(Role.VIEWER)}
    with world.client() as client:
        dismiss(client, "need-1", "cap-1", "political", confidentiality="broker_only", note="Hush.")
        assert "cap-1" not in ids(client.get(LIST, headers=viewer))
        told = client.get("/v1/needs/need-1/dismissed", headers=viewer)
        assert told.json()["items"][0]["why"] == "dismissed"
        assert "political" not in told.text
        assert "Hush" not in told.text
        assert "political" not in client.get("/v1/matches/need-1/cap-1", headers=viewer).text


def test_a_corrected_dismissal_puts_the_pair_back(world: World) -> None:
    with world.client() as client:
        number = dismiss(client, "need-1", "cap-1")["event"]["number"]
        post(client, "shortlisted", corrects=number)
        assert "cap-1" in ids(client.get(LIST))


def test_searching_and_what_if_leave_dismissed_pairs_out_too(world: World) -> None:
    with world.client() as client:
        dismiss(client, "need-1", "cap-1")
        found = client.post("/v1/matches:search", json={"need_id": "need-1"})
        assert "cap-1" not in ids(found)
        assert "cap-1" not in [one["capability_id"] for one in found.json()["placings"]]
        asked = client.post("/v1/needs/need-1/what-if", json={"gates": {"budget": "soft"}}).json()
        assert "cap-1" not in [one["match"]["capability_id"] for one in asked["matches"]]


def a_provider_that_is_declined_three_times(world: World, client: TestClient) -> dict[str, Any]:
    """Three needs dismiss the same provider for one reason."""
    for number in range(3):
        world.upsert("needs", a_need(f"need-p{number}", beneficiary_places=["NPL"], sectors=["energy.hydropower"]))
    dismiss(client, "need-p0", "cap-1", "political")
    assert dismiss(client, "need-p1", "cap-1", "political")["proposed_rules"] == []
    last = dismiss(client, "need-p2", "cap-1", "political")
    proposed = client.get("/v1/rules?state=proposed").json()["items"]
    assert [rule["number"] for rule in proposed] == last["proposed_rules"]
    by_scope = {rule["scope"]: rule for rule in proposed}
    assert (by_scope["provider"]["value"], by_scope["provider"]["dismissals"]) == ("org-1", 3)
    assert by_scope["sector"]["value"] == "energy.hydropower", "the child says what its parent would"
    assert set(by_scope) == {"provider", "sector"}
    found: dict[str, Any] = by_scope["provider"]
    return found


def test_a_reason_that_repeats_proposes_a_rule_that_acts_only_once_a_person_confirms_it(world: World) -> None:
    with world.client() as client:
        rule = a_provider_that_is_declined_three_times(world, client)
        assert "cap-1" in ids(client.get(LIST)), "a proposal does nothing"
        decided = client.post(f"/v1/rules/{rule['number']}/decision", json={"state": "confirmed"})
        assert (decided.status_code, decided.json()["state"]) == (200, "confirmed")
        listed = client.get(LIST)
        assert "cap-1" not in ids(listed)
        assert (listed.json()["dismissed"], listed.json()["ruled_out"]) == (0, 1)
        (found,) = client.get("/v1/needs/need-1/dismissed").json()["items"]
        assert found["why"] == f"rule {rule['number']} (provider org-1): political"
        assert "cap-1" not in ids(client.post("/v1/matches:search", json={"need_id": "need-1"}))
        again = client.post(f"/v1/rules/{rule['number']}/decision", json={"state": "confirmed"})
        assert again.status_code == 409
        client.post(f"/v1/rules/{rule['number']}/decision", json={"state": "rejected"})
        assert "cap-1" in ids(client.get(LIST)), "lifted"


def test_a_rejected_rule_is_not_proposed_again(world: World) -> None:
    with world.client() as client:
        rule = a_provider_that_is_declined_three_times(world, client)
        client.post(f"/v1/rules/{rule['number']}/decision", json={"state": "rejected", "note": "Each by itself."})
        assert rule["number"] not in dismiss(client, "need-1", "cap-1", "political")["proposed_rules"]
        rules = client.get("/v1/rules").json()["items"]
        assert [one["state"] for one in rules if one["scope"] == "provider"] == ["rejected"]


def test_rules_are_decided_by_who_may_and_only_in_their_tenant(world: World) -> None:
    viewer, other = world.key_of(Role.VIEWER), world.key_of(Role.BROKER, "bank-b")
    with world.client() as client:
        rule = a_provider_that_is_declined_three_times(world, client)
        path = f"/v1/rules/{rule['number']}/decision"
        for key, status in ((viewer, 403), (other, 404)):
            answer = client.post(path, json={"state": "confirmed"}, headers={"X-API-Key": key})
            assert answer.status_code == status
        assert client.get("/v1/rules", headers={"X-API-Key": viewer}).status_code == 403
        assert client.get("/v1/rules", headers={"X-API-Key": other}).json()["items"] == []
        assert client.post(path, json={"state": "proposed"}).status_code == 422


def test_dismissals_hold_in_the_tenants_exports(world: World, tmp_path: Path, monkeypatch: Any) -> None:
    with world.client() as client:
        dismiss(client, "need-1", "cap-1")
    monkeypatch.setenv("MATCHER_DATA_DIR", str(world.settings.data_dir))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")

    def exported(*options: str) -> set[str]:
        out = tmp_path / "out.csv"
        with pytest.raises(SystemExit) as left:
            main(["export", "--format", "csv", "--need", "need-1", "--out", str(out), *options])
        assert not left.value.code
        return {row["capability_id"] for row in csv.DictReader(out.read_text("utf-8-sig").splitlines())}

    assert exported() - exported("--tenant", "default") == {"cap-1"}
    assert exported("--tenant", "bank-b") == exported()


def test_a_tenant_without_dismissals_reads_no_capability_for_its_lists() -> None:
    """Only a rule about a provider or a sector needs the record behind a line."""
    from service.outcomes.dismissing import Off

    def never(_: str) -> None:
        raise AssertionError("not asked for")

    assert Off().why("n", "c", never) is None


def test_a_rule_about_an_organisation_is_about_every_id_it_is_known_under(world: World) -> None:
    """Merged into another, its offers stand under that one's id from the next night on, and stay off."""
    with world.client() as client:
        rule = a_provider_that_is_declined_three_times(world, client)
        client.post(f"/v1/rules/{rule['number']}/decision", json={"state": "confirmed"})
        world.upsert("organisations", an_organisation("org-kept"))
        with world.store.writing() as session:
            merge(session, "org-1", "org-kept", actor="test", at=NOW)
    world.night()
    with world.client() as client:
        listed = client.get(LIST)
        assert "cap-1" not in ids(listed)
        assert listed.json()["ruled_out"] == 1
        assert "cap-1" not in ids(client.post("/v1/matches:search", json={"need_id": "need-1"}))


def test_a_new_capability_of_a_ruled_out_provider_is_off_too(world: World) -> None:
    with world.client() as client:
        rule = a_provider_that_is_declined_three_times(world, client)
        client.post(f"/v1/rules/{rule['number']}/decision", json={"state": "confirmed"})
    world.upsert("capabilities", a_capability("cap-new", organisation_id="org-1", places_offered=["World"]))
    world.night()
    with world.client() as client:
        assert not {"cap-1", "cap-new"} & set(ids(client.get(LIST)))

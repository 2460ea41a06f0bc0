"""After a merge two ids are one organisation in everything a night makes, and the profiles are as they were."""

from pathlib import Path
from typing import Any

import pytest

from service.releases import Release, current_release
from service.reports.exposure import ExposureReport
from service.reports.making import make
from service.reports.names import ReportName
from service.store import get_record, merge, unmerge
from service.visibility import Visibility
from tests.builders import a_capability, a_case, a_need, an_organisation
from tests.service.api.world import NOW, World, a_world


@pytest.fixture
def world(tmp_path: Path) -> Any:
    """Two ids of one organisation: org-1 offers cap-1, org-b offers cap-b and has a need of its own."""
    made = a_world(tmp_path, published=False)
    made.upsert("organisations", an_organisation("org-b", name="Turbine Works B", slots_total=1, country="IND"))
    made.upsert("capabilities", a_capability("cap-b", organisation_id="org-b", places_offered=["World"]))
    made.upsert("needs", a_need("need-b", owner_organisation_id="org-b", beneficiary_places=["NPL"]))
    made.upsert("cases", a_case("case-b", provider_id="org-b"))
    yield made
    made.store.close()


def merged(world: World, absorbed: str = "org-b", kept: str = "org-1") -> Release:
    with world.store.writing() as session:
        merge(session, absorbed, kept, actor="test", at=NOW)
    world.night()
    return current_release(world.settings.releases_dir)


def providers(release: Release, need_id: str) -> list[str]:
    return list(release.columns(need_id, ("organisation_id",))["organisation_id"])


def test_lists_name_the_kept_organisation_and_the_absorbed_one_is_gone(world: World) -> None:
    world.night()
    before = current_release(world.settings.releases_dir)
    assert "org-b" in providers(before, "need-1")
    after = merged(world)
    assert set(providers(after, "need-1")) == {
        name if name != "org-b" else "org-1" for name in providers(before, "need-1")
    }
    assert after.records("organisations").get("org-b") is None
    assert [case.provider_id for case in after.records("cases") if case.id == "case-b"] == ["org-1"]
    assert after.merges == {"org-b": "org-1"}
    after.verify()


def test_the_same_organisation_is_not_paired_with_itself_under_another_id(world: World) -> None:
    world.night()
    before = current_release(world.settings.releases_dir)
    assert "cap-1" in before.columns("need-b", ("capability_id",))["capability_id"]
    eligible = before.columns("need-b", ("capability_id", "near_miss"))
    assert dict(zip(eligible["capability_id"], eligible["near_miss"], strict=True))["cap-1"] is False
    after = merged(world)
    found = after.columns("need-b", ("capability_id", "near_miss"))
    assert dict(zip(found["capability_id"], found["near_miss"], strict=True)).get("cap-1", True) is True


def test_slots_and_exposure_are_those_of_one(world: World) -> None:
    after = merged(world)
    kept = after.organisations["org-1"]
    assert kept.slots_total == 1, "org-1 stated none; org-b did"
    assert "Turbine Works B" in (kept.aliases or ())
    report = make(ReportName.EXPOSURE, after, Visibility())
    assert isinstance(report, ExposureReport)
    assert "org-b" not in {row.organisation_id for row in report.organisations}
    allocated = [
        match
        for need in after.needs.ids()
        for match in (after.shortlist(need) or pytest.fail(need)).matches
        if match.organisation_id == "org-1" and match.allocated
    ]
    assert len(allocated) <= 1, "one slot for both ids together"


def test_profiles_stay_as_they_were_and_published_lists_stay_published(world: World) -> None:
    after = merged(world)
    with world.store.reading() as session:
        assert get_record(session, "capabilities", "cap-b").profile.organisation_id == "org-b"  # type: ignore[union-attr]
        assert get_record(session, "organisations", "org-b").version == 1
        stored = get_record(session, "needs", "need-b")
    in_release = after.needs.get("need-b")
    assert in_release is not None
    assert in_release.content_hash == stored.content_hash
    with world.client() as client:
        assert client.get("/v1/needs/need-b/matches").json()["provisional"] is False


def test_a_need_matched_at_once_knows_its_owner_under_both_ids(world: World) -> None:
    merged(world)
    body = {"title": "Small hydropower turbines", "text": "Turbines.", "places": ["Nepal"]}
    with world.client() as client:
        for owner in ("org-1", "org-b"):
            answer = client.post("/v1/match", json={**body, "owner_organisation_id": owner}, params={"limit": 100})
            listed = [match for match in answer.json()["matches"] if match["organisation_id"] == "org-1"]
            assert all(match["near_miss"] for match in listed), owner


def test_taken_back_they_are_two_again(world: World) -> None:
    world.night()
    before = current_release(world.settings.releases_dir)
    merged(world)
    with world.store.writing() as session:
        unmerge(session, "org-b", actor="test", at=NOW)
    world.night()
    again = current_release(world.settings.releases_dir)
    assert again.manifest.facts.data_fingerprint == before.manifest.facts.data_fingerprint
    assert again.merges == {}
    assert providers(again, "need-1") == providers(before, "need-1")


def test_a_chain_of_merges_ends_at_the_last(world: World) -> None:
    merged(world)
    after = merged(world, "org-1", "org-hostile")
    assert after.merges == {"org-b": "org-hostile", "org-1": "org-hostile"}
    assert {"org-b", "org-1"}.isdisjoint(providers(after, "need-1"))

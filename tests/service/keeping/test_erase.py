"""What is erased is nowhere: not in a table, not in a file of the data folder; what speaks of it has a pseudonym."""

from pathlib import Path

import pytest

from matcher.matches import Event
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import Stage
from service.accounts.audit import Action, audit, list_audit
from service.keeping.checking import check
from service.keeping.erasing import erase
from service.releases import NoRelease, current_release
from service.store import UnknownRecord, add_event, get_record, list_events
from service.store.erasing import pseudonym
from tests.builders import a_capability, a_case, a_need, an_organisation
from tests.service.api.world import NOW, World
from tests.waiting import until

SECRET = "Zwetschgenwerk"
ID = "cap-zwetschge"


@pytest.fixture
def holding(world: World) -> World:
    """A world where a capability was released, changed, seen and spoken of."""
    told = {"title": f"{SECRET} turbines", "places_offered": ["World"], "organisation_id": "org-1"}
    world.upsert("capabilities", a_capability(ID, **told))
    world.night()
    world.upsert("capabilities", a_capability(ID, **told, description=f"The {SECRET} way."))
    world.night()
    with world.store.writing() as session:
        event = Event(NeedId("need-1"), CapabilityId(ID), "user:x", NOW, Stage.VIEWED, (), f"{SECRET} called")
        add_event(session, event)
        audit(session, Action.EXPORTED, actor="user:x", at=NOW, subject=ID, about=[ID, {"id": ID, "title": SECRET}])
    return world


def traces(folder: Path, *needles: str) -> list[str]:
    """Files that hold any of these bytes."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and any(needle.encode() in path.read_bytes() for needle in needles)
    ]


def test_an_erased_capability_is_in_no_file_any_more(holding: World) -> None:
    folder = holding.settings.data_dir
    assert len(traces(folder, ID, SECRET)) > 3
    done = erase(holding.settings, "capabilities", ID, NOW)
    assert (done.tables.versions, done.tables.events) == (3, 1), "two versions and the withdrawal"
    assert done.vectors > 0
    assert len(done.releases) == 2
    holding.store.close()  # its connection would keep the WAL
    assert traces(folder, ID, SECRET) == []


def test_a_release_without_it_is_served_and_everything_is_whole(holding: World) -> None:
    erase(holding.settings, "capabilities", ID, NOW)
    release = current_release(holding.settings.releases_dir)
    release.verify()
    assert release.capabilities.get(ID) is None
    assert len(release.capabilities) > 0
    assert check(holding.settings).problems == ()


def test_without_a_night_nothing_is_served_until_the_next(holding: World) -> None:
    done = erase(holding.settings, "capabilities", ID, NOW, night=False)
    assert done.served is None
    with pytest.raises(NoRelease):
        current_release(holding.settings.releases_dir)
    holding.night()
    assert current_release(holding.settings.releases_dir).capabilities.get(ID) is None


def test_events_and_the_log_stay_under_a_pseudonym(holding: World) -> None:
    erase(holding.settings, "capabilities", ID, NOW)
    name = pseudonym("capabilities", ID)
    with holding.store.reading() as session:
        (stored,) = list_events(session)
        assert (stored.event.capability_id, stored.event.note, stored.event.need_id) == (name, "", "need-1")
        erased, exported = list_audit(session)[0], list_audit(session, action=Action.EXPORTED)[0]
    assert (erased.action, erased.subject) == (Action.ERASED, f"capabilities:{name}")
    assert exported.subject == name
    assert exported.facts == {"about": [name, {"erased": name}]}


def test_rows_are_append_only_again_afterwards(holding: World) -> None:
    erase(holding.settings, "capabilities", ID, NOW)
    for table in ("events", "audit_log"):
        with pytest.raises(Exception, match="append-only"), holding.store.engine.begin() as connection:
            connection.exec_driver_sql(f"DELETE FROM {table}")


def test_records_of_an_erased_organisation_refer_to_its_pseudonym(world: World) -> None:
    world.upsert(
        "organisations", an_organisation("org-z", name=SECRET), an_organisation("o2", network_members=["org-z"])
    )
    world.upsert("capabilities", a_capability("cap-z", organisation_id="org-z", places_offered=["World"]))
    world.upsert("cases", a_case("case-z", provider_id="org-z"))
    world.night()
    done = erase(world.settings, "organisations", "org-z", NOW)
    assert done.tables.mentions >= 3
    name = pseudonym("organisations", "org-z")
    with world.store.reading() as session:
        assert get_record(session, "capabilities", "cap-z").profile.organisation_id == name  # type: ignore[union-attr]
        assert get_record(session, "organisations", "o2").profile.network_members == (name,)  # type: ignore[union-attr]
    found = current_release(world.settings.releases_dir).capabilities.get("cap-z")
    assert found is not None
    assert found.organisation_id == name
    assert check(world.settings).problems == ()
    world.store.close()
    assert traces(world.settings.data_dir, "org-z", SECRET) == []


def test_an_id_that_begins_like_the_erased_one_stays(world: World) -> None:
    world.upsert("needs", a_need("n"), a_need("n-1"))
    with world.store.writing() as session:
        for need in ("n", "n-1"):
            add_event(session, Event(NeedId(need), CapabilityId("cap-1"), "user:x", NOW, Stage.VIEWED, (), "kept"))
    erase(world.settings, "needs", "n", NOW)
    with world.store.reading() as session:
        assert [stored.event.need_id for stored in list_events(session)][1] == "n-1"
        assert get_record(session, "needs", "n-1").id == "n-1"


def test_what_is_not_there_cannot_be_erased(world: World) -> None:
    with pytest.raises(UnknownRecord):
        erase(world.settings, "needs", "nobody", NOW)


def test_what_came_in_and_went_round_over_http_is_gone_too(world: World) -> None:
    """Kept answers, the log of what was shown, subscriptions, jobs' files, lists of changed needs."""
    need, folder = "need-zwetschge", world.settings.data_dir
    body = {"id": need, "title": SECRET, "summary": f"A mill of {SECRET}.", "beneficiary_places": ["NPL"]}
    with world.client() as client:
        made = client.post("/v1/needs", json=body, headers={"Idempotency-Key": "once"})
        assert made.status_code == 201, made.text
        text = f"id,title,summary,trl_min\n{need},{SECRET},A mill.,six\n"
        job = client.post("/v1/imports?kind=needs", content=text, headers={"Content-Type": "text/csv"})
        assert job.status_code == 202, job.text
        until(lambda: client.get(job.headers["Location"]).json()["state"] == "done")
        world.night()
        listed = client.get(f"/v1/needs/{need}/matches")
        assert listed.status_code == 200
        best = listed.json()["matches"][0]["capability_id"]
        event = {"stage": "viewed", "note": f"{SECRET} was seen"}
        assert client.post(f"/v1/matches/{need}/{best}/events", json=event).status_code == 201
        assert client.put(f"/v1/needs/{need}", json={**body, "summary": f"{SECRET}!"}).status_code == 200
        assert client.get(f"/v1/needs/{need}/matches").json()["provisional"]
        follow = client.post("/v1/subscriptions", json={"need_id": need, "channel": "feed"})
        assert follow.status_code == 201, follow.text
    assert len(traces(folder, need, SECRET)) > 3
    done = erase(world.settings, "needs", need, NOW)
    assert done.tables.events == 1
    world.store.close()
    assert traces(folder, need, SECRET) == []
    assert check(world.settings).problems == ()

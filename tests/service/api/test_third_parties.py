"""Facilitators, funders, readiness and next step over HTTP, on the page and in files; withdrawn ones leave at once."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from matcher.profiles import FacilitatorProgramme, FundingMechanism
from matcher.vocabulary import ReviewState
from service.exports.choices import Format, Wanted, What
from service.exports.writing import export
from service.reference import load_places
from service.releases import Release, current_release
from service.visibility import Visibility, visibility
from tests.builders import a_mechanism, a_need, a_programme, an_organisation
from tests.service.api.world import World, a_world

GOLDEN = Path(__file__).parents[2] / "golden" / "release-format-1"


def the_desk(**facts: Any) -> FacilitatorProgramme:
    stated = {"services": ["training"], "places": ["Asia"], "sectors": ["energy"], "languages": ["en"]}
    return a_programme("desk", title="The Asian desk", organisation_id="hub", network=["org-1"], **stated, **facts)


def the_fund(**facts: Any) -> FundingMechanism:
    stated: dict[str, Any] = {"eligible_places": ["LDC"], "sectors": ["energy"], "tied_status": "untied"}
    stated |= {"eligible_org_types": ["local_government"], "rolling": True, "endorsement_types": []}
    return a_mechanism("fund", title="The open fund", ticket="USD 10k-1m", **stated, **facts)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = a_world(tmp_path_factory.mktemp("thirds"), published=False)
    made.upsert("organisations", an_organisation("hub", org_type="multilateral", contact_channel="desk@hub.example"))
    made.upsert("organisations", an_organisation("owner", org_type="local_government"))
    stated = {"owner_organisation_id": "owner", "languages_required": ["en"], "budget": "USD 50k-90k"}
    made.upsert(
        "needs",
        a_need("need-1", beneficiary_places=["NPL"], sectors=["energy.hydropower"], urgency="high", **stated),
    )
    made.upsert("facilitators", the_desk())
    made.upsert("mechanisms", the_fund())
    made.night()
    return made


@pytest.fixture
def client(world: World) -> Any:
    with world.client() as opened:
        yield opened


def first(client: TestClient) -> dict[str, Any]:
    found = client.get("/v1/needs/need-1/matches").json()["matches"]
    return next(match for match in found if match["capability_id"] == "cap-1")


def test_a_match_names_who_stands_beside_it(client: TestClient) -> None:
    match = first(client)
    assert [(one["id"], one["state"]) for one in match["facilitators"]] == [("desk", "pass")]
    assert [(one["id"], one["state"]) for one in match["funders"]] == [("fund", "pass")]
    assert match["via"] == "desk"
    assert match["cooperation"] == "triangular"
    assert match["readiness"]["finance"]["state"] == "unknown"
    step = match["next_step"]
    assert (
        step["route"]
        == "no mailbox of Organisation org-1 is known; it is reached through The Asian desk (desk@hub.example)"
    )
    assert step["due"] == "2026-11-27"


def test_a_need_that_is_not_saved_meets_the_same_third_parties(client: TestClient) -> None:
    body = {
        "title": "Electricity for a hill village",
        "summary": "Power from a small river without a grid.",
        "beneficiary_places": ["NPL"],
        "sectors": ["energy.hydropower"],
        "languages_required": ["en"],
    }
    found = client.post("/v1/match", json=body).json()["matches"]
    assert {one["id"] for match in found for one in match["facilitators"]} == {"desk"}


def test_the_page_shows_who_could_help_what_is_ready_and_the_draft(client: TestClient) -> None:
    text = client.get("/needs/need-1/with/cap-1", headers={"Accept": "text/html"}).text
    for said in ("The Asian desk", "The open fund", "Readiness", "Next, by 27 Nov 2026", "Nothing has been agreed"):
        assert said in text


def test_a_spreadsheet_row_holds_third_parties_and_the_next_step(world: World) -> None:
    written = io.BytesIO()
    export(current_release(world.settings.releases_dir), Visibility(), written, Wanted(What.MATCHES, Format.CSV))
    rows = list(csv.DictReader(io.StringIO(written.getvalue().decode())))
    row = next(one for one in rows if (one["need_id"], one["capability_id"]) == ("need-1", "cap-1"))
    assert row["facilitators"] == "The Asian desk (fits)"
    assert row["funders"] == "The open fund (fits)"
    assert (row["via"], row["next_whom"], row["next_due"]) == ("desk", "provider", "2026-11-27")
    assert row["readiness_finance"].startswith("unknown: Apply to The open fund. Ask the")
    assert row["draft"].startswith("Subject: Small hydropower turbines")


def test_what_is_withdrawn_since_the_night_leaves_every_answer_at_once(world: World) -> None:
    """The release is immutable and holds them; no read and no export of it shows them any more."""
    try:
        world.upsert("facilitators", the_desk(review_state=ReviewState.WITHDRAWN))
        world.upsert("mechanisms", the_fund(review_state=ReviewState.WITHDRAWN))
        with world.client() as opened:
            match = first(opened)
            answers = [
                json.dumps(match),
                opened.get("/v1/capabilities/cap-1/matches").text,
                opened.get("/v1/matches/need-1/cap-1").text,
                opened.get("/needs/need-1", headers={"Accept": "text/html"}).text,
            ]
        with world.store.reading() as session:
            visible = visibility(session)
        written = io.BytesIO()
        export(current_release(world.settings.releases_dir), visible, written, Wanted(What.MATCHES, Format.JSONL))
        for answer in (*answers, written.getvalue().decode()):
            assert "The Asian desk" not in answer
            assert "The open fund" not in answer
        assert (match["via"], match["facilitators"], match["funders"]) == (None, [], [])
        assert match["cooperation"] == "south_south"
    finally:
        world.upsert("facilitators", the_desk())
        world.upsert("mechanisms", the_fund())


def test_a_release_older_than_third_parties_still_opens_and_has_none() -> None:
    release = Release.open(GOLDEN)
    thirds = release.thirds(load_places())
    assert (thirds.facilitators.thirds, thirds.funders.thirds) == ((), ())
    for header, _ in release.each_shortlist():
        shortlist = release.shortlist(header.need_id)
        assert shortlist is not None
        for match in shortlist.matches:
            assert (match.facilitators, match.funders, match.readiness, match.next_step) == ((), (), None, None)

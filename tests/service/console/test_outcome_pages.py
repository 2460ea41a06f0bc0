"""Outcomes from the pages: the same events as the interface writes, and no more permissions."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from service.accounts.roles import Role
from tests.service.api.world import World

PAIR = "/needs/need-1/with/cap-1"


def _signed_in(client: TestClient, key: str) -> str:
    """Sign in as a person does; returns the session's token as its forms hold it."""
    client.headers.pop("X-API-Key", None)
    assert client.post("/sign-in", data={"key": key, "next": "/"}).status_code == 200
    found = re.search(r'name="csrf_token" value="(\w+)"', client.get("/needs/need-1").text)
    return found[1] if found else ""


def test_a_match_is_shortlisted_by_its_button_and_the_list_says_so(world: World) -> None:
    with world.client("") as client:
        token = _signed_in(client, world.key)
        sent = {"csrf_token": token, "capability": "cap-1"}
        answer = client.post("/needs/need-1/shortlist", data=sent)
        assert answer.url.path == "/needs/need-1"
        assert '#outcome">shortlisted</a>' in answer.text
        events = client.get("/v1/matches/need-1/cap-1/events").json()
        assert [event["stage"] for event in events["events"]] == ["shortlisted"]
        assert "Small hydropower turbines" in client.get("/pipeline").text
        assert client.get("/pipeline?stage=pilot").text.count("/with/cap-1") == 0


def test_what_the_form_says_is_recorded_with_reason_note_and_day(world: World) -> None:
    with world.client("") as client:
        token = _signed_in(client, world.key)
        form = {"csrf_token": token, "stage": "intro_requested", "due_on": "2027-01-15", "note": "Wrote to the desk."}
        answer = client.post(f"{PAIR}/outcome", data=form)
        text = html.unescape(re.sub("<[^>]+>", " ", answer.text))
        assert "Wrote to the desk." in text
        assert "chase the reply to the introduction" in text
        declined = {"csrf_token": token, "stage": "declined", "reason_codes": "price"}
        assert client.post(f"{PAIR}/outcome", data=declined, follow_redirects=False).status_code == 303
        text = client.get("/needs/need-1").text
        assert "1 match is kept off this list by your decisions" in text
        assert 'id="rank-1"' not in text or "/with/cap-1" not in text.partition('class="matches"')[2]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"stage": "declined"}, "Choose a reason, too"),
        ({"stage": "nonsense"}, "cannot be used"),
        ({"stage": "pilot", "due_on": "soon"}, "cannot be used"),
        ({"stage": "declined", "reason_codes": "whim"}, "cannot be used"),
        ({}, "cannot be used"),
    ],
)
def test_what_cannot_be_recorded_is_told_with_the_way_back(world: World, form: dict[str, str], words: str) -> None:
    with world.client("") as client:
        token = _signed_in(client, world.key)
        answer = client.post(f"{PAIR}/outcome", data={"csrf_token": token, **form})
        assert answer.status_code == 409
        assert words in html.unescape(answer.text)
        assert f'href="{PAIR}#outcome"' in answer.text
        assert client.get("/v1/matches/need-1/cap-1/events").json()["events"] == []


def test_without_the_token_of_the_session_nothing_is_written(world: World) -> None:
    with world.client("") as client:
        _signed_in(client, world.key)
        for path in ("/needs/need-1/shortlist", f"{PAIR}/outcome"):
            assert client.post(path, data={"capability": "cap-1", "stage": "shortlisted"}).status_code == 403
        assert client.get("/v1/matches/need-1/cap-1/events").json()["events"] == []


def test_who_may_not_record_sees_no_button_and_is_refused(world: World) -> None:
    with world.client(world.key_of(Role.VIEWER)) as client:
        for path in ("/needs/need-1", PAIR):
            text = client.get(path).text
            assert 'method="post" action="/needs' not in text
        assert client.post("/needs/need-1/shortlist", data={"capability": "cap-1"}).status_code == 409
        assert client.get("/v1/matches/need-1/cap-1/events").json()["events"] == []


def test_another_tenant_sees_nothing_of_it(world: World) -> None:
    with world.client() as client:
        client.post("/v1/matches/need-1/cap-1/events", json={"stage": "pilot", "note": "Between us."})
        assert "Between us." in client.get(PAIR).text
    with world.client(world.key_of(Role.BROKER, tenant_id="elsewhere")) as client:
        assert "Between us." not in client.get(PAIR).text
        assert "cap-1" not in client.get("/pipeline").text.partition("<main")[2]
        assert "pilot</a>" not in client.get("/needs/need-1").text


def test_the_pipeline_counts_what_its_table_shows(world: World) -> None:
    with world.client() as client:
        for capability, stage in (("cap-1", "pilot"), ("cap-hostile", "shortlisted")):
            client.post(f"/v1/matches/need-1/{capability}/events", json={"stage": stage, "due_on": "2026-01-01"})
        text = client.get("/pipeline").text
        assert text.count('<th scope="row"><a href="/needs/') == 2
        assert text.count("overdue</span>") == client.get("/v1/pipeline").json()["overdue"]
        assert client.get("/pipeline?stage=magic").status_code == 422
        funnel = dict(re.findall(r'text-anchor="end">([\w ]+)</text><rect[^>]+/><text[^>]+>(\d+)<', text))
        assert funnel == {
            "suggested": "2",
            "viewed": "2",
            "shortlisted": "2",
            **dict.fromkeys(("intro requested", "intro accepted", "NDA", "technical review", "pilot"), "1"),
        }


def test_the_report_of_a_period_counts_what_the_interface_counts(world: World) -> None:
    with world.client() as client:
        client.post("/v1/matches/need-1/cap-1/events", json={"stage": "intro_requested"})
        query = "from=2026-01-01&to=2099-12-31"
        found = client.get(f"/v1/reports/period?{query}").json()
        text = client.get(f"/period?{query}").text
        assert found["total"][0]["introductions"] == 1
        assert f'data-label="Introductions">{found["total"][0]["introductions"]}<' in text
        assert text.count("<tbody>") == 1 + sum(
            bool(found[name]) for name in ("by_project", "by_cluster", "by_country")
        ) + bool(found["time_at_stage"])
        assert client.get("/period").status_code == 200
        assert client.get("/period?from=2026-02-01&to=2026-01-01").status_code == 422
        assert client.get("/period?from=soon").status_code == 422

"""Files over HTTP hold what the list of matches serves, as it may be seen now."""

import io
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from fastapi.testclient import TestClient

from service.accounts.audit import Action, list_audit
from service.accounts.roles import Role
from service.accounts.tenants import make_tenant
from service.exports.workbook import MEDIA_TYPE
from service.store import Rights, make_key, withdraw
from tests.builders import a_need
from tests.service.api.world import HOSTILE, NOW, World

ODD = quote("need/2:odd %2F id", safe="")


def rows(content: bytes, sheet: str) -> list[dict[str, Any]]:
    header, *rest = openpyxl.load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True)
    return [dict(zip(header, cells, strict=True)) for cells in rest]


@pytest.mark.parametrize("need", ["need-1", ODD, "need-hostile"])
def test_the_workbook_holds_the_served_matches(client: TestClient, need: str) -> None:
    served = client.get(f"/v1/needs/{need}/matches", params={"limit": 100}).json()
    answer = client.get(f"/v1/needs/{need}/shortlist.xlsx")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["Matcher-Release"] == served["release_id"]
    listed = rows(answer.content, "Shortlist")
    names = ("capability_id", "rank", "score", "best_score", "coverage", "tier")
    assert [[row[name] for name in names] for row in listed] == [
        [match[name] for name in names] for match in served["matches"]
    ]
    reasons = rows(answer.content, "Reasons")
    assert [row["points"] for row in reasons] == pytest.approx(
        [one["points"] for match in served["matches"] for one in match["contributions"]], rel=1e-15
    )
    for row in listed:
        addends = sum(one["points"] for one in reasons if one["capability_id"] == row["capability_id"])
        assert row["base"] + addends == pytest.approx(row["z"], abs=1e-9)


def test_a_file_is_named_so_that_every_system_takes_it(client: TestClient) -> None:
    named = client.get(f"/v1/needs/{ODD}/shortlist.xlsx").headers["content-disposition"]
    assert named == 'attachment; filename="shortlist-need-2-odd-2F-id.xlsx"'


def test_the_pages_are_sent_with_a_policy_of_their_own(client: TestClient) -> None:
    for path in ("/v1/needs/need-hostile/brief", "/v1/matches/need-hostile/cap-hostile/brief"):
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        assert "default-src 'none'; style-src 'sha256-" in answer.headers["content-security-policy"]
        assert HOSTILE not in answer.text


def test_a_pair_that_is_not_listed_is_the_same_problem_as_without_the_page(client: TestClient) -> None:
    plain, page = (client.get(f"/v1/matches/need-1/cap-elsewhere{end}") for end in ("", "/brief"))
    assert (page.status_code, page.json()["type"]) == (404, plain.json()["type"])


@pytest.mark.parametrize("path", ["needs/none/shortlist.xlsx", "needs/none/brief", "matches/none/cap-1/brief"])
def test_an_unknown_need_is_a_problem(client: TestClient, path: str) -> None:
    answer = client.get(f"/v1/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_what_was_withdrawn_since_is_counted_not_shown(world: World) -> None:
    with world.store.writing() as session:
        withdraw(session, "capabilities", "cap-1", actor="test", at=NOW)
    with world.client() as client:
        answer = client.get("/v1/needs/need-1/shortlist.xlsx")
        page = client.get("/v1/needs/need-1/brief").text
        assert client.get("/v1/matches/need-1/cap-1/brief").status_code == 404
    assert "cap-1" not in [row["capability_id"] for row in rows(answer.content, "Shortlist")]
    told = {row["fact"]: row["value"] for row in rows(answer.content, "Run information")}
    assert told["withheld"] == 1
    assert "1 matches withheld" in page


def test_a_need_saved_since_the_night_is_said_to_be_provisional(world: World) -> None:
    with world.client() as client:
        assert client.put("/v1/needs/fresh", json={"title": "Pumps", "text": "Pumps for wells."}).status_code == 201
        answer = client.get("/v1/needs/fresh/shortlist.xlsx")
        page = client.get("/v1/needs/fresh/brief").text
    told = {row["fact"]: row["value"] for row in rows(answer.content, "Run information")}
    assert told["provisional"] == "yes"
    assert "Provisional" in page


def test_a_workbook_needs_leave_to_export_and_is_written_down(world: World) -> None:
    with world.store.writing() as session:
        viewer = make_key(session, name="viewer", at=NOW, rights=Rights(Role.VIEWER))
    with world.client(viewer) as client:
        refused = client.get("/v1/needs/need-1/shortlist.xlsx")
        assert (refused.status_code, refused.json()["permission"]) == (403, "export")
        assert client.get("/v1/needs/need-1/brief").status_code == 200
    with world.client() as client:
        assert client.get("/v1/needs/need-1/shortlist.xlsx").status_code == 200
    with world.store.reading() as session:
        (line,) = list_audit(session, action=Action.EXPORTED)
    assert (line.subject, line.facts["withheld"]) == ("need-1", 0)


def test_a_confidential_need_of_another_tenant_has_no_files(world: World) -> None:
    world.upsert("needs", a_need("secret", confidentiality="partners", beneficiary_places=["KEN"]))
    world.night()
    with world.store.writing() as session:
        make_tenant(session, "other", "Other", actor="test", at=NOW)
        stranger = make_key(session, name="other", at=NOW, rights=Rights(Role.BROKER, "other"))
    with world.client() as client:
        assert client.get("/v1/needs/secret/shortlist.xlsx").status_code == 200
    with world.client(stranger) as client:
        for path in ("needs/secret/shortlist.xlsx", "needs/secret/brief", "matches/secret/cap-1/brief"):
            assert client.get(f"/v1/{path}").status_code == 404

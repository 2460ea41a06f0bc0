"""Partners side by side, and records like another."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.accounts.roles import Role
from service.api.comparing import ComparedOut
from service.api.similar import SimilarsOut
from tests.builders import a_capability, a_case, a_need
from tests.service.api.world import World


def _compared(client: TestClient, *ids: str, status: int = 200) -> Any:
    answer = client.get("/v1/needs/need-1/compare", params={"capability_id": list(ids)})
    assert answer.status_code == status, answer.text
    return ComparedOut.model_validate_json(answer.content) if status == 200 else answer.json()


def test_partners_stand_side_by_side_with_what_their_matches_say(client: TestClient) -> None:
    listed = client.get("/v1/needs/need-1/matches", params={"limit": 200}).json()["matches"]
    first, second = (match["capability_id"] for match in listed[:2])
    found = _compared(client, second, first)
    assert [(partner.capability_id, partner.rank) for partner in found.partners] == [(second, 2), (first, 1)]
    by_row = {(row.kind, row.name): row for row in found.rows}
    for match, at in ((listed[0], 1), (listed[1], 0)):
        assert found.partners[at].score == match["score"]
        for gate in match["gates"]:
            cell = by_row["gate", gate["gate"]].cells[at]
            assert (cell.state, cell.text) == (gate["state"], gate["detail"])
        for addend in match["contributions"]:
            cell = by_row["signal", addend["signal"]].cells[at]
            assert (cell.value, cell.points, cell.text) == (addend["value"], addend["points"], addend["evidence"])
    for row in found.rows:
        points = [cell.points for cell in row.cells if cell.points is not None]
        if points:
            assert [cell.leads for cell in row.cells] == [each == max(points) and each > min(points) for each in points]


def test_one_that_is_not_on_the_list_is_compared_too(world: World) -> None:
    world.upsert("capabilities", *(a_capability(f"more-{n}", trl=n % 9 + 1) for n in range(30)))
    world.night(k=2)
    with world.client() as client:
        listed = [m["capability_id"] for m in client.get("/v1/needs/need-1/matches").json()["matches"]]
        other = next(f"more-{n}" for n in range(30) if f"more-{n}" not in listed)
        found = _compared(client, other, listed[0])
        assert [partner.rank for partner in found.partners] == [None, 1]
        assert 0 < found.partners[0].score < 1


@pytest.mark.parametrize(
    ("ids", "status"),
    [(("cap-1",), 422), (("cap-1", "cap-1"), 422), (("cap-1",) * 5, 422), (("cap-1", "cap-9"), 404)],
)
def test_two_to_four_different_ones_are_compared(client: TestClient, ids: tuple[str, ...], status: int) -> None:
    _compared(client, *ids, status=status)


def test_what_may_not_be_seen_is_not_compared(world: World) -> None:
    world.upsert("capabilities", a_capability("cap-1", review_state="withdrawn"))
    with world.client() as client:
        _compared(client, "cap-1", "cap-exclusive", status=404)


def _similar(client: TestClient, path: str, **query: Any) -> SimilarsOut:
    answer = client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return SimilarsOut.model_validate_json(answer.content)


def test_the_likest_records_of_every_kind_come_first_and_say_what_is_shared(world: World) -> None:
    world.upsert("needs", a_need("twin", sectors=["energy.hydropower"], sdg_goals=[7, 13]))
    world.upsert("cases", a_case("case-river", title="Electricity for a hill village", summary="A small river."))
    world.night()
    with world.client() as client:
        found = _similar(client, "/v1/needs/need-1/similar")
        assert found.items[0].id == "twin"
        assert found.items[0].likeness == pytest.approx(1, abs=1e-3)
        assert (found.items[0].sectors, found.items[0].sdg_goals) == (["energy.hydropower"], [7])
        assert "need-1" not in {item.id for item in found.items}
        assert [item.likeness for item in found.items] == sorted((i.likeness for i in found.items), reverse=True)
        assert _similar(client, "/v1/needs/need-1/similar", among="cases").items[0].id == "case-river"
        offers = _similar(client, "/v1/capabilities/cap-1/similar", limit=1)
        assert len(offers.items) == 1
        assert client.get(offers.items[0].href).status_code == 200
        assert _similar(client, "/v1/cases/case-river/similar", among="needs").items[0].id in {"need-1", "twin"}


def test_a_record_saved_since_the_night_finds_its_like(world: World) -> None:
    with world.client() as client:
        client.put("/v1/needs/noon", json={"title": "Clean drinking water", "text": "Wells, arsenic."})
        assert _similar(client, "/v1/needs/noon/similar").items[0].id == "need/2:odd %2F id"


def test_confidential_and_withdrawn_records_are_like_nothing(world: World) -> None:
    world.upsert("needs", a_need("secret", confidentiality="broker_only"), a_need("gone"))
    world.night()
    world.upsert("needs", a_need("gone", review_state="withdrawn"))
    with world.client(world.key_of(Role.VIEWER)) as client:
        assert not {"secret", "gone"} & {item.id for item in _similar(client, "/v1/needs/need-1/similar").items}
        for hidden in ("secret", "gone", "nobody"):
            assert client.get(f"/v1/needs/{hidden}/similar").status_code == 404

"""What would lift a match, and what a list would be if, over HTTP."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.accounts.roles import Role
from service.api.exploring import FIELDS, GATE_NAMES, ChangesOut, WhatIfOut
from service.releases import current_release
from tests.builders import a_capability, a_need
from tests.service.api.world import NOW, World


def _asked(client: TestClient, need_id: str = "need-1", limit: int = 10, **body: Any) -> WhatIfOut:
    answer = client.post(f"/v1/needs/{need_id}/what-if", json=body, params={"limit": limit})
    assert answer.status_code == 200, answer.text
    found = WhatIfOut.model_validate_json(answer.content)
    assert answer.headers["Matcher-Release"] == found.release_id
    return found


def test_a_what_if_is_marked_and_unallocated_and_names_its_release(served: World, client: TestClient) -> None:
    found = _asked(client, need={"trl_min": 5}, gates={"budget": "soft"})
    assert (found.what_if, found.allocated, found.provisional) == (True, False, True)
    assert found.release_id == current_release(served.settings.releases_dir).id
    assert (found.changed, found.gates) == (["trl_min"], {"budget": "soft"})


def test_a_soft_gate_shows_what_the_release_leaves_out_and_says_why(client: TestClient) -> None:
    listed = {m["capability_id"] for m in client.get("/v1/needs/need-1/matches").json()["matches"]}
    assert "cap-elsewhere" not in listed
    found = next(m for m in _asked(client, gates={"place": "soft"}).matches if m.match.capability_id == "cap-elsewhere")
    assert (found.move, found.rank_before) == ("new", None)
    assert [(cause.kind, cause.name) for cause in found.causes] == [("gate", "place")]


def test_a_field_that_is_changed_moves_the_list_as_the_need_saved_so_would(world: World) -> None:
    """Saving the need with the field gives the same matches; the what-if itself saved nothing."""
    with world.client() as client:
        before = client.get("/v1/needs/need-1").json()
        found = _asked(client, need={"rejected_modes": []}, limit=20)
        exclusive = next(m for m in found.matches if m.match.capability_id == "cap-exclusive")
        assert exclusive.match.tier == "B"
        assert [cause.name for cause in exclusive.causes if cause.kind == "gate"] == ["mode"]
        assert client.get("/v1/needs/need-1").json() == before
        client.put("/v1/needs/need-1", json={**before["record"], "rejected_modes": []})
        saved = client.get("/v1/needs/need-1/matches", params={"limit": 200}).json()
    assert [m.match.capability_id for m in found.matches] == [m["capability_id"] for m in saved["matches"]]
    assert [m.match.z for m in found.matches] == [m["z"] for m in saved["matches"]]


def test_null_takes_a_field_away(client: TestClient) -> None:
    """A need that says no place has no place gate to fail."""
    found = _asked(client, need={"beneficiary_places": None})
    assert "cap-elsewhere" in {m.match.capability_id for m in found.matches}


def test_a_need_saved_since_the_night_is_asked_about_as_it_is_now(world: World) -> None:
    with world.client() as client:
        client.put("/v1/needs/need-noon", json={"title": "Arsenic filters for wells", "trl_min": 9})
        found = _asked(client, "need-noon", gates={"maturity": "off"})
    assert found.matches[0].match.capability_id == "capability:odd/id"


def _what_if(client: TestClient, need_id: str, **body: Any) -> Any:
    return client.post(f"/v1/needs/{need_id}/what-if", json=body)


def test_unchanged_texts_are_not_encoded(world: World) -> None:
    """Vectors come from the cache, so that no model is loaded; a new text asks the encoder."""
    with world.client() as client:
        _asked(client, need={"trl_min": 5, "accepted_modes": ["training"]})
        encoder: Any = client.app.state.context.deciding._encoder  # type: ignore[attr-defined]
        assert encoder._cache.misses == 0
        _asked(client, need={"summary": "Words that nobody wrote before."})
        assert encoder._cache.misses == 1


@pytest.mark.parametrize(
    ("body", "field", "expected"),
    [
        ({"needs": {}}, "needs", "gates, need"),
        ({"need": {"trl_mn": 5}}, "need.trl_mn", ", ".join(FIELDS)),
        ({"need": {"id": "other"}}, "need.id", ", ".join(FIELDS)),
        ({"need": {"confidentiality": "public"}}, "need.confidentiality", ", ".join(FIELDS)),
        ({"gates": {"plce": "soft"}}, "gates.plce", ", ".join(GATE_NAMES)),
        ({"gates": {"place": "maybe"}}, "gates.place", "hard, soft, off"),
        ({"gates": ["place"]}, "gates", "an object"),
        ({"need": {"trl_min": 12}}, "trl_min", "less than or equal to 9"),
        ({"need": {"beneficiary_places": ["Nepall"]}}, "beneficiary_places", "a country, M49 region or group"),
        ({}, "body", "at least one gate or one field"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_is_expected(
    client: TestClient, body: dict[str, Any], field: str, expected: str
) -> None:
    answer = client.post("/v1/needs/need-1/what-if", json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    error = answer.json()["errors"][0]
    assert error["field"] == field
    assert expected in error["expected"]


def test_everything_wrong_is_told_at_once(client: TestClient) -> None:
    answer = _what_if(client, "need-1", gates={"plce": "soft"}, need={"colour": "red"}, other=1)
    assert {error["field"] for error in answer.json()["errors"]} == {"other", "gates.plce", "need.colour"}


def test_a_confidential_or_withdrawn_need_is_not_found_by_either_route(world: World) -> None:
    """Also where the release still holds it."""
    from service.store import withdraw

    world.upsert("needs", a_need("need-secret", beneficiary_places=["NPL"]))
    world.night()
    world.upsert("needs", a_need("need-secret", beneficiary_places=["NPL"], confidentiality="broker_only"))
    with world.store.writing() as session:
        withdraw(session, "needs", "need-1", actor="test", at=NOW)
    with world.client(world.key_of(Role.VIEWER)) as client:
        for need in ("need-secret", "need-1", "nothing"):
            for answer in (
                _what_if(client, need, gates={"place": "soft"}),
                client.get(f"/v1/matches/{need}/cap-1/changes"),
            ):
                assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "unknown-record"), need


def test_a_withdrawn_capability_is_neither_listed_nor_named(world: World) -> None:
    from service.store import withdraw

    with world.client() as client:
        every = client.get("/v1/needs/need-1/matches").json()["matches"]
    first, second = every[0]["capability_id"], every[1]["capability_id"]
    with world.store.writing() as session:
        withdraw(session, "capabilities", first, actor="test", at=NOW)
    with world.client() as client:
        found = client.post("/v1/needs/need-1/what-if", json={"gates": {"place": "soft"}})
        changes = client.get(f"/v1/matches/need-1/{second}/changes")
        gone = client.get(f"/v1/matches/need-1/{first}/changes")
    assert found.json()["withheld"] == 0, "it is left out before the best are taken, and takes nobody's place"
    assert f'"{first}"' not in found.text + changes.text
    assert changes.json()["counterfactual"]["above"] is None
    assert gone.status_code == 404


def test_what_would_lift_a_match_is_told_with_its_rank_in_the_release(world: World) -> None:
    """Two offers alike but for a language: supporting it, the second is first, as the changed record then is."""
    need = a_need("need-twins", beneficiary_places=["KEN"], languages_required=["sw", "en"])
    words = {"title": "Electricity for a hill village", "summary": "Power from a small river without a grid."}
    poor = a_capability("twin-b", **words, languages_supported=["en"])
    world.upsert("needs", need)
    world.upsert("capabilities", a_capability("twin-a", **words, languages_supported=["en", "sw"]), poor)
    world.night()
    with world.client() as client:
        listed = client.get("/v1/needs/need-twins/matches").json()["matches"]
        assert [m["capability_id"] for m in listed[:2]] == ["twin-a", "twin-b"]
        answer = client.get("/v1/matches/need-twins/twin-b/changes")
        found = ChangesOut.model_validate_json(answer.content).counterfactual
        assert answer.headers["Matcher-Release"] == answer.json()["release_id"]
    assert (found.rank, found.z, found.above) == (2, listed[1]["z"], "twin-a")
    assert not [change for change in found.changes if change.field == "languages_supported" and change.reaches]
    change = next(change for change in found.changes if change.reaches)
    assert change.side == "provider"
    world.upsert(
        "capabilities", poor.model_validate({**poor.model_dump(exclude_none=True), change.field: change.after})
    )
    world.night()
    with world.client() as client:
        after = client.get("/v1/needs/need-twins/matches").json()["matches"]
    assert next(m["rank"] for m in after if m["capability_id"] == "twin-b") == change.rank == 1


def test_a_pair_that_is_not_shortlisted_says_so(client: TestClient) -> None:
    answer = client.get("/v1/matches/need-1/cap-elsewhere/changes")
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (404, "not-shortlisted")
    assert client.get("/v1/matches/need-1/nobody/changes").status_code == 404


def test_the_examples_of_the_interface_are_accepted(client: TestClient) -> None:
    from jsonschema import Draft202012Validator

    document = client.get("/openapi.json").json()
    body = document["paths"]["/v1/needs/{need_id}/what-if"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        Draft202012Validator(body["schema"]).validate(example["value"])
        _asked(client, **example["value"])


def test_what_is_sent_is_what_is_described(client: TestClient) -> None:
    from jsonschema import Draft202012Validator

    document = client.get("/openapi.json").json()
    answers = {
        ("/v1/needs/{need_id}/what-if", "post"): _what_if(client, "need-1", gates={"place": "soft"}),
        ("/v1/matches/{need_id}/{capability_id}/changes", "get"): client.get("/v1/matches/need-1/cap-1/changes"),
    }
    for (path, method), answer in answers.items():
        said = document["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        Draft202012Validator({**said, "components": document["components"]}).validate(answer.json())

"""The pipeline: pairs by stage, what is due, what has gone quiet, for each tenant its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi.testclient import TestClient

from matcher.matches import Event
from matcher.outcomes import Numbered, PairState, fold
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import ReasonCode, Stage
from service.accounts.roles import Role
from service.outcomes.pipeline import Wanted, pipeline
from tests.service.api.test_outcomes import post
from tests.service.api.world import World

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)


def a_state(stage: Stage, days_ago: int, due: date | None = None) -> PairState:
    reasons = (ReasonCode.PRICE,) if stage is Stage.DECLINED else ()
    at = NOW - timedelta(days=days_ago)
    return fold([Numbered(1, Event(NeedId("n"), CapabilityId("c"), "b", at, stage, reasons, due_on=due))])


STATES: dict[Any, PairState] = {
    ("n1", "late"): a_state(Stage.PILOT, 3, date(2026, 6, 29)),
    ("n1", "due"): a_state(Stage.PILOT, 2, date(2026, 7, 2)),
    ("n2", "quiet"): a_state(Stage.NDA, 31),
    ("n2", "fresh"): a_state(Stage.SHORTLISTED, 1),
    ("n3", "closed"): a_state(Stage.DECLINED, 90, date(2026, 1, 1)),
}


def laid_out(**wanted: Any) -> list[str]:
    found = pipeline(STATES, lambda *_: True, NOW, Wanted(**wanted))
    return [entry.capability_id for entry in found.entries]


def test_what_is_overdue_stands_first_then_what_is_due_then_what_is_quiet_for_longest() -> None:
    assert laid_out(is_open=True) == ["late", "due", "quiet", "fresh"]


def test_each_filter_keeps_what_it_names() -> None:
    assert laid_out(stages={Stage.PILOT}) == ["late", "due"]
    assert laid_out(need_id="n2") == ["quiet", "fresh"]
    assert laid_out(quiet=True) == ["quiet"]
    assert laid_out(overdue=True) == ["late"]
    assert laid_out(due_by=date(2026, 7, 2), is_open=True) == ["late", "due"]
    assert laid_out(is_open=False) == ["closed"]


def test_a_closed_pair_is_neither_quiet_nor_overdue() -> None:
    (closed,) = pipeline(STATES, lambda *_: True, NOW, Wanted(is_open=False)).entries
    assert (closed.days_quiet, closed.quiet, closed.overdue) == (90, False, False)


def test_stages_are_counted_before_the_filter_by_stage_and_every_stage_is_there() -> None:
    found = pipeline(STATES, lambda *_: True, NOW, Wanted(stages={Stage.NDA}))
    assert found.by_stage[Stage.PILOT] == 2
    assert set(found.by_stage) == set(Stage)
    assert (len(found.entries), found.quiet, found.overdue) == (1, 1, 0)


def test_how_many_days_are_quiet_is_asked() -> None:
    assert pipeline(STATES, lambda *_: True, NOW, Wanted(), quiet_days=2).quiet == 3


def read(client: TestClient, query: str = "", **headers: str) -> dict[str, Any]:
    answer = client.get(
        f"/v1/pipeline{query}", headers={name.replace("_", "-"): each for name, each in headers.items()}
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_pipeline_names_the_pair_its_next_action_and_its_due_date(world: World) -> None:
    with world.client() as client:
        post(client, "intro_requested", due_on="2020-01-01", note="Wrote to the desk.")
        post(client, "viewed", "/v1/matches/need-1/cap-hostile/events")
        found = read(client)
        (first, second) = found["items"]
        assert (first["organisation_name"], first["stage"]) == ("Organisation org-1", "intro_requested")
        assert (first["overdue"], first["next_action"]) == (True, "chase the reply to the introduction")
        assert first["need_title"] == "Electricity for a hill village"
        assert second["stage"] == "viewed"
        assert (found["total"], found["overdue"], found["by_stage"]["viewed"]) == (2, 1, 1)
        page = read(client, "?limit=1")
        assert page["next"] == 1
        assert read(client, "?limit=1&offset=1")["items"] == [second]
        assert read(client, "?stage=viewed&stage=nda")["total"] == 1
        assert client.get("/v1/pipeline?colour=red").status_code == 422


def test_each_tenant_has_its_own_pipeline_and_hidden_pairs_are_in_none(world: World) -> None:
    other = world.key_of(Role.BROKER, "bank-b")
    with world.client() as client:
        post(client, "pilot")
        assert read(client, X_API_Key=other)["total"] == 0
        with world.store.writing() as session:
            from service.store import withdraw

            withdraw(session, "capabilities", "cap-1", actor="test", at=datetime.now(UTC))
    with world.client() as client:
        assert read(client)["total"] == 0

"""The period report: a small history of which every figure is known, as object, tables, workbook and page."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from matcher.errors import BadInput
from matcher.matches import Event
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import Confidentiality, ReasonCode, Stage
from service.accounts.roles import Role
from service.reports.period import Asked, PeriodReport, Row, report
from service.reports.period_files import page, workbook
from service.store import Attached, Store, open_store, record_event, upsert_records
from service.visibility import Audience, visibility
from tests.builders import a_capability, a_need, an_organisation
from tests.service.api.world import World, a_world
from tests.service.test_report_command import run

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Three needs saved in March and one in January; a partner that woke up; two pairs on their way."""
    made = open_store(f"sqlite:///{tmp_path / 'matcher.db'}")
    needs = [
        a_need("n1", beneficiary_places=["NPL"], cluster="Hill towns", project="Commons"),
        a_need(
            "n2",
            beneficiary_places=["NPL", "KEN"],
            cluster="Hill towns",
            project="Commons",
            source={"system": "portal", "source_id": "2"},
        ),
        a_need("n3", beneficiary_places=["KEN"], cluster=FORMULA),
    ]
    asleep = an_organisation("org-1", country="PER", activity_status="dormant")
    awake = an_organisation("org-1", country="PER", activity_status="active")
    always = an_organisation("org-2", country="IND", activity_status="active")
    with made.writing() as session:
        january = datetime(2026, 1, 10, tzinfo=UTC)
        upsert_records(session, "needs", [a_need("n0")], actor="t", at=january)
        upsert_records(session, "organisations", [asleep, always], actor="t", at=january)
        upsert_records(session, "capabilities", [a_capability("c1", organisation_id="org-1")], actor="t", at=january)
        upsert_records(session, "needs", needs, actor="t", at=MARCH)
        upsert_records(session, "organisations", [awake], actor="t", at=MARCH)
    for need, days, stage in (
        ("n1", 0, Stage.INTRO_REQUESTED),
        ("n1", 10, Stage.NDA),
        ("n1", 14, Stage.MOU_SIGNED),
        ("n2", 2, Stage.SHORTLISTED),
        ("n2", 4, Stage.INTRO_REQUESTED),
        ("n2", 24, Stage.AGREEMENT_SIGNED),
        ("n3", 3, Stage.DECLINED),
        ("n0", -40, Stage.INTRO_REQUESTED),
    ):
        tell(made, need, days, stage)
    return made


def tell(store: Store, need: str, days: int, stage: Stage) -> None:
    reasons = (ReasonCode.PRICE,) if stage is Stage.DECLINED else ()
    at = MARCH + timedelta(days=days)
    with store.writing() as session:
        record_event(session, Event(NeedId(need), CapabilityId("c1"), "b", at, stage, reasons), Attached())


def made_of(store: Store, first: date = date(2026, 3, 1), last: date = date(2026, 3, 31), **who: Any) -> PeriodReport:
    level = who.pop("level", Confidentiality.BROKER_ONLY)
    with store.reading() as session:
        visible = visibility(session, level)
        return report(session, Asked(who.pop("tenant", "default"), first, last, Audience.of_level(level), visible))


def test_the_figures_of_a_known_history(store: Store) -> None:
    found = made_of(store)
    (total,) = found.total
    assert total == Row("", 3, introductions=2, introductions_accepted=2, agreements=1, partners_reactivated=1)
    assert {row.name: (row.needs_assessed, row.introductions, row.agreements) for row in found.by_project} == {
        "Commons": (2, 2, 1),
        "not stated": (1, 0, 0),
    }
    assert {row.name: row.introductions for row in found.by_country} == {"Nepal": 2, "Kenya": 1, "Peru": 0}
    assert {row.name: row.partners_reactivated for row in found.by_cluster} == {
        "Hill towns": 1,
        FORMULA: 1,
        "not stated": 1,
    }


def test_time_at_a_stage_is_the_median_of_stays_that_ended_in_the_period(store: Store) -> None:
    times = {(one.by, one.stage): (one.n, one.median_days) for one in made_of(store).time_at_stage if not one.name}
    assert times["total", Stage.INTRO_REQUESTED] == (2, 15.0), "10 and 20 days"
    assert times["total", Stage.SHORTLISTED] == (1, 2.0)
    assert ("total", Stage.MOU_SIGNED) not in times, "it still lasts"


def test_a_memorandum_is_no_agreement_and_a_month_counts_what_happened_in_it(store: Store) -> None:
    assert made_of(store).by_country[0].agreements == 1
    (january,) = made_of(store, date(2026, 1, 1), date(2026, 1, 31)).total
    assert january == Row("", 1, introductions=1)
    (april,) = made_of(store, date(2026, 4, 1), date(2026, 4, 30)).total
    assert april == Row("")


def test_the_last_day_is_included(store: Store) -> None:
    assert made_of(store, date(2026, 3, 1), date(2026, 3, 1)).total[0].needs_assessed == 3
    with pytest.raises(BadInput, match="period"):
        made_of(store, date(2026, 3, 2), date(2026, 3, 1))


def test_another_tenant_achieved_nothing_here(store: Store) -> None:
    assert made_of(store, tenant="bank-b").total == (Row("", partners_reactivated=1),)


def test_what_may_not_be_seen_is_not_counted_but_said(store: Store) -> None:
    secret = a_need(
        "n2",
        beneficiary_places=["NPL"],
        confidentiality="broker_only",
        project="Commons",
        source={"system": "portal", "source_id": "2"},
    )
    with store.writing() as session:
        upsert_records(session, "needs", [secret], actor="t", at=MARCH)
    found = made_of(store, level=Confidentiality.PARTNERS)
    assert (found.total[0].introductions, found.withheld) == (1, 1)


def test_a_workbook_holds_the_same_figures_and_no_formula(store: Store) -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(made_of(store))))
    assert book.sheetnames == ["Figures", "Time at stage", "About"]
    header, total, *rest = book["Figures"].iter_rows(values_only=True)
    assert dict(zip(header, total, strict=True))["introductions"] == 2
    names = [row[1] for row in rest]
    assert f"'{FORMULA}" in names
    assert not [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_a_page_holds_the_same_figures_and_runs_nothing(store: Store) -> None:
    text = page(made_of(store))
    assert "Hill towns" in text
    assert "<script" not in text
    assert "https://" not in text


def test_the_command_writes_tables_an_object_a_workbook_and_a_page(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store.close()
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path))
    days = ("--from", "2026-03-01", "--to", "2026-03-31", "--level", "broker_only")
    assert run("report", "period", *days) == 0
    assert "Hill towns" in capsys.readouterr().out
    assert run("report", "period", *days, "--json") == 0
    assert json.loads(capsys.readouterr().out)["total"][0]["introductions"] == 2
    for name in ("report.xlsx", "report.html"):
        assert run("report", "period", *days, "--out", str(tmp_path / name)) == 0
    assert openpyxl.load_workbook(tmp_path / "report.xlsx")["Figures"]
    assert "<h1>Period report, 2026-03-01 to 2026-03-31</h1>" in (tmp_path / "report.html").read_text()
    assert run("report", "period") == 1
    assert "--from and --to" in capsys.readouterr().err


def test_over_http_it_is_the_askers_tenants(tmp_path: Path) -> None:
    world: World = a_world(tmp_path)
    viewer = {"X-API-Key": world.key_of(Role.VIEWER)}
    query = "?from=2020-01-01&to=2030-01-01"
    with world.client() as client:
        client.post("/v1/matches/need-1/cap-1/events", json={"stage": "intro_requested"})
        found = client.get(f"/v1/reports/period{query}").json()
        assert found["total"][0]["introductions"] == 1
        assert found["total"][0]["needs_assessed"] == 3
        assert client.get(f"/v1/reports/period.xlsx{query}").content.startswith(b"PK")
        assert client.get(f"/v1/reports/period.xlsx{query}", headers=viewer).status_code == 403
        answer = client.get(f"/v1/reports/period.html{query}", headers=viewer)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert client.get("/v1/reports/period?from=2026-02-01&to=2026-01-01").status_code == 422
        assert client.get("/v1/reports/period").status_code == 422
    world.store.close()

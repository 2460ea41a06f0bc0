"""Files imported over HTTP, as jobs."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.accounts.roles import Role
from service.api import receiving
from service.jobs import Job, JobFolder, JobState, add_job, get_job
from service.jobs.records import ATTEMPTS, begin
from service.store import get_record
from tests.service.api.running import a_server
from tests.service.api.world import NOW, World, a_world

CSV = "id,title,summary,trl_min\nneed-a,Pumps,Water pumps for a village,5\nneed-b,Pumps,More,twelve\n,,,\nneed-c,,,\n"
PATIENCE = 60.0


def _ended(client: TestClient, href: str) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE
    while True:
        found: dict[str, Any] = client.get(href).json()
        if found["state"] in {"done", "failed"}:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.02)


def _sent(client: TestClient, content: bytes | str, media: str = "text/csv", **query: Any) -> dict[str, Any]:
    answer = client.post("/v1/imports", content=content, headers={"Content-Type": media}, params=query)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == answer.json()["href"]
    return _ended(client, answer.headers["Location"])


def test_a_file_is_imported_behind_the_answer_with_an_error_for_each_bad_value(world: World) -> None:
    with world.client() as client:
        done = _sent(client, CSV, kind="needs")
        assert (done["state"], done["attempts"]) == ("done", 1)
        assert done["report"]["total"]["created"] == 2
        assert done["report"]["records_refused"] == 1
        refused = client.get(f"{done['href']}/rejects").json()["items"]
        assert {(one["row"], one["column"]) for one in refused} >= {(3, "trl_min")}
        record = client.get("/v1/needs/need-a")
        assert record.json()["record"]["trl_min"] == 5
        assert client.get("/v1/imports").json()["items"] == [done]


def test_rejects_come_a_page_at_a_time_and_as_a_spreadsheet_that_runs_nothing(world: World) -> None:
    rows = "".join(f"need-x{n},Pumps,Pumps,=cmd{n}\n" for n in range(12))
    with world.client() as client:
        done = _sent(client, "id,title,summary,trl_min\n" + rows, kind="needs")
        assert done["rejects"] == 12
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = client.get(f"{done['href']}/rejects", params={"limit": 5, **({"cursor": cursor} if cursor else {})})
            found += page.json()["items"]
            cursor = page.json()["next"]
            if cursor is None:
                break
        assert [one["row"] for one in found] == list(range(2, 14))
        csv = client.get(f"{done['href']}/rejects.csv")
        assert csv.headers["content-type"].startswith("text/csv")
        assert "'=cmd0" in csv.text


def test_a_form_names_its_file_and_the_name_tells_the_kind(world: World) -> None:
    with world.client() as client:
        answer = client.post("/v1/imports", files={"file": ("../../my needs.csv", CSV, "text/csv")})
        assert answer.status_code == 202, answer.text
        done = _ended(client, answer.headers["Location"])
        assert (done["file"], done["report"]["total"]["created"]) == ("my needs.csv", 2)


def test_the_same_file_twice_writes_nothing_twice(world: World) -> None:
    with world.client() as client:
        _sent(client, CSV, kind="needs")
        again = _sent(client, CSV, kind="needs")
        assert again["report"]["total"] == {"created": 0, "updated": 0, "refreshed": 0, "unchanged": 2}


def test_a_dry_run_reports_and_writes_nothing(world: World) -> None:
    with world.client() as client:
        done = _sent(client, CSV, kind="needs", dry_run=True)
        assert (done["dry_run"], done["report"]["total"]["created"]) == (True, 2)
        assert client.get("/v1/needs/need-a").status_code == 404


def _xlsx() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "needs"
    for row in (["id", "title", "summary"], ["need-x", "Pumps", "Water pumps"]):
        sheet.append(row)
    sink = BytesIO()
    book.save(sink)
    return sink.getvalue()


IATI = b"""<iati-activities version="2.03"><iati-activity><iati-identifier>XX-1</iati-identifier>
<title><narrative>Pumps</narrative></title><description><narrative>Water pumps</narrative></description>
</iati-activity></iati-activities>"""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b'{"kind": "needs", "id": "need-x", "title": "Pumps", "summary": "Water"}\n', "application/x-ndjson"),
        (b'{"kind": "needs", "id": "need-x", "title": "Pumps", "summary": "Water"}\n', "application/octet-stream"),
        (_xlsx(), XLSX),
        (b"id\ttitle\tsummary\nneed-x\tPumps\tWater\n", "text/tab-separated-values"),
    ],
)
def test_every_format_is_taken(world: World, content: bytes, media: str) -> None:
    with world.client() as client:
        done = _sent(client, content, media, kind="needs")
        assert done["report"]["total"]["created"] == 1, done
        assert client.get("/v1/needs/need-x").json()["record"]["title"] == "Pumps"


def test_iati_is_taken(world: World) -> None:
    with world.client() as client:
        done = _sent(client, IATI, "application/xml")
        assert done["state"] == "done", done
        assert done["report"]["files"][0]["file"] == "upload.xml"


@pytest.mark.parametrize(
    ("content", "media"),
    [(b"PK\x03\x04 no workbook", XLSX), (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "text/xml"), (b"", "text/csv")],
)
def test_a_file_that_is_none_ends_as_a_report_and_not_as_a_fault(world: World, content: bytes, media: str) -> None:
    with world.client() as client:
        done = _sent(client, content, media, kind="needs")
        assert done["state"] == "done", done
        assert done["report"]["total"]["created"] == 0


def test_what_cannot_be_taken_is_said_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with world.client() as client:

        def status(content: bytes, media: str, **query: Any) -> int:
            return client.post(
                "/v1/imports", content=content, headers={"Content-Type": media}, params=query
            ).status_code

        assert status(b"x", "image/png") == 415
        assert status(b"x", "text/csv", profile="/etc/passwd") == 422
        assert status(b"x", "text/csv", kind="magic") == 422
        assert status(b"x", "multipart/form-data") == 422
        assert client.post("/v1/imports", data={"a": "b"}, files={"x": ("", b"")}).status_code in {202, 422}
        monkeypatch.setattr(receiving, "UPLOAD_LIMIT", 1000)
        assert status(b"x" * 1001, "text/csv") == 413
        assert not list((world.settings.data_dir / "jobs").glob("*/sent/upload.csv")), "what was refused is not kept"


def test_a_larger_body_than_other_routes_take_is_taken(world: World) -> None:
    rows = "".join(f"need-x{n},Pumps,{'water ' * 60},5\n" for n in range(3500))
    with world.client() as client:
        body = ("id,title,summary,trl_min\n" + rows).encode()
        assert len(body) > 1_200_000
        assert _sent(client, body, kind="needs")["report"]["total"]["created"] == 3500


def test_only_who_may_import_imports_and_only_the_own_tenant_sees_it(world: World) -> None:
    with world.client() as client:
        done = _sent(client, CSV, kind="needs")
    viewer = world.key_of(Role.VIEWER)
    with world.client(viewer) as client:
        assert client.post("/v1/imports", content=b"x", headers={"Content-Type": "text/csv"}).status_code == 403
        assert client.get(done["href"]).status_code == 403
    with world.client("") as client:
        assert client.post("/v1/imports", content=b"x").status_code == 401


def _left_behind(world: World, attempts: int) -> Job:
    """A job as a killed process leaves it: running, with nobody at it."""
    request = {"file": "needs.csv", "kind": "needs", "profile": None, "filename": None, "dry_run": False}
    job = Job("left", "default", "import", JobState.QUEUED, "key:x", request, attempts - 1, NOW, None, None, None, None)
    folder = JobFolder(world.settings.data_dir, job.id)
    folder.make()
    (folder.uploads / "needs.csv").write_text(CSV)
    with world.store.writing() as session:
        add_job(session, job)
        assert begin(session, job.id, NOW)
    return job


def test_what_a_killed_process_left_is_taken_up_by_the_next(world: World) -> None:
    _left_behind(world, 1)
    with world.client() as client:
        done = _ended(client, "/v1/imports/left")
        assert (done["state"], done["attempts"]) == ("done", 2)
        assert client.get("/v1/needs/need-a").status_code == 200


def test_what_ended_every_process_that_tried_is_said_to_have_failed(world: World) -> None:
    _left_behind(world, ATTEMPTS)
    with world.client() as client:
        done = _ended(client, "/v1/imports/left")
        assert done["state"] == "failed"
        assert "interrupted" in done["error"]


def test_kill_9_amid_an_import_loses_nothing_and_leaves_no_half(tmp_path: Path) -> None:
    """The upload was acknowledged: the next process does it, whole."""
    world = a_world(tmp_path, published=False)
    world.store.close()
    rows = "".join(f"need-x{n},Pumps,{'water ' * 60},5\n" for n in range(4000))
    with a_server(tmp_path, end="kill") as client:
        client.headers["X-API-Key"] = world.key
        sent = client.post(
            "/v1/imports?kind=needs",
            content="id,title,summary,trl_min\n" + rows,
            headers={"Content-Type": "text/csv"},
        )
        href = sent.headers["Location"]
        while client.get(href).json()["state"] == "queued":
            time.sleep(0.01)
        first = client.get(href).json()
    with a_server(tmp_path) as client:
        client.headers["X-API-Key"] = world.key
        end = time.monotonic() + PATIENCE
        while (done := client.get(href).json())["state"] not in {"done", "failed"}:
            assert time.monotonic() < end, done
            time.sleep(0.1)
        assert done["state"] == "done", done
        assert done["attempts"] == (2 if first["state"] == "running" else 1)
        assert client.get("/v1/needs/need-x3999").status_code == 200


def test_a_job_that_another_process_is_at_is_left_to_it(world: World) -> None:
    job = _left_behind(world, 1)
    with JobFolder(world.settings.data_dir, job.id).held() as mine:
        assert mine
        with world.client() as client:
            time.sleep(0.3)
            assert client.get("/v1/imports/left").json()["state"] == "running"
    with world.store.reading() as session:
        found = get_job(session, job.id)
    assert found is not None
    assert found.state is JobState.RUNNING


def test_new_records_are_the_askers_and_another_tenants_are_refused(world: World) -> None:
    other = world.key_of(Role.BROKER, "other")
    with world.client(other) as client:
        done = _sent(client, "id,title,summary\nneed-1,Taken over,x\nneed-own,Pumps,x\n", kind="needs")
        assert done["report"]["total"]["created"] == 1
        assert [one["code"] for one in client.get(f"{done['href']}/rejects").json()["items"]] == ["other_tenant"]
        href = done["href"]
    with world.client() as client:
        assert client.get(href).status_code == 404
    with world.store.reading() as session:
        assert get_record(session, "needs", "need-1").profile.title != "Taken over"  # type: ignore[union-attr]  # a need has one


def test_names_are_safe(tmp_path: Path) -> None:
    for name in ("../../etc/passwd", "..", ".hidden", "a\\b\\c.csv", "", "\x00", "x" * 500):
        safe = receiving.named(name)
        assert (tmp_path / safe).parent == tmp_path
        assert safe.strip(".")
        assert len(safe) <= 100

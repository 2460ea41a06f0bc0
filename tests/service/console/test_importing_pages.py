"""The import wizard: a spreadsheet with other people's headers and a few mistakes, brought in step by step."""

import csv
import html
import io
import os
import re
import time

from fastapi.testclient import TestClient

from service.accounts.roles import Role
from tests.service.api.world import World

SHEET = """Our list of needs, March,,,,
Nr,What is needed,In a few words,Country,Deadline
n-1,Dryers for mangoes,Solar dryers for women's groups.,Kenya,2027-05-01
n-2,Clean stoves,Stoves for schools.,Atlantis,soon
"""


def _send(client: TestClient, name: str, body: bytes, **fields: str) -> str:
    answer = client.post("/import", files={"file": (name, body)}, data=fields, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def _read(client: TestClient, step: str) -> str:
    """Return the page of an import once its file was read: a busy machine takes longer than a page waits."""
    for _ in range(20):
        if "still being read" not in (text := client.get(step).text):
            return text
    raise AssertionError(step)


def _columns(text: str) -> dict[str, str]:
    """Header -> name of its choice."""
    found = re.findall(r'<th scope="row" dir="auto">([^<]*)</th>.*?<select id="[^"]+" name="([^"]+)"', text, re.DOTALL)
    return {html.unescape(header): name for header, name in found}


def test_a_sheet_with_foreign_headers_is_tried_mapped_tried_again_and_imported(world: World) -> None:
    with world.client() as client:
        step = _send(client, "march.csv", SHEET.encode(), kind="needs")
        text = _read(client, step)
        assert "nothing is written yet" in text
        columns = _columns(text)
        assert list(columns) == ["Nr", "What is needed", "In a few words", "Country", "Deadline"]
        fields = ("id", "title", "summary", "beneficiary_places", "complete_by")
        form = {"kind": "needs", **dict(zip(columns.values(), fields, strict=True))}
        mapped = client.post(f"{step}/columns", data=form, follow_redirects=False).headers["location"]
        text = _read(client, mapped)
        assert "nothing is written yet. 2 records new," in " ".join(text.split())
        refused = re.findall(
            r'</span>(\d+)</th><td data-label="Column"[^>]*>([^<]*)</td><td data-label="Value"[^>]*>([^<]*)</td>',
            text,
        )
        assert ("4", "Deadline", "soon") in refused, "rows and headers are those of the file that was sent"
        assert "march.csv,,4,Deadline,soon,not_a_date" in client.get(f"/v1/imports{mapped[7:]}/rejects.csv").text
        assert client.get("/v1/needs/n-1").status_code == 404, "nothing is written before the last step"
        done = client.post(f"{mapped}/commit", follow_redirects=False).headers["location"]
        assert "Imported." in _read(client, done)
        assert client.get("/v1/needs/n-1").json()["record"]["title"] == "Dryers for mangoes"
        assert client.get("/v1/needs/n-1").json()["record"]["complete_by"] == "2027-05-01"


def test_where_no_column_is_known_the_first_thing_asked_is_what_they_are(world: World) -> None:
    """What was refused for it comes after, and says to choose; once rows can be used, it is the other way round."""
    with world.client() as client:
        step = _send(client, "march.csv", SHEET.encode(), kind="needs")
        text = _read(client, step)
        assert 0 < text.index('id="columns"') < text.index('id="refused"')
        assert text.count("choose a field for this column") == 2
        columns = _columns(text)
        form = {"kind": "needs", **dict(zip(columns.values(), ("id", "title", "summary", "", "urgency"), strict=True))}
        mapped = client.post(f"{step}/columns", data=form, follow_redirects=False).headers["location"]
        text = _read(client, mapped)
        assert text.index('id="refused"') < text.index('id="columns"')
        assert list(_columns(text)) == ["Nr", "What is needed", "In a few words", "Deadline"], "the sheet's own headers"
        assert "<span>&#39;low&#39;, &#39;medium&#39;, &#39;high&#39; or &#39;critical&#39;</span>" in text


def test_a_workbook_is_previewed_and_mapped_like_a_csv_file(world: World) -> None:
    import xlsxwriter

    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink) as book:
        sheet = book.add_worksheet("Blatt 1")
        for row, line in enumerate(csv.reader(io.StringIO(SHEET))):
            sheet.write_row(row, 0, line)
    with world.client() as client:
        step = _send(client, "blatt.xlsx", sink.getvalue(), kind="needs")
        columns = _columns(_read(client, step))
        form = {
            "kind": "needs",
            columns["What is needed"]: "title",
            columns["Nr"]: "id",
            columns["In a few words"]: "summary",
        }
        mapped = client.post(f"{step}/columns", data=form, follow_redirects=False).headers["location"]
        assert "2 records new," in _read(client, mapped)


def test_columns_chosen_again_keep_the_headers_of_the_sheet(world: World) -> None:
    """A required column that is there and empty is told under its own header too, also after the import itself."""
    with world.client() as client:
        step = _send(client, "march.csv", (SHEET + "n-3,,,Kenya,2027-06-01\n").encode(), kind="needs")
        for fields in (("id", "title", "summary", "", "start_by"), ("id", "title", "summary", "complete_by")):
            columns = _columns(_read(client, step))
            form = {"kind": "needs", **dict(zip(columns.values(), fields, strict=True))}
            step = client.post(f"{step}/columns", data=form, follow_redirects=False).headers["location"]
        done = client.post(f"{step}/commit", follow_redirects=False).headers["location"]
        assert "Imported." in _read(client, done)
        refused = csv.DictReader(io.StringIO(client.get(f"/v1/imports{done[7:]}/rejects.csv").text))
        assert [(row["row"], row["column"]) for row in refused] == [("4", "Deadline"), ("5", "What is needed")]


def test_one_field_for_two_columns_is_refused_with_the_form_still_there(world: World) -> None:
    with world.client() as client:
        step = _send(client, "march.csv", SHEET.encode(), kind="needs")
        columns = list(_columns(_read(client, step)).values())
        answer = client.post(f"{step}/columns", data={"kind": "needs", columns[0]: "title", columns[1]: "title"})
        assert answer.status_code == 422
        assert "each field for one column" in answer.text
        assert len(_columns(answer.text)) == 5


def test_a_file_that_is_too_large_is_told_on_the_page_it_was_sent_from(world: World) -> None:
    with world.client() as client:
        answer = client.post("/import", files={"file": ("big.csv", b"id,title\n" + b"x,words\n" * 200_000)})
        assert answer.url.path == "/import"
        assert "larger than 1 MB" in answer.text
        assert client.get("/import").status_code == 200


def test_no_file_is_told_and_what_is_no_table_has_no_columns(world: World) -> None:
    with world.client() as client:
        answer = client.post("/import", data={"kind": "needs"})
        assert answer.status_code == 422
        assert "Choose a file first" in answer.text
        step = _send(client, "needs.jsonl", b'{"id": "j-1", "title": "Pumps", "summary": "For wells."}\n')
        assert "1 record new," in _read(client, step)
        assert "../" not in _send(client, "../../etc/needs.csv", b"id,title\n1,x\n", kind="needs")


def test_a_file_that_does_not_say_its_kind_leads_back_to_where_it_is_chosen(world: World) -> None:
    with world.client() as client:
        text = _read(client, _send(client, "march.csv", b"Title,Country\nWells for a school,Kenya\n"))
        notice = text.partition("The file does not say what its rows are: send it again and choose.")[2]
        assert notice.lstrip().startswith('<a href="/import">')


def test_who_may_not_import_gets_no_page_and_sees_no_link(world: World) -> None:
    with world.client(world.key_of(Role.VIEWER)) as client:
        assert client.get("/import").status_code == 403
        assert client.post("/import", files={"file": ("x.csv", b"id\n1\n")}).status_code == 403
        assert 'href="/import"' not in client.get("/").text


def test_another_tenant_sees_none_of_it(world: World) -> None:
    with world.client() as client:
        step = _send(client, "march.csv", SHEET.encode(), kind="needs")
        client.get(step)
    with world.client(world.key_of(Role.BROKER, tenant_id="elsewhere")) as client:
        assert client.get(step).status_code == 404
        assert client.post(f"{step}/commit").status_code == 404
        assert client.post(f"{step}/columns", data={"kind": "needs"}).status_code == 404
        assert "march.csv" not in client.get("/import").text


def test_what_was_tried_and_never_imported_is_forgotten_after_a_day(world: World) -> None:
    body, jobs = b'{"id": "j-1", "title": "Pumps", "summary": "For wells."}\n', world.settings.data_dir / "jobs"
    with world.client() as client:
        first = _send(client, "needs.jsonl", body).rpartition("/")[2]
        second = _send(client, "needs.jsonl", body).rpartition("/")[2]
        assert {path.parent.name for path in jobs.glob("*/kept")} == {first, second}
        yesterday = time.time() - 25 * 3600
        os.utime(jobs / first / "kept", (yesterday, yesterday))
        third = _send(client, "needs.jsonl", body).rpartition("/")[2]
        assert {path.parent.name for path in jobs.glob("*/kept")} == {second, third}
        assert client.post(f"/import/{first}/commit").status_code == 404
        done = client.post(f"/import/{third}/commit", follow_redirects=False).headers["location"].rpartition("/")[2]
        assert not (jobs / done / "kept").exists(), "what is imported is not kept"

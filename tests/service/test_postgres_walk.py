"""The whole path on PostgreSQL, as an operator walks it: import, nightly, serve."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from service import cli
from service.releases import current_release
from service.settings import load_settings
from tests.postgres import a_database
from tests.service.api.running import a_server
from tests.service.night_world import contents

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
KINDS = ("organisations", "capabilities", "needs", "mechanisms", "facilitators", "cases")
pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def database(postgres_server: URL) -> Iterator[str]:
    with a_database(postgres_server) as address:
        yield address


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        cli.main(list(arguments))
    said = capsys.readouterr()
    assert not left.value.code, said.err
    return said.out


def imported_and_matched(capsys: pytest.CaptureFixture[str]) -> dict[str, bytes]:
    """Import the sample and make the night of a stated day; returns the release's files."""
    files = [str(SAMPLE / f"{kind}.jsonl") for kind in KINDS]
    report = json.loads(run(capsys, "import", "--json", *files))
    assert report["records_refused"] == 0
    night = json.loads(run(capsys, "nightly", "--json", "--as-of", "2026-11-26", "--k", "5"))
    assert night["state"] == "published"
    again = json.loads(run(capsys, "nightly", "--json", "--as-of", "2026-11-26", "--k", "5"))
    assert again["state"] == "unchanged"
    return contents(current_release(load_settings().releases_dir).folder)


def test_import_nightly_serve_on_postgresql_give_what_sqlite_gives(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "on sqlite"))
    expected = imported_and_matched(capsys)
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "on postgresql"))
    monkeypatch.setenv("MATCHER_DATABASE_URL", database)
    assert imported_and_matched(capsys) == expected
    assert not (tmp_path / "on postgresql" / "matcher.db").exists()

    key = run(capsys, "keys", "make", "the walk").split()[0]
    need = json.loads((SAMPLE / "needs.jsonl").read_text(encoding="utf-8").partition("\n")[0])
    with a_server(tmp_path / "on postgresql") as client:
        client.headers["X-API-Key"] = key
        address = f"/v1/needs/{need['id']}"
        assert client.get("/v1/ready").json() == {"ready": True, "store": True, "release": True}
        assert client.get(f"{address}/matches").json()["provisional"] is False
        saved = client.put(address, json={**need, "summary": "Another text, saved at noon."})
        assert (saved.status_code, saved.json()["version"]) == (200, 2)
        assert client.get(f"{address}/matches").json()["provisional"] is True
        assert client.get("/v1/search", params={"q": "noon"}).json()["items"][0]["id"] == need["id"]

"""A new user follows "A first day, with curl" in the README, line by line, and has what it promises."""

import csv
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

from service.store import list_events, open_store

ROOT = Path(__file__).parent.parent
SECONDS = 240  # a busy machine makes the night, starts the server and matches twice


def the_lines() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.partition("## A first day, with curl\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL))


def a_free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the walk leaves behind."""
    if shutil.which("curl") is None:
        why = "curl is not installed"
        pytest.fail(f"{why}; CI must have it") if os.environ.get("CI") else pytest.skip(why)
    folder = tmp_path_factory.mktemp("walk")
    (folder / "data").symlink_to(ROOT / "data")
    command = folder / "bin" / "matcher"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m service.cli "$@"\n')
    command.chmod(0o755)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MATCHER_")},
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "MATCHER_MODEL": "hashing",
        "MATCHER_PORT": str(a_free_port()),
    }
    ended = "set -euo pipefail\ntrap 'kill ${SERVER:-} 2>/dev/null || true' EXIT\n"
    done = subprocess.run(
        ["bash", "-c", ended + the_lines()],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode in {0, 143}, f"{done.stdout}\n{done.stderr}"  # the last line ends the server
    (folder / "said.txt").write_text(done.stdout)
    return folder


def test_the_first_import_names_both_slips_and_the_mended_one_none(walked: Path) -> None:
    said = (walked / "said.txt").read_text()
    assert "not_a_trl" in said
    assert "missing_id" in said
    with (walked / "rejects.csv").open(encoding="utf-8-sig", newline="") as rows:
        assert list(csv.DictReader(rows)) == []
    report = json.loads((walked / "job.json").read_text())["report"]
    assert (report["total"]["created"], report["total"]["updated"]) == (1, 1)


def test_there_are_matches_and_the_files_hold_them(walked: Path) -> None:
    listed = json.loads((walked / "matches.json").read_text())
    assert listed["provisional"]
    assert len(listed["matches"]) == 3
    sheet = openpyxl.load_workbook(walked / "shortlist.xlsx")["Shortlist"]
    header, *rows = sheet.iter_rows(values_only=True)
    names = [row[header.index("capability_id")] for row in rows]
    assert names[:3] == [match["capability_id"] for match in listed["matches"]]
    assert "Power for a clinic" in (walked / "brief.html").read_text(encoding="utf-8")


def test_the_outcome_is_recorded_for_the_best_partner(walked: Path) -> None:
    best = json.loads((walked / "matches.json").read_text())["matches"][0]["capability_id"]
    history = json.loads((walked / "history.json").read_text())
    assert (history["capability_id"], history["state"]["stage"]) == (best, "intro_requested")
    store = open_store(f"sqlite:///{walked}/.matcher/matcher.db")
    with store.reading() as session:
        (stored,) = list_events(session)
    store.close()
    assert (stored.event.need_id, stored.event.note) == ("clinic-power", "Asked by mail.")

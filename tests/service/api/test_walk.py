"""A new user who follows the README with curl: account, spreadsheet with errors, matches, workbook, outcome."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.importing import Order, import_files
from service.nightly import Night, run_night
from service.settings import Settings
from tests.service.api.running import ROOT, a_server

WALK = re.search(
    r"^### A walk with curl\n(.*?)^##", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


def _script(address: str) -> str:
    assert WALK
    blocks = re.findall(r"^```sh\n(.*?)^```", WALK[1], re.MULTILINE | re.DOTALL)
    matcher = f'matcher() {{ {shlex.quote(sys.executable)} -m service.cli "$@"; }}\n'
    text = "echo '--- block'\n".join(blocks).replace("http://127.0.0.1:8000", address)
    return f"set -euo pipefail\n{matcher}{text}"


@pytest.mark.skipif(
    shutil.which("curl") is None and not os.environ.get("CI"), reason="needs curl: apt-get install curl"
)
def test_the_walk_of_the_readme(tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = Settings(data_dir=data, model="hashing")
    now = datetime.now(UTC)
    sample = tuple(sorted((ROOT / "data" / "sample").glob("*.jsonl")))
    import_files(Order(sample), settings.database_url, now)
    run_night(settings, Night(now.date()), now)
    with a_server(data) as client:
        environment = {**os.environ, "MATCHER_DATA_DIR": str(data), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            ["bash", "-c", _script(str(client.base_url))],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    account, rejects, report, outcome = done.stdout.split("--- block\n")
    assert '"role":"broker"' in account
    assert "Nepal" in rejects.replace("Nepall", ""), "what was meant is suggested"
    assert "not_a_trl" in rejects
    assert '"created":2' in report
    assert '"capability_id"' in outcome
    assert outcome.count('"stage":"shortlisted"') >= 1
    assert (tmp_path / "shortlist.xlsx").read_bytes().startswith(b"PK")

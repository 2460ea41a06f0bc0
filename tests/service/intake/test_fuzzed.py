"""Files with bytes changed, cut, doubled or swapped: told in words, soon, and never imported by half."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from matcher.errors import MatcherError
from service.importing import Order, import_files
from service.importing.report import ImportReport
from service.keeping.checking import check
from service.settings import Settings
from service.store import count_records, open_store
from tests.builders import a_need
from tests.service.intake.making import a_workbook

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = 20.0  # one small file; the slowest seen took a fraction of one
INTERESTING = (
    b'"',
    b"\x00",
    b"\xff\xfe",
    b"=1+1",
    b"\r\n",
    b"<!ENTITY x 'y'>",
    b"{" * 40,
    b"9" * 400,
    b"\\ud800",
    b",;\t|",
    b"-1e999",
)
Rows = list[dict[str, str]]

_NEED = a_need("need-1", beneficiary_places=["NPL"], sectors=["energy"], sdg_goals=[7], languages_required=["en"])
_IATI = """<?xml version="1.0"?>
<iati-activities version="2.03"><iati-activity xml:lang="en" default-currency="USD">
<iati-identifier>XM-1-2</iati-identifier><reporting-org ref="XM-1" type="10"><narrative>Org</narrative></reporting-org>
<title><narrative>Water for towns</narrative></title><description><narrative>Wells.</narrative></description>
<participating-org ref="XM-1" role="4" type="10"><narrative>Org</narrative></participating-org>
<activity-status code="2"/><activity-date iso-date="2024-01-01" type="1"/>
<recipient-country code="KE" percentage="100"/>
<sector vocabulary="1" code="14030" percentage="100"/></iati-activity></iati-activities>
"""


def _jsonl(folder: Path) -> Path:
    records = [_NEED, a_need("need-2", site_conditions={"power": {"min": 5, "max": 6, "unit": "kW"}})]
    path = folder / "needs.jsonl"
    path.write_text("".join(f"{record.model_dump_json(exclude_none=True)}\n" for record in records), "utf-8")
    return path


def _csv(folder: Path) -> Path:
    path = folder / "capabilities.csv"
    lines = ["id,title,summary,organisation.name,organisation.country,trl,price,places_offered"]
    lines += [f'c{at},"Turbines, small",Power {at},Örg {at},Kenya,{at},USD 1.5 m,"Kenya; Nepal"' for at in range(1, 8)]
    path.write_text("\n".join(lines), "utf-8")
    return path


def _xlsx(folder: Path) -> Path:
    rows = [
        ["Our needs", None],
        ["id", "title", "summary", "places"],
        *([f"n{at}", "Power", "Wells", "KEN"] for at in range(9)),
    ]
    return a_workbook(folder / "needs.xlsx", {"Needs": rows}, merged=["A1:B1"])


def _xml(folder: Path) -> Path:
    path = folder / "activities.xml"
    path.write_text(_IATI, "utf-8")
    return path


SEEDS: dict[str, Callable[[Path], Path]] = {"jsonl": _jsonl, "csv": _csv, "xlsx": _xlsx, "iati": _xml}


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Change a few places of a file in one of the ways files break."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        at = chance.randrange(len(content) + 1)
        end = min(len(content), at + chance.choice((1, 4, 40, 400)))
        piece = content[at:end]
        content = (
            chance.choice(
                (
                    content[:at] + bytes(byte ^ (1 << chance.randrange(8)) for byte in piece) + content[end:],
                    content[:at] + content[end:],
                    content[:at] + chance.choice(INTERESTING) + content[at:],
                    content[:end] + piece * chance.randint(1, 4) + content[end:],
                    content[:at],
                )
            )
            or b"\n"
        )
    return content


def _imported(path: Path, settings: Settings) -> ImportReport | None:
    """Import a file; None where it is refused whole. Any other error than a told one is a crash."""
    try:
        return import_files(Order((path,)), settings.database_url, NOW)
    except MatcherError:
        return None


def judge(folder: Path, files: int, seed: int) -> tuple[int, int]:
    """Import mutated files one after another into one store; returns how many gave records, how many lost some."""
    chance = random.Random(seed)
    settings = Settings(data_dir=folder / "data", model="hashing")
    store = open_store(settings.database_url)
    originals = {name: make(folder) for name, make in SEEDS.items()}
    contents = {name: path.read_bytes() for name, path in originals.items()}
    taken = refused = 0
    for number in range(files):
        name = chance.choice(tuple(SEEDS))
        path = originals[name]
        path.write_bytes(mutated(contents[name], chance))
        with store.reading() as session:
            before = count_records(session)
        started, where = time.monotonic(), f"{name}, file {number} of seed {seed}"
        report = _imported(path, settings)
        with store.reading() as session:
            created = sum(count_records(session).values()) - sum(before.values())
        assert created == (report.total.created if report else 0), where
        assert time.monotonic() - started < SECONDS, where
        taken += created > 0
        refused += report is None or report.records_refused > 0
    store.close()
    assert check(settings).problems == ()
    return taken, refused


def test_a_hundred_broken_files_do_no_harm(tmp_path: Path) -> None:
    taken, refused = judge(tmp_path, files=100, seed=1)
    assert min(taken, refused) > 5, "both ways are walked"


@pytest.mark.soak
def test_ten_thousand_broken_files_do_no_harm(tmp_path: Path) -> None:
    judge(tmp_path, files=10_000, seed=2)

"""A small store to run nights on, with the hashing encoder, and the killing of such nights."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from matcher.matches import UNALLOCATED, Shortlist
from matcher.profiles import KINDS, Profile
from service.nightly import Night, Outcome, run_night
from service.settings import Settings, load_settings
from service.store import open_store, upsert_records
from tests.builders import a_capability, a_need, an_organisation

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
BLOCK = 5  # small, so that a small world has several parts

TOPICS = ("low-head hydropower turbines", "drip irrigation for smallholders", "biogas from manure", "telemedicine kits")
PLACES = ("KEN", "NPL", "UGA", "PER", "WLD-none")


def records(needs: int = 20, capabilities: int = 30) -> list[Profile]:
    """Records with some variety: places, maturity and modes, stated or not."""
    made: list[Profile] = [an_organisation(f"org-{n}", country=PLACES[n % 4]) for n in range(10)]
    for n in range(capabilities):
        text = {"title": f"{TOPICS[n % 4]} {n}", "summary": f"We supply {TOPICS[n % 4]}; model {n * 7 % 13}."}
        facts: dict[str, Any] = {"places_offered": [PLACES[n % 4]]} if n % 3 else {}
        facts |= {"trl": 1 + n % 9, "transfer_modes": ["training"] if n % 2 else ["sale"]} if n % 5 else {}
        made.append(a_capability(f"cap-{n:03d}", organisation_id=f"org-{n % 10}", **text, **facts))
    for n in range(needs):
        text = {"title": f"We need {TOPICS[n % 4]}", "summary": f"The district looks for {TOPICS[n % 4]}, case {n}."}
        facts = {"beneficiary_places": [PLACES[n % 4]], "trl_min": 5} if n % 3 else {"rejected_modes": ["sale"]}
        made.append(a_need(f"need-{n:03d}", **text, **facts))
    return made


def a_world(folder: Path, made: list[Profile] | None = None) -> Settings:
    """A store in ``folder`` that holds the records."""
    settings = load_settings(data_dir=folder, model="hashing")
    add(settings, *(records() if made is None else made))
    return settings


def add(settings: Settings, *made: Profile) -> None:
    store = open_store(settings.database_url)
    with store.writing() as session:
        for kind, model in KINDS.items():
            upsert_records(session, kind, [one for one in made if type(one) is model], actor="test", at=NOW)
    store.close()


def a_night(settings: Settings, now: datetime = NOW, **asked: Any) -> Outcome:
    return run_night(settings, Night(**{"as_of": TODAY, "k": 5, "block": BLOCK, **asked}), now)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a release but its manifest, by relative name."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != "manifest.json")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def unallocated(shortlist: Shortlist | None) -> Shortlist:
    """A release's shortlist as it was before allocation: the matcher knows one need at a time."""
    assert shortlist is not None
    bare = (replace(match, allocated=None, placing=None, allocation=UNALLOCATED) for match in shortlist.matches)
    return replace(shortlist, matches=tuple(bare))

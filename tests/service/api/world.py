"""A small world, served: a store, a night with the hashing encoder, a key."""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from fastapi.testclient import TestClient

from matcher.profiles import Capability, Need, Organisation, Profile
from service.accounts.roles import Role
from service.api.app import create_app
from service.nightly import Night, run_night
from service.settings import Settings
from service.store import Rights, Store, make_key, open_store, upsert_records
from tests.builders import a_capability, a_case, a_mechanism, a_need, a_programme, an_organisation

AS_OF = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'

NEEDS: Sequence[Need] = (
    a_need(
        "need-1",
        beneficiary_places=["NPL"],
        sectors=["energy.hydropower"],
        sdg_goals=[7],
        rejected_modes=["licence_exclusive"],
    ),
    a_need("need/2:odd %2F id", title="Clean drinking water", summary="Wells, arsenic.", beneficiary_places=["BGD"]),
    a_need("need-hostile", title=HOSTILE, summary=f"Power {HOSTILE}", beneficiary_places=["KEN"], urgency="high"),
)
CAPABILITIES: Sequence[Capability] = (
    a_capability("cap-1", organisation_id="org-1", places_offered=["World"], sectors=["energy.hydropower"]),
    a_capability("capability:odd/id", title="Arsenic filters", summary="Filters for wells.", places_offered=["BGD"]),
    a_capability("cap-hostile", title=HOSTILE, summary=f"Turbines {HOSTILE}", organisation_id="org-hostile"),
    a_capability("cap-elsewhere", places_offered=["PER"]),
    a_capability("cap-exclusive", transfer_modes=["licence_exclusive"], places_offered=["World"]),
)
ORGANISATIONS: Sequence[Organisation] = (
    an_organisation("org-1", country="IND", website="https://example.org/"),
    an_organisation("org-hostile", name=HOSTILE, website="javascript:alert(1)"),
)


@dataclass(frozen=True)
class World:
    """Settings of what is served, its store, and a good key."""

    settings: Settings
    store: Store
    key: str

    def upsert(self, kind: str, *profiles: Profile) -> None:
        with self.store.writing() as session:
            upsert_records(session, kind, profiles, actor="test", at=NOW)

    def key_of(self, role: Role = Role.VIEWER, tenant_id: str = "default", scopes: Any = None) -> str:
        """Make a key of some role of some tenant; the world's own is a broker's of the default tenant."""
        with self.store.writing() as session:
            return make_key(session, name=role.value, at=NOW, rights=Rights(role, tenant_id, scopes))

    def night(self, as_of: date = AS_OF, **facts: Any) -> str:
        """Make and publish a release; returns its id."""
        return run_night(self.settings, Night(as_of, **facts), NOW).release_id

    @contextmanager
    def client(self, key: str | None = None, **options: Any) -> Iterator[TestClient]:
        """A client of the started application, with the world's key unless told otherwise ("" for none)."""
        sent = self.key if key is None else key
        with TestClient(create_app(self.settings), headers={"X-API-Key": sent} if sent else {}, **options) as client:
            yield client


def a_world(folder: Path, *, published: bool = True) -> World:
    """Fill a store, make a key, and run the night: done once a process, and copied for every other test."""
    made, key = _template(published)
    shutil.copytree(made, folder, dirs_exist_ok=True)
    settings = Settings(data_dir=folder, model="hashing")
    return World(settings, open_store(settings.database_url), key)


@cache
def _template(published: bool) -> tuple[Path, str]:
    """Return a data folder and the key that is good there."""
    folder = Path(mkdtemp(prefix="matcher-world-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    settings = Settings(data_dir=folder, model="hashing")
    store = open_store(settings.database_url)
    with store.writing() as session:
        key = make_key(session, name="test", at=NOW)
    world = World(settings, store, key)
    world.upsert("organisations", *ORGANISATIONS)
    world.upsert("capabilities", *CAPABILITIES)
    world.upsert("needs", *NEEDS)
    world.upsert("mechanisms", a_mechanism())
    world.upsert("facilitators", a_programme())
    world.upsert("cases", a_case())
    if published:
        world.night()
    store.close()
    return folder, key

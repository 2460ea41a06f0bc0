"""The world of the confidentiality matrix: secrets of one tenant, accounts of three, and what every route is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from starlette.routing import Route

from matcher.profiles import KINDS, SINGULAR, Profile
from matcher.vocabulary import Confidentiality
from service.accounts.grants import grant
from service.accounts.roles import Role
from service.accounts.tenants import make_tenant
from service.api.late import complete
from service.jobs import list_jobs
from service.releases import current_release
from service.store import list_subscriptions, upsert_records, withdraw
from tests.builders import a_capability, a_case, a_need
from tests.service.api.test_keys import _walked
from tests.service.api.world import AS_OF, NOW, World, a_world
from tests.waiting import until

OWNER, FRIEND, STRANGER = "default", "friend", "stranger"
TENANTS = (OWNER, FRIEND, STRANGER)
LEVELS = (Confidentiality.PARTNERS, Confidentiality.BROKER_ONLY)
NOBODY = "no-such-record"
_WORDS = {
    ("needs", Confidentiality.PARTNERS): "Zibblewort",
    ("needs", Confidentiality.BROKER_ONLY): "Quandrifex",
    ("capabilities", Confidentiality.PARTNERS): "Molbranit",
    ("capabilities", Confidentiality.BROKER_ONLY): "Trevulkan",
    ("cases", Confidentiality.PARTNERS): "Plonderic",
    ("cases", Confidentiality.BROKER_ONLY): "Skarvomint",
}


@dataclass(frozen=True)
class Secret:
    """A record of the owner's tenant that not everybody may see, with a word of its title that nothing else holds."""

    kind: str
    level: Confidentiality
    word: str
    gone: bool = False  # withdrawn between the two releases: nobody sees it any more

    @property
    def id(self) -> str:
        return f"hid-{'gone-' * self.gone}{self.kind}-{self.level.value}"

    def seen_by(self, role: Role, tenant: str) -> bool:
        """Say what DOMAIN.md says; written anew here, so that the rule is not tested by itself."""
        if self.gone:
            return False
        if self.level is Confidentiality.PARTNERS:
            return tenant in {OWNER, FRIEND}
        return tenant == OWNER and role in {Role.BROKER, Role.ADMIN}

    def history_seen_by(self, role: Role, tenant: str) -> bool:
        """Say who still reads what a withdrawn record was: who could see it before."""
        return self.gone and tenant == OWNER and role in {Role.BROKER, Role.ADMIN}


OWN_WORDS = ("Vortelink", "Grumblefax")
"""Said in the owner's tenant by an import and by an event; no other tenant is told."""

SECRETS = (
    *(Secret(kind, level, word) for (kind, level), word in _WORDS.items()),
    Secret("capabilities", Confidentiality.BROKER_ONLY, "Drelmatic", gone=True),
)
_LATER = ("hid-capabilities-broker_only", "hid-needs-partners")
"""Secrets that the second release is the first to hold."""

PUBLIC = {
    "needs": ("need-1",),
    "capabilities": ("cap-1",),
    "organisations": ("org-1",),
    "mechanisms": ("mech-1",),
    "facilitators": ("prog-1",),
    "cases": ("case-1",),
}


def a_secret_world(folder: Path, *, secrets: bool = True) -> World:
    """Fill a store with public records and, beside their like, secret ones; its twin has none.

    There are two releases. Between them public records change, and of the secret ones some come, one goes, and another
    says something else: so the news have secrets of every kind.
    """
    world = a_world(folder, published=False)
    with world.store.writing() as session:
        for tenant in (FRIEND, STRANGER):
            make_tenant(session, tenant, tenant, actor="test", at=NOW)
        grant(session, OWNER, FRIEND, actor="test", at=NOW)
    if secrets:
        _save(world, *(_made(one) for one in SECRETS if one.id not in _LATER))
    world.night()
    if secrets:
        _work_of_the_owner(world)
        _save(world, *(_made(one) for one in SECRETS if one.id in _LATER))
        _save(world, *(_made(one, "Other words: a river, a turbine.") for one in SECRETS if one.kind != "cases"))
        with world.store.writing() as session:
            for one in SECRETS:
                if one.gone:
                    withdraw(session, one.kind, one.id, actor="test", at=NOW)
    world.upsert("capabilities", a_capability("cap-later", title="Hill electricity", places_offered=["World"]))
    world.upsert("needs", a_need("need-1", summary="Light, and a mill.", beneficiary_places=["NPL"], sdg_goals=[7]))
    world.night(AS_OF + timedelta(days=1))
    return world


def _made(one: Secret, summary: str = "Power from a small river without a grid.") -> Profile:
    title, level = f"{one.word} electricity for a hill village", one.level
    shared: dict[str, Any] = {"title": title, "summary": summary, "sectors": ["energy.hydropower"]}
    if one.kind == "cases":
        return a_case(one.id, title=f"{one.word} on a river", confidentiality=level)
    if one.kind == "needs":
        return a_need(one.id, beneficiary_places=["NPL"], sdg_goals=[7], confidentiality=level, **shared)
    return a_capability(one.id, organisation_id="org-1", places_offered=["World"], confidentiality=level, **shared)


def _save(world: World, *records: Profile) -> None:
    with world.store.writing() as session:
        for record in records:
            kind = next(kind for kind, model in KINDS.items() if isinstance(record, model))
            upsert_records(session, kind, [record], actor="test", at=NOW, tenant_id=OWNER)


def _work_of_the_owner(world: World) -> None:
    """Record an event and import a file that is refused, in the owner's tenant: nobody else is told of either."""
    rows = f"id,title,summary,trl_min\nx,,,{OWN_WORDS[0]}\n"
    with world.client() as client:
        event = {"stage": "shortlisted", "note": f"Asked about the {OWN_WORDS[1]}"}
        assert client.post("/v1/matches/need-1/cap-1/events", json=event).status_code == 201
        assert client.post("/v1/subscriptions", json={"min_ranks": 1}).status_code == 201
        sent = client.post("/v1/imports?kind=needs", content=rows, headers={"Content-Type": "text/csv"})
        assert sent.status_code == 202
        until(lambda: client.get(sent.headers["Location"]).json()["state"] == "done")
        assert OWN_WORDS[0] in client.get(f"{sent.headers['Location']}/rejects").text


def imports_of(world: World) -> list[str]:
    """Return the ids of the owner's imports."""
    with world.store.reading() as session:
        return [job.id for job in list_jobs(session, tenant_id=OWNER)]


def subscriptions_of(world: World) -> list[str]:
    """Return the ids of the owner's subscriptions."""
    with world.store.reading() as session:
        return [one.id for one in list_subscriptions(session, tenant_id=OWNER)]


@dataclass(frozen=True)
class Ask:
    """One request; ``names`` are the ids that its address holds, query and all."""

    method: str
    path: str
    names: tuple[str, ...] = ()
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)

    def of_nobody(self, hidden: AbstractSet[str]) -> Ask:
        """Ask the same of records that are not there in place of hidden ones."""
        path, query = self.path, json.dumps(self.query)
        for name in hidden & set(self.names):
            path, query = path.replace(quote(name, safe=""), NOBODY), query.replace(name, NOBODY)
        return Ask(self.method, path, (), self.body, json.loads(query))


def asks_of(method: str, path: str, wanted: Wanted, values: Mapping[str, Sequence[str]]) -> Iterator[Ask]:
    """Yield what a route is asked: every known id in its address, with every query and body it is to have."""
    names = re.findall(r"\{(\w+)\}", path)
    for ids in product(*(values[name] for name in names)):
        if sum(one.startswith("hid-") for one in ids) > 1:
            continue  # a pair of two secrets tells no more than each beside a public record
        filled = path
        for name, one in zip(names, ids, strict=True):
            filled = filled.replace(f"{{{name}}}", quote(one, safe=""))
        for query in wanted.queries:
            stated = (one for values in query.values() if isinstance(values, list) for one in values)
            yield Ask(method, filled, (*ids, *stated), wanted.body, query)


@dataclass(frozen=True)
class Wanted:
    """How a route is asked. One that writes, or that needs a query or body to answer at all, must state it."""

    queries: Sequence[Mapping[str, Any]] = ({},)
    body: Any = None


_STAGED = {"stage": "shortlisted", "limit": 200}
_LISTED = Wanted(
    [{"limit": 200}, *({"q": one.word} for one in SECRETS), {"sector": "energy"}, {"country": "Nepal"}, _STAGED]
)
_NEED = {"title": "Electricity for a hill village", "text": "Power from a small river.", "places": ["Nepal"]}

_ACCOUNT_WRITES = (
    "create_tenant",
    "create_grant",
    "revoke_grant",
    "create_user",
    "patch_user",
    "create_key",
    "revoke_key",
)
_MERGES = ("merge_organisation", "unmerge_organisation", "distinguish_organisation", "undistinguish_organisation")
_OTHER_WRITES = ("start_import", "record_event", "decide_rule", *_MERGES)
_FOLLOWING = ("add_subscription", "replace_subscription", "remove_subscription")
_REVIEWS = tuple(f"{verb}_{SINGULAR[kind]}" for verb in ("confirm", "reject") for kind in PUBLIC)
_OWNS = tuple(f"confirm_own_{SINGULAR[kind]}" for kind in ("organisations", "capabilities", "needs"))
_PERIODS = ("get_period_report", "export_period_report_xlsx", "get_period_report_page")
_VERBS = ("create", "put", "patch", "withdraw")
_RECORD_WRITES = tuple(f"{verb}_{SINGULAR[kind]}" for verb in _VERBS for kind in PUBLIC)

ENTRIES: Mapping[str, Wanted] = {
    "match_need": Wanted([{"limit": 100}], _NEED),
    "search_matches": Wanted(body={"need": _NEED, "limit": 100}),
    "what_if": Wanted(body={"gates": {"place": "soft", "mode": "off"}}),
    "search": Wanted([{"q": one.word} for one in SECRETS] + [{"q": "river", "limit": 200}]),
    "create_tenant": Wanted(body={"id": "another", "name": "Another"}),
    "create_grant": Wanted(body={"granted_to": STRANGER, "tenant_id": FRIEND}),
    "revoke_grant": Wanted([{"tenant_id": FRIEND}]),
    "create_user": Wanted(body={"login": "one@bank.example", "role": "viewer"}),
    "patch_user": Wanted(body={"role": "viewer"}),
    "create_key": Wanted(body={"name": "another", "role": "viewer"}),
    "revoke_key": Wanted(),
    "merge_organisation": Wanted(body={"into": "org-hostile"}),
    "unmerge_organisation": Wanted(body={}),
    "distinguish_organisation": Wanted(body={"other": "org-hostile", "reason": "other towns"}),
    "undistinguish_organisation": Wanted(body={"other": "org-hostile"}),
    "list_duplicates": Wanted([{}, {"state": "distinct"}]),
    **dict.fromkeys(
        ("list_changes", "list_changes_of_need"),
        Wanted([{"limit": 200, "min_ranks": 1}, {"min_ranks": 1000, "min_change": 1.0}]),
    ),
    "decide_rule": Wanted(body={"state": "confirmed"}),
    "start_import": Wanted([{"kind": "needs"}], {}),
    "record_event": Wanted(body={"stage": "shortlisted"}),
    "add_subscription": Wanted(body={"needs": {"country": "Nepal"}}),
    "replace_subscription": Wanted(body={"needs": {"country": "Nepal"}}),
    "remove_subscription": Wanted(),
    "list_matches_of_need": Wanted([{"limit": 200}, {"limit": 200, "order": "allocation"}]),
    "list_matches_of_capability": Wanted([{"limit": 200}]),
    "compare_partners": Wanted(
        [
            {"capability_id": ["cap-1", other]}
            for other in ("cap-hostile", *(one.id for one in SECRETS if one.kind == "capabilities"))
        ]
    ),
    **dict.fromkeys(_PERIODS, Wanted([{"from": "2026-01-01", "to": "2030-12-31"}])),
    **{f"list_{kind}": _LISTED for kind in PUBLIC},
    **dict.fromkeys(_RECORD_WRITES, Wanted(body=_NEED)),
    **dict.fromkeys((*_REVIEWS, *_OWNS), Wanted(body={})),
}
"""How routes are asked that a bare GET says too little to. Every other GET is asked by itself, with every id."""

PAGES: Mapping[str, Wanted] = {
    **{f"/{kind}": _LISTED for kind in ("", *(kind for kind in PUBLIC if kind != "needs"))},
    "/search": Wanted([{"q": one.word} for one in SECRETS] + [{"q": "river"}]),
    "/duplicates": Wanted([{}, {"state": "distinct"}]),
}
"""The same for the console's pages, by their path."""

WRITES_LAST = frozenset({*_RECORD_WRITES, *_ACCOUNT_WRITES, *_OTHER_WRITES, *_FOLLOWING, *_REVIEWS, *_OWNS})
"""Asked after everything else was: they change the world."""


def values_of(world: World, path: str) -> dict[str, Sequence[str]]:
    """Return the ids to put in an address: those that are public, those that are secret."""
    ids = {kind: [*public, *(one.id for one in SECRETS if one.kind == kind)] for kind, public in PUBLIC.items()}
    release = current_release(world.settings.releases_dir)
    clusters = [] if release.clusters is None else [str(cluster.id) for cluster in release.clusters.clusters]
    found: dict[str, Sequence[str]] = {f"{SINGULAR[kind]}_id": known for kind, known in ids.items()}
    found |= {"login": ["nobody@bank.example"], "prefix": ["000000000000"], "granted_to": ["nobody"], "number": ["1"]}
    found |= {"cluster_id": clusters or ["none"], "import_id": imports_of(world) or ["none"]}
    found["subscription_id"] = subscriptions_of(world) or ["none"]
    kind = next((part for part in path.split("/") if part in ids), None)
    if kind is not None:
        found["record_id"] = ids[kind]
    return found


def operations(app: FastAPI) -> Iterator[tuple[str, str, str]]:
    """Yield (method, path, operation id) of every route of the interface, as its own description lists them."""
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation["operationId"]


def pages(app: FastAPI) -> Iterator[str]:
    """Yield the paths of the console's pages."""
    complete(app)
    for route in _walked(app.routes):
        if (
            isinstance(route, Route)
            and not route.path.startswith(("/v1", "/openapi"))
            and "GET" in (route.methods or ())
        ):
            yield route.path.replace(":path}", "}")

"""The small world after some weeks of work: something stands on every page that people's work fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi.testclient import TestClient

from matcher.profiles import Capability, Need, Organisation
from service.accounts.roles import Role
from tests.builders import a_capability, a_case, a_mechanism, a_need, a_programme, an_organisation
from tests.service.api.world import NEEDS, World
from tests.waiting import until

TRADES = ("dryers", "stoves", "pumps")
"""What a need, three offers and their provider are each named after: tests that dismiss, confirm or merge take one
each, so that what one of them does is not in another's way. The pumps are worked on before the tests begin."""

SHEET = b"Nr,What is needed,In a few words,Country\nb-1,Mango dryers,Solar dryers.,Atlantis\n"
_GUESSED = {"sectors": "inferred", "sdg_goals": "inferred"}
NEEDS_LISTED = len(NEEDS) + len(TRADES)


@dataclass(frozen=True)
class Lived:
    """A world that was worked in, and the addresses that this made, with what their headings say."""

    world: World
    made: Mapping[str, str]


def live_in(world: World) -> Lived:
    """Add records, make another night, and do with it what people do."""
    _describe(world)
    world.night()
    with world.client(world.key_of(Role.ADMIN)) as client:
        followed = _posted(client, "/v1/subscriptions", {"min_ranks": 1, "min_change": 0.001})
        _decide(client)
        sheet = _tried(client, "march.csv", SHEET)
        for trade in TRADES:
            _posted(client, "/v1/keys", {"name": f"the desk of {trade}", "role": "viewer"})
            _posted(client, "/v1/accounts/users", {"login": f"{trade}@bank.example", "role": "broker"})
    world.upsert("organisations", an_organisation("org-1", country="NPL", website="https://example.org/"))
    world.upsert("capabilities", a_capability("cap-pumps-9", title="Pumps, later", places_offered=["World"]))
    world.night()
    with world.client() as client:
        cluster = client.get("/v1/clusters").json()["clusters"][0]
    made = {
        f"/subscriptions/{followed['id']}/digest": "What is new",
        sheet: "march.csv",
        f"/clusters/{cluster['id']}": cluster["label"],
    }
    return Lived(world, made)


def _describe(world: World) -> None:
    """Store needs of one cluster, offers with something inferred, and providers that sleep and are there twice."""
    needs: list[Need] = []
    offers: list[Capability] = []
    providers: list[Organisation] = []
    for trade in TRADES:
        needs.append(
            a_need(
                f"need-{trade}",
                title=f"Village {trade}",
                summary=f"Good {trade} for farmers.",
                beneficiary_places=["TZA"],
                cluster="Village workshops",
                urgency="medium",
                budget={"max": 20000, "currency": "USD"},
            )
        )
        offers += [
            a_capability(
                f"cap-{trade}-{place}",
                title=f"{trade.capitalize()}, model {place}",
                summary=f"Solid {trade} that farmers can mend.",
                organisation_id=f"org-{trade}",
                places_offered=["TZA"],
                sectors=["agriculture"],
                sdg_goals=[2],
                provenance=_GUESSED if place == 1 else {},
            )
            for place in (1, 2, 3)
        ]
        home = {"country": "KEN", "website": f"https://{trade}.example/"}
        asleep = {"activity_status": "dormant", "last_contact_at": "2025-03-04", "contact_channel": "desk@x.example"}
        providers += [
            an_organisation(
                f"org-{trade}", name=f"{trade.capitalize()} Works Limited", slots_total=2, **home, **asleep
            ),
            an_organisation(f"org-{trade}-twin", name=f"{trade.capitalize()} Works Ltd", **home),
        ]
    world.upsert("needs", *needs)
    world.upsert("capabilities", *offers)
    world.upsert("organisations", *providers)
    world.upsert("mechanisms", a_mechanism(summary="Pays for village power.", eligible_places=["World"]))
    world.upsert("facilitators", a_programme(summary="Finds partners.", services=["matchmaking"], places=["World"]))
    alike = {"title": "Electricity for a hill village", "summary": "Power from a small river without a grid."}
    world.upsert("cases", a_case(places=["NPL"], year=2019, outcome="It still runs.", **alike))


def _decide(client: TestClient) -> None:
    """Dismiss three pairs for one reason, say that two organisations are one, and take some pairs further."""
    for place in (1, 2, 3):
        _happens(client, "need-pumps", f"cap-pumps-{place}", stage="declined", reason_codes=["no_reply"])
    _posted(client, "/v1/organisations/org-pumps-twin:merge", {"into": "org-pumps", "reason": "The same firm."})
    _happens(client, "need-1", "cap-hostile", stage="intro_requested", due_on="2026-01-01", note="Wrote to the desk.")
    _happens(client, "need-1", "cap-exclusive", stage="stalled", reason_codes=["no_finance"])


def _happens(client: TestClient, need: str, capability: str, **facts: Any) -> None:
    _posted(client, f"/v1/matches/{need}/{capability}/events", facts)


def _posted(client: TestClient, path: str, body: Mapping[str, Any]) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code < 300, (path, answer.text)
    return answer.json()


def _tried(client: TestClient, name: str, body: bytes) -> str:
    """Send a file through the wizard, wait until it was tried, and return the address of its page."""
    sent = client.post("/import", files={"file": (name, body)}, data={"kind": "needs"}, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    step = str(sent.headers["location"])
    until(lambda: "still being read" not in client.get(step).text)
    return step


def paths_of(lived: Lived, pages: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Return every page with what its heading says: those that are always there, and those that work made."""
    return [*pages.items(), *lived.made.items()]

"""Builders of matches, shortlists and whole releases, for tests that read what was published."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from matcher.matches import Contribution, Gate, Match, NearMiss, OpenQuestion, Shortlist
from matcher.profiles import CapabilityId, Need, NeedId, OrganisationId, Record
from matcher.vocabulary import Cooperation, GateName, GateState, SignalName, Tier
from service.releases import Draft, Release, RunFacts, publish
from service.releases.publishing import serve
from service.releases.records import record_text, write_records
from tests.builders import a_capability, a_need, an_organisation

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_match(need: str = "need-1", capability: str = "cap-1", rank: int = 1, score: float = 0.75, **facts: Any) -> Match:
    miss = facts.pop("near_miss", ())
    known: dict[str, Any] = {
        "organisation_id": OrganisationId(f"capability:{capability}"),
        "capability_title": "Small hydropower turbines",
        "z": math.log(score / (1 - score)),
        "base": -1.5,
        "best_score": 0.9,
        "tier": Tier.C if miss else Tier.B,
        "coverage": 0.4,
        "gates": (
            Gate(GateName.MODE, GateState.FAIL if miss else GateState.PASS, "training only"),
            Gate(GateName.PLACE, GateState.UNKNOWN, "places not stated"),
        ),
        "contributions": (
            Contribution(SignalName.TOPIC, 0.62, 2.5, 2.5, 2.5, 0.0, "Both speak of low-head turbines."),
            Contribution(SignalName.SDG, None, 0.0, 0.0, 0.0, 0.4, "No goals are stated."),
        ),
        "open_questions": (OpenQuestion("places_offered", "provider", "Where do you deliver?", 0.4),),
        "cooperation": Cooperation.SOUTH_SOUTH,
        "cooperation_reason": "Both countries are developing countries.",
        "summary": "Matches on low-head turbines; places are unknown.",
    }
    return Match(
        need_id=NeedId(need),
        capability_id=CapabilityId(capability),
        rank=rank,
        score=score,
        near_miss=miss,
        **{**known, **facts},
    )


def a_near_miss(need: str = "need-1", capability: str = "cap-9", rank: int = 1, score: float = 0.8) -> Match:
    return a_match(need, capability, rank, score, near_miss=(NearMiss(GateName.MODE, "eligible if training counts"),))


def a_shortlist(need: str = "need-1", *matches: Match, considered: int = 3) -> Shortlist:
    eligible = sum(not match.near_miss for match in matches)
    return Shortlist(NeedId(need), f"Title of {need}", matches, eligible, considered, ("one tier only",))


def run_facts(**facts: Any) -> RunFacts:
    known = {"data_fingerprint": "d", "code": "c", "model": "hashing", "scorer": {}, "policy": {}, "k": 20}
    return RunFacts.model_validate({**known, "as_of": date(2026, 11, 22), **facts})


def texts(*records: Record) -> list[tuple[str, str]]:
    """Records as a snapshot hands them on."""
    return [(record.id, record_text(record)) for record in records]


def a_draft(
    releases: Path, shortlists: Sequence[Shortlist], records: Sequence[Record] = (), facts: RunFacts | None = None
) -> Draft:
    """A draft whose parts are written; the records are the least that the shortlists need unless given."""
    kinds: dict[str, Sequence[Record]] = {
        "needs": [a_need(shortlist.need_id) for shortlist in shortlists],
        "capabilities": [a_capability(f"cap-{number}") for number in range(12)],
        "organisations": [an_organisation(f"capability:cap-{number}") for number in range(12)],
    }
    if records:
        kinds["needs"] = [record for record in records if isinstance(record, Need)]
    draft = Draft(releases, facts or run_facts())
    snapshot = releases / ".snapshot-1"
    for kind, rows in kinds.items():
        write_records(snapshot / "records", kind, texts(*rows))
    draft.adopt(snapshot)
    draft.write_arrays({"vectors": np.eye(3, dtype=np.float32), "empty": np.zeros((0, 2), np.int64)})
    ordered = sorted(shortlists, key=lambda shortlist: shortlist.need_id)
    for number, block in enumerate(draft.blocks()):
        draft.write_part(number, (ordered[row] for row in block))
    return draft


def a_release(releases: Path, *shortlists: Shortlist, created_at: datetime = NOON, **facts: Any) -> Release:
    """A release published and served."""
    draft = a_draft(releases, shortlists or (a_shortlist("need-1", a_match()),), facts=run_facts(**facts))
    draft.finish(created_at, {"match": 1.0}, {"mode", "place"})
    release = publish(draft)
    serve(releases, release.id)
    return release

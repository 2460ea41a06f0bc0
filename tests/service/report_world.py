"""A release made by hand for reports: few needs, and lists that say what each figure must be."""

from pathlib import Path

from matcher.matches import Match, NearMiss, Shortlist
from matcher.profiles import NeedId, Record
from matcher.vocabulary import GateName, Tier
from service.releases import Release, publish
from service.releases.publishing import serve
from service.releases.records import write_records
from tests.builders import a_capability, a_need, an_organisation
from tests.service.releases.making import NOON, a_match, run_facts, texts

NEEDS = (
    a_need("n1", beneficiary_places=["NPL"], sectors=["energy.hydropower"], sdg_goals=[7], cluster="Hill towns"),
    a_need("n2", beneficiary_places=["KEN"], sectors=["energy.solar"], sdg_goals=[7, 13], cluster="Hill towns"),
    a_need("n3", beneficiary_places=["NPL", {"name": "Kisumu", "country": "KEN"}], sectors=["water"]),
    a_need("n4", beneficiary_places=["Africa"]),
    a_need("n5", beneficiary_places=["FJI"], sectors=["water"], cluster="Hill towns"),
)
ORGANISATIONS = (
    an_organisation("busy", country="IND", slots_total=1, activity_status="active"),
    an_organisation(
        "asleep",
        country="PER",
        city="Cusco",
        activity_status="dormant",
        last_contact_at="2024-05-01",
        contact_channel="office@asleep.example",
    ),
    an_organisation("idle", country="KEN", activity_status="inactive"),
)
CAPABILITIES = (
    a_capability("c-busy", organisation_id="busy"),
    a_capability("c-busy-2", organisation_id="busy"),
    a_capability("c-asleep", organisation_id="asleep"),
    a_capability("c-idle", organisation_id="idle"),
    a_capability("c-unnamed"),
)


OWNERS = {one.id: one.organisation_id for one in CAPABILITIES}


def _match(need: str, capability: str, rank: int, score: float, tier: Tier = Tier.B) -> Match:
    return a_match(need, capability, rank, score, organisation_id=OWNERS[capability], tier=tier)


def _near_miss(need: str, capability: str, rank: int, score: float) -> Match:
    """It fails the gate "mode"."""
    miss = (NearMiss(GateName.MODE, "eligible if training counts"),)
    return a_match(need, capability, rank, score, organisation_id=OWNERS[capability], near_miss=miss)


LISTS = (
    (_match("n1", "c-busy", 1, 0.9, Tier.A), _match("n1", "c-busy-2", 2, 0.8), _match("n1", "c-asleep", 3, 0.6)),
    (_match("n2", "c-busy", 1, 0.7), _match("n2", "c-unnamed", 2, 0.55)),
    (_match("n3", "c-asleep", 1, 0.3), _near_miss("n3", "c-busy", 2, 0.9), _near_miss("n3", "c-idle", 3, 0.2)),
    (_near_miss("n4", "c-idle", 1, 0.7),),
    (),
)


def a_reported_release(releases: Path, *, clusters: bool = True) -> Release:
    """Publish and serve it."""
    from embeddings.encoder import HashingEncoder
    from matcher import catalogue as catalogues
    from matcher.clusters import of_needs
    from service.reference import load_places
    from service.releases import Draft

    kinds: dict[str, tuple[Record, ...]] = {
        "needs": NEEDS,
        "capabilities": CAPABILITIES,
        "organisations": ORGANISATIONS,
    }
    facts, draft_from = run_facts(), releases / ".snapshot-1"
    for kind, records in kinds.items():
        write_records(draft_from / "records", kind, texts(*records))
    draft = Draft(releases, facts)
    draft.adopt(draft_from)
    ordered = sorted(CAPABILITIES, key=lambda one: one.id)
    known = {one.id: one for one in ORGANISATIONS}
    encoder = HashingEncoder()
    catalogue = catalogues.build(ordered, known, encoder, load_places(), facts.as_of)
    draft.write_arrays(catalogue.arrays())
    draft.write_part(0, map(_shortlist, NEEDS, LISTS))
    if clusters:
        draft.write_clusters(of_needs(NEEDS, encoder, catalogue.lexical))
    draft.finish(NOON, {}, {"mode", "place"})
    release = publish(draft)
    serve(releases, release.id)
    return release


def _shortlist(need: Record, matches: tuple[Match, ...]) -> Shortlist:
    eligible = sum(not match.near_miss for match in matches)
    return Shortlist(NeedId(need.id), f"Title of {need.id}", matches, eligible, len(CAPABILITIES), ())

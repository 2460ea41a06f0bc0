"""The clusters of a release: a line for each, and the page of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from matcher.classification import goals_of, sectors_of
from matcher.clusters import Cluster, Clustering, Gone, News, shared_families
from matcher.combining import Listed, Partner, Serving, combine
from matcher.exposure import TOP
from matcher.labelling import Term
from matcher.languages import unread as not_read
from matcher.profiles import CapabilityId, Located, Need, NeedId, OrganisationId
from matcher.vocabulary import ActivityStatus, Confidentiality
from matcher.wording import many
from service.reports.survey import Listing, Report, Withheld, place_names
from service.wire import match_from_json

if TYPE_CHECKING:
    from matcher.matches import Match
    from service.reports.survey import Survey


PARTNERS: Final = 20
"""Partners on a page: as many as a need's list holds."""

QUESTIONS: Final = 10  # on a page
UNNAMED: Final = "needs that are alike"


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """A cluster in the list of them."""

    id: str
    label: str
    stated: bool  # its members name it; otherwise its own words do
    sectors: tuple[str, ...]
    members: int  # that are seen
    withheld: int
    places: tuple[str, ...]  # of the members that are seen
    news: News  # since the release before
    joined: int
    left: int


@dataclass(frozen=True, slots=True)
class ClustersReport(Report):
    """The clusters with members that may be seen (two, or one of a stated cluster), the largest first."""

    earlier: str | None  # release whose ids were kept
    clusters: tuple[ClusterLine, ...]
    gone: tuple[Gone, ...]  # clusters of the release before that are no more
    alone: int  # needs that are like no other of their sectors
    unread: int  # needs in a language the text model does not cover: none of them is compared
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A need of a cluster."""

    need_id: str
    need_title: str
    owner_organisation_id: str
    owner_name: str | None
    owner_status: ActivityStatus | None
    cities: tuple[str, ...]  # sub-national places of the need; else the owner's city
    places: tuple[str, ...]
    eligible: int  # matches on its list that are no near misses


@dataclass(frozen=True, slots=True)
class Count:
    """Something that several members share, and how many of them do."""

    name: str
    needs: int


@dataclass(frozen=True, slots=True)
class SharedQuestion:
    """A question that is open in the lists of members: answered once, it settles them all."""

    about: str
    ask: str  # provider or need_owner
    example: str  # how it is put most often; it may name one of several offers
    needs: int  # members in whose lists it is open


@dataclass(frozen=True, slots=True)
class ClusterPartner:
    """A partner for the cluster as one: ``score`` is the mean over the members of its best match, 0 without one."""

    organisation_id: str
    name: str | None
    country: str | None
    activity_status: ActivityStatus | None
    slots_total: int | None
    score: float
    needs: int  # members whose ten best eligible matches hold it
    places: tuple[str, ...]  # of these members
    serves: tuple[Serving, ...]


@dataclass(frozen=True, slots=True)
class ClusterPage(Report):
    """One cluster, matched as one: nothing is searched anew, its members' published lists are put together."""

    id: str
    label: str
    stated: bool
    sectors: tuple[str, ...]
    news: News
    before: str | None  # the cluster it was split from
    joined: int
    left: int
    likeness: float | None  # mean cosine of the members' texts; None where some members may not be seen
    members: tuple[Member, ...]
    words: tuple[Term, ...]  # that the members use and other needs do not
    sdg_goals: tuple[Count, ...]  # shared by at least two members, or stated by the only one
    shared_sectors: tuple[Count, ...]
    questions: tuple[SharedQuestion, ...]
    partners_serving_several: int
    partners_in_all: int
    partners: tuple[ClusterPartner, ...]  # the best first


def report(survey: Survey) -> ClustersReport:
    """List the clusters; one of which no member may be seen is left out."""
    found = survey.release.clusters
    if found is None:
        note = "This release was made before there were clusters: the next night makes them."
        return ClustersReport(*survey.head(), None, (), (), 0, 0, (note,))
    lines, (alone, unread) = tuple(_lines_of(survey, found)), _unclustered(survey, found)
    gone = found.gone if _sees_all(survey) else tuple(replace(one, label="") for one in found.gone)
    notes = tuple(_notes(alone, unread))
    return ClustersReport(*survey.head(), found.earlier, lines, gone, alone, unread, notes)


def page(survey: Survey, cluster_id: str) -> ClusterPage | None:
    """Put one cluster together; None when the release has no such cluster, or no member of it may be seen."""
    found = survey.release.clusters
    cluster = found.by_id.get(cluster_id) if found else None
    read = [one for one in map(survey.listing, cluster.members) if one is not None] if cluster else []
    if cluster is None or not _is_told(cluster, len(read)):
        return None
    listings = [listing for listing, _ in read]
    needs = [listing.need for listing in listings]
    least = min(2, len(listings))
    partners = combine({NeedId(one.need.id): _lines(one) for one in listings})
    withheld = Withheld(len(cluster.members) - len(listings), sum(hidden for _, hidden in read))
    return ClusterPage(
        survey.release.id,
        survey.release.manifest.as_of,
        len(listings),
        withheld,
        cluster.id,
        _label(cluster, needs),
        cluster.stated,
        _sectors(cluster, needs),
        cluster.news,
        cluster.before,
        cluster.joined,
        cluster.left,
        cluster.likeness if len(needs) == len(cluster.members) else None,
        tuple(_member(survey, one) for one in listings),
        cluster.terms if _is_whole(cluster, needs) else (),
        _shared(([f"SDG {goal}" for goal in goals_of(one.need) or ()] for one in listings), least),
        _shared((sectors_of(one.need.sectors, one.need.crs_purpose) for one in listings), least),
        tuple(_questions(survey, listings, least)),
        sum(len(partner.serves) > 1 for partner in partners),
        len(partners),
        tuple(_partner(survey, partner, listings) for partner in partners[:PARTNERS]),
    )


def _sees_all(survey: Survey) -> bool:
    return survey.head()[-1].needs == 0


def _unclustered(survey: Survey, found: Clustering) -> tuple[int, int]:
    """Count the needs that are in no cluster and may be seen: those like no other, and those that could not be read."""
    if _sees_all(survey):
        return found.alone, found.unread
    languages = survey.release.manifest.facts.languages
    reads = None if languages is None else frozenset(languages)
    seen = {listing.need.id: listing.need for listing in survey.listings}
    clusters = ([member for member in cluster.members if member in seen] for cluster in found.clusters)
    told = zip(found.clusters, clusters, strict=True)
    clustered = {member for cluster, members in told if _is_told(cluster, len(members)) for member in members}
    free = [need for need in seen.values() if need.id not in clustered]
    unread = sum(not_read(need, reads) is not None for need in free)
    return len(free) - unread, unread


def _is_told(cluster: Cluster, seen: int) -> bool:
    """Say whether there is a cluster for this reader: a need alone is like others only by those it may not see."""
    return seen >= (1 if cluster.stated else min(2, len(cluster.members)))


def _is_whole(cluster: Cluster, seen: Iterable[Need]) -> bool:
    """Say whether every member whose words were used, those that were public then, may still be seen."""
    return sum(need.confidentiality is Confidentiality.PUBLIC for need in seen) >= cluster.public


def _label(cluster: Cluster, seen: Sequence[Need]) -> str:
    """Return the label; the sectors alone where it may hold words of a need that is not to be seen any more."""
    if cluster.stated or _is_whole(cluster, seen):
        return cluster.label
    return ", ".join(_sectors(cluster, seen)) or UNNAMED


def _sectors(cluster: Cluster, seen: Sequence[Need]) -> tuple[str, ...]:
    """Return the sectors of the cluster; those of who may be seen where that is not everybody."""
    return cluster.sectors if len(seen) == len(cluster.members) else shared_families(seen)


def _lines_of(survey: Survey, found: Clustering) -> Iterator[ClusterLine]:
    needs = {listing.need.id: listing.need for listing in survey.listings}
    for cluster in found.clusters:
        seen = [needs[member] for member in cluster.members if member in needs]
        if _is_told(cluster, len(seen)):
            places = dict.fromkeys(name for need in seen for name in place_names(need))
            yield ClusterLine(
                cluster.id,
                _label(cluster, seen),
                cluster.stated,
                _sectors(cluster, seen),
                len(seen),
                len(cluster.members) - len(seen),
                tuple(sorted(places)),
                cluster.news,
                cluster.joined,
                cluster.left,
            )


def _notes(alone: int, unread: int) -> Iterator[str]:
    if alone:
        yield f"{many(alone, 'need')} like no other of the same sectors: in no cluster."
    if unread:
        yield (
            f"{many(unread, 'need')} in a language the text model does not cover: in no cluster but a stated one."
            " An English summary brings them in."
        )


def _lines(listing: Listing) -> list[Listed]:
    """Return what stands among a member's ten best: behind them nobody looks."""
    return [
        Listed(OrganisationId(line.organisation_id), CapabilityId(line.capability_id), line.rank, line.score, line.tier)
        for line in listing.eligible[:TOP]
    ]


def _member(survey: Survey, listing: Listing) -> Member:
    need = listing.need
    owner = survey.organisation(need.owner_organisation_id)
    stated = tuple(place.name for place in need.beneficiary_places or () if isinstance(place, Located))
    cities = stated or ((owner.city,) if owner is not None and owner.city else ())
    return Member(
        need.id,
        need.title,
        need.owner_organisation_id,
        owner.name if owner else None,
        owner.activity_status if owner else None,
        cities,
        place_names(need),
        len(listing.eligible),
    )


def _shared(groups: Iterable[Iterable[str]], least: int) -> tuple[Count, ...]:
    """Count names over members, the commonest first, ties by name; those of fewer than ``least`` members go."""
    counts = Counter(name for group in groups for name in set(group))
    found = (Count(name, count) for name, count in counts.items() if count >= least)
    return tuple(sorted(found, key=lambda each: (-each.needs, each.name)))


def _questions(survey: Survey, listings: Sequence[Listing], least: int) -> list[SharedQuestion]:
    """Return what is open in the lists of several members, from the matches as they were published."""
    needs: Counter[tuple[str, str]] = Counter()
    wordings: dict[tuple[str, str], Counter[str]] = {}
    for listing in listings:
        asked = [question for match in _matches(survey, listing) for question in match.open_questions]
        needs.update({(each.about, each.ask) for each in asked})
        for each in asked:
            wordings.setdefault((each.about, each.ask), Counter())[each.question] += 1
    found = [
        SharedQuestion(about, ask, min(said, key=lambda one: (-said[one], one)), count)
        for (about, ask), count in needs.items()
        if count >= least
        for said in [wordings[about, ask]]
    ]
    return sorted(found, key=lambda each: (-each.needs, each.about, each.ask))[:QUESTIONS]


def _matches(survey: Survey, listing: Listing) -> list[Match]:
    """Parse a member's eligible matches that may be seen."""
    shown = {line.capability_id for line in listing.eligible}
    columns = survey.release.columns(listing.need.id, ("capability_id", "detail"))
    pairs = zip(columns["capability_id"], columns["detail"], strict=True)
    return [match_from_json(text) for capability, text in pairs if capability in shown]


def _partner(survey: Survey, partner: Partner, listings: Sequence[Listing]) -> ClusterPartner:
    known = survey.organisation(partner.organisation_id)
    served = {one.need_id for one in partner.serves}
    places = {name for one in listings if one.need.id in served for name in place_names(one.need)}
    return ClusterPartner(
        partner.organisation_id,
        known.name if known else None,
        known.country if known else None,
        known.activity_status if known else None,
        known.slots_total if known else None,
        partner.score,
        len(partner.serves),
        tuple(sorted(places)),
        partner.serves,
    )

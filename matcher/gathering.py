"""From streamed records to columns: one pass over the capabilities, then the distinct values are read once each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matcher.atlas import Atlas
from matcher.classification import counted, goals_of, sectors_of
from matcher.encoding import (
    BitColumn,
    Dictionary,
    ListColumn,
    plain,
    positions,
    primary,
    small,
    vocabulary,
)
from matcher.envelopes import EnvelopeColumn
from matcher.facts import (
    ACTIVITIES,
    ALWAYS,
    NEVER,
    OFFER_KINDS,
    UNDATED,
    OrganisationColumn,
    PlaceColumn,
    day,
)
from matcher.money import MoneyColumn
from matcher.places import PlaceBook
from matcher.profiles import Capability, Deployment, Organisation, PartnerSought, Place, Record
from matcher.vocabulary import ReviewState

_SHOWN: Final = {None, ReviewState.PUBLISHED}
_GONE: Final = {ReviewState.EXPIRED, ReviewState.WITHDRAWN}
_RECENT_YEARS: Final = 5  # a deployment counts in full this long
_AGED: Final = 0.5  # what an older or undated one still counts: technology outlives its news

Offer = tuple[tuple[Place, ...] | None, tuple[Place, ...] | None]


def shown_until(record: Record) -> int:
    """Return the last day a record counts; NEVER when its review state keeps it back."""
    if record.review_state not in _SHOWN:
        return int(NEVER)
    return int(ALWAYS) if record.valid_until is None else day(record.valid_until)


class _Rows:
    """What streams by, one dictionary a field."""

    def __init__(self) -> None:
        self.offers: Dictionary[Offer] = Dictionary()
        self.sets: dict[str, Dictionary[Any]] = {name: Dictionary() for name in _SETS}
        self.sectors: Dictionary[tuple[Any, Any]] = Dictionary()
        self.envelope: Dictionary[Any] = Dictionary()
        self.price: Dictionary[Any] = Dictionary()
        self.ticket: Dictionary[Any] = Dictionary()
        self.deployed: Dictionary[tuple[Deployment, ...]] = Dictionary()
        self.owners: Dictionary[str] = Dictionary()
        self.scalars: list[tuple[float, ...]] = []

    def add(self, record: Capability) -> None:
        """Append one capability."""
        record = counted(record)
        offer = (record.places_offered, record.places_excluded)
        self.offers.add(None if offer == (None, None) else offer, record.id)
        for name, read in _SETS.items():
            self.sets[name].add(read(record), record.id)
        about = (record.sectors, record.crs_purpose)
        self.sectors.add(None if about == (None, None) else about)
        envelope = record.operating_envelope
        self.envelope.add(None if envelope is None else tuple(envelope.items()))
        self.price.add(record.price)
        self.ticket.add(record.partner_sought.ticket if record.partner_sought else None)
        self.deployed.add(record.deployed_in, record.id)
        self.owners.add(record.organisation_id)
        self.scalars.append(_scalars(record))


def _scalars(record: Capability) -> tuple[float, ...]:
    lead_time = np.nan if record.lead_time_months is None else record.lead_time_months
    kind = 0 if record.offer_kind is None else OFFER_KINDS.index(record.offer_kind) + 1
    changed = max(day(record.updated_at), day(record.created_at))
    return shown_until(record), record.trl or 0, lead_time, kind, changed, record.training_included is True


def _partner(record: Capability) -> PartnerSought:
    return record.partner_sought or PartnerSought()


_SETS: Final[dict[str, Any]] = {
    "modes": lambda record: record.transfer_modes,
    "terms": lambda record: record.ip.terms if record.ip else None,
    "languages": lambda record: record.languages_supported,
    "sdg_goals": goals_of,
    "sdg_targets": lambda record: record.sdg_targets,
    "crs": lambda record: record.crs_purpose,
    "infrastructure": lambda record: record.infrastructure_required,
    "skills": lambda record: record.skills_required,
    "sought_places": lambda record: _partner(record).places,
    "sought_types": lambda record: _partner(record).org_types,
}


def gather(
    capabilities: Iterable[Capability], organisations: Mapping[str, Organisation], places: PlaceBook, as_of: date
) -> dict[str, Any]:
    """Return the fields of Columns but its date."""
    rows, atlas = _Rows(), Atlas(places, as_of)
    for record in capabilities:
        rows.add(record)
    owners = _Owners(rows.owners, organisations, atlas)
    scalars = np.array(rows.scalars or np.empty((0, 6)), np.float64)
    return {
        "geography": atlas.geography(),
        "organisation": owners.column,
        "places": _places(rows.offers, atlas),
        "modes": BitColumn.encode(rows.sets["modes"], _texts),
        "terms": BitColumn.encode(rows.sets["terms"], _texts),
        **_languages(rows.sets["languages"], owners),
        "envelope": EnvelopeColumn.encode(rows.envelope),
        "price": MoneyColumn.encode(rows.price),
        "sdg_goals": BitColumn.encode(rows.sets["sdg_goals"], _texts),
        "sdg_targets": BitColumn.encode(rows.sets["sdg_targets"], _texts),
        "sectors": BitColumn.encode(rows.sectors, lambda about: sectors_of(*about)),
        "crs": BitColumn.encode(rows.sets["crs"], _with_category),
        "infrastructure": ListColumn.encode(rows.sets["infrastructure"], _labels),
        "skills": ListColumn.encode(rows.sets["skills"], _labels),
        "deployments": _deployments(rows.deployed, atlas),
        "sought_places": _sought(rows.sets["sought_places"], atlas),
        "sought_types": BitColumn.encode(rows.sets["sought_types"], _texts),
        "ticket": MoneyColumn.encode(rows.ticket),
        "shown_until": np.minimum(scalars[:, 0].astype(np.int32), owners.shown_until()),
        "trl": scalars[:, 1].astype(np.uint8),
        "lead_time": scalars[:, 2].astype(np.float32),
        "offer_kind": scalars[:, 3].astype(np.uint8),
        "updated": scalars[:, 4].astype(np.int32),
        "training": scalars[:, 5].astype(np.bool_),
        "problems": tuple(atlas.problems),
    }


def _texts(values: Iterable[Any]) -> list[str]:
    return [str(value) for value in values]


def _with_category(codes: Iterable[str]) -> list[str]:
    return [part for code in codes for part in (code, code[:3])]


def _labels(values: Iterable[str]) -> list[tuple[str, float]]:
    return [(label, 1.0) for label in sorted({plain(value) for value in values})]


def _places(offers: Dictionary[Offer], atlas: Atlas) -> PlaceColumn:
    """Encode what offers come to: offered less excluded, and excluded alone; many ways of writing come to the same."""
    distinct: dict[tuple[frozenset[str], frozenset[str], bool, bool], int] = {}
    recode = [0]
    for (wanted, refused), record in zip(offers.stated(), offers.first[1:], strict=True):
        inside, whole = atlas.union(wanted or (), "places_offered", record)
        outside, _ = atlas.union(refused or (), "places_excluded", record)
        meant = inside - outside, outside, wanted is not None and (bool(inside) or whole), whole
        recode.append(distinct.setdefault(meant, len(distinct) + 1))
    codes = small(np.array(recode)[offers.codes()], len(distinct))
    offered, excluded, stated, complete = zip((frozenset(), frozenset(), False, True), *distinct, strict=True)
    return PlaceColumn(
        BitColumn.of(offered[1:], codes, atlas.names).members,
        BitColumn.of(excluded[1:], codes, atlas.names).members,
        np.array(stated),
        np.array(complete),
        codes,
    )


def _sought(rows: Dictionary[tuple[Place, ...]], atlas: Atlas) -> BitColumn:
    """Encode the places a provider seeks partners in; an entry of which nothing resolves is unknown."""
    sets: list[frozenset[str]] = []
    recode = [0]
    for wanted, record in zip(rows.stated(), rows.first[1:], strict=True):
        found, complete = atlas.union(wanted, "partner_sought.places", record)
        usable = bool(found) or complete
        sets.extend([found] if usable else [])
        recode.append(len(sets) if usable else 0)
    return BitColumn.of(sets, small(np.array(recode)[rows.codes()], len(sets)), atlas.names)


def _deployments(rows: Dictionary[tuple[Deployment, ...]], atlas: Atlas) -> ListColumn:
    """Encode where a capability was put to work, each country with the sum of its recency weights."""
    first = dict(zip(rows.stated(), rows.first[1:], strict=True))

    def read(deployed: tuple[Deployment, ...]) -> Iterator[tuple[str, float]]:
        total: dict[str, float] = {}
        for one in deployed:
            recent = one.year is not None and one.year >= atlas.as_of.year - _RECENT_YEARS
            if country := atlas.country(one.country, first[deployed], "deployed_in"):
                total[country] = total.get(country, 0.0) + (1.0 if recent else _AGED)
        yield from total.items()

    return ListColumn.encode(rows, read, atlas.names)


class _Owners:
    """The providers' facts, looked up once an organisation."""

    def __init__(self, rows: Dictionary[str], organisations: Mapping[str, Organisation], atlas: Atlas) -> None:
        ids = rows.stated()
        self._ids, self._atlas = vocabulary(ids), atlas
        rank = np.concatenate([[0], positions(self._ids, ids)]).astype(np.int64)
        self._codes = small(rank[rows.codes()], len(ids))
        self._records = [organisations.get(name.decode()) for name in self._ids.tolist()]

    @property
    def column(self) -> OrganisationColumn:
        """Return the facts aligned with the sorted ids."""
        found = [self._atlas.country(each.country, each.id) if each and each.country else "" for each in self._records]
        activity = [
            ACTIVITIES.index(each.activity_status) + 1 if each and each.activity_status else 0 for each in self._records
        ]
        contact = [day(each.last_contact_at) if each else int(UNDATED) for each in self._records]
        return OrganisationColumn(
            self._ids,
            positions(self._atlas.names, found).astype(np.int16),
            np.array(activity, np.uint8),
            np.array(contact, np.int32),
            self._codes,
        )

    def shown_until(self) -> npt.NDArray[np.int32]:
        """Return per row the last day the organisation's own record counts."""
        last = [_stands_until(each) if each else int(ALWAYS) for each in self._records]
        return np.array(last, np.int32)[self._codes]

    def languages(self) -> list[tuple[str, ...] | None]:
        """Return per row what the organisation speaks."""
        spoken = [each.languages if each else None for each in self._records]
        return [spoken[code] for code in self._codes.tolist()]


def _stands_until(organisation: Organisation) -> int:
    """Return the last day an organisation counts: a draft of one still stands behind its published offers."""
    if organisation.review_state in _GONE:
        return int(NEVER)
    return int(ALWAYS) if organisation.valid_until is None else day(organisation.valid_until)


def _languages(supported: Dictionary[Any], owners: _Owners) -> dict[str, BitColumn]:
    """Encode what is supported, what the organisation speaks, and the first of the two that is stated."""
    home: Dictionary[Any] = Dictionary()
    spoken: Dictionary[Any] = Dictionary()
    own = [None, *supported.stated()]
    for code, fallback in zip(supported.codes().tolist(), owners.languages(), strict=True):
        home.add(fallback)
        spoken.add(fallback if own[code] is None else own[code])

    names = vocabulary(primary(tag) for rows in (supported, home) for tags in rows.stated() for tag in tags)

    def encode(rows: Dictionary[Any]) -> BitColumn:
        return BitColumn.encode(rows, lambda tags: map(primary, tags), names)

    return {"languages": encode(supported), "home_languages": encode(home), "spoken": encode(spoken)}

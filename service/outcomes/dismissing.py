"""Dismissals stick: what a tenant declined stays off its lists, and reasons that repeat propose a rule to a person."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
from sqlalchemy import select

from matcher.followup import RuleScope, RuleState
from matcher.identity import resolved
from matcher.narrowing import Criteria
from matcher.outcomes import PairState
from matcher.vocabulary import ReasonCode
from service.store import Told, active_merges, states_of_pairs
from service.store.models import FacetRow
from service.store.rules import HardRule, RuleKey, list_rules, propose_rule

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from matcher.profiles import Capability
    from service.releases import Release
    from service.store import Store
    from service.visibility import Audience

LOOKED_UP: Final = 1.0
"""Seconds that a tenant's dismissals are used again by a process that did not write them itself."""

_MOST: Final = 200  # tenants and audiences remembered at once
_CHUNK: Final = 500  # ids asked for at once
_SCOPES: Final = {"organisation": RuleScope.PROVIDER, "sector": RuleScope.SECTOR}


@dataclass(frozen=True, slots=True)
class Why:
    """Why a pair is off a tenant's lists: it was dismissed itself, or a confirmed rule keeps it off."""

    reason_codes: tuple[ReasonCode, ...]
    since: datetime | None
    note: str = ""
    rule: HardRule | None = None

    @property
    def words(self) -> str:
        """Say it: "dismissed: price" or "rule 3 (provider org-1): price"."""
        reasons = ", ".join(self.reason_codes)
        if self.rule is None:
            return f"dismissed: {reasons}" if reasons else "dismissed"
        return f"rule {self.rule.number} ({self.rule.key.scope} {self.rule.key.value}): {reasons}"


@dataclass(frozen=True)
class Off:
    """What a tenant dismissed and its confirmed rules, at one moment; of dismissals, the reasons that may be told."""

    dismissed: Mapping[str, Mapping[str, PairState]] = field(default_factory=dict)  # need -> capability
    rules: tuple[HardRule, ...] = ()
    told: Mapping[str, Mapping[str, PairState]] | None = None  # as the asker is told; None: all of it
    roots: Mapping[str, str] = field(default_factory=dict)  # organisations that were merged, and into which

    def names(self, organisation_id: str) -> frozenset[str]:
        """Return every id under which an organisation is known: a rule about one of them is about all."""
        root = self.roots.get(organisation_id, organisation_id)
        return frozenset({root, *(absorbed for absorbed, kept in self.roots.items() if kept == root)})

    def why(self, need_id: str, capability_id: str, record: Callable[[str], Capability | None]) -> Why | None:
        """Say why a pair is off the lists; None when it is not. ``record`` is asked only where a rule depends on it."""
        state = self.dismissed.get(need_id, {}).get(capability_id)
        if state is not None:
            told = state if self.told is None else self.told.get(need_id, {}).get(capability_id)
            return Why((), state.since) if told is None else Why(told.reason_codes, told.since, told.note)
        if not self.rules:
            return None
        capability = record(capability_id) if any(_needs_record(rule) for rule in self.rules) else None
        rule = next((rule for rule in self.rules if self._covers(rule.key, need_id, capability)), None)
        return None if rule is None else Why((rule.key.reason,), rule.decided_at, rule.note, rule)

    def _covers(self, key: RuleKey, need_id: str, capability: Capability | None) -> bool:
        if key.scope is RuleScope.NEED:
            return key.value == need_id
        if capability is None:
            return False
        if key.scope is RuleScope.PROVIDER:
            return capability.organisation_id in self.names(key.value)
        return any(one == key.value or one.startswith(f"{key.value}.") for one in capability.sectors or ())

    def criteria(self, key: RuleKey) -> Criteria:
        """Return what finds the offers of a rule about a provider or a sector."""
        if key.scope is RuleScope.PROVIDER:
            return Criteria(organisations=self.names(key.value))
        return Criteria(sectors=frozenset({key.value}))


def rows_off(off: Off, need_id: str, release: Release) -> frozenset[int]:
    """Return the rows of a release's capabilities that are off a need's list: for searching, which filters first."""
    rows = {release.capabilities.row_of(capability_id) for capability_id in off.dismissed.get(need_id, ())}
    for rule in off.rules:
        if rule.key.scope is RuleScope.NEED:
            rows |= set(range(len(release.capabilities))) if rule.key.value == need_id else set()
            continue
        for flags in off.criteria(rule.key).judge(release.catalogue.columns).values():
            rows |= set(np.flatnonzero(flags).tolist())
    return frozenset(row for row in rows if row is not None)


def off_lists(session: Session, tenant_id: str, audience: Audience | None = None) -> Off:
    """Read what a tenant keeps off its lists; the same for whoever looks, but for the reasons an audience is told."""
    told = None if audience is None else _dismissed(session, Told(tenant_id, audience))
    rules = list_rules(session, tenant_id, RuleState.CONFIRMED)
    return Off(_dismissed(session, Told(tenant_id)), rules, told, resolved(active_merges(session)))


def _dismissed(session: Session, told: Told) -> dict[str, dict[str, PairState]]:
    found: defaultdict[str, dict[str, PairState]] = defaultdict(dict)
    for (_, (need_id, capability_id)), state in states_of_pairs(session, told, declined=True).items():
        if state.dismissed:
            found[need_id][capability_id] = state
    return dict(found)


class Dismissals:
    """What tenants keep off their lists, looked up at most once a second. Safe to share among threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, Audience | None], tuple[float, Off]] = {}

    def of(self, tenant_id: str, audience: Audience | None = None) -> Off:
        """Return a tenant's dismissals and rules, with the reasons that an audience is told."""
        key = (tenant_id, audience)
        known = self._known.get(key)
        if known is not None and self._clock() < known[0]:
            return known[1]
        with self._lock:
            known = self._known.get(key)
            if known is None or self._clock() >= known[0]:
                with self._store.reading() as session:
                    found = off_lists(session, tenant_id, audience)
                if len(self._known) >= _MOST:
                    self._known.clear()
                known = self._known[key] = (self._clock() + LOOKED_UP, found)
            return known[1]

    def forget(self, tenant_id: str) -> None:
        """Look again at the next question: something was just written here."""
        with self._lock:
            for key in [key for key in self._known if key[0] == tenant_id]:
                del self._known[key]


def propose(session: Session, tenant_id: str, reasons: tuple[ReasonCode, ...], least: int, at: datetime) -> list[int]:
    """Propose a rule for each provider, need or sector of which ``least`` pairs stand dismissed for one reason.

    To be called in the transaction that wrote a dismissal, with its reasons. Of a sector and its child with equally
    many pairs only the child is proposed. Returns the numbers of new rules; a rule that was ever proposed is not again.
    """
    states = states_of_pairs(session, Told(tenant_id), declined=True)
    made: list[int] = []
    for reason in reasons:
        pairs = [pair for (_, pair), state in states.items() if state.dismissed and reason in state.reason_codes]
        if len(pairs) < least:
            continue
        for (scope, value), count in sorted(_counted(session, pairs).items()):
            if count >= least:
                number = propose_rule(session, tenant_id, RuleKey(scope, value, reason), count, at)
                made += [] if number is None else [number]
    return made


def _counted(session: Session, pairs: Sequence[tuple[str, str]]) -> dict[tuple[RuleScope, str], int]:
    """Count the pairs of each need, provider and sector."""
    counts: defaultdict[tuple[RuleScope, str], int] = defaultdict(int)
    roots = resolved(active_merges(session))
    offered: defaultdict[str, int] = defaultdict(int)
    for need_id, capability_id in pairs:
        counts[RuleScope.NEED, need_id] += 1
        offered[capability_id] += 1
    for capability_id, facet, value in facets_of(session, sorted(offered)):
        counts[_SCOPES[facet], roots.get(value, value)] += offered[capability_id]
    return {
        (scope, value): count
        for (scope, value), count in counts.items()
        if scope is not RuleScope.SECTOR or not _is_said_by_a_child(value, count, counts)
    }


def _is_said_by_a_child(value: str, count: int, counts: Mapping[tuple[RuleScope, str], int]) -> bool:
    return any(
        scope is RuleScope.SECTOR and other.startswith(f"{value}.") and of == count
        for (scope, other), of in counts.items()
    )


def facets_of(session: Session, capability_ids: list[str]) -> list[tuple[str, str, str]]:
    """Return id, facet and value of each provider ("organisation") and sector of capabilities that the store holds."""
    found: list[tuple[str, str, str]] = []
    for start in range(0, len(capability_ids), _CHUNK):
        query = select(FacetRow.id, FacetRow.facet, FacetRow.value).where(
            FacetRow.kind == "capabilities",
            FacetRow.id.in_(capability_ids[start : start + _CHUNK]),
            FacetRow.facet.in_(_SCOPES),
        )
        found += [(row.id, row.facet, row.value) for row in session.execute(query)]
    return found


def _needs_record(rule: HardRule) -> bool:
    return rule.key.scope is not RuleScope.NEED

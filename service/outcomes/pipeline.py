"""The pipeline of a tenant: its pairs by stage, what is due, what has gone quiet, what to do next."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from matcher.outcomes import CLOSED, PairState
from matcher.vocabulary import Stage

if TYPE_CHECKING:
    from collections.abc import Collection

    from service.store.events import Pair

QUIET_DAYS: Final = 30
"""Days without an event after which an open pair counts as quiet unless asked otherwise: a month without a word."""

_FAR: Final = date.max


@dataclass(frozen=True, slots=True)
class Entry:
    """One pair of the pipeline."""

    need_id: str
    capability_id: str
    state: PairState
    days_at_stage: int
    days_quiet: int  # since the last event
    quiet: bool  # open, and no event for so many days
    overdue: bool  # open, and its due date has passed


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a pipeline is narrowed to; what is not stated is not asked."""

    stages: Collection[Stage] = ()
    need_id: str | None = None
    quiet: bool | None = None
    overdue: bool | None = None
    due_by: date | None = None
    is_open: bool | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Entries in order: overdue ones first, by due date, then those quiet for longest. Counts are of all of them."""

    entries: tuple[Entry, ...]
    by_stage: Mapping[Stage, int]  # every stage, in order; before the filter by stage
    quiet: int
    overdue: int


def pipeline(
    states: Mapping[Pair, PairState],
    shows: Callable[[str, str], bool],
    now: datetime,
    wanted: Wanted,
    quiet_days: int = QUIET_DAYS,
) -> Pipeline:
    """Lay out the pairs that may be seen, as they stand at ``now``."""
    found = [
        _entry(pair, state, now, quiet_days)
        for pair, state in states.items()
        if state.stage is not None and shows(*pair)
    ]
    kept = [entry for entry in found if _is_wanted(entry, wanted)]
    counts = Counter(entry.state.stage for entry in kept)
    listed = [entry for entry in kept if not wanted.stages or entry.state.stage in wanted.stages]
    listed.sort(key=_urgency)
    return Pipeline(
        tuple(listed),
        {stage: counts[stage] for stage in Stage},
        sum(entry.quiet for entry in listed),
        sum(entry.overdue for entry in listed),
    )


def needs_by_stage(
    states: Iterable[tuple[Pair, PairState]], shows: Callable[[str, str], bool]
) -> dict[Stage, frozenset[str]]:
    """Return the needs with a pair at each stage, of the pairs that may be seen; a need may stand at several."""
    found: defaultdict[Stage, set[str]] = defaultdict(set)
    for pair, state in states:
        if state.stage is not None and shows(*pair):
            found[state.stage].add(pair[0])
    return {stage: frozenset(needs) for stage, needs in found.items()}


def _entry(pair: Pair, state: PairState, now: datetime, quiet_days: int) -> Entry:
    silent = (now - state.touched).days if state.touched else 0
    is_open = state.stage not in CLOSED
    return Entry(
        need_id=pair[0],
        capability_id=pair[1],
        state=state,
        days_at_stage=(now - state.since).days if state.since else 0,
        days_quiet=silent,
        quiet=is_open and silent >= quiet_days,
        overdue=is_open and state.due_on is not None and state.due_on < now.date(),
    )


def _is_wanted(entry: Entry, wanted: Wanted) -> bool:
    due = entry.state.due_on
    return (
        (wanted.need_id is None or entry.need_id == wanted.need_id)
        and (wanted.quiet is None or entry.quiet == wanted.quiet)
        and (wanted.overdue is None or entry.overdue == wanted.overdue)
        and (wanted.due_by is None or (due is not None and due <= wanted.due_by))
        and (wanted.is_open is None or (entry.state.stage not in CLOSED) == wanted.is_open)
    )


def _urgency(entry: Entry) -> tuple[bool, date, int, str, str]:
    due = entry.state.due_on or _FAR
    return not entry.overdue, due, -entry.days_quiet, entry.need_id, entry.capability_id

"""What became of a pair: its events, folded. Nothing else knows a pair's state, and nothing keeps it.

Stages have an order (``FORWARD``). A pair goes forward and may skip; it never goes back. DECLINED, STALLED, WITHDRAWN
and CLOSED_NO_DEAL are reached from any stage. A stalled pair goes on at the stage where it stalled or a later one; the
other ends, and CLOSED_SUCCESS, are final. What was wrong is mended by a correction: a new event that stands in place of
an earlier one, at that one's moment. So a pair is reopened by correcting the event that closed it, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from matcher.errors import BadInput
from matcher.matches import Event
from matcher.vocabulary import ENDS, ReasonCode, Stage

FORWARD: Final = tuple(stage for stage in Stage if stage not in ENDS)
"""The stages a pair goes through, in order."""

PASSIVE: Final = frozenset({Stage.SUGGESTED, Stage.VIEWED, Stage.SHORTLISTED})
"""Stages that a pair may be noted at again without going back to them."""

OPEN: Final = frozenset(FORWARD) - PASSIVE - {Stage.CLOSED_SUCCESS}
"""Stages at which a pair is under way and takes one of the partner's slots."""

CLOSED: Final = frozenset({Stage.DECLINED, Stage.WITHDRAWN, Stage.CLOSED_NO_DEAL, Stage.CLOSED_SUCCESS})
"""Stages that nothing follows but a correction."""

REASONED: Final = frozenset({Stage.DECLINED, Stage.CLOSED_NO_DEAL})
"""Stages that need a reason; only the four ends may carry one."""

NEXT: Final[Mapping[Stage, str]] = {
    Stage.SUGGESTED: "read the reasons and shortlist or decline",
    Stage.VIEWED: "shortlist or decline",
    Stage.SHORTLISTED: "ask for an introduction",
    Stage.INTRO_REQUESTED: "chase the reply to the introduction",
    Stage.INTRO_ACCEPTED: "agree on confidentiality, or begin the technical review",
    Stage.NDA: "begin the technical review",
    Stage.TECHNICAL_REVIEW: "decide on a pilot",
    Stage.PILOT: "judge the pilot",
    Stage.MOU_SIGNED: "secure finance; an MoU is an intent",
    Stage.FINANCE_SECURED: "sign the agreement",
    Stage.AGREEMENT_SIGNED: "start the implementation",
    Stage.IMPLEMENTATION: "commission what was built",
    Stage.COMMISSIONED: "close as a success, or say why not",
    Stage.STALLED: "ask both sides whether to go on, or close",
}
"""What a broker does next at each stage that something follows."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event with its number; numbers grow in the order of writing."""

    number: int
    event: Event


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a pair was at a stage; ``end`` is None while it is there."""

    stage: Stage
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class PairState:
    """Where a pair stands; ``stage`` is None before its first event."""

    stage: Stage | None = None
    since: datetime | None = None  # when it came to this stage
    touched: datetime | None = None  # moment of the last event that still counts
    last_number: int = 0  # of the last event written, corrections too; 0 before the first
    due_on: date | None = None
    reason_codes: tuple[ReasonCode, ...] = ()
    note: str = ""
    stays: tuple[Stay, ...] = ()  # in order; corrected ones are not among them

    @property
    def dismissed(self) -> bool:
        """Whether the pair was declined, and so stays off this tenant's lists."""
        return self.stage is Stage.DECLINED

    @property
    def under_way(self) -> bool:
        """Whether the pair is being worked on now."""
        return self.stage in OPEN

    @property
    def next_action(self) -> str:
        """What a broker does next; empty when nothing is left to do."""
        return "" if self.stage is None else NEXT.get(self.stage, "")


def fold(events: Sequence[Numbered]) -> PairState:
    """Return the state of one pair from all its events in the order of their numbers. Total: it never raises."""
    state = PairState()
    for _, event in effective(events):
        state = _after(state, event)
    return replace(state, last_number=events[-1].number if events else 0)


def effective(events: Sequence[Numbered]) -> list[tuple[int, Event]]:
    """Return the events that count, corrections in the place and at the moment of what they correct."""
    places: dict[int, int] = {}
    kept: list[tuple[int, Event]] = []
    for one in events:
        event = one.event
        at = None if event.corrects is None else places.pop(event.corrects, None)
        if at is None:
            places[one.number] = len(kept)
            kept.append((one.number, event))
        else:
            places[one.number] = at
            kept[at] = (one.number, replace(event, at=kept[at][1].at))
    return kept


def admit(events: Sequence[Numbered], event: Event) -> PairState:
    """Return the state that an event would leave; raises BadInput, its code naming the field, if it may not follow.

    A correction is judged by replaying everything with it: what came after must still be able to follow.
    """
    counted = effective(events)
    if event.corrects is None:
        if counted and event.at < (touched := counted[-1][1].at):
            raise BadInput("at", expected=f"no earlier than the pair's last event, {touched.isoformat()}", got=event.at)
    elif event.corrects not in {number for number, _ in counted}:
        listed = ", ".join(str(number) for number, _ in counted) or "none yet"
        raise BadInput(
            "corrects",
            expected=f"the number of an event of this pair that still counts: {listed}",
            got=event.corrects,
            fix="what was corrected before is corrected through its correction",
        )
    number = events[-1].number + 1 if events else 1
    after = [*events, Numbered(number, event)]
    state = PairState()
    for _, each in effective(after):
        _check(state, each)
        state = _after(state, each)
    return fold(after)


def _after(state: PairState, event: Event) -> PairState:
    if _is_noted_again(state, event.stage):
        return replace(state, touched=event.at)
    if event.stage is state.stage:
        due, note = event.due_on or state.due_on, event.note or state.note
        return replace(state, touched=event.at, due_on=due, note=note)
    ended = tuple(replace(stay, end=event.at) if stay.end is None else stay for stay in state.stays)
    stay = Stay(event.stage, event.at, None)
    facts = (event.stage, event.at, event.at, state.last_number, event.due_on, event.reason_codes, event.note)
    return PairState(*facts, (*ended, stay))


def _is_noted_again(state: PairState, stage: Stage) -> bool:
    """Say whether nothing moves: the pair is past this passive stage, or closed."""
    return stage in PASSIVE and (state.stage in CLOSED or FORWARD.index(stage) < _reached(state))


def _reached(state: PairState) -> int:
    """Return the place in the order of the furthest stage; -1 before the first."""
    return max((FORWARD.index(stay.stage) for stay in state.stays if stay.stage in FORWARD), default=-1)


def _check(state: PairState, event: Event) -> None:
    """Raise BadInput unless the event may follow."""
    if event.stage in REASONED and not event.reason_codes:
        listed = ", ".join(ReasonCode)
        raise BadInput("reason_codes", expected=f"at least one of {listed}", got=[], fix=f"say why: {event.stage}")
    if event.reason_codes and event.stage not in ENDS:
        got = [code.value for code in event.reason_codes]
        raise BadInput("reason_codes", expected=f"none but with {', '.join(ENDS)}", got=got)
    if _is_noted_again(state, event.stage):
        return
    if state.stage in CLOSED or (state.stage is event.stage is Stage.STALLED):
        fix = f"correct the event that made it {state.stage}"
        raise BadInput(
            "stage", expected=f"nothing after {state.stage} but a correction", got=event.stage.value, fix=fix
        )
    if event.stage in FORWARD and FORWARD.index(event.stage) < _reached(state):
        later = ", ".join((*FORWARD[_reached(state) :], *ENDS))
        raise BadInput("stage", expected=f"one of {later}", got=event.stage.value, fix="go back by a correction")

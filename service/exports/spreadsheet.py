"""Matches as rows of a table that opens in a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Final

from matcher.matches import Condition, Match, NextStep, ReadinessPanel, ThirdParty
from matcher.vocabulary import GateState, SignalName
from matcher.wording import listed
from service.intake.rejects import escaped

SHOWN: Final = 3
"""Reasons and questions with a column of their own: the most a broker reads in a row, and the most questions asked."""

READINESS: Final = tuple(condition.name for condition in fields(ReadinessPanel))

Cell = str | float | int | None

HEADER: Final = (
    "release_id",
    "need_id",
    "need_title",
    "rank",
    "tier",
    "near_miss",
    "allocated",
    "placing",
    "allocation",
    "score",
    "best_score",
    "coverage",
    "capability_id",
    "capability_title",
    "organisation_id",
    "organisation_name",
    "cooperation",
    "summary",
    *(f"reason_{number}" for number in range(1, SHOWN + 1)),
    "gates_failed",
    "gates_unknown",
    "fixes",
    "facilitators",
    "via",
    "funders",
    "no_third_party",
    *(f"readiness_{name}" for name in READINESS),
    "next_ask",
    "next_whom",
    "next_channel",
    "next_due",
    "draft",
    *(f"question_{number}" for number in range(1, SHOWN + 1)),
    "z",
    "base",
    *(f"points_{signal.value}" for signal in SignalName),
)


def safe_cell(value: Cell) -> Cell:
    """Put an apostrophe before a text that a spreadsheet would run as a formula; numbers stay numbers."""
    return escaped(value) if isinstance(value, str) else value


def row(release_id: str, need_title: str, organisation_name: str, match: Match) -> list[Cell]:
    """Lay a match out in the order of HEADER; ``base`` and the points add up to ``z``."""
    points = {contribution.signal: contribution.points for contribution in match.contributions}
    cells: list[Cell] = [
        release_id,
        match.need_id,
        need_title,
        match.rank,
        match.tier.value,
        "yes" if match.near_miss else "no",
        {True: "yes", False: "no", None: None}[match.allocated],
        match.placing.value if match.placing else None,
        match.allocation,
        match.score,
        match.best_score,
        match.coverage,
        match.capability_id,
        match.capability_title,
        match.organisation_id,
        organisation_name,
        match.cooperation.value if match.cooperation else None,
        match.summary,
        *_padded(_reasons(match)),
        _gates(match, GateState.FAIL),
        _gates(match, GateState.UNKNOWN),
        "; ".join(miss.fix for miss in match.near_miss),
        _thirds(match.facilitators),
        match.via,
        _thirds(match.funders),
        " ".join(match.third_notes),
        *_readiness(match.readiness),
        *_step(match.next_step),
        *_padded(question.question for question in match.open_questions),
        match.z,
        match.base,
        *(points.get(signal, 0.0) for signal in SignalName),
    ]
    return [safe_cell(cell) for cell in cells]


def _reasons(match: Match) -> Iterator[str]:
    """Give the evidence of what added most, the most first."""
    ordered = sorted(match.contributions, key=lambda contribution: -contribution.points)
    return (contribution.evidence for contribution in ordered if contribution.points > 0)


def _gates(match: Match, state: GateState) -> str:
    return "; ".join(f"{gate.gate.value}: {gate.detail}" for gate in match.gates if gate.state is state)


def _thirds(parties: Sequence[ThirdParty]) -> str:
    """Name the third parties with what is in the way, or not known, of each."""
    return "; ".join(f"{party.title} ({_standing(party)})" for party in parties)


def _standing(party: ThirdParty) -> str:
    if party.fixes:
        return "near miss: " + ", ".join(party.fixes)
    return "may fit; not known: " + listed(party.not_known) if party.not_known else "fits"


def _readiness(panel: ReadinessPanel | None) -> list[Cell]:
    if panel is None:
        return [None] * len(READINESS)
    found: list[Condition] = [getattr(panel, name) for name in READINESS]
    return [f"{one.state.value}: {one.action or one.detail}" for one in found]


def _step(step: NextStep | None) -> list[Cell]:
    if step is None:
        return [None] * 5
    return [step.ask, step.whom, step.channel or step.route, step.due.isoformat(), step.draft]


def _padded(texts: Iterator[str]) -> list[Cell]:
    shown: list[Cell] = [text for _, text in zip(range(SHOWN), texts, strict=False)]
    return shown + [None] * (SHOWN - len(shown))

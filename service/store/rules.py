"""Hard rules of a tenant: proposed by dismissals that repeat, in force once a person confirms them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, update

from matcher.errors import BadInput
from matcher.followup import RuleScope, RuleState
from matcher.vocabulary import ReasonCode
from service.store.models import is_
from service.store.outcome_models import RuleRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_MAY_BECOME: Final = {
    RuleState.PROPOSED: frozenset({RuleState.CONFIRMED, RuleState.REJECTED}),
    RuleState.CONFIRMED: frozenset({RuleState.REJECTED}),
    RuleState.REJECTED: frozenset({RuleState.CONFIRMED}),
}


@dataclass(frozen=True, slots=True)
class RuleKey:
    """What a rule is about: it keeps pairs of this provider, need or sector off a tenant's lists, for this reason."""

    scope: RuleScope
    value: str  # an organisation's id, a need's id, or a sector
    reason: ReasonCode


@dataclass(frozen=True, slots=True)
class HardRule:
    """A rule as it stands. Only a confirmed one acts."""

    number: int
    tenant_id: str
    key: RuleKey
    state: RuleState
    dismissals: int  # pairs that stood dismissed for the reason when it was proposed
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    note: str


def propose_rule(session: Session, tenant_id: str, key: RuleKey, dismissals: int, at: datetime) -> int | None:
    """Propose a rule and return its number; None where there is one, whatever became of it: a no is not asked again."""
    wanted = (
        is_(RuleRow.tenant_id, tenant_id),
        RuleRow.scope == key.scope.value,
        is_(RuleRow.value, key.value),
        RuleRow.reason == key.reason.value,
    )
    if session.execute(select(RuleRow.number).where(*wanted)).first() is not None:
        return None
    row = {
        "tenant_id": tenant_id,
        "scope": key.scope.value,
        "value": key.value,
        "reason": key.reason.value,
        "state": RuleState.PROPOSED.value,
        "dismissals": dismissals,
        "proposed_at": at,
        "note": "",
    }
    return session.execute(insert(RuleRow).values(row).returning(RuleRow.number)).scalar_one()


def decide_rule(
    session: Session, rule: HardRule, state: RuleState, *, actor: str, at: datetime, note: str = ""
) -> HardRule | None:
    """Confirm or reject a rule as it was read; None when somebody else decided meanwhile. Raises BadInput.

    A confirmed rule is lifted by rejecting it, a rejected one comes into force by confirming it.
    """
    if state not in _MAY_BECOME[rule.state]:
        listed = ", ".join(sorted(_MAY_BECOME[rule.state]))
        raise BadInput("state", expected=f"{listed} for a rule that is {rule.state}", got=state.value)
    changed = (
        update(RuleRow)
        .where(RuleRow.number == rule.number, RuleRow.state == rule.state.value)
        .values(state=state.value, decided_at=at, decided_by=actor, note=note)
        .returning(RuleRow.number)
    )
    if session.execute(changed).first() is None:
        return None
    return get_rule(session, rule.tenant_id, rule.number)


def get_rule(session: Session, tenant_id: str, number: int) -> HardRule | None:
    """Return a tenant's rule, or None."""
    wanted = (is_(RuleRow.tenant_id, tenant_id), RuleRow.number == number)
    row = session.execute(select(RuleRow).where(*wanted).execution_options(populate_existing=True)).scalar_one_or_none()
    return None if row is None else _rule(row)


def list_rules(session: Session, tenant_id: str, state: RuleState | None = None) -> tuple[HardRule, ...]:
    """Return a tenant's rules in the order they were proposed."""
    query = select(RuleRow).where(is_(RuleRow.tenant_id, tenant_id)).order_by(RuleRow.number)
    if state is not None:
        query = query.where(RuleRow.state == state.value)
    return tuple(map(_rule, session.execute(query).scalars()))


def _rule(row: RuleRow) -> HardRule:
    return HardRule(
        number=row.number,
        tenant_id=row.tenant_id,
        key=RuleKey(RuleScope(row.scope), row.value, ReasonCode(row.reason)),
        state=RuleState(row.state),
        dismissals=row.dismissals,
        proposed_at=row.proposed_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        note=row.note,
    )

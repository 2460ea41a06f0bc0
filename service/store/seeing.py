"""Confidentiality as a condition of a query: what may not be seen is not even read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, false, or_

from matcher.vocabulary import Confidentiality
from service.store.models import RecordRow

if TYPE_CHECKING:
    from service.visibility import Audience


def hidden_from(audience: Audience) -> ColumnElement[bool]:
    """Return the condition under which a record's confidentiality hides it: the opposite of ``seen_by``.

    Said as what it is, not as what it is not, so that an index finds the few that are confidential.
    """
    level = RecordRow.confidentiality
    cases: list[ColumnElement[bool]] = [false()]
    for each, tenants in _levels(audience):
        if tenants is not None:
            others = [RecordRow.tenant_id.not_in(sorted(tenants))] if tenants else []
            cases.append(and_(level == each.value, *others))
    return or_(*cases)


def _levels(audience: Audience) -> tuple[tuple[Confidentiality, frozenset[str] | None], ...]:
    return (Confidentiality.PARTNERS, audience.partners), (Confidentiality.BROKER_ONLY, audience.broker_only)


def seen_by(audience: Audience) -> ColumnElement[bool]:
    """Return the condition under which an audience may see a record, its review state left aside."""
    level = RecordRow.confidentiality
    cases = [level == Confidentiality.PUBLIC.value]
    for each, tenants in _levels(audience):
        if tenants is None:
            cases.append(level == each.value)
        elif tenants:
            cases.append(and_(level == each.value, RecordRow.tenant_id.in_(sorted(tenants))))
    return or_(*cases)

"""Confidentiality as a condition of a query: what may not be seen is not even read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, or_

from matcher.vocabulary import Confidentiality
from service.store.models import RecordRow

if TYPE_CHECKING:
    from service.visibility import Audience


def seen_by(audience: Audience) -> ColumnElement[bool]:
    """Return the condition under which an audience may see a record, its review state left aside."""
    level = RecordRow.confidentiality
    cases = [level == Confidentiality.PUBLIC.value]
    for each, tenants in (
        (Confidentiality.PARTNERS, audience.partners),
        (Confidentiality.BROKER_ONLY, audience.broker_only),
    ):
        if tenants is None:
            cases.append(level == each.value)
        elif tenants:
            cases.append(and_(level == each.value, RecordRow.tenant_id.in_(sorted(tenants))))
    return or_(*cases)

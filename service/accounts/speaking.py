"""Which organisations an account speaks for: it may confirm those records, and no other's."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from matcher.errors import BadInput
from service.accounts.audit import Action, audit
from service.store.models import RecordRow, SpeaksForRow, is_


def organisations_of(session: Session, account: str) -> frozenset[str]:
    """Return the ids of the organisations that an account ("user:<login>", "key:<prefix>") speaks for."""
    query = select(SpeaksForRow.organisation_id).where(is_(SpeaksForRow.account, account))
    return frozenset(session.execute(query).scalars())


def speak_for(session: Session, account: str, organisations: Collection[str], *, actor: str, at: datetime) -> None:
    """Let an account speak for organisations too. Raises BadInput on one that the store does not hold."""
    for each in sorted(set(organisations) - organisations_of(session, account)):
        held = select(RecordRow.id).where(RecordRow.kind == "organisations", is_(RecordRow.id, each))
        if session.execute(held).first() is None:
            raise BadInput("organisation", expected="the id of an organisation in the store", got=each)
        session.execute(insert(SpeaksForRow).values({"account": account, "organisation_id": each}))
        audit(session, Action.SPEAKS_FOR, actor=actor, at=at, subject=account, organisation=each)

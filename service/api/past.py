"""The route of a record's history: who changed what, when."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from matcher.profiles import KINDS, SINGULAR
from matcher.vocabulary import Confidentiality
from service.accounts.roles import Permission
from service.api.answers import json_answer
from service.api.context import Asker, Here
from service.api.keys import Principal
from service.api.live import is_shown
from service.api.parameters import RecordId
from service.api.problems import unknown
from service.api.schemas import Kind, Sent
from service.store import Version, history

_UNSAID: Final = frozenset({"content_hash", "updated_at"})  # these change with every version


class ChangeOut(Sent):
    """One member of a record that a version changed."""

    field: str
    before: Annotated[Any, Field(description="Null where it was unknown.")]
    after: Annotated[Any, Field(description="Null where it is unknown from then on.")]


class VersionOut(Sent):
    """One version of a record."""

    version: Annotated[int, Field(ge=1)]
    at: Annotated[datetime, Field(description="When it was saved.")]
    actor: Annotated[str | None, Field(description="Who saved it; told to the record's own tenant.")]
    content_hash: str
    changes: Annotated[list[ChangeOut], Field(description="Against the version before; all members in the first.")]


class RecordHistoryOut(Sent):
    """A record's versions, oldest first."""

    kind: Kind
    id: str
    withheld: Annotated[
        int, Field(description="Versions left out: they were more confidential than the asker may see.")
    ]
    versions: list[VersionOut]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["records"])
    for kind in KINDS:
        _add(made, kind)
    return made


def _add(made: APIRouter, kind: str) -> None:
    def show(context: Here, asker: Asker, record_id: RecordId) -> Response:
        now = context.live.standing(kind, record_id)
        ours = now is not None and now.tenant_id == asker.tenant_id
        keeper = ours and asker.may(Permission.SAVE_RECORDS)
        if now is None or not asker.audience.sees(now.confidentiality, now.tenant_id):
            raise unknown(SINGULAR[kind], record_id)
        if not is_shown(now, asker) and not keeper:
            raise unknown(SINGULAR[kind], record_id)
        with context.store.reading() as session:
            versions = history(session, kind, record_id)
        told = _told(versions, asker, now.tenant_id)
        found = RecordHistoryOut.model_validate(
            {"kind": kind, "id": record_id, "withheld": len(versions) - len(told), "versions": told}
        )
        return json_answer(found)

    made.add_api_route(
        f"/{kind}/{{record_id}}/history",
        show,
        response_model=RecordHistoryOut,
        operation_id=f"get_{SINGULAR[kind]}_history",
        summary=f"Every version of a {SINGULAR[kind]}",
        description="Who changed what, when, oldest first. The tenant that keeps the record reads it after it was "
        "withdrawn, too.",
    )


def _told(versions: tuple[Version, ...], asker: Principal, tenant_id: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    for version in versions:
        after = json.loads(version.profile)
        level = Confidentiality(after.get("confidentiality") or Confidentiality.PUBLIC)
        if not asker.audience.sees(level, tenant_id):
            before = {}  # what the asker may not see is no side of a change either
            continue
        names = [name for name in dict.fromkeys((*before, *after)) if name not in _UNSAID]
        told.append(
            {
                "version": version.version,
                "at": version.at,
                "actor": version.actor if asker.tenant_id == tenant_id else None,
                "content_hash": version.content_hash,
                "changes": [
                    {"field": name, "before": before.get(name), "after": after.get(name)}
                    for name in names
                    if before.get(name) != after.get(name)
                ],
            }
        )
        before = after
    return told

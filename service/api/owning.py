"""Routes of accounts that speak for organisations: they confirm profile, slots and interest of those alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from matcher.profiles import SINGULAR, Organisation
from matcher.vocabulary import Provenance
from service.accounts.own_fields import CLASSIFIED, OWN_FIELDS
from service.accounts.reviewing import FIELDS as REVIEWED
from service.accounts.reviewing import inferred
from service.accounts.roles import Permission
from service.api import writing
from service.api.answers import address, etag, json_answer
from service.api.changing import RecordSavedOut, answer, merge_patch_of, patched
from service.api.context import Asker, Here
from service.api.live import is_shown, shown_to
from service.api.openapi import problem
from service.api.parameters import IfMatch, RecordId
from service.api.problems import FieldProblem, Refused, refused_values, shortened
from service.api.records import title_of
from service.api.schemas import Kind, Sent
from service.api.validation import JsonObject
from service.store import get_record, hold_records, list_records
from service.store.facts import organisations_of
from service.store.standing import standing

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.store import StoredRecord

_MOST: Final = 200  # records of one kind shown


class OwnOut(Sent):
    """A record of an organisation that the account speaks for."""

    kind: Kind
    id: str
    title: str
    version: int
    etag: Annotated[str, Field(description="Send it as If-Match, and nobody's change is passed over.")]
    inferred: Annotated[list[str], Field(description="Fields that wait to be confirmed, see /v1/reviews.")]
    unknown: Annotated[list[str], Field(description="Fields that the account may state and nobody has.")]
    href: str


class OwnsOut(Sent):
    """Organisations that the account speaks for, then what they offer, then what they need."""

    items: list[OwnOut]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["own"])
    made.add_api_route("/own", owns, response_model=OwnsOut, operation_id="list_own", summary="Records to confirm")
    for kind in OWN_FIELDS:
        _add_confirm(made, kind)
    return made


def _add_confirm(made: APIRouter, kind: str) -> None:
    def confirm(
        context: Here, asker: Asker, record_id: RecordId, values: JsonObject, if_match: IfMatch = None
    ) -> Response:
        asker.require(Permission.CONFIRM_OWN)
        _refuse_fields(kind, values)
        now = datetime.now(UTC)
        with context.store.writing() as session:
            hold_records(session)
            stored = writing.own(session, asker, kind, record_id)
            refuse_others(asker, stored)
            writing.refuse_changed(session, kind, record_id, writing.Held(if_match))
            record, _ = writing.read(kind, record_id, patched(stored.profile, values))
            stated = {**(record.provenance or {}), **dict.fromkeys(values, Provenance.STATED)}
            new: dict[str, Any] = {"updated_at": now, "provenance": stated or None}
            if isinstance(record, Organisation):
                new["last_contact_at"] = now.date()
            saved = writing.save_in(session, asker, (record.model_copy(update=new),), writing.Held())
        return answer(*saved)

    made.add_api_route(
        f"/own/{kind}/{{record_id}}",
        confirm,
        methods=["PATCH"],
        response_model=RecordSavedOut,
        responses={412: problem("Changed since it was read"), 415: problem("Not JSON")},
        operation_id=f"confirm_own_{SINGULAR[kind]}",
        summary=f"Confirm or correct a {SINGULAR[kind]} of one's own organisation",
        description="A JSON merge patch of the fields that an owner may state; an empty one confirms the record as it "
        f"is today. Fields: {', '.join(sorted(OWN_FIELDS[kind]))}. Only for organisations that the account speaks for; "
        'needs the permission "confirm_own".',
        openapi_extra=merge_patch_of(kind),
    )


def owns(context: Here, asker: Asker) -> Response:
    """Return what the account may confirm: the organisations it speaks for, with their offers and needs."""
    asker.require(Permission.CONFIRM_OWN)
    shown = replace(shown_to(asker), tenant_id=asker.tenant_id)
    found: list[StoredRecord] = []
    with context.store.reading() as session:
        for each in sorted(asker.organisations):
            now = standing(session, "organisations", each)
            if now is not None and now.tenant_id == asker.tenant_id and is_shown(now, asker):
                found.append(get_record(session, "organisations", each))
        for kind in ("capabilities", "needs"):
            for each in sorted(asker.organisations):
                found += list_records(session, kind, replace(shown, organisation_id=each), limit=_MOST).items
    return json_answer(OwnsOut(items=[_out(one) for one in found]))


def refuse_others(asker: Principal, stored: StoredRecord) -> None:
    """Refuse an account that only speaks for organisations what is about none of them."""
    if asker.may(Permission.REVIEW):
        return
    whose = {stored.id} if stored.kind == "organisations" else set(organisations_of(stored.profile))
    if whose.isdisjoint(asker.organisations):
        raise Refused(403, "not-own", "The account does not speak for the organisation that this record is of.")


def _refuse_fields(kind: str, values: dict[str, Any]) -> None:
    allowed = ", ".join(sorted(OWN_FIELDS[kind]))
    problems = [
        FieldProblem(
            field=name,
            code="not_own",
            value=shortened(value),
            expected=f"one of {allowed}",
            fix="ask a broker for others",
        )
        for name, value in values.items()
        if name not in OWN_FIELDS[kind]
    ]
    if problems:
        raise refused_values(problems)


def _out(stored: StoredRecord) -> OwnOut:
    unknown = (name for name in sorted(OWN_FIELDS[stored.kind]) if getattr(stored.profile, name) is None)
    return OwnOut.model_validate(
        {
            "kind": stored.kind,
            "id": stored.id,
            "title": title_of(stored.profile),
            "version": stored.version,
            "etag": etag(stored),
            "inferred": list(inferred(stored.profile)),
            "unknown": [name for name in unknown if name not in REVIEWED or name in CLASSIFIED],
            "href": address("v1", stored.kind, stored.id),
        }
    )

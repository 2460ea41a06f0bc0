"""Routes that create, replace, patch and withdraw records of every kind. A need is replaced by ``saving``."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from matcher.profiles import KINDS, SINGULAR, Profile
from matcher.vocabulary import Provenance
from service.accounts.roles import Permission
from service.api import writing
from service.api.answers import address, etag, json_answer
from service.api.context import Asker, Here
from service.api.openapi import INPUTS, problem
from service.api.parameters import IfMatch, IfNoneMatch, RecordId
from service.api.problems import FieldProblem, refused_values
from service.api.schemas import Kind, Sent
from service.api.validation import JsonObject
from service.api.writing import Held, Outcome
from service.store import StoredRecord, UpsertCounts, hold_records

_OF_THE_STORE: Final = ("content_hash", "created_at", "updated_at")
"""Members that the store makes: they are left out before a patch is laid on, and made anew."""

PATCH_TYPE: Final = "application/merge-patch+json"
_EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "organisations": {"name": "Hill Turbines", "roles": ["provider"], "country": "IND"},
    "capabilities": {"title": "Small turbines", "text": "Low-head turbines for villages.", "places": ["World"]},
    "needs": {"title": "Electricity for a hill village", "text": "5 kW from a small river.", "places": ["Nepal"]},
    "mechanisms": {"organisation_id": "bank-1", "title": "Village power window", "rolling": True},
    "facilitators": {"organisation_id": "hub-1", "title": "Regional hub", "services": ["matchmaking"]},
    "cases": {"title": "Turbines in a valley", "summary": "Twelve villages have had power since 2020."},
}


class RecordSavedOut(Sent):
    """What became of a record that was sent."""

    outcome: Outcome
    kind: Kind
    id: str
    version: Annotated[int, Field(ge=1)]
    content_hash: str
    href: Annotated[str, Field(examples=["/v1/needs/need-hill-village-power"])]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["records"])
    for kind in KINDS:
        _add_create(made, kind)
        if kind != "needs":
            _add_replace(made, kind)
        _add_patch(made, kind)
        _add_withdraw(made, kind)
    return made


def _add_create(made: APIRouter, kind: str) -> None:
    def create(context: Here, asker: Asker, values: JsonObject) -> Response:
        asker.require(Permission.SAVE_RECORDS)
        record_id = values.get("id") or f"{SINGULAR[kind]}-{secrets.token_hex(8)}"
        if not isinstance(record_id, str):
            expected = "text, or nothing: an id is made then"
            raise refused_values([FieldProblem(field="id", code="wrong_type", value=str(record_id), expected=expected)])
        record, described = writing.read(kind, record_id, {**values, "id": record_id})
        return answer(*writing.save(context, asker, (record, *described), Held(new=True)))

    made.add_api_route(
        f"/{kind}",
        create,
        methods=["POST"],
        status_code=201,
        response_model=RecordSavedOut,
        responses={409: problem("There is a record of this id, or of this source")},
        operation_id=f"create_{SINGULAR[kind]}",
        summary=f"Create a {SINGULAR[kind]}",
        description="The body is the record, canonical or minimal; without an id it gets one. A record of that id is "
        'left as it is (409). Needs the permission "save_records".',
        openapi_extra=_body(kind),
    )


def _add_replace(made: APIRouter, kind: str) -> None:
    def replace(
        context: Here,
        asker: Asker,
        record_id: RecordId,
        values: JsonObject,
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response:
        asker.require(Permission.SAVE_RECORDS)
        record, described = writing.read(kind, record_id, values)
        return answer(*writing.save(context, asker, (record, *described), Held(if_match, if_none_match)))

    made.add_api_route(
        f"/{kind}/{{record_id}}",
        replace,
        methods=["PUT"],
        response_model=RecordSavedOut,
        responses={
            201: {"model": RecordSavedOut, "description": "Created"},
            409: problem("The source belongs to another record"),
            412: problem("Changed since it was read"),
        },
        operation_id=f"put_{SINGULAR[kind]}",
        summary=f"Create or replace a {SINGULAR[kind]}",
        description="The record is saved whole: what the body leaves out is unknown from then on; the version before "
        'is kept in its history. Needs the permission "save_records".',
        openapi_extra=_body(kind),
    )


def _add_patch(made: APIRouter, kind: str) -> None:
    def patch(
        context: Here, asker: Asker, record_id: RecordId, values: JsonObject, if_match: IfMatch = None
    ) -> Response:
        asker.require(Permission.SAVE_RECORDS)
        with context.store.writing() as session:
            hold_records(session)
            before = writing.own(session, asker, kind, record_id)
            record, described = writing.read(kind, record_id, patched(before.profile, values))
            return answer(*writing.save_in(session, asker, (record, *described), Held(if_match)))

    made.add_api_route(
        f"/{kind}/{{record_id}}",
        patch,
        methods=["PATCH"],
        response_model=RecordSavedOut,
        responses={
            409: problem("The source belongs to another record"),
            412: problem("Changed since it was read"),
            415: problem("Not JSON"),
        },
        operation_id=f"patch_{SINGULAR[kind]}",
        summary=f"Change some of a {SINGULAR[kind]}",
        description="A JSON merge patch (RFC 7396): members of the body replace the record's own, null takes one away; "
        "lists are replaced whole. A value that was inferred and is changed counts as stated. "
        'Needs the permission "save_records".',
        openapi_extra=merge_patch_of(kind),
    )


def merge_patch_of(kind: str) -> dict[str, Any]:
    """Describe the body of a merge patch of a record: its members, none of them required."""
    schema = {"schema": {"$ref": f"#/components/schemas/{INPUTS[kind]}"}}
    return {"requestBody": {"required": True, "content": dict.fromkeys((PATCH_TYPE, "application/json"), schema)}}


def _add_withdraw(made: APIRouter, kind: str) -> None:
    def withdraw(context: Here, asker: Asker, record_id: RecordId, if_match: IfMatch = None) -> Response:
        asker.require(Permission.SAVE_RECORDS)
        with context.store.writing() as session:
            hold_records(session)
            before = writing.own(session, asker, kind, record_id)
            writing.save_in(session, asker, (writing.withdrawn(before.profile),), Held(if_match))
        return Response(status_code=204)

    made.add_api_route(
        f"/{kind}/{{record_id}}",
        withdraw,
        methods=["DELETE"],
        status_code=204,
        response_class=Response,
        responses={412: problem("Changed since it was read")},
        operation_id=f"withdraw_{SINGULAR[kind]}",
        summary=f"Withdraw a {SINGULAR[kind]}",
        description="It is in no answer from then on, whatever release holds it; its history stays, and saving it with "
        'review_state "published" brings it back. Needs the permission "save_records".',
    )


def answer(stored: StoredRecord, counts: UpsertCounts) -> Response:
    """Tell what became of a record, with its new ETag; 201 with its address where it is new."""
    href = address("v1", stored.kind, stored.id)
    saved = RecordSavedOut.model_validate(
        {
            "outcome": writing.outcome_of(counts),
            "kind": stored.kind,
            "id": stored.id,
            "version": stored.version,
            "content_hash": stored.content_hash,
            "href": href,
        }
    )
    sent = json_answer(saved, status=201 if counts.created else 200)
    sent.headers["ETag"] = etag(stored)
    if counts.created:
        sent.headers["Location"] = href
    return sent


def patched(record: Profile, values: dict[str, Any]) -> dict[str, Any]:
    """Lay a merge patch on a record: what a person changed is stated now, unless the patch says what it is."""
    before = {
        name: value
        for name, value in record.model_dump(mode="json", exclude_none=True).items()
        if name not in _OF_THE_STORE
    }
    after: dict[str, Any] = _merged(before, values)
    marks = after.get("provenance")
    if isinstance(marks, dict) and "provenance" not in values:
        kept = {
            name: mark
            for name, mark in marks.items()
            if not (mark == Provenance.INFERRED.value and name in values and after.get(name) != before.get(name))
        }
        after["provenance"] = kept or None
    return {name: value for name, value in after.items() if value is not None}


def _merged(target: Any, patch: Any) -> Any:
    """Apply a merge patch as RFC 7396, section 2, says."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _merged(result.get(name), value)
    return result


def _body(kind: str) -> dict[str, Any]:
    return {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"#/components/schemas/{INPUTS[kind]}"},
                    "examples": {"minimal": {"summary": "A little is enough", "value": _EXAMPLES[kind]}},
                }
            },
        }
    }

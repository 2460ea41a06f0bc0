"""What goes wrong, told to programs: RFC 9457 problem details, never an exception's own text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from matcher.errors import BadInput, UnknownPlace
from service.api.methods import allowed

MEDIA_TYPE: Final = "application/problem+json"
_TYPE: Final = "urn:partner-matcher:problem:"
_DETAILS: Final[Mapping[int, str]] = {
    401: "Send an API key of this service: Authorization: Bearer <key>, or X-API-Key: <key>.",
    404: "Nothing is served at this address; /openapi.json lists what is. In an id, / is written %2F.",
    405: "This address answers other methods; the Allow header and /openapi.json name them.",
    500: "Something failed on the server, and was logged there. Nothing was changed by this request.",
}
_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "extra_forbidden": ("a name that is known here", "check the spelling, or leave it out"),
    "missing": ("a value", "send it too"),
    "enum": ("", "choose one of them"),
    "literal_error": ("", "choose one of them"),
}
"""Code of pydantic -> what was expected, where its own words say less, and what to do."""

_SHOWN: Final = 200  # characters of a refused value that are sent back


class FieldProblem(BaseModel):
    """One value that could not be used."""

    model_config = ConfigDict(extra="forbid")

    field: Annotated[str, Field(description="Name of the parameter or of the record's field.", examples=["trl_min"])]
    code: Annotated[str, Field(description="A stable word for what is wrong.", examples=["out_of_bounds"])]
    value: Annotated[str, Field(description="What came, as text, shortened.", examples=["12"])]
    expected: Annotated[str, Field(examples=["less than or equal to 9"])]
    fix: Annotated[str, Field(examples=["check the number and its unit"])] = ""


class ProblemOut(BaseModel):
    """Problem details (RFC 9457). Some types carry further members; they are named where they occur."""

    type: Annotated[str, Field(examples=[f"{_TYPE}unknown-record"], description="Names the kind of problem; stable.")]
    title: Annotated[str, Field(examples=["Not Found"])]
    status: Annotated[int, Field(examples=[404])]
    detail: Annotated[str, Field(examples=["There is no need 'need-9' here."])]
    instance: Annotated[str, Field(examples=["/v1/needs/need-9"], description="The address that was asked.")]
    errors: Annotated[list[FieldProblem] | None, Field(description="With 422: every value that was refused.")] = None


class Refused(HTTPException):
    """A request that is not answered as asked; ``code`` names the kind of problem, ``more`` adds members."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(status, detail)
        self.code, self.more = code, more


def unknown(kind: str, record_id: str) -> Refused:
    """There is no such record; a kind says more behind the id, as in "capability of the release"."""
    noun, of, whole = kind.partition(" of ")
    return Refused(404, "unknown-record", f"There is no {noun} {record_id!r}{of}{whole} here.")


def refused_values(problems: Sequence[FieldProblem], detail: str = "") -> Refused:
    """Values that were refused, all of them at once; the detail says which, unless it says something better."""
    if not detail:
        names = ", ".join(dict.fromkeys(problem.field for problem in problems))
        only = problems[0] if len(problems) == 1 else None
        detail = _said(only) if only else f"Some values cannot be used: {names}."
    return Refused(422, "invalid", detail, errors=[problem.model_dump() for problem in problems])


def _said(problem: FieldProblem) -> str:
    came = f"; got {problem.value!r}" if problem.value else ""
    return f"{problem.field}: expected {problem.expected}{came}."


def value_problem(field: str, found: Mapping[str, Any]) -> FieldProblem:
    """Tell of one error of pydantic: what was expected, what came, and what to do."""
    from service.intake.validating import wanted

    code = str(found["type"])
    expected, fix = _SAID.get(code, ("", ""))
    value = "" if code == "missing" else shortened(found.get("input"))
    return FieldProblem(field=field, code=code, value=value, expected=expected or wanted(str(found["msg"])), fix=fix)


def bad_value(field: str, error: BadInput) -> Refused:
    """Tell of one value in the words of the rule it broke; those are written for the person who sent it."""
    problem = FieldProblem(
        field=field, code=error.code, value=shortened(error.got), expected=error.expected, fix=error.fix
    )
    refused = refused_values([problem])
    if isinstance(error, UnknownPlace) and error.suggestions:
        refused.more["suggestions"] = list(error.suggestions)
    return refused


def shortened(value: object) -> str:
    """Return a value as text that is safe to send back."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\u2026"


def problem_response(
    instance: str, status: int, *, code: str = "", detail: str = "", more: Mapping[str, Any] | None = None
) -> Response:
    """Write a problem; without a code it is what the status says (about:blank)."""
    body = {
        "type": f"{_TYPE}{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or _DETAILS.get(status, HTTPStatus(status).description or HTTPStatus(status).phrase),
        "instance": instance,
        **(more or {}),
    }
    text = json.dumps(body, ensure_ascii=False)
    return Response(text.encode("utf-8", "replace"), status, media_type=MEDIA_TYPE)


def instance_of(request: Request) -> str:
    """Return the path as it was sent."""
    raw = request.scope.get("raw_path")
    return raw.decode("latin-1").partition("?")[0] if raw else request.url.path


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what routes and the framework refuse."""
    if not isinstance(error, HTTPException):  # registered for nothing else
        raise error
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allow = {"Allow": allowed(request)}
        error.headers = {**(error.headers or {}), **allow}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=allow)
    ours = isinstance(error, Refused)
    answer = problem_response(
        instance_of(request),
        error.status_code,
        code=error.code if isinstance(error, Refused) else "",
        detail=error.detail if ours else "",
        more=error.more if isinstance(error, Refused) else None,
    )
    answer.headers.update(error.headers or {})
    return answer

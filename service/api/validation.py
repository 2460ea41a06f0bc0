"""What a request carries: parameters that FastAPI checked, and a JSON object as a body."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from matcher.profiles import Organisation, Profile
from service.api.problems import (
    FieldProblem,
    Refused,
    on_http_exception,
    refused_values,
    shortened,
    value_problem,
)
from service.reference import load_places

if TYPE_CHECKING:
    from service.intake.results import Reject

JSON_TYPES: Final = ("application/json", "text/json")
_AT: Final = re.compile(r"at line (\d+) column (\d+)")


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer parameters that are not what the interface says."""
    if not isinstance(error, RequestValidationError):  # registered for nothing else
        raise error
    problems = [
        value_problem(".".join(str(part) for part in found["loc"][1:]) or str(found["loc"][0]), found)
        for found in error.errors()
    ]
    return await on_http_exception(request, refused_values(problems))


async def _json_object(request: Request) -> dict[str, Any]:
    from service.intake.texts import without_controls

    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        detail = f"Send the body as it is, without Content-Encoding; got {shortened(encoding)!r}."
        raise Refused(415, "encoded", detail)
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind not in JSON_TYPES and not kind.endswith("+json"):
        detail = f"Send one JSON object as application/json; got {shortened(kind)!r}."
        raise Refused(415, "not-json", detail)
    body = await request.body()
    if not body:
        raise Refused(422, "not-json", "The body is empty: send one JSON object, {...}.")
    try:
        found = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise _not_json(str(error)) from None
    if not isinstance(found, dict):
        detail = "Expected one JSON object, {...}, with the fields of a record; got " + _named(found)
        raise Refused(422, "not-json", detail)
    checked: dict[str, Any] = without_controls(found)
    return checked


def _not_json(message: str) -> Refused:
    """Say where a body stops being JSON, as far as the parser knows."""
    found = _AT.search(message)
    where = f" from line {found[1]}, column {found[2]} on" if found else ""
    fix = "check quotes and commas there, the encoding (UTF-8), and that no number is NaN or Infinity"
    return Refused(422, "not-json", f"The body is not JSON{where}: {fix}.")


def _named(value: object) -> str:
    """Call what is JSON, but no object, by its name in JSON."""
    if value is None or isinstance(value, bool):
        return "a bare null, true or false."
    return "a list." if isinstance(value, list) else "a bare text or number."


JsonObject = Annotated[dict[str, Any], Depends(_json_object)]
"""The body as a JSON object: strict JSON, control characters taken out."""


def admitted(kind: str, values: dict[str, Any]) -> tuple[Profile, tuple[Organisation, ...]]:
    """Read a record, minimal or canonical, as a file's row is read; raises Refused with every value that is wrong.

    Returned beside it: the organisation that was described inline, if one was.
    """
    from service.intake.admission import Admission
    from service.intake.locating import PlaceCheck
    from service.intake.results import Reject, Spot

    record: Profile | None = None
    described: list[Organisation] = []
    rejects: list[Reject] = []
    for found in Admission(PlaceCheck(load_places())).admit(kind, values, Spot("body", 1)):
        if isinstance(found, Reject):
            rejects.append(found)
        elif found.kind == kind:
            record = found.profile
        elif isinstance(found.profile, Organisation):
            described.append(found.profile)
    if rejects or record is None:
        raise refused_values([_told(reject) for reject in rejects])
    return record, tuple(described)


def _told(reject: Reject) -> FieldProblem:
    expected, fix = reject.expected, reject.fix
    if reject.code == "unknown_column":  # the words for a file speak of columns
        expected, fix = "a field of the record", "check the spelling, or leave it out"
    return FieldProblem(field=reject.column, code=reject.code, value=reject.value, expected=expected, fix=fix)

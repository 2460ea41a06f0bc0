"""What a request carries: parameters that FastAPI checked, and a JSON object as a body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from matcher.profiles import Organisation, Profile
from service.api.problems import FieldProblem, Refused, on_http_exception, refused_values, value_problem
from service.reference import load_places

if TYPE_CHECKING:
    from service.intake.results import Reject

JSON_TYPES: Final = ("application/json", "text/json")


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

    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind not in JSON_TYPES and not kind.endswith("+json"):
        raise Refused(415, "not-json", "Send one JSON object as application/json.")
    try:
        found = from_json(await request.body(), allow_inf_nan=False)
    except ValueError:
        raise Refused(422, "not-json", "The body is not JSON: check quotes, commas and the encoding (UTF-8).") from None
    if not isinstance(found, dict):
        raise Refused(422, "not-json", "Expected one JSON object, {...}, with the fields of a record.")
    checked: dict[str, Any] = without_controls(found)
    return checked


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

"""The interface's description: what FastAPI derives, plus keys, problems and the records that are sent in."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from matcher.profiles import KINDS, SINGULAR
from service.api.late import complete
from service.api.problems import MEDIA_TYPE, ProblemOut

DESCRIPTION: Final = """\
Ranked, explained shortlists of partners for technology transfer. It suggests; people decide.

**Keys.** Every address but /v1/health and /v1/ready asks for one: `Authorization: Bearer <key>` or `X-API-Key: <key>`.

**Releases.** Shortlists come from a published release that never changes; every answer names it (`release_id` and the
header `Matcher-Release`). A need saved since the night has a provisional shortlist, and says so.

**Ids** go into addresses percent-encoded; a slash inside an id is written `%2F`, a percent sign `%25`.

**Pages.** `next` of a page is the `cursor` of the following one. Cursors of shortlists belong to the release they came
from. With `Accept: application/x-ndjson` lists come whole, an item a line.

**Changes** are held to what was read by `If-Match` and the `ETag` of the record (412). A `POST` that creates something
takes an `Idempotency-Key`, and is then done once.

**Quotas** are told by `RateLimit` and `RateLimit-Policy`; past one the answer is 429 with `Retry-After`. Every answer
names its request in `X-Request-Id`.

**Problems** are `application/problem+json` (RFC 9457).

**Unknown and none.** In records a member that is not there is unknown; an empty list is stated none."""

_SAID: Final = {
    401: "No key, or one that is not good",
    403: "A good key that may not do this",
    404: "No such thing here",
    413: "The body is too large",
    422: "Values that cannot be used; errors lists all of them",
    429: "Asked too often; Retry-After says when to come back",
    500: "A fault of the server",
    503: "Not able to answer yet, or at the moment",
}


def problem(said: str) -> dict[str, Any]:
    """Describe an answer that is a problem."""
    return {"description": said, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}}


INPUTS: Final = {kind: f"{model.__name__}-Input" for kind, model in KINDS.items()}
"""Kind -> the schema of a record as it is sent in."""

PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {status: problem(said) for status, said in _SAID.items()}
_SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of this service."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def describe(app: FastAPI, models: Callable[[], Sequence[type[BaseModel]]]) -> None:
    """Complete the description that ``/openapi.json`` sends; it is made when it is first asked for.

    ``models`` returns those of what requests carry, which FastAPI does not see.
    """
    derived = app.openapi

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(app)
            document = derived()
            parts = document.setdefault("components", {})
            taken = (*KINDS.values(), *models())
            _, extra = models_json_schema(
                [(ProblemOut, "serialization"), *((model, "validation") for model in taken)],
                ref_template="#/components/schemas/{model}",
            )
            found = extra["$defs"]
            schemas = parts.setdefault("schemas", {})
            for kind, model in KINDS.items():
                schemas[INPUTS[kind]] = _accepting(kind, found.pop(model.__name__))
            for name, schema in found.items():
                schemas.setdefault(name, _referring(schema))
            _done_once(document)
            parts["securitySchemes"] = _SCHEMES
            document["security"] = [{name: []} for name in _SCHEMES]
            app.openapi_schema = _plainly_named(document)
        return app.openapi_schema

    app.openapi = completed  # type: ignore[method-assign]  # FastAPI's own way to extend the description


_NAMES: Final = {"service__accounts__roles__Role": "AccountRole", "matcher__vocabulary__Role": "OrganisationRole"}
"""Schemas of one name in two modules, which pydantic calls by their modules; others get their module's name before."""


def _plainly_named(document: dict[str, Any]) -> dict[str, Any]:
    """Give every schema a name and a title of its own: generators of clients name classes by them."""
    names = {
        name: _NAMES.get(name, "".join(part[:1].upper() + part[1:] for part in name.split("__")[-2:]))
        for name in document["components"]["schemas"]
        if "__" in name
    }
    text = json.dumps(document)
    for name, plain in names.items():
        text = text.replace(f'"#/components/schemas/{name}"', f'"#/components/schemas/{plain}"')
    named: dict[str, Any] = json.loads(text)
    found = named["components"]["schemas"]
    for name in list(found):
        plain = names.get(name, name)
        found[plain] = {**found.pop(name), "title": plain.replace("-", "")}
    return named


def _done_once(document: dict[str, Any]) -> None:
    """Let every post that creates something take an Idempotency-Key."""
    for methods in document["paths"].values():
        post = methods.get("post", {})
        if post.get("responses", {}).keys() & {"201", "202"}:
            post.setdefault("parameters", []).append(_ONCE)
            post["responses"].setdefault("409", problem("The same request is being done at this moment"))


_ONCE: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Names this request: sent again with the same key and body it is not done again, and is given the "
    "answer of the first time, for a day. Another body under the key is refused (422).",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}


def _referring(schema: dict[str, Any]) -> dict[str, Any]:
    """Put a reference where a body's member says that it is a record (``x-model``): pydantic knows only an object."""
    for name, member in schema.get("properties", {}).items():
        if model := member.get("x-model"):
            schema["properties"][name] = {
                "anyOf": [{"$ref": f"#/components/schemas/{model}"}, {"type": "null"}],
                "description": member["description"],
            }
    return schema


def _accepting(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Describe a record as it is taken: minimal records are completed, so nothing is required by itself."""
    from service.intake.admission import OWNERS, PLACES

    taken = {name: value for name, value in schema.items() if name != "required"}
    members = {
        "text": {"type": "string", "description": "Stands for the summary in minimal records."},
        "organisation": {
            "description": "The owner, by name or {name, country}.",
            "anyOf": [{"type": "string"}, {"type": "object"}],
        },
        "places": {
            "description": f"Stands for {PLACES.get(kind)}.",
            "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}],
        },
    }
    short = {"text": "summary" in schema["properties"], "organisation": kind in OWNERS, "places": kind in PLACES}
    taken["properties"] = {**schema["properties"], **{name: members[name] for name, known in short.items() if known}}
    enough = "canonical, or minimal with a title or a text" if short["text"] else "in its canonical form"
    taken["description"] = f"A {SINGULAR[kind]}: {enough}. What is not there is unknown."
    return taken

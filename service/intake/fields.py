"""How the cells of a table become the values of a record's fields: one reader a field, found from the record itself."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from matcher.profiles import KINDS, Deployment, Located
from matcher.quantities import Money, Range

Reader = Literal[
    "text",
    "list",
    "places",
    "place",
    "range",
    "money",
    "trl",
    "date",
    "yesno",
    "number",
    "share",
    "goals",
    "deployments",
    "condition",
]
"""What a column holds. "list" splits at ";", "|" and new lines; "condition" is a range or a list of values."""

OWNER: Final = "organisation"  # fields under this name describe the organisation of a capability or need
ENVELOPES: Final = frozenset({"operating_envelope", "site_conditions"})  # a name behind the dot is an attribute
PROVENANCE: Final = "provenance"  # a name behind the dot is the field whose words are stated, reviewed, inferred...
_NAMED: Final[dict[str, Reader]] = {
    "trl": "trl",
    "trl_min": "trl",
    "sdg_goals": "goals",
    "country": "place",
    "cofinance_min": "share",
    "deployed_in": "deployments",
}


@cache
def reader_of(kind: str, path: str) -> Reader | None:
    """Return how a field is read, None for a path the kind does not have ("ip.status", "organisation.name")."""
    name, _, rest = path.partition(".")
    if name == OWNER and kind in {"capabilities", "needs", "mechanisms", "facilitators"}:
        return reader_of("organisations", rest or "name")
    if name in ENVELOPES and name in KINDS[kind].model_fields:
        return "condition" if rest else None
    if name == PROVENANCE:
        return "text" if rest in KINDS[kind].model_fields else None
    if path in _NAMED and path in KINDS[kind].model_fields:
        return _NAMED[path]
    return _reader(KINDS[kind], path)


@cache
def choices_of(kind: str, path: str) -> tuple[str, ...]:
    """Return the closed list a field takes its values from, () where it is free."""
    name, _, rest = path.partition(".")
    model: type[BaseModel] = KINDS["organisations"] if name == OWNER else KINDS[kind]
    kinds = _inner(model, rest if name == OWNER else path)
    return tuple(
        str(member.value) for held in kinds if isinstance(held, type) and issubclass(held, Enum) for member in held
    )


def _reader(model: type[BaseModel], path: str) -> Reader | None:
    name, _, rest = path.partition(".")
    if name not in model.model_fields:
        return None
    held = list(_parts(model.model_fields[name].annotation))
    inner = [
        h
        for h in held
        if isinstance(h, type) and issubclass(h, BaseModel) and h not in {Money, Range, Located, Deployment}
    ]
    if rest:
        return _reader(inner[0], rest) if inner else None
    return _simple(held)


def _simple(held: list[Any]) -> Reader:
    readers: tuple[tuple[Any, Reader], ...] = (
        (Located, "places"),
        (Money, "money"),
        (bool, "yesno"),
        (tuple, "list"),
        (datetime, "date"),
        (date, "date"),
        (int, "number"),
        (float, "number"),
    )
    return next((reader for kind, reader in readers if kind in held), "text")


def _inner(model: type[BaseModel], path: str) -> list[Any]:
    name, _, rest = path.partition(".")
    if name not in model.model_fields:
        return []
    held = list(_parts(model.model_fields[name].annotation))
    if not rest:
        return [h for h in held if not (isinstance(h, type) and issubclass(h, BaseModel))]
    return next((_inner(h, rest) for h in held if isinstance(h, type) and issubclass(h, BaseModel)), [])


def _parts(annotation: Any) -> Iterator[Any]:
    """Yield every type an annotation is made of; a tuple yields ``tuple`` and what it holds."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif origin in {Union, types.UnionType}:
        for part in get_args(annotation):
            yield from _parts(part)
    elif origin is tuple:
        yield tuple
        for part in get_args(annotation):
            yield from _parts(part)
    else:
        yield annotation

"""Plain values -> one frozen record, dropping what is bad and optional, one problem for each thing dropped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from matcher.errors import BadInput
from matcher.profiles import KINDS, Profile
from service.intake.results import Problem, Severity
from service.intake.texts import is_unknown

REQUIRED: Final = {
    kind: frozenset(name for name, field in model.model_fields.items() if field.is_required())
    for kind, model in KINDS.items()
}
FIELDS: Final = {kind: frozenset(model.model_fields) for kind, model in KINDS.items()}

_REFUSAL: Final = re.compile(r"^(?:\w+ should (?:be|have)|Value error,(?: expected)?) | after validation\b")
_ROUNDS = 20  # a value may hide another bad value; after this many rounds the whole row is refused
_CODES: Final = {
    "missing": "missing",
    "enum": "not_in_list",
    "literal_error": "not_in_list",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "missing",
    "greater_than_equal": "out_of_bounds",
    "less_than_equal": "out_of_bounds",
    "finite_number": "out_of_bounds",
    "string_pattern_mismatch": "bad_pattern",
    "extra_forbidden": "unknown_column",
    "date_parsing": "not_a_date",
    "date_type": "not_a_date",
    "date_from_datetime_parsing": "not_a_date",
    "date_from_datetime_inexact": "not_a_date",
}
_SAID_BY_CODE: Final = frozenset({"unknown_column", "not_a_date"})  # the library speaks of its own inputs and classes
_SHAPES: Final = {
    "Money": 'an amount with its currency, such as "USD 1.5 m"',
    "Range": 'a number or span with its unit, such as "5-10 kW"',
}


def validated(kind: str, values: Mapping[str, Any]) -> tuple[Profile | None, list[Problem]]:
    """Return the record and the problems; no record where a required field is missing or bad.

    A bad item of a list is dropped alone; a list left empty by that becomes unknown, not "stated none".
    """
    kept, problems = {name: value for name, value in values.items() if value is not None}, list[Problem]()
    for _ in range(_ROUNDS):
        try:
            return KINDS[kind].model_validate(kept), problems
        except ValidationError as refused:
            found = refused.errors(include_url=False)
        fatal = [error for error in found if error["loc"][:1] and error["loc"][0] in REQUIRED[kind]]
        if fatal:
            return None, problems + _distinct(fatal, kept, Severity.ROW)
        problems += [p for p in _distinct(found, kept, Severity.FIELD) if not is_unknown(p.value)]
        kept = _without(kept, found)
    return None, [*problems, Problem("bad_value", severity=Severity.ROW)]


def _problem(error: ErrorDetails, values: Mapping[str, Any], severity: Severity) -> Problem:
    """Name the field (and the item of a list) and say what was expected, in the words of the rule it broke."""
    column = str(error["loc"][0]) if error["loc"] else ""
    path = _path(error["loc"], values)
    value = _at(values, path) if path else error.get("input")
    name = ".".join(str(part) for part in path) if len(path) > 1 and isinstance(path[1], str) else column
    cause = (error.get("ctx") or {}).get("error")
    if isinstance(cause, BadInput):
        return Problem(cause.code, name, value, severity, cause.expected, cause.fix)
    code = _CODES.get(error["type"], "wrong_type" if error["type"].endswith("_type") else "bad_value")
    return Problem(code, name, None if code == "missing" else value, severity, _expected(error, code))


def _expected(error: ErrorDetails, code: str) -> str:
    """Say what was expected as a person would write it; "" leaves it to the code."""
    if code in _SAID_BY_CODE:
        return ""
    return _SHAPES.get((error.get("ctx") or {}).get("class_name", ""), wanted(error["msg"]))


def wanted(message: str) -> str:
    """Turn a refusal of pydantic into what was expected: "Input should be 'low' or 'high'" into "'low' or 'high'"."""
    return _REFUSAL.sub("", message)


def _path(loc: tuple[int | str, ...], values: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Return the part of a location that is a field, and its item or key where there is one."""
    if len(loc) > 1:
        held = values.get(str(loc[0]))
        if isinstance(held, list | tuple) and isinstance(loc[1], int) and loc[1] < len(held):
            return loc[:2]
        if isinstance(held, dict) and loc[1] in held:
            return loc[:2]
    return loc[:1]


def _at(values: Mapping[str, Any], path: tuple[int | str, ...]) -> Any:
    held: Any = values.get(str(path[0]))
    return held[path[1]] if len(path) > 1 else held


def _distinct(errors: list[ErrorDetails], values: Mapping[str, Any], severity: Severity) -> list[Problem]:
    """Tell of each value once: a union of types refuses the same value once for each of them.

    What one of our own rules says comes before what a type says.
    """
    told: dict[tuple[int | str, ...], ErrorDetails] = {}
    for error in sorted(errors, key=lambda error: not isinstance((error.get("ctx") or {}).get("error"), BadInput)):
        told.setdefault(_path(error["loc"], values), error)
    return [_problem(error, values, severity) for error in errors if error in told.values()]


def _without(values: Mapping[str, Any], errors: list[ErrorDetails]) -> dict[str, Any]:
    """Return the values without what the errors point at; a field emptied by that is gone."""
    gone = {_path(error["loc"], values) for error in errors}
    kept: dict[str, Any] = {}
    for name, value in values.items():
        items = {path[1] for path in gone if len(path) > 1 and path[0] == name}
        if (name,) in gone:
            continue
        if isinstance(value, dict) and items:
            value = {key: item for key, item in value.items() if key not in items}  # noqa: PLW2901 - the lessened value
        elif items:
            value = [item for at, item in enumerate(value) if at not in items]  # noqa: PLW2901 - the lessened value
        if not items or value:
            kept[name] = value
    return kept if len(gone - {()}) else {}

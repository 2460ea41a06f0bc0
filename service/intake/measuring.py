"""Which physical limits are stated in a unit that can measure them: a head in kW measures nothing."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydantic import ValidationError

from matcher.encoding import plain
from matcher.errors import BadInput
from matcher.quantities import Range, to_base
from matcher.vocabulary import ATTRIBUTE_UNITS
from service.intake.results import Problem

_FIELDS: Final = {"capabilities": "operating_envelope", "needs": "site_conditions"}


def drop_wrong_dimensions(kind: str, values: dict[str, Any]) -> list[Problem]:
    """Take out the conditions whose unit is of another dimension than the attribute, and say which.

    So are texts with a number that cannot be read. Words, and what is of no known attribute, are left for the record's
    rules.
    """
    field = _FIELDS.get(kind, "")
    given = values.get(field)
    if not isinstance(given, dict):
        return []
    problems = [found for name, value in given.items() if (found := _problem(field, str(name), value))]
    wrong = {problem.column.removeprefix(f"{field}.") for problem in problems}
    if wrong:
        values[field] = {name: value for name, value in given.items() if str(name) not in wrong} or None
    return problems


def _problem(field: str, name: str, value: Any) -> Problem | None:
    units = ATTRIBUTE_UNITS.get(plain(name))
    if units is None or not isinstance(value, str | int | float | dict | Range):
        return None
    try:
        dimension = Range.model_validate(value).base()[2]
    except ValidationError as refused:
        return _no_range(f"{field}.{name}", value, refused)
    if dimension in _dimensions(units):
        return None
    expected = f"{plain(name).replace('_', ' ')} in a unit such as {' or '.join(units)}"
    return Problem("wrong_dimension", f"{field}.{name}", value, expected=expected)


def _no_range(column: str, value: Any, refused: ValidationError) -> Problem | None:
    """Say why a text with a number in it is none of this attribute's: it would pass for a word ("off_grid") else."""
    cause = (refused.errors(include_url=False)[0].get("ctx") or {}).get("error")
    if not isinstance(value, str) or not isinstance(cause, BadInput) or not any(map(str.isdigit, value)):
        return None
    return Problem(cause.code, column, value, expected=cause.expected, fix=cause.fix)


@cache
def _dimensions(units: tuple[str, ...]) -> frozenset[str]:
    return frozenset(to_base(0.0, unit)[1] for unit in units)

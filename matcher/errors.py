"""The exceptions.

MatcherError
+-- BadInput          a value at the border is not what was expected; carries code, expected and got
|   +-- UnknownPlace  a place name that resolves to nothing; carries suggestions
|   +-- UnknownUnit   a unit that is not known or does not fit the attribute
"""

from typing import Any


class MatcherError(Exception):
    """Everything this project raises on purpose. Travels between processes whole, whatever it was made from."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.args, dict(vars(self)))


def _again(kind: type[MatcherError], args: tuple[object, ...], facts: dict[str, object]) -> MatcherError:
    made = kind.__new__(kind, *args)
    vars(made).update(facts)
    return made


class BadInput(MatcherError, ValueError):  # noqa: N818 - named for what happened, as the field speaks of it
    """A value that cannot be used: says what was expected, what came, and what to do."""

    def __init__(self, code: str, *, expected: str, got: object, fix: str = "") -> None:
        self.code, self.expected, self.got, self.fix = code, expected, got, fix
        super().__init__(f"{code}: expected {expected}; got {got!r}" + (f"; {fix}" if fix else ""))


class UnknownPlace(BadInput):
    """A place that resolves to no country; near names are suggestions and never used silently."""

    def __init__(self, name: str, suggestions: tuple[str, ...] = ()) -> None:
        self.suggestions = suggestions
        fix = f"did you mean {', '.join(suggestions)}?" if suggestions else "use an ISO 3166-1 alpha-3 code"
        super().__init__("unknown_place", expected="a country, M49 region or group", got=name, fix=fix)


class UnknownUnit(BadInput):
    """A unit the units library does not know, or of another dimension than the one it is compared with."""

    def __init__(self, unit: str, *, expected: str = "a unit of measure such as kW, m or degC") -> None:
        super().__init__("unknown_unit", expected=expected, got=unit, fix="write the value with an SI or common unit")

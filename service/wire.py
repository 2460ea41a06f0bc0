"""Results as JSON, in one place: files, exports and HTTP write the dataclasses of matcher.matches field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matcher.matches import Match, Shortlist


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None


def _shallow(value: Any) -> Any:
    names = _names(type(value))  # type: ignore[arg-type]  # a class is hashable; mypy looks at its instances
    if names is None:
        raise TypeError(f"expected a dataclass of matcher.matches; got {type(value).__name__}")
    return {name: getattr(value, name) for name in names}


def plain(value: Any) -> Any:
    """Return dataclasses as dictionaries and tuples as lists, all the way down; everything else as it is."""
    names = _names(type(value))  # type: ignore[arg-type]  # a class is hashable; mypy looks at its instances
    if names is not None:
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple | list) else value


def match_json(match: Match) -> dict[str, Any]:
    """Return one match; its keys are those of data/schema/shortlist.json."""
    found: dict[str, Any] = plain(match)
    return found


def shortlist_json(shortlist: Shortlist) -> dict[str, Any]:
    """Return a need's shortlist; its keys are those of data/schema/shortlist.json."""
    found: dict[str, Any] = plain(shortlist)
    return found


def json_line(value: Match | Shortlist) -> str:
    """Write one result as a line of JSON, faster than through ``plain``; refuses numbers that JSON does not have."""
    return json.dumps(value, default=_shallow, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"

"""Results as JSON, in one place: files, exports and HTTP write the dataclasses of matcher.matches field by field."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Hashable
from functools import cache
from typing import Any, Final, TypeVar, cast

from pydantic import TypeAdapter

from matcher.matches import UNALLOCATED, Delta, Match, OrganisationShortlist, Shortlist

T = TypeVar("T")
_NO_DELTA: Final = '"delta":null'
_ALLOCATED: Final = ',"allocated":'


def cursor_of(place: Any) -> str:
    """Write where a page ended, JSON values, as a text for addresses."""
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode()


def place_of(cursor: str) -> Any:
    """Read what ``cursor_of`` wrote; raises ValueError on anything that no page can have ended at."""
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.encode()), parse_constant=_no_number)
        json.dumps(place, ensure_ascii=False).encode()  # half a character, which no database takes, is found here
    except (binascii.Error, TypeError, RecursionError) as error:
        raise ValueError("no cursor of ours") from error
    return place


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


@cache
def _adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("Any", kind))


def match_json(match: Match) -> str:
    """Write a match as one line of JSON: the keys are its field names, enums their values, null is unknown."""
    return to_json(match)


def match_from_json(text: str | bytes) -> Match:
    """Read back what ``match_json`` wrote."""
    found: Match = _adapter(Match).validate_json(text)
    return found


def with_allocation(
    text: str, allocated: bool | None = None, placing: str | None = None, allocation: str = UNALLOCATED
) -> str:
    """Put what allocation made of a match into its text, at the end, where the three fields stand; parses nothing.

    A text from before there was allocation gets the fields.
    """
    bare = text.removesuffix(_tail(None, None, UNALLOCATED))
    return (text[:-1] if bare == text else bare) + _tail(allocated, placing, allocation)


def with_delta(text: str, delta: Delta) -> str:
    """Put what became of a match since an earlier release into its text; parses nothing."""
    written = f'"delta":{to_json(delta)}'
    if _NO_DELTA in text:  # a quote within a string is escaped, so this can only be the field
        return text.replace(_NO_DELTA, written, 1)
    head, mark, tail = text.rpartition(_ALLOCATED)  # a text from before there was the field
    return f"{head},{written}{mark}{tail}" if mark else f"{text[:-1]},{written}}}"


@cache
def _tail(allocated: bool | None, placing: str | None, allocation: str) -> str:
    facts = {"allocated": allocated, "placing": placing, "allocation": allocation}
    return f",{json.dumps(facts, ensure_ascii=False, separators=(',', ':'))[1:]}"


def shortlist_json(shortlist: Shortlist | OrganisationShortlist) -> str:
    """Write a need's shortlist as one line of JSON; its keys are those of shortlist.json in data/schema.

    A list of organisations has the keys of organisation_shortlist.json.
    """
    return to_json(shortlist)


def shortlist_bytes(shortlist: Shortlist | OrganisationShortlist) -> bytes:
    """Write what ``shortlist_json`` does, in UTF-8: what goes to a file need not become a text before."""
    return _bytes(shortlist)


def from_json(kind: type[T], text: str | bytes) -> T:
    """Read back what ``to_json`` wrote of this kind; raises ValueError where it is something else."""
    found: T = _adapter(cast("Hashable", kind)).validate_json(text)
    return found


def to_json(result: Any, indent: int | None = None) -> str:
    """Write any dataclass of ours as JSON text, letters as they are."""
    return _bytes(result, indent).decode()


def _bytes(result: Any, indent: int | None = None) -> bytes:
    kind = cast("Hashable", type(result))  # every class is; mypy takes its instances' word for it
    return _adapter(kind).dump_json(result, indent=indent)

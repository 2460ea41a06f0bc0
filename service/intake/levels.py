"""Technology readiness levels as people write them."""

from __future__ import annotations

import re

_LEVEL = re.compile(
    r"^\s*(?:(?:trl|nrt|level|stage)[\s:=-]*)?(?P<low>[1-9])(?:\.0+)?(?:\s*(?:-|\u2013|\u2014|/|,|to|or|and|a|\u00e0)\s*(?:trl)?\s*(?P<high>[1-9]))?"
    r"(?:\s*/\s*9|\s+of\s+9)?(?P<rest>\s*(?![+*^/.,]\s*\d)[^\d\s].*)?$",  # what goes on to calculate is no level
    re.IGNORECASE | re.DOTALL,
)


def parse_trl(value: object) -> tuple[int | None, str]:
    """Return the level and a note: "TRL 6-7" is 6 with the range noted; (None, "") for what names no level.

    The lower bound is what was surely reached: an offer must not pass a gate on the hope in its upper bound.
    """
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    found = _LEVEL.match(text)
    if found is None:
        return None, ""
    low, high = int(found["low"]), int(found["high"] or found["low"])
    if low == high:
        return low, ""
    return min(low, high), f"{text.strip()!r} read as {min(low, high)}, the lower bound"

"""OECD DAC purpose codes -> the project's own sectors."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from matcher.vocabulary import SECTORS


def sectors_of(codes: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the sectors of 5- or 3-digit purpose codes, sorted, and the codes that belong to none."""
    found = {code: sector_of(code) for code in codes}
    return sorted({s for s in found.values() if s}), sorted(code for code, sector in found.items() if not sector)


@cache
def sector_of(code: str) -> str | None:
    """Return the sector named for the longest beginning of a purpose code; of equals the first of the list."""
    fitting = [
        (len(prefix), sector) for sector, prefixes in SECTORS.items() for prefix in prefixes if code.startswith(prefix)
    ]
    longest = max((length for length, _ in fitting), default=0)
    return next((sector for length, sector in fitting if length == longest), None)

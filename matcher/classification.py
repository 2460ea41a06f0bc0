"""What a classification implies: goals of targets, sectors of CRS purpose codes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from matcher.profiles import Classification
from matcher.vocabulary import SECTORS


def goals_of(record: Classification) -> tuple[str, ...] | None:
    """Return a record's SDG goals as text, the goals of its targets included; None when neither is stated."""
    if record.sdg_goals is None and record.sdg_targets is None:
        return None
    own = {str(goal) for goal in record.sdg_goals or ()}
    return tuple(sorted(own | {target.partition(".")[0] for target in record.sdg_targets or ()}))


def sectors_of(sectors: Iterable[str] | None, crs: Iterable[str] | None) -> frozenset[str]:
    """Return the stated sectors and those the CRS purpose codes stand for."""
    return frozenset(sectors or ()).union(*map(sectors_of_code, crs or ()))


@cache
def sectors_of_code(code: str) -> frozenset[str]:
    """Return the sectors one CRS purpose code stands for: those of its category included."""
    return frozenset(name for name, prefixes in SECTORS.items() if code.startswith(prefixes))

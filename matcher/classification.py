"""What a classification implies: goals of targets, sectors of CRS purpose codes."""

from __future__ import annotations

from collections.abc import Iterable

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
    codes = tuple(crs or ())
    meant = {name for name, prefixes in SECTORS.items() if any(code.startswith(prefixes) for code in codes)}
    return frozenset(sectors or ()) | meant

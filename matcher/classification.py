"""What a classification implies: goals of targets, sectors of CRS purpose codes."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final, TypeVar

from matcher.profiles import Capability, Classification, Need
from matcher.vocabulary import SECTORS, Provenance

_Tagged = TypeVar("_Tagged", Need, Capability)
_SUGGESTIBLE: Final = ("sdg_goals", "sdg_targets", "sectors", "crs_purpose")

_KEPT = 16_384  # combinations remembered: those of real catalogues are far fewer


def counted(record: _Tagged) -> _Tagged:
    """Return the record as a score may use it: a goal or sector that was only inferred is unknown.

    It was read off the same texts that the topic signal already judges; to count it again would raise score and
    coverage without new evidence.
    """
    inferred = [name for name, how in (record.provenance or {}).items() if how is Provenance.INFERRED]
    taken = {name: None for name in _SUGGESTIBLE if name in inferred}
    return record.model_copy(update=taken) if taken else record


def goals_of(record: Classification) -> tuple[str, ...] | None:
    """Return a record's SDG goals in order, the goals of its targets included; None when neither is stated."""
    if record.sdg_goals is None and record.sdg_targets is None:
        return None
    return _goals(record.sdg_goals or (), record.sdg_targets or ())


@lru_cache(maxsize=_KEPT)
def _goals(goals: tuple[int, ...], targets: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(str, sorted({*goals, *(int(target.partition(".")[0]) for target in targets)})))


@lru_cache(maxsize=_KEPT)
def sectors_of(sectors: tuple[str, ...] | None, crs: tuple[str, ...] | None) -> frozenset[str]:
    """Return the stated sectors and those the CRS purpose codes stand for."""
    return frozenset(sectors or ()).union(*map(sectors_of_code, crs or ()))


@cache
def sectors_of_code(code: str) -> frozenset[str]:
    """Return the sectors one CRS purpose code stands for: those of its category included."""
    return frozenset(name for name, prefixes in SECTORS.items() if code.startswith(prefixes))

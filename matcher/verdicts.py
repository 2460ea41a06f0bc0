"""What the gate before a learned scorer says, a row a criterion. Made by ``matcher.promotion``, kept in files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row of the verdict; ``passed`` is None where a figure is told and nothing depends on it."""

    name: str
    figure: float | None  # None: it could not be measured
    bound: str
    passed: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every criterion, and how the needs were split."""

    passed: bool
    split: str
    rows: tuple[Criterion, ...]

    @property
    def failing(self) -> tuple[str, ...]:
        """The criteria that speak against promotion, in words."""
        return tuple(f"{row.name}: {row.detail}, wanted {row.bound}" for row in self.rows if row.passed is False)

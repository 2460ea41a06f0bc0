"""What the ledger holds; ``data/quality.json`` is a Ledger field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.judging.reports import Differences, Measures
from service.quality.collections import Published, Standing
from service.quality.sdg import SdgEntry


@dataclass(frozen=True, slots=True)
class Beside:
    """A baseline's own figures, and ours minus them."""

    measures: Measures
    difference: Differences


@dataclass(frozen=True, slots=True)
class Entry:
    """One collection, measured once."""

    name: str
    title: str
    standing: Standing
    date: str
    commit: str
    needs: int
    capabilities: int
    measures: Measures
    baselines: Mapping[str, Beside]
    published: tuple[Published, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every collection's last figures by one model. ``skipped``: name -> why it was not measured this time."""

    model: str
    entries: tuple[Entry, ...]
    skipped: Mapping[str, str]
    sdg: tuple[SdgEntry, ...] = ()

    def with_entry(self, entry: Entry) -> Ledger:
        """Put in a new measurement in the place of the old one."""
        kept = {one.name: one for one in self.entries} | {entry.name: entry}
        return replace(self, entries=tuple(kept.values()), skipped=self._skipped_but(entry.name))

    def with_sdg(self, entry: SdgEntry) -> Ledger:
        """Put in new figures of SDG suggestions in the place of the old ones."""
        kept = {one.name: one for one in self.sdg} | {entry.name: entry}
        return replace(self, sdg=tuple(kept.values()), skipped=self._skipped_but(entry.name))

    def without(self, name: str) -> Ledger:
        """Say that a collection is not here; figures it had stay."""
        return replace(self, skipped={**self.skipped, name: "not beside the checkout when the ledger was last written"})

    def _skipped_but(self, name: str) -> dict[str, str]:
        return {one: why for one, why in self.skipped.items() if one != name}

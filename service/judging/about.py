"""What the files beside a ranking tell about it: who provides what, whom a need serves, in which language it is put."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from matcher.priority import GROUPS, vulnerable_groups
from matcher.wording import many
from service.intake import Refusals, read_capabilities, read_needs
from service.trec import read_qrels

if TYPE_CHECKING:
    from matcher.places import PlaceBook
    from matcher.profiles import Capability, Need
    from service.intake import Reject

ALL: Final = "all"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Paths:
    """Files that go with a ranking; each is optional."""

    capabilities: Path | None = None
    needs: Path | None = None
    fitted_on: Path | None = None  # judgements that the ranking was fitted on


@dataclass(frozen=True, slots=True)
class About:
    """What could be read of it; None where the file was not given."""

    providers: Mapping[str, str] | None = None  # capability, or organisation itself -> organisation id
    groups: Mapping[str, frozenset[str]] | None = None  # LDC, SIDS, LLDC, all -> need ids
    languages: Mapping[str, frozenset[str]] | None = None  # primary language, or "unknown" -> need ids
    fitted: frozenset[str] | None = None  # ids that were judged when the ranking was fitted
    refused: tuple[str, ...] = ()  # for each file that had refused records, how many and where they are listed

    @classmethod
    def read(cls, paths: Paths, places: PlaceBook, as_of: date) -> About:
        """Read what is given; refused records are as if they were not there, and told. Raises BadInput and OSError."""
        needs = read_needs(paths.needs, places) if paths.needs else None
        offers = read_capabilities(paths.capabilities, places) if paths.capabilities else None
        groups, languages = _needs(needs.records, places, as_of) if needs else (None, None)
        read = [
            (path, batch.rejects)
            for path, batch in ((paths.needs, needs), (paths.capabilities, offers))
            if path and batch
        ]
        return cls(
            providers=_providers(offers.records) if offers else None,
            groups=groups,
            languages=languages,
            fitted=_fitted(paths.fitted_on) if paths.fitted_on else None,
            refused=tuple(_told(path, rejects) for path, rejects in read if Refusals.of(rejects).records),
        )

    def seen(self) -> tuple[frozenset[str], frozenset[str]] | None:
        """Return the capabilities of providers that the fitting saw, and all others; None if that is not known."""
        if self.providers is None or self.fitted is None:
            return None
        met = {self.providers[one] for one in self.fitted if one in self.providers}
        seen = frozenset(one for one, provider in self.providers.items() if provider in met)
        return seen, frozenset(self.providers) - seen


def _told(path: Path, rejects: Sequence[Reject]) -> str:
    count = many(Refusals.of(rejects).records, "record")
    return f"{count} refused in {path.name}: matcher import --dry-run --rejects FILE lists why"


def _providers(capabilities: Iterable[Capability]) -> dict[str, str]:
    """Map what may be ranked to who is shown by it: capabilities and, for grouped rankings, the organisations."""
    offers = {str(one.id): str(one.organisation_id) for one in capabilities}
    return {**{provider: provider for provider in offers.values()}, **offers}


def _needs(
    needs: Iterable[Need], places: PlaceBook, as_of: date
) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    groups: dict[str, set[str]] = {name: set() for name in (*GROUPS, ALL)}
    languages: dict[str, set[str]] = {}
    for need in needs:
        for group in (*vulnerable_groups(need, places, as_of), ALL):
            groups[group].add(str(need.id))
        language = (need.language or UNKNOWN).partition("-")[0].lower()
        languages.setdefault(language, set()).add(str(need.id))
    return _frozen(groups), _frozen(dict(sorted(languages.items())))


def _frozen(sets: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(ids) for name, ids in sets.items()}


def _fitted(path: Path) -> frozenset[str]:
    return frozenset(capability for grades in read_qrels(path).values() for capability in grades)

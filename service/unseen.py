"""The capabilities of a release that a reader may not see: counted, so that what is counted of the others is right."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from service.releases.rules import policy_of

if TYPE_CHECKING:
    from matcher.asked import Asked
    from matcher.gates import States
    from matcher.profiles import Need
    from service.releases import Release
    from service.visibility import Visibility

_COUNTED: Final = 20_000  # needs of which the count is kept: two numbers each


class Unseen:
    """The capabilities of a release that somebody may not see, and what was counted of them."""

    def __init__(self, release: Release, visible: Visibility) -> None:
        found = map(release.capabilities.row_of, visible.hidden.get("capabilities", ()))
        self.release, self.rows = release, frozenset(row for row in found if row is not None)
        self._eligible: dict[tuple[str, str | None], int] = {}

    def eligible(self, need: Need) -> int:
        """Count those that fail no hard gate of a need; counted once for each version of it."""
        version = need.id, need.content_hash
        if version not in self._eligible:
            if len(self._eligible) >= _COUNTED:
                self._eligible.clear()
            self._eligible[version] = eligible_among(self.release, need, self.rows)
        return self._eligible[version]

    def counts(self, need_id: str) -> tuple[int, int]:
        """Return what is to be taken off (eligible, considered) of a need's list in the release."""
        need = self.release.needs.get(need_id) if self.rows else None
        return (0, 0) if need is None else (self.eligible(need), len(self.rows))


def eligible_among(release: Release, need: Need, rows: Collection[int]) -> int:
    """Count how many of some rows fail no hard gate of a need, by the release's own rules.

    None of a release that is older than the columns which gates are judged by today.
    """
    import numpy as np

    from matcher import gates

    try:
        _, table = judged(release, need)
    except KeyError:
        return 0
    return int(np.count_nonzero(gates.allowed(table[:, sorted(rows)], policy_of(release.manifest.facts.policy))))


def judged(release: Release, need: Need) -> tuple[Asked, States]:
    """Judge a need against every capability of a release, from its arrays: no model is needed."""
    from matcher import facilitation, gates
    from matcher.asked import Asked
    from service.reference import load_places

    columns, places = release.catalogue.columns, load_places()
    asked = Asked.of(need, release.organisations, columns, places)
    asked = facilitation.bridged(asked, release.thirds(places).facilitators)
    return asked, gates.judge(asked, columns, policy_of(release.manifest.facts.policy))

"""Organisations as a release knows them, and the owner of a need that was saved since as the store does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from matcher.profiles import UNRELEASED, Organisation
from service.store import Store, UnknownRecord, get_record

if TYPE_CHECKING:
    from matcher.profiles import Need


class WithOwner(Mapping[str, Organisation]):
    """Some organisations and one more; none of them is read before it is asked for."""

    def __init__(self, known: Mapping[str, Organisation], owner: Organisation) -> None:
        self._known, self._owner = known, owner

    def __getitem__(self, organisation_id: str) -> Organisation:
        return self._owner if organisation_id == self._owner.id else self._known[organisation_id]

    def __iter__(self) -> Iterator[str]:
        yield from self._known
        if self._owner.id not in self._known:
            yield self._owner.id

    def __len__(self) -> int:
        return len(self._known) + (self._owner.id not in self._known)


def with_owner(known: Mapping[str, Organisation], need: Need, store: Store) -> Mapping[str, Organisation]:
    """Add the owner of a need where only the store knows it, as the next night will know it."""
    if known.get(need.owner_organisation_id) is not None:
        return known
    owner = owner_in(store, need.owner_organisation_id)
    return known if owner is None else WithOwner(known, owner)


def owner_in(store: Store, organisation_id: str) -> Organisation | None:
    """Return an organisation of the store that a night would take."""
    try:
        with store.reading() as session:
            found = get_record(session, "organisations", organisation_id).profile
    except UnknownRecord:
        return None
    return found if isinstance(found, Organisation) and found.review_state not in UNRELEASED else None

"""What several pages ask of the store and the release: always as the one who asks may see it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from matcher.profiles import Need, Organisation
from service.api import records
from service.api.answers import address
from service.api.problems import Refused
from service.store import list_keys

if TYPE_CHECKING:
    from service.api.context import Context
    from service.api.keys import Principal
    from service.releases import Release
    from service.store import StoredRecord


def release_or_none(context: Context) -> Release | None:
    """Return the release that is served; None before the first one."""
    try:
        return context.release()
    except Refused:
        return None


def need_now(
    context: Context, asker: Principal, release: Release | None, need_id: str
) -> tuple[Need, StoredRecord | None]:
    """Return the need as it stands; from the release where the store does not hold it. Raises Refused (404)."""
    try:
        stored = records.find(context, asker, "needs", need_id)
    except Refused:
        if context.live.standing("needs", need_id) is not None or release is None:
            raise
        kept = release.needs.get(need_id) if context.live.visible(asker).shows("needs", need_id) else None
        if kept is None:
            raise
        return kept, None
    if not isinstance(stored.profile, Need):  # the store keeps kinds apart
        raise TypeError(type(stored.profile).__name__)
    return stored.profile, stored


def names_of(context: Context, asker: Principal, release: Release | None, ids: Iterable[str]) -> dict[str, str]:
    """Return what organisations are called, by id; those that nobody described, or not to be seen, are left out."""
    if release is None:
        return {}
    visible = context.live.visible(asker)
    found = ((one, _name(release, one)) for one in set(ids) if visible.shows("organisations", one))
    return {one: name for one, name in found if name}


def organisation_now(context: Context, asker: Principal, organisation_id: str) -> Organisation | None:
    """Return an organisation as it stands; None where nobody described it, or it is not to be seen."""
    try:
        profile = records.find(context, asker, "organisations", organisation_id).profile
    except Refused:
        return None
    return profile if isinstance(profile, Organisation) else None


def about_rule(context: Context, asker: Principal, scope: str, value: str) -> tuple[str, str]:
    """Return what a rule is about as a person calls it, and its page; a sector, or what is not to be seen, has none."""
    kind = {"provider": "organisations", "need": "needs"}.get(scope)
    if kind is None:
        return value, ""
    try:
        return records.title_of(records.find(context, asker, kind, value).profile), address(kind, value)
    except Refused:
        return value, ""


def people_of(context: Context, asker: Principal) -> dict[str, str]:
    """Return what those who act in the asker's tenant by a key are called, by how events and the log name them."""
    with context.store.reading() as session:
        found = list_keys(session)
    return {f"key:{one.prefix}": one.name for one in found if one.tenant_id == asker.tenant_id}


def told(refused: Refused) -> str:
    """Say what was refused, with what might have been meant."""
    suggestions = refused.more.get("suggestions")
    errors = [f"{one['field']}: {one['expected']}" for one in refused.more.get("errors", ()) if "expected" in one]
    detail = f"{refused.detail} {'; '.join(errors)}." if len(errors) > 1 else str(refused.detail)
    return f"{detail} Did you mean {', '.join(suggestions)}?" if suggestions else detail


@lru_cache(maxsize=20_000)
def _name(release: Release, organisation_id: str) -> str:
    """Remember names: a record is parsed for it, and a release does not change."""
    known = release.organisations.get(organisation_id)
    return known.name if known else ""

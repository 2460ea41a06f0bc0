"""The database: what people change. SQLite by default, PostgreSQL by URL.

    store = open_store(settings.database_url)
    with store.writing() as session:
        upsert_records(session, "needs", needs, actor="import", at=now)
    with store.reading() as session:
        for row in snapshot(session, "needs"): ...

Functions take a session and return plain values. They never commit: the ``with`` block does, or undoes everything.
"""

from service.store.engine import Store, connect, open_store, store_exists, upgrade
from service.store.errors import SchemaMismatch, StoreError, StoreUnavailable, UnknownRecord
from service.store.events import StoredEvent, add_event, list_events, stages_of_pairs
from service.store.hashing import canonical, content_hash
from service.store.keys import ApiKey, Rights, list_keys, make_key, revoke_key, touch_key, verify_key
from service.store.listing import PAGE_LIMIT, Filters, Page, list_records, places_covering
from service.store.reading import (
    SnapshotRow,
    StoredRecord,
    Version,
    count_records,
    dangling_organisations,
    digest,
    get_record,
    get_records,
    history,
    snapshot,
)
from service.store.records import UpsertCounts, hold_records, upsert_records, withdraw
from service.store.releases import ReleaseEntry, ReleaseState, get_release, list_releases, save_release
from service.store.upserting import Refusal

__all__ = [
    "PAGE_LIMIT",
    "ApiKey",
    "Filters",
    "Page",
    "Refusal",
    "ReleaseEntry",
    "ReleaseState",
    "Rights",
    "SchemaMismatch",
    "SnapshotRow",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "StoredEvent",
    "StoredRecord",
    "UnknownRecord",
    "UpsertCounts",
    "Version",
    "add_event",
    "canonical",
    "connect",
    "content_hash",
    "count_records",
    "dangling_organisations",
    "digest",
    "get_record",
    "get_records",
    "get_release",
    "history",
    "hold_records",
    "list_events",
    "list_keys",
    "list_records",
    "list_releases",
    "make_key",
    "open_store",
    "places_covering",
    "revoke_key",
    "save_release",
    "snapshot",
    "stages_of_pairs",
    "store_exists",
    "touch_key",
    "upgrade",
    "upsert_records",
    "verify_key",
    "withdraw",
]

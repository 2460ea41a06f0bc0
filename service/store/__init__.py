"""The database: what people change. SQLite by default, PostgreSQL by URL.

    store = open_store(settings.database_url)
    with store.writing() as session:
        upsert_records(session, "needs", needs, actor="import", at=now)
    with store.reading() as session:
        for row in snapshot(session, "needs"): ...

Functions take a session and return plain values. They never commit: the ``with`` block does, or undoes everything.
"""

from service.store.distinctions import (
    Distinction,
    distinct_pairs,
    distinctions,
    distinguish,
    pair_of,
    undo_distinction,
)
from service.store.engine import Store, connect, open_store, parse_address, store_exists, upgrade
from service.store.errors import EventConflict, SchemaMismatch, StoreError, StoreUnavailable, UnknownRecord
from service.store.events import (
    Attached,
    PairStateAt,
    StoredEvent,
    Told,
    add_event,
    has_events,
    list_events,
    pair_events,
    record_event,
    states_of_pairs,
)
from service.store.hashing import canonical, content_hash
from service.store.keys import ApiKey, Rights, find_key, list_keys, make_key, revoke_key, touch_key, verify_key
from service.store.listing import (
    PAGE_LIMIT,
    Filters,
    Page,
    list_by_title,
    list_records,
    matching_ids,
    places_covering,
)
from service.store.marked import marked_records
from service.store.merges import Merge, active_merges, merge, merge_history, unmerge
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
from service.store.rules import HardRule, RuleKey, decide_rule, get_rule, list_rules, propose_rule
from service.store.shown import Shown, add_shown, forget_shown, list_shown
from service.store.subscriptions import (
    Follows,
    Subscription,
    add_subscription,
    change_subscription,
    get_subscription,
    list_subscriptions,
    mark_told,
    remove_subscription,
)
from service.store.upserting import Refusal

__all__ = [
    "PAGE_LIMIT",
    "ApiKey",
    "Attached",
    "Distinction",
    "EventConflict",
    "Filters",
    "Follows",
    "HardRule",
    "Merge",
    "Page",
    "PairStateAt",
    "Refusal",
    "ReleaseEntry",
    "ReleaseState",
    "Rights",
    "RuleKey",
    "SchemaMismatch",
    "Shown",
    "SnapshotRow",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "StoredEvent",
    "StoredRecord",
    "Subscription",
    "Told",
    "UnknownRecord",
    "UpsertCounts",
    "Version",
    "active_merges",
    "add_event",
    "add_shown",
    "add_subscription",
    "canonical",
    "change_subscription",
    "connect",
    "content_hash",
    "count_records",
    "dangling_organisations",
    "decide_rule",
    "digest",
    "distinct_pairs",
    "distinctions",
    "distinguish",
    "find_key",
    "forget_shown",
    "get_record",
    "get_records",
    "get_release",
    "get_rule",
    "get_subscription",
    "has_events",
    "history",
    "hold_records",
    "list_by_title",
    "list_events",
    "list_keys",
    "list_records",
    "list_releases",
    "list_rules",
    "list_shown",
    "list_subscriptions",
    "make_key",
    "mark_told",
    "marked_records",
    "matching_ids",
    "merge",
    "merge_history",
    "open_store",
    "pair_events",
    "pair_of",
    "parse_address",
    "places_covering",
    "propose_rule",
    "record_event",
    "remove_subscription",
    "revoke_key",
    "save_release",
    "snapshot",
    "states_of_pairs",
    "store_exists",
    "touch_key",
    "undo_distinction",
    "unmerge",
    "upgrade",
    "upsert_records",
    "verify_key",
    "withdraw",
]

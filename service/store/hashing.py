"""One text and one hash for a record's content, wherever it is kept."""

import hashlib
import json
from typing import Any, Final

from matcher.profiles import Record

STAMPS: Final = frozenset({"content_hash", "created_at", "updated_at"})
"""Fields that say when a record was touched, not what it says. So does ``retrieved_at`` in ``source``."""


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _stated(profile: Record) -> dict[str, Any]:
    """Every stated field as JSON values: unknown (None) is left out, stated none stays an empty list."""
    return profile.model_dump(mode="json", exclude_none=True)


def _hash_of(stated: dict[str, Any]) -> str:
    content = {field: value for field, value in stated.items() if field not in STAMPS}
    if "source" in content:
        content["source"] = {field: value for field, value in content["source"].items() if field != "retrieved_at"}
    return hashlib.sha256(_compact(content).encode()).hexdigest()


def content_hash(profile: Record) -> str:
    """Hash what a record says (SHA-256, hexadecimal): equal for equal content, whatever its stamps and field order."""
    return _hash_of(_stated(profile))


def canonical(profile: Record) -> tuple[str, str]:
    """Return the record's canonical JSON text, with its ``content_hash`` filled in, and that hash.

    Keys are sorted, nothing is spaced, None is left out: equal records give equal bytes. The record's own model
    reads the text back.
    """
    stated = _stated(profile)
    stated["content_hash"] = _hash_of(stated)
    return _compact(stated), stated["content_hash"]

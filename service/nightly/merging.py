"""Organisations that people merged, taken for one while a night reads the store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from matcher.identity import combined, referring, resolved
from matcher.profiles import UNRELEASED, Organisation
from service.store import UnknownRecord, active_merges, canonical, get_record

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_ABSORBED: Final = "organisation merged into another"


@dataclass(frozen=True)
class Merged:
    """Absorbed id -> kept id, and what the kept ones are together with those they absorbed."""

    kept: Mapping[str, str]
    together: Mapping[str, Organisation]

    @classmethod
    def read(cls, session: Session) -> Merged:
        """Read the merges that hold at the session's moment."""
        kept = resolved(active_merges(session))
        members: dict[str, list[Organisation]] = {}
        for absorbed in sorted(kept):
            if (found := _organisation(session, absorbed)) and found.review_state not in UNRELEASED:
                members.setdefault(kept[absorbed], []).append(found)
        whole = {name: _organisation(session, name) for name in members}
        return cls(kept, {name: combined(one, members[name]) for name, one in whole.items() if one is not None})

    def rows(self, kind: str, rows: Iterator[tuple[str, str]], left_out: Counter[str]) -> Iterator[tuple[str, str]]:
        """Pass (id, JSON text) on with absorbed organisations counted and left out, and references to them changed."""
        if not self.kept:
            yield from rows
            return
        for record_id, text in rows:
            if kind == "organisations" and record_id in self.kept:
                left_out[_ABSORBED] += 1
                continue
            if kind == "organisations" and record_id in self.together:
                text = canonical(self.together[record_id])[0]  # noqa: PLW2901 - the same record, with what it absorbed
            said: dict[str, Any] = json.loads(text)
            changed = referring(said, kind, self.kept)
            yield record_id, text if changed == said else _compact(changed)

    def text(self) -> bytes:
        """Write absorbed id -> kept id as JSON."""
        return json.dumps(dict(sorted(self.kept.items())), indent=1, ensure_ascii=False).encode() + b"\n"


def _organisation(session: Session, record_id: str) -> Organisation | None:
    try:
        found = get_record(session, "organisations", record_id).profile
    except UnknownRecord:
        return None
    return found if isinstance(found, Organisation) else None


def _compact(values: Mapping[str, Any]) -> str:
    """Write a record as the store does; its hash stays that of the profile, which is as it was."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

"""Reports as they are sent, kept while the release and what may be seen of it stay the same."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.wire import to_json

if TYPE_CHECKING:
    from service.releases import Release
    from service.reports.names import ReportName
    from service.reports.survey import Report
    from service.visibility import Visibility


@dataclass(frozen=True, slots=True)
class Kept:
    """A report and its JSON, with what it was made from."""

    release_id: str
    visible: Visibility
    report: Report
    json: bytes


class Reporting:
    """Makes reports, one at a time: each reads the whole release. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[ReportName, Kept] = {}

    def get(self, name: ReportName, release: Release, visible: Visibility) -> Kept:
        """Return a report, the one at hand where nothing has changed."""
        from service.reports.making import make

        with self._lock:
            kept = self._kept.get(name)
            if kept is None or (kept.release_id, kept.visible) != (release.id, visible):
                made = make(name, release, visible)
                kept = self._kept[name] = Kept(release.id, visible, made, to_json(made).encode())
            return kept

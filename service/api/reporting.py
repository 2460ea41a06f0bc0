"""Reports as they are sent, kept while the release and what may be seen of it stay the same."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from service.wire import to_json

if TYPE_CHECKING:
    from service.releases import Release
    from service.reports.names import ReportName
    from service.visibility import Visibility


class Reporting:
    """Makes reports, one at a time: each reads the whole release. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[ReportName, tuple[str, Visibility, bytes]] = {}

    def json(self, name: ReportName, release: Release, visible: Visibility) -> bytes:
        """Return a report as JSON, the one at hand where nothing has changed."""
        from service.reports.making import make

        with self._lock:
            kept = self._kept.get(name)
            if kept is None or kept[:2] != (release.id, visible):
                kept = (release.id, visible, to_json(make(name, release, visible)).encode())
                self._kept[name] = kept
            return kept[2]

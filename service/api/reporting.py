"""Reports as they are sent, kept while the release and what may be seen of it stay the same."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from service.wire import to_json

if TYPE_CHECKING:
    from service.releases import Release
    from service.reports.names import ReportName
    from service.reports.survey import Report
    from service.visibility import Visibility


VIEWS: Final = 8
"""Views of one release that a report is kept for: brokers and others of a few tenants."""


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
        self._kept: dict[ReportName, list[Kept]] = {}

    def get(self, name: ReportName, release: Release, visible: Visibility) -> Kept:
        """Return a report, the one at hand where nothing has changed."""
        from service.reports.making import make

        with self._lock:
            known = [one for one in self._kept.get(name, ()) if one.release_id == release.id]
            kept = next((one for one in known if one.visible == visible), None)
            if kept is None:
                made = make(name, release, visible)
                kept = Kept(release.id, visible, made, to_json(made).encode())
                self._kept[name] = [kept, *known][:VIEWS]
            return kept

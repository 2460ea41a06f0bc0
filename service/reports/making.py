"""A report by its name, as an object, as JSON and as plain tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from service.reports import clusters, coverage, dormant, exposure, tiers, unserved
from service.reports.names import ReportName
from service.reports.survey import Report, Survey

if TYPE_CHECKING:
    from service.releases import Release
    from service.visibility import Visibility

MAKERS: Final[Mapping[ReportName, Callable[[Survey], Report]]] = {
    ReportName.UNSERVED: unserved.report,
    ReportName.EXPOSURE: exposure.report,
    ReportName.COVERAGE: coverage.report,
    ReportName.DORMANT: dormant.report,
    ReportName.TIERS: tiers.report,
    ReportName.CLUSTERS: clusters.report,
}

KINDS: Final[Mapping[ReportName, type[Report]]] = {
    ReportName.UNSERVED: unserved.UnservedReport,
    ReportName.EXPOSURE: exposure.ExposureReport,
    ReportName.COVERAGE: coverage.CoverageReport,
    ReportName.DORMANT: dormant.DormantReport,
    ReportName.TIERS: tiers.TierReport,
    ReportName.CLUSTERS: clusters.ClustersReport,
}
"""What each is: for schemas."""


def make(name: ReportName, release: Release, visible: Visibility) -> Report:
    """Make one report of a release under what may be seen now; the same release and the same view give the same."""
    return MAKERS[name](Survey(release, visible))


def make_page(cluster_id: str, release: Release, visible: Visibility) -> clusters.ClusterPage | None:
    """Make the page of one cluster; None when there is none, or nothing of it may be seen."""
    return clusters.page(Survey(release, visible), cluster_id)

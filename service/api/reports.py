"""Routes of what a release shows as a whole: reports, and clusters of needs."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from service.api.answers import json_answer
from service.api.context import Asker, Here
from service.api.keys import Principal
from service.api.parameters import RecordId
from service.api.problems import unknown
from service.api.schemas import AllocationReportOut
from service.reports.clusters import ClusterPage, ClustersReport
from service.reports.making import KINDS, make_page
from service.reports.names import ReportName
from service.wire import to_json

_SAID: Final = {
    ReportName.UNSERVED: (
        "Needs without a partner, by sector and place",
        "Nobody eligible, near misses or weak matches only; and whom to recruit, by the gates that keep out most.",
    ),
    ReportName.EXPOSURE: (
        "How often each organisation is shown",
        "Lines among the first ten of every list, beside the partnerships an organisation can take on.",
    ),
    ReportName.COVERAGE: (
        "Needs served, by group of countries",
        "Least developed countries, small island developing states and landlocked developing countries.",
    ),
    ReportName.DORMANT: (
        "Partners worth reactivating",
        "Dormant and inactive organisations among the ten best of a need, and for which needs.",
    ),
    ReportName.TIERS: ("Shares of the tiers", "Of all matches, and of the needs by their first match."),
}
"""Summary and description; the clusters have an address of their own."""


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["reports"])
    for name in _SAID:
        _add_report(made, name)
    made.add_api_route(
        "/reports/allocation",
        allocation,
        response_model=AllocationReportOut,
        operation_id="get_allocation_report",
        summary="How introductions were shared out",
    )
    made.add_api_route(
        "/clusters",
        list_clusters,
        response_model=ClustersReport,
        operation_id="list_clusters",
        summary="Clusters of needs that are alike",
    )
    made.add_api_route(
        "/clusters/{cluster_id}",
        get_cluster,
        response_model=ClusterPage,
        operation_id="get_cluster",
        summary="One cluster, matched as one",
    )
    return made


def _add_report(made: APIRouter, name: ReportName) -> None:
    def report(context: Here, asker: Asker) -> Response:
        return _sent(context, asker, name)

    model: Any = KINDS[name]
    summary, description = _SAID[name]
    made.add_api_route(
        f"/reports/{name.value}",
        report,
        response_model=model,
        operation_id=f"get_{name.value}_report",
        summary=summary,
        description=f"{description} Counted from the release that is served, less what was withdrawn since.",
    )


def allocation(context: Here, asker: Asker) -> Response:
    """Tell what sharing providers' capacity out did over the whole night: needs served, exposure, each rule's price.

    ``figures`` is null for a release that was made before there was allocation, and ``withheld`` from an asker to whom
    some record is confidential: the figures count every need and every partner, and cannot be counted again without.
    """
    release = context.release()
    figures = release.metrics.get("allocation")
    withheld = figures is not None and not context.live.sees_all(asker)
    shown = None if withheld else figures
    found = {"release_id": release.id, "allocated": figures is not None, "withheld": withheld, "figures": shown}
    return json_answer(json.dumps(found, ensure_ascii=False).encode(), release_id=release.id)


def list_clusters(context: Here, asker: Asker) -> Response:
    """List the clusters of the release that is served, the largest first, each with what became of it since the last.

    A cluster of which no need may be seen is left out.
    """
    return _sent(context, asker, ReportName.CLUSTERS)


def get_cluster(context: Here, asker: Asker, cluster_id: RecordId) -> Response:
    """Return a cluster's members, what they share, and the partners who could serve several of them.

    Nothing is searched anew: the members' published lists are put together, the ten best of each.
    """
    release = context.release()
    page = make_page(cluster_id, release, context.live.visible(asker))
    if page is None:
        raise unknown("cluster of the release", cluster_id)
    return json_answer(to_json(page).encode(), release_id=release.id)


def _sent(context: Here, asker: Principal, name: ReportName) -> Response:
    release = context.release()
    kept = context.reporting.get(name, release, context.live.visible(asker))
    return json_answer(kept.json, release_id=release.id)

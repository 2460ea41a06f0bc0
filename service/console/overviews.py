"""Pages about the release as a whole: clusters of needs, one cluster, and needs without a partner."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.api.context import Asker, Context, Here
from service.api.keys import Principal
from service.api.parameters import RecordId
from service.api.problems import unknown
from service.console.rendering import page
from service.reports.making import make_page
from service.reports.names import ReportName


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/clusters", clusters_page, response_class=HTMLResponse)
    made.add_api_route("/clusters/{cluster_id}", cluster_page, response_class=HTMLResponse)
    made.add_api_route("/unserved", unserved_page, response_class=HTMLResponse)


def clusters_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show the clusters of the served release."""
    return _report(request, context, asker, ReportName.CLUSTERS, "clusters.html")


def unserved_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show the needs that have nobody, and whom to recruit."""
    return _report(request, context, asker, ReportName.UNSERVED, "unserved.html")


def cluster_page(request: Request, context: Here, asker: Asker, cluster_id: RecordId) -> Response:
    """Show one cluster, matched as one."""
    release = context.release()
    found = make_page(cluster_id, release, context.live.visible(asker))
    if found is None:
        raise unknown("cluster of the release", cluster_id)
    return page(
        request,
        "cluster.html",
        release=release,
        cluster=found,
        titles={one.need_id: one.need_title for one in found.members},
    )


def _report(request: Request, context: Context, asker: Principal, name: ReportName, template: str) -> Response:
    release = context.release()
    kept = context.reporting.get(name, release, context.live.visible(asker))
    return page(request, template, release=release, report=kept.report)

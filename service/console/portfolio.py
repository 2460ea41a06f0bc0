"""The release as a whole: how introductions were shared out, who is served, who is shown, who sleeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.api.context import Asker, Context, Here
from service.console import plots
from service.console.language import Language
from service.console.navigation import frame_of
from service.console.rendering import page
from service.reports.exposure import ExposureReport
from service.reports.names import ReportName

if TYPE_CHECKING:
    from service.api.keys import Principal
    from service.releases import Release

_CHARTED: Final = 12  # organisations in the picture; the table has more
_TABLED: Final = 40


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/portfolio", portfolio_page, response_class=HTMLResponse)
    made.add_api_route("/dormant", dormant_page, response_class=HTMLResponse)


def portfolio_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show allocation and its prices, coverage of groups, tiers, exposure, and what is unserved."""
    release = context.release()
    exposure = _report(context, asker, release, ReportName.EXPOSURE)
    figures, seen = release.metrics.get("allocation"), context.live.sees_all(asker)
    return page(
        request,
        "portfolio.html",
        release=release,
        allocation=figures if seen else None,
        withheld=figures is not None and not seen,
        coverage=_report(context, asker, release, ReportName.COVERAGE),
        tiers=_report(context, asker, release, ReportName.TIERS),
        unserved=_report(context, asker, release, ReportName.UNSERVED),
        exposure=exposure,
        shown=exposure.organisations[:_TABLED],
        chart=_chart(exposure, frame_of(request).language),
    )


def dormant_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show partners that sleep and rank high."""
    release = context.release()
    return page(request, "dormant.html", release=release, report=_report(context, asker, release, ReportName.DORMANT))


def _report(context: Context, asker: Principal, release: Release, name: ReportName) -> Any:
    return context.reporting.get(name, release, context.live.visible(asker)).report


def _chart(report: ExposureReport, spoken: Language) -> list[plots.Step]:
    return [
        plots.Step(one.name or one.organisation_id, one.shown, spoken.number(one.shown))
        for one in report.organisations[:_CHARTED]
    ]

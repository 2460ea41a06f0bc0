"""What was achieved in a period, for a steering committee: on a page, to print, and as a workbook."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from service.api import period
from service.api.context import Asker, Here
from service.api.problems import Refused
from service.console.answered import query_of
from service.console.lookups import told
from service.console.rendering import page
from service.console.words import N_

_PARTS: Final = (
    ("total", N_("In all"), N_("What")),
    ("by_project", N_("By project"), N_("Project")),
    ("by_cluster", N_("By cluster"), N_("Cluster")),
    ("by_country", N_("By country"), N_("Country")),
)


def add(made: APIRouter) -> None:
    """Add the page to a router."""
    made.add_api_route("/period", period_page, response_class=HTMLResponse)


def period_page(request: Request, context: Here, asker: Asker) -> Response:
    """Show a period's report; this year so far unless days are named."""
    today = datetime.now(UTC).date()
    given = query_of(request)
    asked = {"from": today.replace(month=1, day=1).isoformat(), "to": today.isoformat(), **given}
    found, problem = None, ""
    try:
        found = period.of_period(context, asker, period.PeriodAsked.model_validate(asked))
    except ValidationError:
        problem = N_("Write both days as dates.")
    except Refused as refused:
        problem = told(refused)
    return page(
        request,
        "period.html",
        release=None,
        status=422 if problem else 200,
        problem=problem,
        asked=asked,
        report=found,
        parts=[(title, column, getattr(found, name)) for name, title, column in _PARTS] if found else [],
    )

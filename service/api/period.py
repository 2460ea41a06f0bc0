"""Routes of the period report: what a tenant achieved, for a steering committee."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import HTMLResponse, Response

from matcher.errors import BadInput
from service.accounts.audit import Action, audit
from service.accounts.roles import Permission
from service.api.answers import json_answer
from service.api.context import Asker, Context, Here
from service.api.problems import bad_value
from service.exports.workbook import MEDIA_TYPE
from service.reports.period import Asked, PeriodReport, report
from service.wire import to_json

if TYPE_CHECKING:
    from service.api.keys import Principal

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_BOOK: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A workbook of three sheets",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_PAGE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "A page that needs no other file", "content": {"text/html": {"schema": {"type": "string"}}}}
}


class PeriodAsked(BaseModel):
    """Which days are reported on."""

    model_config = ConfigDict(extra="forbid")

    first_day: Annotated[date, Field(alias="from", description="The first day, in UTC.", examples=["2026-01-01"])]
    last_day: Annotated[date, Field(alias="to", description="The last day, included.", examples=["2026-06-30"])]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["reports"])
    made.add_api_route(
        "/reports/period",
        as_json,
        response_model=PeriodReport,
        operation_id="get_period_report",
        summary="What was achieved in a period",
    )
    made.add_api_route(
        "/reports/period.xlsx",
        as_workbook,
        response_class=Response,
        responses=_BOOK,
        operation_id="export_period_report_xlsx",
        summary="What was achieved in a period, as a workbook",
    )
    made.add_api_route(
        "/reports/period.html",
        as_page,
        response_class=HTMLResponse,
        responses=_PAGE,
        operation_id="get_period_report_page",
        summary="What was achieved in a period, on a page to print",
    )
    return made


def as_json(context: Here, asker: Asker, wanted: Annotated[PeriodAsked, Query()]) -> Response:
    """Return needs assessed, introductions, agreements, partners reactivated and time at stage of the asker's tenant.

    In all, and by project (the source system of the need), cluster and country. Counted from events and records as the
    asker may see them now; a memorandum of understanding is no agreement.
    """
    return json_answer(to_json(of_period(context, asker, wanted)).encode())


def as_workbook(context: Here, asker: Asker, wanted: Annotated[PeriodAsked, Query()]) -> Response:
    """Return the same as XLSX. Needs the permission "export", and is written into the audit log."""
    from service.reports.period_files import workbook

    asker.require(Permission.EXPORT)
    found = of_period(context, asker, wanted)
    name = f"period-{found.first_day}-{found.last_day}"
    with context.store.writing() as session:
        now, tenant = datetime.now(UTC), asker.tenant_id
        audit(session, Action.EXPORTED, actor=asker.actor, at=now, subject=name, tenant_id=tenant, what="period report")
    answer = Response(workbook(found), media_type=MEDIA_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return answer


def as_page(context: Here, asker: Asker, wanted: Annotated[PeriodAsked, Query()]) -> Response:
    """Return the same as a page that holds its own style and no script."""
    from service.reports.period_files import page

    answer = HTMLResponse(page(of_period(context, asker, wanted)))
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def of_period(context: Context, asker: Principal, wanted: PeriodAsked) -> PeriodReport:
    """Count a period for the asker's tenant; raises Refused where it ends before it begins."""
    visible = context.live.visible(asker)
    asked = Asked(asker.tenant_id, wanted.first_day, wanted.last_day, asker.audience, visible)
    with context.store.reading() as session:
        try:
            return report(session, asked)
        except BadInput as error:
            raise bad_value("to", error) from None

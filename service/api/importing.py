"""Routes that import files as jobs: sent whole, answered at once, done behind."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from service.accounts.roles import Permission
from service.api import receiving
from service.api.answers import address, json_answer
from service.api.context import Asker, Context, Here
from service.api.keys import Principal
from service.api.openapi import problem
from service.api.parameters import Limit, RecordId
from service.api.problems import unknown
from service.api.schemas import Kind, Sent
from service.importing.report import ImportReport
from service.intake import Reject
from service.jobs import Job, JobFolder, JobState, get_job, list_jobs

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": f"The file itself with its media type, or a form with one file; {receiving.SAID} at most.",
        "content": {
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in receiving.SUFFIXES},
            receiving.FORM: {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


class ProgressOut(Sent):
    """How far an import is."""

    step: Annotated[str, Field(examples=["reading needs.csv"])]
    done: int
    total: Annotated[int | None, Field(description="Null where nobody knows it yet.")]


class ImportOut(Sent):
    """An import as a job."""

    id: str
    state: JobState
    file: str
    kind: Kind | None
    profile: str | None
    dry_run: bool
    attempts: Annotated[int, Field(description="How often it was begun; more than 1 after a stop of the server.")]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: ProgressOut | None
    rejects: Annotated[
        int | None, Field(description="How many values, rows and files were refused, and notes; at end.")
    ]
    report: Annotated[ImportReport | None, Field(description="When it is done; after a dry run, what it would do.")]
    error: Annotated[str | None, Field(description="Why it failed.")]
    href: str


class ImportsOut(Sent):
    """Imports of the asker's tenant, the newest first."""

    items: list[ImportOut]


class RejectsOut(Sent):
    """What was refused, in the order of the file."""

    items: list[Reject]
    next: Annotated[str | None, Field(description="Give it as cursor to read on; null at the end.")]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["imports"])
    made.add_api_route(
        "/imports",
        start,
        methods=["POST"],
        status_code=202,
        response_model=ImportOut,
        responses={415: problem("A kind of file that is not read"), 429: problem("Too many imports wait")},
        operation_id="start_import",
        summary="Import a file as a job",
        openapi_extra=_BODY,
    )
    made.add_api_route(
        "/imports", list_, response_model=ImportsOut, operation_id="list_imports", summary="Imports, the newest first"
    )
    made.add_api_route(
        "/imports/{import_id}",
        show,
        response_model=ImportOut,
        operation_id="get_import",
        summary="How far an import is",
    )
    made.add_api_route(
        "/imports/{import_id}/rejects",
        rejects,
        response_model=RejectsOut,
        operation_id="list_import_rejects",
        summary="What an import refused, a page at a time",
    )
    made.add_api_route(
        "/imports/{import_id}/rejects.csv",
        rejects_csv,
        response_class=Response,
        responses={200: {"content": {"text/csv": {}}, "description": "A file to mend by"}},
        operation_id="get_import_rejects_csv",
        summary="What an import refused, as a spreadsheet",
    )
    return made


async def start(
    request: Request, context: Here, asker: Asker, wanted: Annotated[receiving.Wanted, Query()]
) -> Response:
    """Take a file in (CSV, XLSX, JSON Lines, IATI XML, any mapping profile) and import it behind the answer.

    The answer is 202 with the job's address in Location. A file is imported whole or not at all; sent again it writes
    nothing twice. New records belong to the asker's tenant; those of other tenants are refused row by row. Needs the
    permission "import".
    """
    asker.require(Permission.IMPORT)
    job = await receiving.receive(request, context, asker, wanted)
    answer = json_answer(await run_in_threadpool(_out, context, job), status=202)
    answer.headers["Location"] = address("v1", "imports", job.id)
    return answer


def list_(context: Here, asker: Asker, limit: Limit = 50) -> Response:
    """Return the imports of the asker's tenant. Needs the permission "import"."""
    asker.require(Permission.IMPORT)
    with context.store.reading() as session:
        jobs = list_jobs(session, tenant_id=asker.tenant_id, limit=limit)
    return json_answer(ImportsOut(items=[_out(context, job) for job in jobs]))


def show(context: Here, asker: Asker, import_id: RecordId) -> Response:
    """Return the state of an import, its progress, and its report when it is done. Needs the permission "import"."""
    return json_answer(_out(context, job_of(context, asker, import_id)))


def rejects(
    context: Here,
    asker: Asker,
    import_id: RecordId,
    cursor: Annotated[str | None, Query(pattern=r"^\d{1,12}$", description="The ``next`` of the page before.")] = None,
    limit: Limit = 50,
) -> Response:
    """Return what was refused, row by row, once the import has ended. Needs the permission "import"."""
    folder = JobFolder(context.settings.data_dir, job_of(context, asker, import_id).id)
    after = int(cursor or 0)
    found = folder.rejects(after, limit + 1)
    return json_answer(RejectsOut(items=found[:limit], next=str(after + limit) if len(found) > limit else None))


def rejects_csv(context: Here, asker: Asker, import_id: RecordId) -> Response:
    """Return all that was refused as CSV, safe to open in a spreadsheet program; 404 until the import has ended."""
    job = job_of(context, asker, import_id)
    path = JobFolder(context.settings.data_dir, job.id).csv
    if not path.exists():
        raise unknown("file of rejects of import", import_id)
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=f"rejects-{job.id}.csv")


def job_of(context: Context, asker: Principal, import_id: str) -> Job:
    """Return an import of the asker's tenant; raises Refused (403, 404)."""
    asker.require(Permission.IMPORT)
    with context.store.reading() as session:
        job = get_job(session, import_id)
    if job is None or job.tenant_id != asker.tenant_id:
        raise unknown("import", import_id)
    return job


def _out(context: Context, job: Job) -> ImportOut:
    told = JobFolder(context.settings.data_dir, job.id).progress() if job.state is JobState.RUNNING else None
    report = dict(job.report) if job.report else None
    count = report.pop("rejects") if report else None
    return ImportOut.model_validate(
        {
            "id": job.id,
            "state": job.state,
            **{name: job.request[name] for name in ("file", "kind", "profile", "dry_run")},
            "attempts": job.attempts,
            "created_at": job.created_at,
            "started_at": job.started_at,
            "finished_at": job.finished_at,
            "progress": told and {"step": told.step, "done": told.done, "total": told.total},
            "rejects": count,
            "report": report,
            "error": job.error,
            "href": address("v1", "imports", job.id),
        }
    )

"""Bringing records in, step by step: send a file, see what it would do, say what its columns are, then import it."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from matcher.errors import BadInput
from matcher.profiles import KINDS
from service.accounts.roles import Permission
from service.api import importing, receiving
from service.api.context import Asker, Context, Here
from service.api.parameters import RecordId
from service.api.problems import Refused, unknown
from service.console import columns
from service.console.lookups import told
from service.console.rendering import page
from service.console.words import N_
from service.intake import profile_names
from service.jobs import IMPORT, Job, JobFolder, JobState

if TYPE_CHECKING:
    from service.api.keys import Principal

_PATIENCE: Final = 4.0  # seconds that a page waits for an import to end before it says that it runs
_REFUSED_SHOWN: Final = 100
_NO_FILE: Final = N_("Choose a file first.")
_TOO_LARGE: Final = N_("The file is larger than 1 MB. Send it through the interface or the command line.")
_MAPPED: Final = "mapped"
_KEPT: Final = "kept"
_HEADERS: Final = "headers"  # in a job's request: field -> the header of the sheet that was sent
_KEPT_SECONDS: Final = 24 * 3600.0  # that a file that was tried waits to be imported


def add(made: APIRouter) -> None:
    """Add the pages to a router."""
    made.add_api_route("/import", start_page, response_class=HTMLResponse)
    made.add_api_route("/import", send, methods=["POST"])
    made.add_api_route("/import/{import_id}", step_page, response_class=HTMLResponse)
    made.add_api_route("/import/{import_id}/columns", rename, methods=["POST"])
    made.add_api_route("/import/{import_id}/commit", commit, methods=["POST"])


def start_page(
    request: Request, context: Here, asker: Asker, too_large: Annotated[bool, Query(description="One was.")] = False
) -> Response:
    """Ask for a file, and list the tenant's imports."""
    asker.require(Permission.IMPORT)
    return _start(request, context, asker, _TOO_LARGE if too_large else "")


async def send(request: Request, context: Here, asker: Asker) -> Response:
    """Take a file in and try it: nothing is written yet."""
    asker.require(Permission.IMPORT)
    try:
        async with request.form(max_files=1, max_fields=10) as form:
            file = form.get("file")
            name = receiving.named(file.filename or "") if isinstance(file, UploadFile) and file.filename else ""
            body = await file.read() if isinstance(file, UploadFile) else b""
            kind, profile = (str(form.get(field) or "") or None for field in ("kind", "profile"))
    except (HTTPException, MultiPartException):
        name = ""
    if not name:
        return await run_in_threadpool(_start, request, context, asker, _NO_FILE)
    asked = {"kind": kind if kind in KINDS else None, "profile": profile if profile in profile_names() else None}
    try:
        job_id = await run_in_threadpool(_tried, context, asker, (name, body), asked)
    except Refused as refused:
        return await run_in_threadpool(_start, request, context, asker, told(refused))
    return RedirectResponse(f"/import/{job_id}", 303)


def step_page(request: Request, context: Here, asker: Asker, import_id: RecordId) -> Response:
    """Show what an import would do or did, what it refused row by row, and what can be done next."""
    job = _ended(context, asker, import_id)
    return _step(request, context, asker, job)


async def rename(request: Request, context: Here, asker: Asker, import_id: RecordId) -> Response:
    """Try the file again with its columns under the names that were chosen."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=600)
    return await run_in_threadpool(_renamed, request, context, asker, import_id, form)


def commit(request: Request, context: Here, asker: Asker, import_id: RecordId) -> Response:
    """Import what was tried."""
    job = importing.job_of(context, asker, import_id)
    kept = _kept(context, job)
    if kept is None:
        raise unknown("file of import", import_id)
    asked: dict[str, Any] = {name: job.request[name] for name in ("kind", "profile", _HEADERS) if name in job.request}
    try:
        job_id = _queued(context, asker, kept, {**asked, "dry_run": False})
    except Refused as refused:
        return _step(request, context, asker, job, told(refused))
    return RedirectResponse(f"/import/{job_id}", 303)


def _start(request: Request, context: Context, asker: Principal, problem: str = "") -> Response:
    found = json.loads(bytes(importing.list_(context, asker, 20).body))["items"]
    return page(
        request,
        "import.html",
        release=None,
        status=422 if problem else 200,
        problem=problem,
        jobs=found,
        kinds=list(KINDS),
        profiles=profile_names(),
    )


def _step(request: Request, context: Context, asker: Principal, job: Job, problem: str = "") -> Response:
    found = json.loads(bytes(importing.show(context, asker, job.id).body))
    refused = json.loads(bytes(importing.rejects(context, asker, job.id, None, _REFUSED_SHOWN).body))
    kept, kind = _kept(context, job), _kind(job)
    seen = None
    if job.request["dry_run"] and kept is not None and kind is not None:
        try:
            seen = columns.preview(kept, kind)
        except BadInput:  # no table: the report says so
            seen = None
    return page(
        request,
        "import_step.html",
        release=None,
        status=422 if problem else 200,
        problem=problem,
        job=found,
        used=sum(found["report"]["total"].values()) if found.get("report") else 0,
        refused=list({tuple(one.values()): one for one in refused["items"]}.values()),  # said once
        more=refused["next"] is not None,
        preview=seen,
        headers=job.request.get(_HEADERS, {}),
        guessed=kind,
        fields=columns.fields_of(kind) if kind else (),
        can_commit=job.request["dry_run"] and kept is not None and job.state is JobState.DONE,
        kinds=list(KINDS),
    )


def _renamed(
    request: Request, context: Context, asker: Principal, import_id: str, form: dict[str, list[str]]
) -> Response:
    job = importing.job_of(context, asker, import_id)
    kept = _kept(context, job)
    kind = form.get("kind", [""])[0]
    if kept is None or kind not in KINDS:
        raise unknown("file of import", import_id)
    allowed = columns.fields_of(kind)
    chosen = {
        int(name.removeprefix("column-")): values[0]
        for name, values in form.items()
        if name.startswith("column-") and name.removeprefix("column-").isdigit() and values[0] in allowed
    }
    sink = kept.parent / _MAPPED / f"{kept.stem}.csv"  # it goes on under the name that it was sent with
    try:
        sink.parent.mkdir(exist_ok=True)
        columns.renamed(kept, kind, chosen, sink)
        before = job.request.get(_HEADERS, {})  # of a table that was renamed already
        said = {f: before.get(header, header) for f, header in columns.headers_of(kept, kind, chosen).items()}
        job_id = _queued(context, asker, sink, {"kind": kind, "profile": None, "dry_run": True, _HEADERS: said})
    except BadInput as error:
        return _step(request, context, asker, job, str(error))
    except Refused as refused:
        return _step(request, context, asker, job, told(refused))
    return RedirectResponse(f"/import/{job_id}", 303)


def _tried(context: Context, asker: Principal, sent: tuple[str, bytes], asked: dict[str, Any]) -> str:
    """Write the file to a draft of its own and queue a dry run of it."""
    draft = context.settings.data_dir / "jobs" / f".draft-{secrets.token_hex(8)}"
    draft.mkdir(parents=True)
    try:
        path = draft / sent[0]
        path.write_bytes(sent[1])
        return _queued(context, asker, path, {**asked, "dry_run": True})
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _queued(context: Context, asker: Principal, path: Path, asked: dict[str, Any]) -> str:
    """Queue an import of a copy of the file; of one that is tried keep another: the job removes its own at its end."""
    receiving.refuse_crowd(context, asker)
    job_id = secrets.token_hex(8)
    folder = JobFolder(context.settings.data_dir, job_id)
    _forget_old(folder.path.parent)
    folder.make()
    if asked["dry_run"]:
        kept = folder.path / _KEPT
        kept.mkdir()
        shutil.copyfile(path, kept / path.name)
    shutil.copyfile(path, folder.uploads / path.name)
    request = {"filename": None, **asked, "file": path.name}
    begun = datetime.now(UTC)
    actor, tenant_id = asker.actor, asker.tenant_id
    job = Job(job_id, tenant_id, IMPORT, JobState.QUEUED, actor, request, 0, begun, None, None, None, None)
    receiving.queue(context, asker, job, None)
    return job_id


def _forget_old(jobs: Path) -> None:
    """Remove files that were tried and not imported for a day."""
    for kept in jobs.glob(f"*/{_KEPT}"):
        if time.time() - kept.stat().st_mtime > _KEPT_SECONDS:
            shutil.rmtree(kept, ignore_errors=True)


def _kept(context: Context, job: Job) -> Path | None:
    found = JobFolder(context.settings.data_dir, job.id).path / _KEPT / str(job.request["file"])
    return found if found.is_file() else None


def _kind(job: Job) -> str | None:
    """Return what the rows are: as was said, or as the file's name says."""
    from service.intake.reading import kind_of

    stated: str | None = job.request["kind"]
    return stated or kind_of(Path(str(job.request["file"])).stem)


def _ended(context: Context, asker: Principal, import_id: str) -> Job:
    """Wait a little for an import to end: most do within a second, and then the page need not be asked for again."""
    end = time.monotonic() + _PATIENCE
    while True:
        job = importing.job_of(context, asker, import_id)
        if job.state in {JobState.DONE, JobState.FAILED} or time.monotonic() > end:
            return job
        time.sleep(0.05)

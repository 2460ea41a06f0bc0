"""Taking a large body in: straight to disk, bounded, and only from who may send it."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from service.api.context import Context
from service.api.keys import Principal
from service.api.once import HEADER, KEY_FORM, owner_of, refused
from service.api.problems import Refused
from service.api.schemas import Kind
from service.intake import profile_names
from service.jobs import IMPORT, Job, JobFolder, JobState, add_job, get_job, list_jobs
from service.store.once import Answer, Claim, claim, keep_answer

UPLOAD_LIMIT: Final = 50_000_000
"""Bytes of a file that is sent: 100,000 records of the usual length; larger ones go by ``matcher import``."""

SAID: Final = "50 MB"
WAITING: Final = 20  # imports of one tenant that may wait
FORM: Final = "multipart/form-data"
SUFFIXES: Final = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/octet-stream": "",  # its name, or its first bytes, say what it is
    "text/plain": "",
}
"""Media types of what is read, with the suffix a file without a name of its own gets."""

_UNSAFE: Final = re.compile(r"[^\w.\- ]+")
_NAME_CHARACTERS: Final = 100


class Wanted(BaseModel):
    """How a file is to be read; a parameter that is not here is refused, not overlooked."""

    model_config = ConfigDict(extra="forbid")

    kind: Annotated[Kind | None, Field(description="What the rows are, where neither they nor the name say so.")] = None
    profile: Annotated[
        str | None,
        Field(
            pattern=f"^({'|'.join(map(re.escape, profile_names()))})$",
            description="A mapping profile; without one, columns are our own field names.",
            examples=list(profile_names()[:1]),
        ),
    ] = None
    filename: Annotated[
        str | None, Field(max_length=200, description="Its name, which may tell the kind; else that of the form.")
    ] = None
    dry_run: Annotated[bool, Field(description="Report what would be done, and write nothing.")] = False


async def receive(request: Request, context: Context, asker: Principal, wanted: Wanted) -> Job:
    """Write what is sent to the disk and queue its import; raises Refused (413, 415, 422, 429)."""
    media = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    if media != FORM and media not in SUFFIXES:
        raise Refused(415, "not-read", f"Send the file as one of: {FORM}, {', '.join(SUFFIXES)}.")
    key = request.headers.get(HEADER)
    if key is not None and not KEY_FORM.fullmatch(key):
        raise Refused(422, "bad-key", f"{HEADER} has 1 to 100 visible characters.")
    await run_in_threadpool(refuse_crowd, context, asker)
    job_id = secrets.token_hex(8)
    folder = JobFolder(context.settings.data_dir, job_id)
    await run_in_threadpool(folder.make)
    try:
        if media == FORM:
            name = await _form(request, folder.uploads, wanted.filename)
        else:
            name = named(wanted.filename or f"upload{SUFFIXES[media]}")
            await _write(_counted(request), folder.uploads / name)
        job = Job(
            job_id,
            asker.tenant_id,
            IMPORT,
            JobState.QUEUED,
            asker.actor,
            {**wanted.model_dump(), "file": name},
            0,
            datetime.now(UTC),
            None,
            None,
            None,
            None,
        )
        queued = await run_in_threadpool(queue, context, asker, job, (key, folder.uploads / name) if key else None)
    except BaseException:
        await run_in_threadpool(folder.remove)
        raise
    if queued.id != job_id:  # it was sent before
        await run_in_threadpool(folder.remove)
    return queued


def refuse_crowd(context: Context, asker: Principal) -> None:
    """Raise Refused (429) where too many imports of the tenant wait."""
    with context.store.reading() as session:
        waiting = list_jobs(session, tenant_id=asker.tenant_id, state=JobState.QUEUED, limit=WAITING)
    if len(waiting) == WAITING:
        raise Refused(429, "too-many-imports", f"{WAITING} imports wait already; send this one when some are done.")


def queue(context: Context, asker: Principal, job: Job, key: tuple[str, Path] | None) -> Job:
    """Write the job down, once for a key and content; returns the earlier one where there is one."""
    with context.store.writing() as session:
        if key is not None:
            owner, print_ = owner_of(asker), _fingerprint(job, key[1])
            found, kept = claim(session, owner, key[0], print_, job.created_at)
            earlier = get_job(session, kept.body) if kept else None
            if earlier is not None:
                return earlier
            if found is not Claim.NEW and kept is None:
                raise refused(found)
            keep_answer(session, owner, key[0], Answer(202, {}, job.id))
        add_job(session, job)
    context.jobs.wake()
    return job


def _fingerprint(job: Job, path: Path) -> str:
    asked = json.dumps({name: value for name, value in job.request.items() if name != "file"}, sort_keys=True)
    with path.open("rb") as file:
        return hashlib.sha256(f"{asked}\n{hashlib.file_digest(file, 'sha256').hexdigest()}".encode()).hexdigest()


async def _form(request: Request, folder: Path, wanted: str | None) -> str:
    try:
        form = await MultiPartParser(request.headers, _counted(request), max_files=1, max_fields=10).parse()
    except (MultiPartException, KeyError, ValueError):
        detail = "The form cannot be read: send multipart/form-data with a boundary and one file."
        raise Refused(422, "bad-form", detail) from None
    file = next((value for _, value in form.multi_items() if isinstance(value, UploadFile)), None)
    if file is None:
        raise Refused(422, "no-file", "The form holds no file: send it as the part 'file', with a file name.")
    name = named(wanted or file.filename or "upload")

    async def pieces() -> AsyncIterator[bytes]:
        while piece := await file.read(1 << 20):
            yield piece

    await _write(pieces(), folder / name)
    await form.close()
    return name


async def _counted(request: Request) -> AsyncGenerator[bytes, None]:
    """Yield the body piece by piece; raises Refused past the limit."""
    size = 0
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > UPLOAD_LIMIT:
        raise _too_large()
    async for piece in request.stream():
        size += len(piece)
        if size > UPLOAD_LIMIT:
            raise _too_large()
        yield piece


def _too_large() -> Refused:
    refused = Refused(413, "too-large", f"A file may have {SAID} at most; cut it, or use matcher import.")
    refused.headers = {"Connection": "close"}  # what was not read would be taken for the next request
    return refused


async def _write(pieces: AsyncIterator[bytes], path: Path) -> None:
    with await run_in_threadpool(path.open, "wb") as sink:
        async for piece in pieces:
            await run_in_threadpool(sink.write, piece)


def named(name: str) -> str:
    """Return a name that is safe as a file's: its last part, of plain characters, and hidden by nothing."""
    last = re.split(r"[/\\]", name)[-1]
    return _UNSAFE.sub("_", last).lstrip(". ")[-_NAME_CHARACTERS:] or "upload"

"""Writing answers: texts are joined, not parsed; each names its release."""

from __future__ import annotations

from hashlib import sha256
from typing import Final
from urllib.parse import quote

from pydantic import BaseModel
from starlette.responses import Response

from service.store import StoredRecord

RELEASE_HEADER: Final = "Matcher-Release"


def json_answer(body: bytes | BaseModel, *, release_id: str | None = None, status: int = 200) -> Response:
    """Send JSON that is written already, naming the release it was read from."""
    content = body.model_dump_json().encode() if isinstance(body, BaseModel) else body
    headers = {RELEASE_HEADER: release_id} if release_id else None
    return Response(content, status, headers, media_type="application/json")


def address(*parts: str) -> str:
    """Return a path with each part percent-encoded."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def record_json(stored: StoredRecord) -> str:
    """Write a stored record in its envelope."""
    head = _Head(
        kind=stored.kind,
        id=stored.id,
        version=stored.version,
        content_hash=stored.content_hash,
        created_at=stored.created_at.isoformat(),
        updated_at=stored.updated_at.isoformat(),
    ).model_dump_json()
    return f'{head[:-1]},"record":{stored.profile.model_dump_json(exclude_none=True)}}}'


def etag(stored: StoredRecord) -> str:
    """Return the entity tag (RFC 9110) of a record in its envelope: another one whenever anything in it is."""
    return f'"{sha256(record_json(stored).encode()).hexdigest()[:32]}"'


class _Head(BaseModel):
    kind: str
    id: str
    version: int
    content_hash: str
    created_at: str
    updated_at: str

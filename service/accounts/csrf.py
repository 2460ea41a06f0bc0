"""Proof that a form was filled in on our own page: a token that only a page of the same session can know.

A console session writes only with it. Every form holds ``{{ csrf_field(token) }}``; a script may send the header
instead. The token is of the session (``Principal.csrf``; empty for an API key, which needs none) and is checked before
any route sees the request, in urlencoded and in multipart forms.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import parse_qs, urlsplit

FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"
_LABEL: Final = b"matcher-csrf-1:"


def token_of(secret: str, session_id: str) -> str:
    """Return a session's token."""
    return hmac.new(secret.encode(), _LABEL + session_id.encode(), hashlib.sha256).hexdigest()


def csrf_field(token: str) -> str:
    """Return the hidden input of a form, as HTML; a token is hexadecimal and needs no escaping."""
    return f'<input type="hidden" name="{FIELD}" value="{token}">'


def from_elsewhere(origin: str | None, host: str | None) -> bool:
    """Say whether a browser sent a request for a page of another origin; one that cannot be read is another."""
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc != host
    except ValueError:
        return True


def proves(token: str, *, header: str | None, content_type: str, body: bytes) -> bool:
    """Say whether a request carries a session's token, in its header or in its form."""
    if not token:
        return False
    if header is not None:
        return hmac.compare_digest(header.encode(), token.encode())
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        sent = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10_000).get(FIELD, [""])[0]
        return hmac.compare_digest(sent.encode(), token.encode())
    # Whoever can write the token into some part of the body knows it: which part need not be told.
    return kind == "multipart/form-data" and f'name="{FIELD}"\r\n\r\n{token}\r\n'.encode() in body

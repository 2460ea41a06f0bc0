"""The console's signed cookie: it names an account and never holds a key or a password."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.accounts import csrf

SESSION_SECONDS: Final = 12 * 3600  # a working day; then one signs in again
COOKIE: Final = "matcher_session"
_SALT: Final = "matcher-session-2"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a cookie says."""

    account: str  # "key:<prefix>" or "user:<login>"
    stamp: str  # of the user when they signed in: another password ends the session; empty for a key
    csrf: str  # the session's token, see service.accounts.csrf


class Sessions:
    """Signs and reads the console's cookie."""

    def __init__(self, secret: str) -> None:
        from itsdangerous import URLSafeTimedSerializer

        self._secret = secret
        self._signer = URLSafeTimedSerializer(secret, salt=_SALT)

    def issue(self, account: str, stamp: str = "") -> str:
        """Return the value of a new session's cookie."""
        return str(self._signer.dumps([account, stamp, secrets.token_urlsafe(16)]))

    def read(self, cookie: str) -> SignedIn | None:
        """Return who signed in, or None for a cookie that is forged or too old."""
        from itsdangerous import BadData

        try:
            found = self._signer.loads(cookie, max_age=SESSION_SECONDS)
        except BadData:
            return None
        match found:
            case [str(account), str(stamp), str(session_id)]:
                return SignedIn(account, stamp, csrf.token_of(self._secret, session_id))
        return None


def session_secret(data_dir: Path) -> str:
    """Return the secret that cookies are signed with; made once, readable by this user alone.

    Several workers may start at once: one of them makes it, all read the same.
    """
    path = data_dir / "session-secret"
    if not path.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = data_dir / f".session-secret-{os.getpid()}-{secrets.token_hex(4)}"
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as sink:
            sink.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # fails where another worker was first
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()

"""Passwords: kept as argon2id hashes, compared in the same time whether or not there is such a user."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING, Final

from matcher.errors import BadInput

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST: Final = 12  # characters; NIST SP 800-63B asks for 8 at least and for 15 where nothing else protects
MOST: Final = 1_000  # characters: hashing more is work for whoever sends it, and none for us
_AT_ONCE: Final = threading.BoundedSemaphore(2)  # each takes 19 MiB and a processor


@cache
def _hasher() -> PasswordHasher:
    """Make the hasher once, at the least cost that the OWASP password cheat sheet names for argon2id."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody has this password")


def hashed(password: str) -> str:
    """Return what is kept of a password; raises BadInput on one that is too short or too long."""
    if not LEAST <= len(password) <= MOST:
        got = f"{len(password)} characters"
        raise BadInput("password", expected=f"{LEAST} to {MOST:,} characters", got=got, fix="take a few random words")
    with _AT_ONCE:
        return _hasher().hash(password)


def is_right(password: str, kept: str) -> bool:
    """Compare a password with what is kept; an empty ``kept`` is never right and takes as long."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > MOST:
        return False
    try:
        with _AT_ONCE:
            return _hasher().verify(kept or _nobodys(), password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False

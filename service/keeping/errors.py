"""What can go wrong with keeping.

KeepingError (a MatcherError)
+-- BrokenArchive     an archive is not whole, or none of ours; nothing was changed
+-- NotRestorable     an archive that cannot be restored here; nothing was changed
+-- HalfRestored      a restore was interrupted; run it again
+-- ToolMissing       a program of PostgreSQL is not there
"""

from matcher.errors import MatcherError


class KeepingError(MatcherError):
    """Everything that keeping raises on purpose."""


class BrokenArchive(KeepingError):  # noqa: N818 - named for what happened, as the field speaks of it
    """The archive is not whole."""

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(f"backup {path} is not whole: {problem}; nothing was changed: restore another one")


class NotRestorable(KeepingError):  # noqa: N818
    """The archive is whole and does not fit here."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(f"expected a backup that can be restored here; {problem}; nothing was changed: {fix}")


class HalfRestored(KeepingError):  # noqa: N818
    """A restore was interrupted after it had begun to change things."""

    def __init__(self, archive: str) -> None:
        super().__init__(f"a restore of {archive} was interrupted: run matcher db restore {archive} again")


class ToolMissing(KeepingError):  # noqa: N818
    """pg_dump or pg_restore is not installed, or failed."""

    def __init__(self, tool: str, why: str) -> None:
        fix = "install PostgreSQL's client programs of the server's version (Debian: postgresql-client)"
        super().__init__(f"expected {tool} to copy a PostgreSQL database; {why}; {fix}, or use matcher db dump")

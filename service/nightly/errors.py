"""Why a night publishes nothing.

MatcherError
+-- NightRunning   another process holds the lock
+-- NightRefused   what would be published looks wrong; a person decides (--force)
+-- NightStopped   the disk is full; what is done is kept and the next run goes on from there
"""

from matcher.errors import MatcherError


class NightRunning(MatcherError):  # noqa: N818 - named for what happened
    """Another night, rollback or removal is under way."""


class NightRefused(MatcherError):  # noqa: N818 - named for what happened
    """The snapshot is not fit to be published without a person's word."""


class NightStopped(MatcherError):  # noqa: N818 - named for what happened
    """The night could not go on; the old release is served and whole."""

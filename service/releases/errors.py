"""What can be wrong with a release.

MatcherError
+-- ReleaseError        anything about releases
    +-- NoRelease       nothing is published, or the named release is not there
    +-- BrokenRelease   a folder that is not whole; carries the list of what is wrong
"""

from collections.abc import Sequence

from matcher.errors import MatcherError


class ReleaseError(MatcherError):
    """A release cannot be read, published or removed as asked."""


class NoRelease(ReleaseError):  # noqa: N818 - named for what happened
    """There is no such release."""


class BrokenRelease(ReleaseError):  # noqa: N818 - named for what happened
    """A release is not whole; ``problems`` says what, one sentence each."""

    def __init__(self, release: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        shown = "; ".join(self.problems[:5])
        more = f"; and {len(self.problems) - 5} more" if len(self.problems) > 5 else ""
        super().__init__(
            f"release {release} is not whole: {shown}{more}. It is not to be served: matcher nightly makes it anew, "
            "matcher releases rollback serves the one before"
        )

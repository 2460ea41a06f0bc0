"""What can go wrong with the store.

StoreError (a MatcherError)
+-- StoreUnavailable   it cannot be opened, reached or written: says why and what to do
+-- SchemaMismatch     its tables are older or newer than this program
+-- UnknownRecord      no such record
+-- EventConflict      another event of the pair was written since it was read
"""

from matcher.errors import MatcherError


class StoreError(MatcherError):
    """Everything the store raises on purpose."""


class StoreUnavailable(StoreError):  # noqa: N818 - named for what happened, as the field speaks of it
    """The database cannot be opened, reached or written; ``why`` is the driver's own sentence."""

    def __init__(self, address: str, why: str, fix: str) -> None:
        self.address, self.why = address, why
        super().__init__(f"store {address}: {why}; {fix}")


class SchemaMismatch(StoreError):  # noqa: N818 - named for what happened, as the field speaks of it
    """The tables belong to another version of this program."""

    def __init__(self, *, expected: str, got: str, fix: str) -> None:
        super().__init__(f"schema of the store: expected revision {expected}; got {got}; {fix}")


class UnknownRecord(StoreError):  # noqa: N818 - named for what happened, as the field speaks of it
    """No record of that kind has that id."""

    def __init__(self, kind: str, record_id: str) -> None:
        super().__init__(
            f"{kind}: expected the id of a record in the store; got {record_id!r}; list {kind} to see them"
        )


class EventConflict(StoreError):  # noqa: N818 - named for what happened, as the field speaks of it
    """Somebody else wrote an event of the pair meanwhile."""

    def __init__(self, *, expected: int, got: int) -> None:
        self.expected, self.got = expected, got
        super().__init__(
            f"events of the pair: expected number {expected} to be the last; got {got}; read the history and try again"
        )

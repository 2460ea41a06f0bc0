"""What records are called, for answers that name many: from the store as it is now, else from the release."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from matcher.profiles import Capability, Organisation, Profile
from service.api.problems import Refused
from service.store import UnknownRecord, get_record

if TYPE_CHECKING:
    from types import TracebackType

    from sqlalchemy.orm import Session

    from service.api.context import Context
    from service.api.keys import Principal
    from service.releases import Release


class Naming:
    """Looks records up within one reading of the store, each once. What may not be seen has no name."""

    def __init__(self, context: Context, asker: Principal, release: Release | None = None) -> None:
        self._context, self._visible = context, context.live.visible(asker)
        self._release = release
        self._known: dict[tuple[str, str], Profile | None] = {}
        self._open = ExitStack()
        self._session: Session | None = None

    def __enter__(self) -> Self:
        self._session = self._open.enter_context(self._context.store.reading())
        if self._release is None:
            try:
                self._release = self._context.release()
            except Refused:
                self._release = None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.__exit__(kind, error, trace)

    def title(self, kind: str, record_id: str) -> str:
        """Return what a record is called; "" where it is not known or may not be seen."""
        found = self._find(kind, record_id)
        return "" if found is None else found.name if isinstance(found, Organisation) else found.title

    def capability(self, capability_id: str) -> Capability | None:
        """Return a capability that may be seen."""
        found = self._find("capabilities", capability_id)
        return found if isinstance(found, Capability) else None

    def _find(self, kind: str, record_id: str) -> Profile | None:
        key = (kind, record_id)
        if key not in self._known:
            self._known[key] = self._read(kind, record_id) if self._visible.shows(kind, record_id) else None
        return self._known[key]

    def _read(self, kind: str, record_id: str) -> Profile | None:
        if self._session is None:
            raise RuntimeError("names are looked up inside a with block")
        try:
            return get_record(self._session, kind, record_id).profile
        except UnknownRecord:
            found: Profile | None = None if self._release is None else self._release.records(kind).get(record_id)
            return found

"""The mark of a restore under way; light to import, for every command that serves or publishes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from service.keeping.errors import HalfRestored

MARK: Final = "RESTORING"


def refuse_half_restored(data_dir: Path) -> None:
    """Raise HalfRestored where a restore was interrupted; asked by whatever serves or publishes."""
    mark = data_dir / MARK
    if mark.exists():
        raise HalfRestored(mark.read_text(encoding="utf-8"))

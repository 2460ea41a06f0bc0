"""One night over a made-up world in a process of its own, so that its memory can be told; writes what it took as JSON.

python night_run.py FOLDER CAPABILITIES NEEDS
"""

import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.nightly import Night, night, run_night
from service.settings import Settings, load_settings
from service.store import open_store, upsert_records
from tests.benchmarks.synthetic import AS_OF, CachedVectors, capabilities, needs

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def fill(settings: Settings, offers: int, asked: int) -> None:
    """Write the world into a store, unless it is there."""
    if (settings.data_dir / "matcher.db").exists():
        return
    store = open_store(settings.database_url)
    with store.writing() as session:
        upsert_records(session, "capabilities", capabilities(offers), actor="bench", at=NOW)
        upsert_records(session, "needs", needs(asked), actor="bench", at=NOW)
    store.close()


def resident() -> int:
    """The most memory this process ever had resident, mapped files included, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _encoder(_: Settings) -> CachedVectors:
    return CachedVectors()


def main(folder: Path, offers: int, asked: int) -> dict[str, Any]:
    settings = load_settings(data_dir=folder)
    fill(settings, offers, asked)
    before = resident()
    setattr(night, "make_encoder", _encoder)  # noqa: B010 - vectors that cost nothing, where the night looks for them
    outcome = run_night(settings, Night(AS_OF), NOW)
    return {"before": before, "resident": resident(), "seconds": outcome.seconds, "counts": outcome.counts}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))) + "\n")

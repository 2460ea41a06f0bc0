"""What the database remembers of published and removed releases. The folder is the release; this only lists it."""

from collections.abc import Sequence
from dataclasses import replace

from service.releases import Release
from service.store import ReleaseEntry, ReleaseState, Store, get_release, save_release


def note_published(store: Store, release: Release) -> None:
    """Enter a release; entering it again changes nothing."""
    manifest = release.manifest
    stated = manifest.model_dump(mode="json", exclude={"files"})
    state, made = ReleaseState.PUBLISHED, manifest.created_at
    with store.writing() as session:
        save_release(session, ReleaseEntry(manifest.id, manifest.run_id, state, made, made, stated))


def note_removed(store: Store, release_ids: Sequence[str]) -> None:
    """Mark releases as removed, those that are known."""
    if not release_ids:
        return
    with store.writing() as session:
        for release_id in release_ids:
            entry = get_release(session, release_id)
            if entry is not None:
                save_release(session, replace(entry, state=ReleaseState.RETIRED))

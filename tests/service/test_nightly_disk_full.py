"""A disk that fills up at any write leaves the old release whole; the night goes on when there is room."""

import errno
import os
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self

import pytest

from service.nightly.errors import NightStopped
from service.releases import current_release, files
from service.releases.publishing import sweep_drafts
from tests.service.night_world import TODAY, a_night, a_world, contents, records

pytestmark = pytest.mark.usefixtures("quick_disk")
DAY = TODAY + timedelta(days=1)


class FullDisk:
    """Lets ``room`` writes through and then has no space."""

    def __init__(self, room: int) -> None:
        self.room = room

    def open(self, path: Path) -> Any:
        return _Sink(path.open("wb"), self)

    def take(self) -> None:
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= 1


class _Sink:
    def __init__(self, sink: IO[bytes], disk: FullDisk) -> None:
        self._sink, self._disk = sink, disk

    def write(self, content: bytes) -> int:
        self._disk.take()
        return self._sink.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sink, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sink.close()


def fill_the_disk(home: Path, every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a night with room for 0, ``every``, 2 ``every``... writes until one ends; half of them from a fresh draft."""
    small = records(needs=3, capabilities=4)
    settings, reference = a_world(home / "a", small), a_world(home / "b", small)
    old = a_night(settings).release_id
    a_night(reference)  # the ids of clusters come from the release before
    expected = contents(reference.releases_dir / a_night(reference, as_of=DAY).release_id)
    stops = 0
    while True:
        with monkeypatch.context() as patch:
            patch.setattr(files, "open_for_writing", FullDisk(stops * every).open)
            try:
                a_night(settings, as_of=DAY)
                break
            except NightStopped as stopped:
                stops += 1
                assert f"Served: {old}, whole" in str(stopped)  # noqa: PT017 - the loop ends with the success
        assert current_release(settings.releases_dir).id == old
        assert not list(settings.releases_dir.rglob("*.tmp"))
        if stops % 2:
            sweep_drafts(settings.releases_dir)
    assert stops > 5
    release = current_release(settings.releases_dir)
    assert release.manifest.as_of == DAY
    assert contents(release.folder) == expected


def test_a_full_disk_leaves_the_old_release_and_the_next_night_ends_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_the_disk(tmp_path, 23, monkeypatch)


@pytest.mark.soak
def test_a_disk_that_is_full_at_any_write_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_the_disk(tmp_path, 1, monkeypatch)

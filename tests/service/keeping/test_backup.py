"""A backup is everything of one moment; restoring it is all or nothing."""

import io
import json
import sqlite3
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from matcher.errors import BadInput
from service.accounts.audit import Action, list_audit
from service.keeping import databases, restoring
from service.keeping.backing import back_up
from service.keeping.dumping import dump
from service.keeping.erasing import erase
from service.keeping.errors import BrokenArchive, HalfRestored, NotRestorable, ToolMissing
from service.keeping.mark import MARK, refuse_half_restored
from service.keeping.restoring import restore
from service.releases import Release, current_release
from service.settings import Settings
from service.store import Store, UnknownRecord, count_records, get_record, open_store, withdraw
from tests.builders import a_need
from tests.postgres import a_database
from tests.service.api.world import NOW, World

LATER = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def rows(store: Store) -> list[str]:
    """The dump, without what keeping itself writes down."""
    sink = io.BytesIO()
    dump(store, sink)
    kept = sink.getvalue().decode().splitlines()[:-1]  # the last line counts the others
    return [line for line in kept if '"matcher db"' not in line]


def backed_up(world: World, folder: Path, name: str = "backup.tar", *, cache: bool = False) -> Path:
    path = folder / name
    back_up(world.settings, path, NOW, cache=cache)
    return path


def elsewhere(folder: Path) -> Settings:
    return Settings(data_dir=folder / "there", model="hashing")


@pytest.mark.parametrize("name", ["backup.tar", "backup.tar.gz"])
def test_restored_elsewhere_everything_is_there_and_served(world: World, tmp_path: Path, name: str) -> None:
    archive, there = backed_up(world, tmp_path, name), elsewhere(tmp_path)
    done = restore(there, archive, LATER)
    served = current_release(world.settings.releases_dir)
    assert (done.made_at, done.served, done.releases) == (NOW, served.id, 1)
    found = current_release(there.releases_dir)
    found.verify()
    assert found.manifest == served.manifest
    store = open_store(there.database_url)
    assert rows(store) == rows(world.store)
    store.close()


def test_restored_in_place_what_changed_since_is_as_it_was(world: World, tmp_path: Path) -> None:
    before = rows(world.store)
    archive = backed_up(world, tmp_path)
    served = current_release(world.settings.releases_dir).id
    with world.store.writing() as session:
        withdraw(session, "needs", "need-1", actor="test", at=LATER)
    world.upsert("needs", a_need("new"))
    assert world.night(k=5) != served
    restore(world.settings, archive, LATER)
    assert rows(world.store) == before
    assert current_release(world.settings.releases_dir).id == served
    with world.store.reading() as session:
        assert [line.action for line in list_audit(session)] == [Action.RESTORED]


def test_a_running_reader_sees_the_restored_data_without_being_started_anew(world: World, tmp_path: Path) -> None:
    archive = backed_up(world, tmp_path)
    with world.client() as client:
        with world.store.writing() as session:
            withdraw(session, "needs", "need-1", actor="test", at=LATER)
        assert client.get("/v1/needs/need-1").status_code == 404
        restore(world.settings, archive, LATER)
        assert client.get("/v1/needs/need-1").status_code == 200


def test_cached_vectors_come_along_when_asked(world: World, tmp_path: Path) -> None:
    without, with_cache = (backed_up(world, tmp_path, f"{flag}.tar", cache=flag) for flag in (False, True))
    there = elsewhere(tmp_path)
    restore(there, without, LATER)
    assert not there.cache_dir.exists()
    restore(there, with_cache, LATER)
    kept = sorted(path.name for path in world.settings.cache_dir.rglob("*.vectors"))
    assert sorted(path.name for path in there.cache_dir.rglob("*.vectors")) == kept != []


def flipped(path: Path) -> None:
    """Change one byte of a release in the archive."""
    with tarfile.open(path) as tar:
        at = next(member for member in tar if member.name.endswith("needs.jsonl")).offset_data
    with path.open("r+b") as file:
        file.seek(at + 10)
        byte = file.read(1)
        file.seek(at + 10)
        file.write(bytes([byte[0] ^ 1]))


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def strange(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("../outside")
        tar.addfile(member, io.BytesIO())


def linked(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("releases/x")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)


def other(path: Path) -> None:
    path.write_bytes(b"no archive at all")


def newer(path: Path) -> None:
    _rewrite(path, lambda head: {**head, "format": 2})


def unnamed(path: Path) -> None:
    _rewrite(path, lambda head: {**head, "files": dict(list(head["files"].items())[:-1])})


def _rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    with tarfile.open(path) as tar:
        members = [(member, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]
    with tarfile.open(path, "w") as tar:
        for member, data in members:
            manifest = member.name == "manifest.json"
            content = json.dumps(change(json.loads(data))).encode() if manifest else data
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("harm", [flipped, cut, strange, linked, other, newer, unnamed])
def test_a_damaged_archive_is_refused_with_everything_as_it_was(
    world: World, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    archive = backed_up(world, tmp_path)
    before, served = rows(world.store), current_release(world.settings.releases_dir).id
    harm(archive)
    with pytest.raises(BrokenArchive, match="nothing was changed"):
        restore(world.settings, archive, LATER)
    assert rows(world.store) == before
    assert current_release(world.settings.releases_dir).id == served
    assert not list(world.settings.data_dir.glob(".restore-*"))
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("step", ["copy_in", "_put_releases", "_put_rest"])
def test_a_restore_that_fails_in_the_midst_leaves_the_old_or_says_so(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    archive = backed_up(world, tmp_path)
    world.upsert("needs", a_need("new"))
    now = rows(world.store)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(databases if step == "copy_in" else restoring, step, full)
        with pytest.raises(OSError, match="No space"):
            restore(world.settings, archive, LATER)
    if step == "_put_rest":  # the database is the restored one: nothing starts until the rest is, too
        with pytest.raises(HalfRestored, match="matcher db restore"):
            refuse_half_restored(world.settings.data_dir)
        restore(world.settings, archive, LATER)
    else:
        assert rows(world.store) == now
    refuse_half_restored(world.settings.data_dir)
    assert not (world.settings.data_dir / MARK).exists()
    current_release(world.settings.releases_dir).verify()


def test_what_was_erased_since_stays_erased(world: World, tmp_path: Path) -> None:
    archive = backed_up(world, tmp_path)
    erase(world.settings, "needs", "need-1", LATER)
    assert restore(world.settings, archive, LATER).erased_again == 1
    with world.store.reading() as session, pytest.raises(UnknownRecord):
        get_record(session, "needs", "need-1")
    for folder in world.settings.releases_dir.glob("[!.]*/manifest.json"):
        assert Release.open(folder.parent).needs.get("need-1") is None
    again = backed_up(world, tmp_path, "again.tar")
    assert restore(world.settings, again, LATER).erased_again == 0


def test_a_folder_without_a_store_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(NotRestorable, match="no tables of ours"):
        back_up(elsewhere(tmp_path), tmp_path / "backup.tar", NOW)
    assert not (tmp_path / "backup.tar").exists()


def test_a_postgresql_database_is_backed_up_and_restored(postgres_server: URL, world: World, tmp_path: Path) -> None:
    with a_database(postgres_server) as address:
        settings = Settings(data_dir=tmp_path / "pg", database_url=address, model="hashing")
        store = open_store(address)
        here = World(settings, store, "")
        here.upsert("needs", a_need("one"), a_need("two"))
        before = rows(store)
        archive = backed_up(here, tmp_path)
        here.upsert("needs", a_need("three"))
        restore(settings, archive, LATER)
        assert rows(store) == before
        with store.reading() as session:
            assert count_records(session)["needs"] == 2
        with pytest.raises(NotRestorable, match="matcher db dump"):
            restore(world.settings, archive, LATER)
        store.close()


def test_a_missing_pg_dump_is_said_clearly(
    postgres_server: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_database(postgres_server) as address:
        open_store(address).close()
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ToolMissing, match="postgresql-client"):
            back_up(Settings(data_dir=tmp_path, database_url=address), tmp_path / "backup.tar", NOW)
    assert not (tmp_path / "backup.tar").exists()


def test_a_backup_is_of_one_moment_while_others_write(world: World, tmp_path: Path) -> None:
    raw = sqlite3.connect(str(world.store.engine.url.database), isolation_level=None)
    raw.execute("BEGIN IMMEDIATE")
    raw.execute("UPDATE api_keys SET name = 'half'")
    raw.execute("COMMIT")
    raw.execute("BEGIN")
    raw.execute("SELECT 1 FROM records").fetchone()
    backed_up(world, tmp_path)  # a reader in the midst of its transaction holds nothing up
    raw.execute("COMMIT")
    raw.close()


def test_an_unusable_address_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        back_up(Settings(data_dir=tmp_path, database_url="mysql://x"), tmp_path / "backup.tar", NOW)

"""Durable files: whole or not at all, and whether one can be written is known before any work is done for it."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matcher.errors import BadInput
from service.releases.files import replacing, require_place, write_whole
from tests.unprivileged import is_so_for_others


def _refused(path: Path) -> bool:
    try:
        require_place(path)
    except BadInput as error:
        return error.code == "no_entry"
    return False


def test_a_folder_that_may_not_be_written_in_is_told_of_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours of matching must not end at a folder that was closed from the start. Root is let in everywhere."""
    monkeypatch.chdir(tmp_path)
    assert not _refused(Path("run"))
    tmp_path.chmod(0o555)
    assert is_so_for_others(lambda: _refused(Path("run")))


def _break_off(path: Path) -> None:
    with replacing(path) as sink:
        sink.write(b"half")
        raise RuntimeError


def test_a_file_stays_as_it_was_when_writing_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    write_whole(path, b"before")
    with pytest.raises(RuntimeError):
        _break_off(path)
    assert path.read_bytes() == b"before"
    assert [one.name for one in tmp_path.iterdir()] == ["facts.json"]


def test_a_pipe_is_written_into_and_stays_one(tmp_path: Path) -> None:
    """``--out /dev/null``, run by root, must not put a file in the place of the device."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as other:
        read = other.submit(pipe.read_bytes)
        write_whole(pipe, b"all of it")
        assert read.result(timeout=30) == b"all of it"
    assert pipe.is_fifo()


def test_behind_a_link_the_file_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    write_whole(tmp_path / "there" / "facts.json", b"before")
    link = tmp_path / "facts.json"
    link.symlink_to(tmp_path / "there" / "facts.json")
    write_whole(link, b"after")
    assert link.is_symlink()
    assert (tmp_path / "there" / "facts.json").read_bytes() == b"after"

"""Durable files: whether a result can be written is known before any work is done for it."""

import os
from pathlib import Path

import pytest

from matcher.errors import BadInput
from service.releases.files import require_place

NOBODY = 65_534


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
    child = os.fork()
    if child == 0:
        if os.getuid() == 0:
            os.setuid(NOBODY)
        os._exit(not _refused(Path("run")))
    assert os.waitpid(child, 0)[1] == 0

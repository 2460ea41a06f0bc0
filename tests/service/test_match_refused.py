"""``matcher match`` on files of which nothing, or not everything, can be used: told with what to do."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import BadInput
from service import cli, ranking
from service.reference import load_places

OFFER = {"id": "turbine", "title": "Village turbines", "text": "Low-head turbines for small rivers."}
NEED = {"id": "power", "title": "Electricity from a river", "text": "A turbine for a hill village."}


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path / "data"))


def _lines(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def _match(folder: Path, *offers: Any, options: tuple[str, ...]) -> int:
    offered, wanted = _lines(folder / "capabilities.jsonl", *offers), _lines(folder / "needs.jsonl", NEED)
    with pytest.raises(SystemExit) as left:
        cli.main(["match", "--capabilities", str(offered), "--needs", str(wanted), *options])
    return int(left.value.code or 0)


def test_a_packed_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    """Bytes of an archive are not read as a table in an old encoding."""
    packed = tmp_path / "capabilities.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"id": "c", "title": "Pumps"}\n'))
    needs = tmp_path / "needs.jsonl"
    needs.write_text('{"id": "n", "title": "Water"}\n')
    files = ranking.Files(packed, needs)
    with pytest.raises(BadInput, match=r"nothing_to_match.*unknown_format.*unpack it first"):
        ranking.check_any(ranking.gather(files, load_places()), files)


def test_a_pipe_is_refused_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file is looked at before it is read; of a pipe the looked-at part would be missing."""
    pipe = tmp_path / "offers"
    os.mkfifo(pipe)
    needs = _lines(tmp_path / "needs.jsonl", NEED)
    with pytest.raises(SystemExit) as left:
        cli.main(["match", "--capabilities", str(pipe), "--needs", str(needs)])
    assert left.value.code == 1
    assert "write it to a file first" in capsys.readouterr().err


@pytest.mark.parametrize("spoiled", [[{"title": "no id"}], [OFFER, {"id": "two words", "title": "Wells"}]])
def test_the_rejects_are_there_also_when_nothing_could_be_ranked(tmp_path: Path, spoiled: Any) -> None:
    """A file that is refused as a whole is the one whose rejects are needed most."""
    table = tmp_path / "rejects.csv"
    assert _match(tmp_path, *spoiled, {"title": "no id"}, options=("--rejects", str(table))) == 1
    assert "missing_id" in table.read_text(encoding="utf-8-sig")


def test_what_nobody_reads_is_not_counted_as_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _match(tmp_path, {**OFFER, "colour": "red"}, options=("--out", str(tmp_path / "run"))) == 0
    said = capsys.readouterr().err
    assert "to look at: 1 (--rejects FILE lists them)" in said
    assert "refused" not in said

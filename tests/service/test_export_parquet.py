"""Parquet holds the score's addends: a row a pair and signal, in groups that bound the memory."""

import io
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from service.exports import columnar
from service.exports.choices import Format, Wanted
from service.exports.writing import export
from service.releases import Release
from service.visibility import Visibility
from tests.service.releases.making import a_match, a_near_miss, a_release, a_shortlist

LISTS = (
    a_shortlist("need-1", a_match("need-1", "cap-1"), a_near_miss("need-1", "cap-2", 2)),
    a_shortlist("need-2"),
    a_shortlist("need-3", a_match("need-3", "cap-1")),
)
MATCHES = [match for made in LISTS for match in made.matches]


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return a_release(tmp_path / "releases", *LISTS)


def written(release: Release, visible: Visibility | None = None) -> Any:
    sink = io.BytesIO()
    export(release, visible or Visibility(), sink, Wanted(form=Format.PARQUET))
    return pq.ParquetFile(io.BytesIO(sink.getvalue()))


def test_there_is_a_row_for_each_pair_and_signal_with_the_served_numbers(release: Release) -> None:
    found = written(release).read().to_pylist()
    wanted = [
        (match.need_id, match.capability_id, match.score, one.signal.value, one.value, one.points)
        for match in MATCHES
        for one in match.contributions
    ]
    names = ("need_id", "capability_id", "score", "signal", "value", "points")
    assert [tuple(row[name] for name in names) for row in found] == wanted
    assert {row["release_id"] for row in found} == {release.id}


def test_what_is_unknown_is_null_not_zero(release: Release) -> None:
    rows = [row for row in written(release).read().to_pylist() if row["signal"] == "sdg"]
    assert {row["value"] for row in rows} == {None}
    assert {row["points"] for row in rows} == {0.0}


def test_what_is_hidden_is_left_out(release: Release) -> None:
    hiding = Visibility({"capabilities": frozenset({"cap-2"}), "needs": frozenset({"need-3"})})
    assert {(row["need_id"], row["capability_id"]) for row in written(release, hiding).read().to_pylist()} == {
        ("need-1", "cap-1")
    }


def test_a_group_holds_no_more_rows_than_fit_in_memory(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "GROUP_ROWS", 4)
    file = written(release)
    assert [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)] == [4, 2]


def test_a_release_without_matches_is_a_table_without_rows(tmp_path: Path) -> None:
    empty = a_release(tmp_path / "releases", a_shortlist("need-1"))
    file = written(empty)
    assert (file.metadata.num_rows, tuple(file.schema_arrow.names)) == (0, columnar.COLUMNS)

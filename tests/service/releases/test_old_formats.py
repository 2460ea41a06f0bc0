"""Every format that was ever published is kept here and must open for ever."""

from pathlib import Path

import pytest

from service.releases import FORMAT, Release

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_release_of_an_old_format_is_read_as_it_was(number: int) -> None:
    release = Release.open(GOLDEN / f"release-format-{number}")
    release.verify()
    assert release.id == "2026-11-22-e5b1ac33336a129a"
    assert [need.id for need in release.needs] == ["need-1", "need-2", "need-3"]
    assert release.organisations["capability:cap-1"].name == "Organisation capability:cap-1"
    header = release.header("need-1")
    assert header is not None
    assert (header.rows, header.eligible, header.notes) == (2, 1, ("one tier only",))
    assert len(release.match_texts("need-1")) == 2
    assert [(entry.need_id, entry.rank) for entry in release.reverse("cap-2")] == [("need-3", 1), ("need-1", 2)]
    assert release.arrays()["vectors"].shape == (3, 3)

"""Every format that was ever published is kept here and must open for ever."""

import io
import shutil
from pathlib import Path

import pytest

from service.exports.choices import Format, Wanted
from service.exports.writing import export
from service.releases import FORMAT, BrokenRelease, Release
from service.visibility import Visibility

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


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
@pytest.mark.parametrize("form", [Format.JSONL, Format.CSV, Format.XLSX, Format.PARQUET, Format.BRIEF])
def test_a_release_of_an_old_format_is_exported_in_every_form(number: int, form: Format) -> None:
    """One without allocation, clusters, third parties: what it does not hold is left out, not guessed."""
    release, sink = Release.open(GOLDEN / f"release-format-{number}"), io.BytesIO()
    need = "need-1" if form is Format.BRIEF else None
    assert export(release, Visibility(), sink, Wanted(form=form, need=need)).rows > 0
    assert sink.getvalue()


def test_a_release_of_a_later_format_is_refused_by_a_sentence(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / f"release-format-{FORMAT}", tmp_path / "later")
    manifest = tmp_path / "later" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"format": {FORMAT},', f'"format": {FORMAT + 1},'))
    with pytest.raises(BrokenRelease, match=f"expected format {FORMAT} or older; found format {FORMAT + 1}: update"):
        Release.open(tmp_path / "later")

"""An export is the release: every row of it, nothing else, safe to open in a spreadsheet."""

import csv
import dataclasses
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import BadInput
from service.exports.choices import Format, Wanted, What
from service.exports.spreadsheet import HEADER, safe_cell
from service.exports.writing import BOM, export
from service.intake.rejects import FORMULA_STARTS
from service.releases import Release
from service.visibility import Visibility
from service.wire import match_from_json, shortlist_json
from tests.service.releases.making import a_match, a_near_miss, a_release, a_shortlist

EVERYTHING = Visibility()
LISTS = (
    a_shortlist("need-1", a_match("need-1", "cap-1"), a_near_miss("need-1", "cap-2", 2)),
    a_shortlist("need-2"),
    a_shortlist("need-3", a_match("need-3", "cap-1", summary="=HYPERLINK(1)")),
)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return a_release(tmp_path / "releases", *LISTS)


def written(
    release: Release, what: What = What.MATCHES, form: Format = Format.JSONL, visible: Visibility = EVERYTHING
) -> str:
    sink = io.BytesIO()
    export(release, visible, sink, Wanted(what, form))
    return sink.getvalue().decode()


def table(release: Release, visible: Visibility = EVERYTHING) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written(release, form=Format.CSV, visible=visible), newline="")))


def test_jsonl_is_every_match_of_the_release_as_it_is_served(release: Release) -> None:
    served = [text for made in LISTS for text in release.match_texts(made.need_id)]
    assert written(release).splitlines() == served
    assert [match_from_json(text) for text in served] == [match for made in LISTS for match in made.matches]


def test_jsonl_of_shortlists_is_one_object_a_need_as_it_is_served(release: Release) -> None:
    assert written(release, What.SHORTLISTS).splitlines() == [shortlist_json(made) for made in LISTS]


def test_records_are_exported_as_they_are_in_the_release(release: Release) -> None:
    ids = [json.loads(line)["id"] for line in written(release, What.NEEDS).splitlines()]
    assert ids == ["need-1", "need-2", "need-3"]


def test_csv_has_one_row_a_match_with_the_same_numbers(release: Release) -> None:
    rows = table(release)
    assert [(row["need_id"], row["rank"], row["capability_id"]) for row in rows] == [
        ("need-1", "1", "cap-1"),
        ("need-1", "2", "cap-2"),
        ("need-3", "1", "cap-1"),
    ]
    for row, match in zip(rows, (match for made in LISTS for match in made.matches), strict=True):
        assert float(row["score"]) == match.score
        assert float(row["z"]) == match.z
        assert {row["release_id"]} == {release.id}


def test_csv_gives_reasons_questions_and_fixes_their_columns(release: Release) -> None:
    first, miss, _ = table(release)
    assert first["reason_1"] == "Both speak of low-head turbines."
    assert first["reason_2"] == ""
    assert first["question_1"] == "Where do you deliver?"
    assert first["gates_unknown"] == "place: places not stated"
    assert first["organisation_name"] == "Organisation capability:cap-1"
    assert miss["near_miss"] == "yes"
    assert miss["fixes"] == "eligible if training counts"
    assert miss["gates_failed"] == "mode: training only"


def test_a_formula_in_a_profile_does_not_run_in_a_spreadsheet(release: Release) -> None:
    assert table(release)[2]["summary"] == "'=HYPERLINK(1)"


def test_negative_numbers_stay_numbers(release: Release) -> None:
    assert table(release)[0]["base"] == "-1.5"


@given(st.text() | st.sampled_from(FORMULA_STARTS).flatmap(lambda start: st.text().map(lambda rest: start + rest)))
def test_no_text_cell_begins_as_a_formula_and_no_letter_is_lost(text: str) -> None:
    cell = safe_cell(text)
    assert isinstance(cell, str)
    assert not cell.startswith(FORMULA_STARTS)
    assert cell.removeprefix("'") == text.removeprefix("'") or cell == text


def test_what_is_hidden_now_is_left_out_and_counted(release: Release) -> None:
    visible = Visibility({"capabilities": frozenset({"cap-2"}), "needs": frozenset({"need-3"})})
    sink = io.BytesIO()
    done = export(release, visible, sink, Wanted(What.MATCHES, Format.JSONL))
    assert (done.rows, done.withheld) == (1, 2)
    assert [json.loads(line)["capability_id"] for line in sink.getvalue().splitlines()] == ["cap-1"]
    assert len(table(release, visible)) == 1


def test_a_shortlist_of_a_hidden_need_is_left_out_whole(release: Release) -> None:
    visible = Visibility({"capabilities": frozenset({"cap-2"}), "needs": frozenset({"need-3"})})
    lists = [json.loads(line) for line in written(release, What.SHORTLISTS, visible=visible).splitlines()]
    assert [(one["need_id"], len(one["matches"])) for one in lists] == [("need-1", 1), ("need-2", 0)]


def test_a_file_begins_with_a_mark_for_excel_when_asked(release: Release, tmp_path: Path) -> None:
    out = tmp_path / "matches.csv"
    export(release, EVERYTHING, out, Wanted(What.MATCHES, Format.CSV, bom=True))
    assert out.read_bytes().startswith(BOM + b"release_id,need_id")
    assert out.read_text(encoding="utf-8-sig").splitlines()[0] == ",".join(HEADER)


def test_a_failed_export_leaves_the_old_file(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "matches.jsonl"
    out.write_text("old")
    broken = dataclasses.replace(EVERYTHING)
    monkeypatch.setattr(Visibility, "shows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(release, broken, out, Wanted(What.MATCHES, Format.JSONL))
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.glob("matches*")] == ["matches.jsonl"]


def test_records_as_csv_are_refused_with_what_to_do(release: Release) -> None:
    with pytest.raises(BadInput, match="--format jsonl"):
        written(release, What.NEEDS, Format.CSV)

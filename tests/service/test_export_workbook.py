"""The workbook is the release: the same values on six sheets, nothing that runs, what is withheld counted."""

import errno
import gc
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import BadInput
from matcher.matches import Match
from service.exports import workbook
from service.exports.choices import Format, Wanted, What
from service.exports.spreadsheet import HEADER
from service.exports.workbook import CELL_CHARACTERS, SHEETS
from service.exports.writing import export
from service.intake.rejects import FORMULA_STARTS
from service.releases import Release
from service.visibility import Visibility
from tests.service.releases.making import a_match, a_near_miss, a_release, a_shortlist

SPREADSHEET = 1e-15  # a workbook holds 16 digits of a number; scores have six
FORMULA = '=HYPERLINK("http://example.org","x")'
LISTS = (
    a_shortlist("need-1", a_match("need-1", "cap-1"), a_near_miss("need-1", "cap-2", 2)),
    a_shortlist("need-2"),
    a_shortlist("need-3", a_match("need-3", "cap-1", summary=FORMULA, capability_title="@SUM(1)")),
)
HIDING = Visibility({"capabilities": frozenset({"cap-2"}), "needs": frozenset({"need-3"})})


@pytest.fixture
def release(tmp_path: Path) -> Release:
    return a_release(tmp_path / "releases", *LISTS)


def book(release: Release, visible: Visibility | None = None, need: str | None = None) -> Any:
    sink = io.BytesIO()
    export(release, visible or Visibility(), sink, Wanted(form=Format.XLSX, need=need))
    return openpyxl.load_workbook(io.BytesIO(sink.getvalue()))


def rows(found: Any, sheet: str) -> list[dict[str, Any]]:
    header, *rest = found[sheet].iter_rows(values_only=True)
    return [dict(zip(header, cells, strict=True)) for cells in rest]


def pairs() -> list[tuple[str, Match]]:
    return [(made.need_title, match) for made in LISTS for match in made.matches]


def test_the_sheets_stand_in_the_order_a_broker_reads(release: Release) -> None:
    assert book(release).sheetnames == list(SHEETS)
    assert list(SHEETS) == ["Shortlist", "Reasons", "Gates", "Near misses", "Open questions", "Run information"]


def test_every_value_is_the_one_that_is_served(release: Release) -> None:
    found = book(release)
    listed = rows(found, "Shortlist")
    assert [(row["need_id"], row["rank"], row["capability_id"]) for row in listed] == [
        (match.need_id, match.rank, match.capability_id) for _, match in pairs()
    ]
    for row, (title, match) in zip(listed, pairs(), strict=True):
        assert (row["score"], row["best_score"], row["coverage"]) == (match.score, match.best_score, match.coverage)
        assert (row["z"], row["base"]) == pytest.approx((match.z, match.base), rel=SPREADSHEET)
        assert row["need_title"] == title
        assert row["release_id"] == release.id
    reasons = rows(found, "Reasons")
    assert len(reasons) == sum(len(match.contributions) for _, match in pairs())
    told = [(one.signal.value, one.value, one.points) for _, match in pairs() for one in match.contributions]
    assert [(row["signal"], row["value"], row["points"]) for row in reasons] == told


def test_gates_near_misses_and_questions_have_a_row_each(release: Release) -> None:
    found = book(release)
    gates = [(row["rank"], row["gate"], row["state"]) for row in rows(found, "Gates") if row["need_id"] == "need-1"]
    assert gates == [(1, "mode", "pass"), (1, "place", "unknown"), (2, "mode", "fail"), (2, "place", "unknown")]
    (miss,) = rows(found, "Near misses")
    assert (miss["capability_id"], miss["fix"]) == ("cap-2", "eligible if training counts")
    assert len(rows(found, "Open questions")) == len(pairs())


def test_a_formula_in_a_profile_does_not_run(release: Release) -> None:
    found = book(release)
    row = rows(found, "Shortlist")[2]
    assert row["summary"] == f"'{FORMULA}"
    assert row["capability_title"] == "'@SUM(1)"
    for sheet in found:
        assert not [cell for line in sheet.iter_rows() for cell in line if cell.data_type == "f"], sheet.title


def test_run_information_names_the_release_and_counts_what_is_withheld(release: Release) -> None:
    found = book(release, HIDING)
    told = {row["fact"]: row["value"] for row in rows(found, "Run information")}
    assert told["release_id"] == release.id
    assert told["withheld"] == 2
    assert [row["capability_id"] for row in rows(found, "Shortlist")] == ["cap-1"]


def test_a_hidden_need_is_not_named_on_any_sheet(release: Release) -> None:
    found = book(release, HIDING)
    cells = [str(cell) for sheet in found for line in sheet.iter_rows(values_only=True) for cell in line]
    assert not [cell for cell in cells if "need-3" in cell or "cap-2" in cell]


def test_one_need_alone_can_be_exported(release: Release) -> None:
    assert {row["need_id"] for row in rows(book(release, need="need-1"), "Shortlist")} == {"need-1"}


@pytest.mark.parametrize("need", ["need-3", "need-9"])
def test_a_hidden_need_is_refused_like_one_that_is_not_there(release: Release, need: str) -> None:
    with pytest.raises(BadInput, match="that may be seen"):
        book(release, HIDING, need=need)


def test_records_as_a_workbook_are_refused_with_what_to_do(release: Release) -> None:
    with pytest.raises(BadInput, match="--format jsonl"):
        export(release, Visibility(), io.BytesIO(), Wanted(What.NEEDS, Format.XLSX))


def test_rows_beyond_a_sheet_go_on_in_another(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 4)
    found = book(release)
    assert found.sheetnames[:6] == list(SHEETS)
    parts = [found[name] for name in found.sheetnames if name.startswith("Gates")]
    assert [sheet.max_row - 1 for sheet in parts] == [3, 3]


@given(st.text(max_size=50) | st.sampled_from(FORMULA_STARTS).flatmap(lambda start: st.just(f"{start}1+1")))
def test_no_text_becomes_a_formula_or_breaks_the_file(text: str) -> None:
    sink = io.BytesIO()
    with workbook.Workbook(sink) as made:
        made.add("r", a_shortlist("need-1"), [(a_match(summary=text), text)])
    found = openpyxl.load_workbook(io.BytesIO(sink.getvalue()))
    at = SHEETS["Shortlist"].index("summary")
    cell = list(found["Shortlist"].iter_rows())[1][at]
    assert cell.data_type != "f"
    assert not str(cell.value or "").startswith(FORMULA_STARTS)


def test_a_text_longer_than_a_cell_is_cut_with_a_sign() -> None:
    sink = io.BytesIO()
    with workbook.Workbook(sink) as made:
        made.add("r", a_shortlist("need-1"), [(a_match(summary="x" * (CELL_CHARACTERS + 9)), "")])
    found = openpyxl.load_workbook(io.BytesIO(sink.getvalue()))
    cell = list(found["Shortlist"].iter_rows(values_only=True))[1][SHEETS["Shortlist"].index("summary")]
    assert len(cell) == CELL_CHARACTERS
    assert cell.endswith("\u2026")


def test_a_failed_workbook_leaves_no_file(release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Visibility, "shows", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export(release, Visibility(), tmp_path / "all.xlsx", Wanted(form=Format.XLSX))
    assert not list(tmp_path.glob("*all*"))


def test_a_full_disk_is_one_error_and_no_traceback_afterwards(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's own ZipFile tries once more when it is thrown away, when the file is closed."""
    afterwards: list[object] = []
    monkeypatch.setattr("sys.unraisablehook", afterwards.append)
    with pytest.raises(OSError, match="No space"), _Full() as sink:
        export(release, Visibility(), sink, Wanted(form=Format.XLSX))
    gc.collect()
    assert not afterwards


class _Full(io.BytesIO):
    """A disk with room for the first parts of a workbook."""

    def write(self, content: Any) -> int:
        if self.tell() + len(content) > 1_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(content)


def test_the_columns_of_the_first_sheet_are_those_of_the_csv() -> None:
    assert set(SHEETS["Shortlist"]) < set(HEADER)

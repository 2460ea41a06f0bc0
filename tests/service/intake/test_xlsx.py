"""Workbooks as people keep them: title rows, merged cells, several sheets, formulas, dates and numbers as cells."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.quantities import Money
from service.intake import Severity
from tests.builders import a_need
from tests.service.intake.making import a_workbook, capabilities_in, codes, needs_in, organisations_in, results

HEADER = ["id", "title", "summary"]


def test_the_header_is_found_under_title_rows_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    rows = [["Register of needs 2026"], [], ["Prepared by", "the office"], HEADER, ["n1", "Water", "Wells"]]
    accepted, rejects = results(a_workbook(tmp_path / "needs.xlsx", {"Needs": rows}))
    assert [(a.kind, a.row) for a in accepted] == [("needs", 5)]
    assert rejects == []


def test_a_table_may_start_anywhere_on_the_sheet(tmp_path: Path) -> None:
    rows = [[], [], [None, None, *HEADER], [None, None, "n1", "Water", "Wells"]]
    assert [n.title for n in needs_in(a_workbook(tmp_path / "needs.xlsx", {"Needs": rows}))] == ["Water"]


def test_each_sheet_named_after_a_kind_is_read_as_that_kind(tmp_path: Path) -> None:
    sheets = {
        "Organisations": [["id", "name", "roles", "country"], ["o1", "Hub", "facilitator; broker", "NA"]],
        "Our needs": [HEADER, ["n1", "Water", "Wells"]],
        "Capabilities 2026": [HEADER, ["c1", "Pump", "Pumps"]],
        "Notes": [["Anything"], ["at all"]],
    }
    accepted, rejects = results(a_workbook(tmp_path / "all.xlsx", sheets))
    assert [(a.kind, a.profile.id) for a in accepted] == [
        ("organisations", "o1"),
        ("needs", "n1"),
        ("capabilities", "c1"),
    ]
    assert [(r.code, r.sheet, r.severity) for r in rejects] == [("sheet_not_read", "Notes", Severity.COLUMN)]


def test_only_the_sheets_of_the_kind_asked_for_are_read(tmp_path: Path) -> None:
    sheets = {"Needs": [HEADER, ["n1", "Water", "Wells"]], "Capabilities": [HEADER, ["c1", "Pump", "Pumps"]]}
    path = a_workbook(tmp_path / "all.xlsx", sheets)
    assert [c.id for c in capabilities_in(path, kind="capabilities")] == ["c1"]
    assert needs_in(path, kind="capabilities") == []


def test_where_no_sheet_says_its_kind_the_first_is_what_was_asked_for(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "list.xlsx", {"Sheet1": [HEADER, ["n1", "Water", "Wells"]], "Sheet2": [["x"]]})
    assert [n.id for n in needs_in(path, kind="needs")] == ["n1"]


def test_a_merged_cell_speaks_for_all_its_rows(tmp_path: Path) -> None:
    rows = [
        ["id", "title", "summary", "Organisation"],
        ["n1", "Water", "Wells", "City of Kisumu"],
        ["n2", "Light", "Lamps", None],
    ]
    path = a_workbook(tmp_path / "needs.xlsx", {"Needs": rows}, merged=["D2:D3"])
    assert {n.owner_organisation_id for n in needs_in(path)} == {"organisation:city-of-kisumu"}
    assert [o.name for o in organisations_in(path)] == ["City of Kisumu"]


def test_rows_under_one_merged_id_are_one_record(tmp_path: Path) -> None:
    rows: list[list[str | None]] = [["id", "title", "summary", "beneficiary_places"], ["n1", "Water", "Wells", "Kenya"]]
    rows += [[None, None, None, place] for place in ("Mali", "NA", "Kenya")]
    rows += [["n2", "Light", "Lamps", "Togo"]]
    path = a_workbook(tmp_path / "needs.xlsx", {"Needs": rows}, merged=["A2:A5", "B2:B5", "C2:C5"])
    accepted, rejects = results(path)
    assert [(n.id, n.beneficiary_places) for n in needs_in(path)] == [
        ("n1", ("Kenya", "Mali", "NA")),
        ("n2", ("Togo",)),
    ]
    assert [a.row for a in accepted] == [2, 6]
    assert rejects == []


def test_a_group_over_the_header_names_its_columns(tmp_path: Path) -> None:
    rows = [
        [None, None, None, "Organisation", None],
        ["id", "title", "summary", "Name", "Country"],
        ["c1", "Pump", "Pumps", "Drillers", "Kenya"],
    ]
    path = a_workbook(tmp_path / "capabilities.xlsx", {"Capabilities": rows}, merged=["D1:E1"])
    assert [(o.name, o.country) for o in organisations_in(path)] == [("Drillers", "Kenya")]


def test_cells_are_read_as_what_they_show(tmp_path: Path) -> None:
    rows = [
        ["id", "title", "summary", "Deadline", "Budget (USD)", "trl_min", "co_development_ok", "sdg_goals"],
        [101, "Water", "Wells", date(2026, 11, 30), 1_500_000, 6.0, True, 6],
        [102, "Light", "Lamps", datetime(2026, 11, 30, 8, 0), 2.5, "TRL 6-7", False, "6; 7"],  # noqa: DTZ001 - a sheet's
    ]
    first, second = needs_in(a_workbook(tmp_path / "needs.xlsx", {"Needs": rows}))
    assert (first.id, first.complete_by, first.trl_min, first.co_development_ok) == ("101", date(2026, 11, 30), 6, True)
    assert first.budget == Money(min=1.5e6, max=1.5e6, currency="USD")
    assert (second.trl_min, second.co_development_ok, second.sdg_goals) == (6, False, (6, 7))


def test_a_formula_is_read_as_its_value(tmp_path: Path) -> None:
    path = tmp_path / "needs.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Needs")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["n1", "", "Wells"])
        sheet.write_formula(1, 1, '=CONCATENATE("Wa","ter")', None, "Water")
    assert [n.title for n in needs_in(path)] == ["Water"]
    assert results(path)[1] == []


def test_a_formula_whose_value_was_never_saved_is_pointed_out(tmp_path: Path) -> None:
    rows = [HEADER, ["n1", "Water", '=CONCATENATE("We","lls")']]
    accepted, rejects = results(a_workbook(tmp_path / "needs.xlsx", {"Needs": rows}))
    assert len(accepted) == 1
    assert [(r.code, r.row, r.column) for r in rejects] == [("formula_without_value", 2, "summary")]


def test_an_error_in_a_cell_is_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "needs.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Needs")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["n1", "Water"])
        sheet.write_formula(1, 2, "=1/0", None, "#DIV/0!")
    assert [(r.code, r.row, r.column) for r in results(path)[1]] == [("formula_error", 2, "summary")]


def test_columns_nobody_reads_are_told_once(tmp_path: Path) -> None:
    rows = [[*HEADER, "colour"], ["n1", "Water", "Wells", "blue"], ["n2", "Light", "Lamps", "red"]]
    assert [(r.code, r.column) for r in results(a_workbook(tmp_path / "needs.xlsx", {"Needs": rows}))[1]] == [
        ("unknown_column", "colour")
    ]


def test_an_id_used_in_two_sheets_is_refused_the_second_time(tmp_path: Path) -> None:
    sheets = {"Needs A": [HEADER, ["n1", "Water", "Wells"]], "Needs B": [HEADER, ["n1", "Light", "Lamps"]]}
    accepted, rejects = results(a_workbook(tmp_path / "all.xlsx", sheets))
    assert [a.profile.id for a in accepted] == ["n1"]
    assert [(r.code, r.sheet) for r in rejects] == [("duplicate_id", "Needs B")]


def test_an_empty_sheet_gives_nothing(tmp_path: Path) -> None:
    assert results(a_workbook(tmp_path / "needs.xlsx", {"Needs": []})) == ([], [])


def test_a_workbook_without_a_known_kind_says_so(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "list.xlsx", {"Sheet1": [HEADER, ["n1", "Water", "Wells"]]})
    assert codes(results(path)[1]) == ["sheet_not_read"]


WORDS = st.text(st.sampled_from("abcdefghijklmnop éü"), min_size=4, max_size=20).map(
    lambda t: "w" + " ".join(t.split())
)


@settings(max_examples=15)
@given(
    title=WORDS,
    summary=WORDS,
    places=st.lists(st.sampled_from(["Kenya", "NA", "Lao PDR", "SIDS"]), min_size=1, unique=True),
)
def test_a_need_written_to_a_workbook_is_read_back_equal(
    tmp_path_factory: pytest.TempPathFactory, title: str, summary: str, places: list[str]
) -> None:
    need = a_need(title=title, summary=summary, beneficiary_places=places, start_by=date(2027, 1, 31), trl_min=6)
    header = ["id", "owner_organisation_id", "title", "summary", "beneficiary_places", "start_by", "trl_min"]
    row = [need.id, need.owner_organisation_id, title, summary, "\n".join(places), need.start_by, 6]
    path = a_workbook(tmp_path_factory.mktemp("book") / "needs.xlsx", {"Needs": [header, row]})
    assert needs_in(path) == [need]


def test_the_rows_of_a_hidden_sheet_are_read_and_it_is_told(tmp_path: Path) -> None:
    """Nobody sees them in the workbook: they may be last year's."""
    path = a_workbook(
        tmp_path / "w.xlsx", {"needs": [("id", "title"), (1, "Pumps")], "Old needs": [("id", "title"), (2, "W")]}
    )
    book = openpyxl.load_workbook(path)
    book["Old needs"].sheet_state = "hidden"
    book.save(path)
    accepted, rejects = results(path)
    assert [a.profile.id for a in accepted] == ["1", "2"]
    assert [(r.code, r.sheet, r.severity) for r in rejects] == [("hidden_sheet", "Old needs", Severity.NOTE)]

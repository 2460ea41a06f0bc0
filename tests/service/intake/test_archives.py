"""Workbooks that must not be opened are refused before anything unpacks them, in words."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.intake import Limits, Reject, Severity
from tests.service.intake.making import a_workbook, codes, results

ROWS = [["id", "title", "summary"], ["n1", "Water", "Wells"]]
ENTITIES = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'


def with_part(path: Path, name: str, content: bytes, replaced: str = "") -> Path:
    """Rewrite a workbook with a part added, or put in the place of another."""
    with zipfile.ZipFile(path) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist() if info.filename != replaced}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, bytes_ in {**parts, name: content}.items():
            archive.writestr(part, bytes_)
    return path


def a_book(folder: Path) -> Path:
    return a_workbook(folder / "needs.xlsx", {"Needs": ROWS})


def refusal(path: Path, limits: Limits = Limits()) -> Reject:  # noqa: B008 - frozen
    accepted, rejects = results(path, limits=limits)
    assert accepted == []
    assert [r.severity for r in rejects] == [Severity.FILE]
    return rejects[0]


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    path = with_part(a_book(tmp_path), "xl/media/bomb.bin", b"\0" * 30_000_000)
    assert refusal(path).code == "zip_bomb"


def test_an_archive_too_large_unpacked_is_refused(tmp_path: Path) -> None:
    assert refusal(a_book(tmp_path), Limits(unpacked_bytes=1_000)).code == "zip_bomb"


def test_an_archive_in_the_archive_is_refused(tmp_path: Path) -> None:
    assert refusal(with_part(a_book(tmp_path), "xl/embeddings/inner.xlsx", b"PK")).code == "zip_bomb"


def test_an_archive_that_lies_about_its_sizes_is_refused(tmp_path: Path) -> None:
    path = a_book(tmp_path)
    raw = bytearray(path.read_bytes())
    at = raw.find(b"PK\x01\x02")
    while at >= 0:  # the stated unpacked size of each part, in the directory
        raw[at + 24 : at + 28] = (10).to_bytes(4, "little")
        at = raw.find(b"PK\x01\x02", at + 4)
    path.write_bytes(bytes(raw))
    assert refusal(path).code in {"zip_bomb", "not_a_workbook"}


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml", "docProps/core.xml"])
def test_entities_in_any_part_are_refused(tmp_path: Path, part: str) -> None:
    path = with_part(a_book(tmp_path), part, ENTITIES + b"<x>&b;</x>", replaced=part)
    assert refusal(path).code == "xml_entities"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_entities_hidden_in_another_encoding_are_refused(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding[:6].rstrip("-")}"?><!DOCTYPE x [<!ENTITY a "a">]><x>&a;</x>'
    path = with_part(a_book(tmp_path), "xl/styles.xml", text.encode(encoding), replaced="xl/styles.xml")
    assert refusal(path).code == "xml_entities"


def test_a_cell_at_the_far_corner_does_not_fill_the_memory(tmp_path: Path) -> None:
    cells = b'<row r="1"><c r="A1" t="str"><v>id</v></c></row><row r="1048576"><c r="CV1048576"><v>1</v></c></row>'
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
    part = "xl/worksheets/sheet1.xml"
    assert refusal(with_part(a_book(tmp_path), part, sheet % cells, replaced=part)).code == "sheet_too_large"


def test_a_cell_in_the_last_column_is_refused(tmp_path: Path) -> None:
    cells = b'<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
    part = "xl/worksheets/sheet1.xml"
    assert refusal(with_part(a_book(tmp_path), part, sheet % cells, replaced=part)).code == "too_many_columns"


def test_too_many_sheets_are_refused(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "needs.xlsx", {f"Needs {n}": ROWS for n in range(5)})
    assert refusal(path, Limits(sheets=3)).code == "too_many_sheets"


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18])
def test_an_archive_that_is_no_workbook_is_refused(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "needs.xlsx"
    path.write_bytes(start + b"junk")
    assert refusal(path).code == "not_a_workbook"


def test_a_workbook_of_the_old_format_or_under_a_password_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "needs.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    reject = refusal(path)
    assert (reject.code, reject.fix) == ("unknown_format", "save it as XLSX, without a password")


@settings(max_examples=60)
@given(flips=st.lists(st.tuples(st.integers(2, 4_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_workbook_gives_rejects_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, flips: list[tuple[int, int]]
) -> None:
    path = a_book(tmp_path_factory.mktemp("damaged"))
    raw = bytearray(path.read_bytes())
    for place, byte in flips:
        raw[min(place, len(raw) - 1)] = byte
    path.write_bytes(bytes(raw))
    results(path)


@settings(max_examples=60)
@given(xml=st.text(st.sampled_from('<>/="&;c row sheetData r A1 v 1 f t s e'), max_size=120))
def test_a_sheet_of_any_xml_gives_rejects_and_nothing_else(tmp_path_factory: pytest.TempPathFactory, xml: str) -> None:
    part = "xl/worksheets/sheet1.xml"
    content = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{xml}</sheetData></worksheet>'
    path = with_part(a_book(tmp_path_factory.mktemp("xml")), part, content.encode(), replaced=part)
    assert set(codes(results(path)[1])) <= {"not_a_workbook", "no_header", "missing_id", "unknown_column"}

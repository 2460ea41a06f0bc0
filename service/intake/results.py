"""What reading a file yields: accepted records, and rejects that say what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from matcher.profiles import Profile

_SHOWN = 300  # characters of a bad value worth showing in a spreadsheet cell


class Severity(StrEnum):
    """How much a reject costs."""

    FILE = "file"  # reading stopped here: no further row of the file or sheet was read
    ROW = "row"  # the row gave no record
    FIELD = "field"  # the record was accepted without this value
    COLUMN = "column"  # nobody reads this column or sheet; said once a file
    NOTE = "note"  # nothing was lost, but look at it


@dataclass(frozen=True, slots=True)
class Accepted:
    """One record; ``row`` counts from 1 as a spreadsheet or an editor shows it."""

    kind: str
    profile: Profile
    row: int
    warnings: tuple[str, ...] = ()
    inline: bool = False  # an organisation described beside another record, perhaps in less than is known of it


@dataclass(frozen=True, slots=True)
class Reject:
    """One value, row, column or file that was not taken over, and what to do about it."""

    file: str
    sheet: str
    row: int | None
    column: str
    value: str
    code: str
    expected: str
    fix: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes past which input is refused: generous for people, tight for bombs."""

    file_bytes: int = 2_000_000_000
    line_bytes: int = 1_000_000
    cell_characters: int = 100_000  # a spreadsheet cell holds 32,767
    columns: int = 500
    sheets: int = 100
    unpacked_bytes: int = 2_000_000_000
    packing_ratio: int = 250  # honest spreadsheets pack 5 to 50 fold, bombs a thousandfold


CODES: Final[Mapping[str, tuple[str, str]]] = {
    "not_json": ("one JSON object on the line", "write the record on one line; check quotes and commas"),
    "not_json_lines": ("one JSON object on each line", "write each object whole on one line, without [ ] around them"),
    "not_an_object": ("a JSON object", "write {...} with the fields of a record"),
    "line_too_long": ("a shorter line", "shorten the texts or split the record"),
    "not_utf8": ("UTF-8 text", "save the file as UTF-8"),
    "not_a_file": ("a file on disk", "a pipe cannot be read twice: write it to a file first"),
    "file_too_large": ("a smaller file", "split the file"),
    "unknown_format": ("JSONL, CSV, XLSX or IATI XML", "save the file in one of these formats"),
    "unknown_kind": ("a known kind of record", "say the kind (--kind needs), or name the file after it (needs.jsonl)"),
    "missing_id": ("an id", "give the record an id that stays the same at every import"),
    "bad_id": ("an id that is a text or a number", "write the id as one text"),
    "duplicate_id": ("an id used once in the file", "remove one of the two records, or give it its own id"),
    "missing": ("a value", "fill in this field"),
    "empty_text": ("a title or a text", "say in words what is needed or offered"),
    "unknown_column": ("a field of the record or a column of the mapping profile", "rename it, or map it in a profile"),
    "unknown_place": ("a country, M49 region or group", "use an ISO 3166-1 alpha-3 code"),
    "not_in_list": ("a value of the closed list", "choose one of the listed values"),
    "not_a_trl": ("a technology readiness level from 1 to 9", 'write one level, such as "6"'),
    "too_long": ("a shorter value", "shorten it, or move the rest to another field"),
    "out_of_bounds": ("a value within the bounds", "check the number and its unit"),
    "wrong_type": ("a value of another type", "see the field in data/schema"),
    "bad_pattern": ("a value of the stated form", "see the field in data/schema"),
    "bad_value": ("a usable value", "see the field in data/schema"),
    "too_many_columns": ("fewer columns", "delete the columns that hold nothing"),
    "cell_too_long": ("a shorter text", "shorten it"),
    "no_header": ("a header row with known names", "name the columns after our fields, or use a mapping profile"),
    "value_without_header": ("a name over each column", "name this column"),
    "second_column": ("one column for a field", "empty one of the two cells, or join the columns in a profile"),
    "not_mapped": ("a word that says something here", "write a value of the field, or leave the cell empty"),
    "sheet_not_read": (
        "a sheet named after a kind of record",
        "name the sheet (needs, capabilities...) or use a profile",
    ),
    "hidden_sheet": ("a sheet that is shown", "its rows were read: delete the sheet if they are not meant"),
    "not_selected": ("a row the mapping profile asks for", "nothing, unless the row should have been taken"),
    "formula_without_value": ("a formula with its value", "open the file in a spreadsheet program and save it again"),
    "formula_error": ("a value", "mend the formula"),
    "legacy_encoding": ("UTF-8", "check accents and signs; save the file as UTF-8, or state encoding in a profile"),
    "broken_quotes": ("a closing quote", "mend the quotes; nothing after this row was read"),
    "placeholder": ("a real entry", "remove the test entry"),
    "too_little_text": ("more words", "say in a sentence what it is and does"),
    "duplicate_text": ("a text used once in the file", "remove the repeated row"),
    "not_a_workbook": ("an XLSX workbook", "save it again as XLSX"),
    "not_xml": ("well-formed XML", "mend the file; nothing after this was read"),
    "zip_bomb": ("an honest archive", "do not open this file"),
    "xml_entities": ("XML without a DOCTYPE", "save the file again without one"),
    "too_many_sheets": ("fewer sheets", "split the workbook"),
    "sheet_too_large": ("a smaller sheet", "split the sheet"),
    "too_many_merges": ("fewer merged ranges", "unmerge the cells"),
    "not_a_date": ("a date such as 2026-11-30", "write YYYY-MM-DD"),
    "not_yes_or_no": ("yes or no", 'write "yes" or "no"'),
    "not_a_number": ("a number", "write digits only"),
    "not_a_share": ("a share such as 0.25 or 25 %", 'write "25 %"'),
    "not_a_goal": ("goals 1 to 17", 'write "6; 7"'),
    "not_a_range": ("a number or span with a unit", 'write "5-10 kW"'),
    "not_money": ("an amount with a currency", 'write "USD 1.5 m"'),
    "no_currency": ("an ISO 4217 currency code", 'write "USD 1.5 m"'),
    "unknown_unit": ("a unit of measure", "write the value with an SI or common unit"),
    "wrong_dimension": ("a unit that measures this attribute", "check the number and its unit"),
    "range_reversed": ("min <= max", "swap the two"),
    "range_empty": ("min, max or both", "fill in one of them"),
    "money_empty": ("min, max or both", "fill in one of them"),
    "several_places": ("one place a value", "list the places apart"),
    "organisation_differs": ("the same facts about an organisation in each row", "give both rows the same facts"),
}
"""Code -> what was expected and what to do, where the value itself tells nothing better."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A reject before its place in a file is known."""

    code: str
    column: str = ""
    value: object = None
    severity: Severity = Severity.FIELD
    expected: str = ""
    fix: str = ""

    def at(self, file: str, sheet: str, row: int | None) -> Reject:
        """Give the problem its place; expected and fix default to the code's own."""
        expected, fix = CODES.get(self.code, ("a usable value", ""))
        return Reject(
            file=file,
            sheet=sheet,
            row=row,
            column=self.column,
            value=shown(self.value),
            code=self.code,
            expected=self.expected or expected,
            fix=self.fix or fix,
            severity=self.severity,
        )


def shown(value: object) -> str:
    """Return the value as text that any file can hold, shortened."""
    text = "" if value is None else value if isinstance(value, str) else _written(value)
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "\u2026"


def _written(value: object) -> str:
    """Write objects and lists as a file would, anything else as Python does."""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else repr(value)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a file a row stands, and which header each field of it came from."""

    file: str
    row: int
    sheet: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)

    def reject(self, problem: Problem) -> Reject:
        """Give a problem this place, under the header its author wrote."""
        return replace(problem, column=self.header(problem.column)).at(self.file, self.sheet, self.row)

    def header(self, field: str) -> str:
        """Return what the file calls a field; a part of one ("budget.currency") stands in the column of the whole."""
        return self.columns.get(field) or self.columns.get(field.partition(".")[0]) or field

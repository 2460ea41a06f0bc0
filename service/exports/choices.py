"""What can be exported and how; light to import, for the command line."""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """How an export is written."""

    JSONL = "jsonl"  # one JSON object a line, as served
    CSV = "csv"  # one match a line, for a spreadsheet
    XLSX = "xlsx"  # a workbook: shortlist, reasons, gates, near misses, open questions, run information
    PARQUET = "parquet"  # one row a pair and signal, for analysts
    BRIEF = "brief"  # one page of HTML to print, about a need or one of its pairs


class What(StrEnum):
    """What is exported."""

    MATCHES = "matches"
    SHORTLISTS = "shortlists"  # one object a need, its matches inside
    ORGANISATIONS = "organisations"
    CAPABILITIES = "capabilities"
    NEEDS = "needs"
    MECHANISMS = "mechanisms"
    FACILITATORS = "facilitators"
    CASES = "cases"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants exported; with ``need`` matches and shortlists of that need only."""

    what: What = What.MATCHES
    form: Format = Format.JSONL
    need: str | None = None
    capability: str | None = None  # a brief about this pair of the need
    bom: bool = False  # begin a CSV with a byte-order mark

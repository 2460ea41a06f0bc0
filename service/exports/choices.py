"""What can be exported and how; light to import, for the command line."""

from enum import StrEnum


class Format(StrEnum):
    """How an export is written."""

    JSONL = "jsonl"  # one JSON object a line, as served
    CSV = "csv"  # one match a line, for a spreadsheet


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

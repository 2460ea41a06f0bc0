"""What a file's rejects amount to."""

from pathlib import Path

import pytest

from service.intake import Refusals, Reject, Severity, nothing_in


def _reject(severity: Severity, row: int | None = 3) -> Reject:
    return Reject("a.csv", "", row, "trl", "x", "not_a_trl", "a level", "write one", severity)


def test_only_what_was_lost_counts_as_refused() -> None:
    """A reading worth a look, or a column nobody reads, is no refused value."""
    found = Refusals.of([_reject(severity) for severity in Severity])
    assert (found.records, found.values, found.notes) == (2, 1, 2)
    assert found.said(Path("r.csv")) == "; refused: 2 records, 1 value; to look at: 2 (see r.csv)"
    assert Refusals.of([_reject(Severity.NOTE)]).said(None) == "; to look at: 1 (--rejects FILE lists them)"
    assert Refusals.of([]).said(Path("r.csv")) == ""


@pytest.mark.parametrize(("row", "where"), [(3, "row 3: not_a_trl"), (None, "; not_a_trl")])
def test_a_file_that_gave_nothing_says_why_its_first_row_gave_none(row: int | None, where: str) -> None:
    """A note before it tells nothing; a file refused as a whole has no row."""
    rejects = [_reject(Severity.NOTE), _reject(Severity.ROW, row)]
    error = nothing_in(Path("a.csv"), rejects, code="nothing_to_tag", what="record")
    assert where in str(error)
    assert "the file is empty" in str(nothing_in(Path("a.csv"), [], code="nothing_to_tag", what="record"))

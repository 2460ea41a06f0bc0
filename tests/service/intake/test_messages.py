"""What a refused value of JSON Lines is told with: words of the field, not of the library that found it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.intake import Reject
from tests.service.intake.making import needs_in, results


def rejects_of(folder: Path, **values: Any) -> list[Reject]:
    path = folder / "needs.jsonl"
    path.write_text(json.dumps({"id": "n1", "title": "Pumps", **values}))
    return results(path)[1]


@pytest.mark.parametrize(
    ("values", "code", "expected"),
    [
        ({"budget": 5000}, "wrong_type", "an amount with its currency"),
        ({"complete_by": "31/12/2027"}, "not_a_date", "a date such as"),
        ({"complete_by": "2027-01-01T05:00:00"}, "not_a_date", "a date such as"),
        ({"organisation": {"name": "W", "phone": 1}}, "unknown_column", "a field of the record"),
        ({"title": True}, "wrong_type", "a valid string"),
        ({"title": ["Pumps", "Wells"]}, "wrong_type", "a valid string"),
    ],
)
def test_a_refused_value_says_what_to_write(tmp_path: Path, values: dict[str, Any], code: str, expected: str) -> None:
    (reject,) = rejects_of(tmp_path, **values)
    assert reject.code == code
    assert reject.expected.startswith(expected)


@pytest.mark.parametrize("field", ["kind", "classification", "organisation", "places"])
def test_null_says_nothing_and_is_no_reject(tmp_path: Path, field: str) -> None:
    assert rejects_of(tmp_path, **{field: None}) == []


def test_one_object_written_over_many_lines_is_one_reject(tmp_path: Path) -> None:
    """A reject for each of its lines would bury what is wrong."""
    path = tmp_path / "needs.json"
    path.write_text(json.dumps({"id": "n1", "title": "Pumps"}, indent=2))
    assert [reject.code for reject in results(path)[1]] == ["not_json_lines"]
    path.write_text('{"id": "n1", "title": "Pumps"}')
    assert [need.id for need in needs_in(path)] == ["n1"]

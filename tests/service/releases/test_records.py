"""Records of a release: written in any order, found by id, parsed one at a time."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.profiles import Capability, Need, Organisation
from service.releases import RecordFile, RecordMap
from service.releases.records import write_records
from tests.builders import a_capability, a_need, an_organisation
from tests.service.releases.making import texts


def written(folder: Path, *needs: Need) -> RecordFile[Need]:
    write_records(folder, "needs", texts(*needs))
    return RecordFile(folder, "needs")


def test_rows_stand_in_the_order_of_the_ids_whatever_order_came(tmp_path: Path) -> None:
    records = written(tmp_path, a_need("b"), a_need("é"), a_need("B"), a_need("a"))
    assert [need.id for need in records] == ["B", "a", "b", "é"]
    assert [records.row_of(name) for name in ("B", "a", "b", "é")] == [0, 1, 2, 3]
    assert list(records.ids()) == ["B", "a", "b", "é"]


def test_it_behaves_as_a_sequence(tmp_path: Path) -> None:
    records = written(tmp_path, *(a_need(f"n{n}") for n in range(5)))
    assert len(records) == 5
    assert records[-1].id == "n4"
    assert [need.id for need in records[1:3]] == ["n1", "n2"]
    with pytest.raises(IndexError, match="rows 0 to 4"):
        records[5]


def test_no_records_are_an_empty_sequence(tmp_path: Path) -> None:
    records = written(tmp_path)
    assert list(records) == []
    assert records.row_of("anything") is None


def test_absent_ids_are_not_found_however_near(tmp_path: Path) -> None:
    records = written(tmp_path, a_need("need-12"))
    assert [records.row_of(name) for name in ("need-1", "need-123", "", "need-12\0")] == [None] * 4
    assert records.get("need-1") is None


def test_opening_parses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, a_need())
    monkeypatch.setattr(Need, "model_validate_json", lambda _: pytest.fail("parsed"))
    assert RecordFile[Need](tmp_path, "needs").id_of(0) == "need-1"


def test_unknown_stays_unknown_and_stated_none_stays_stated_none(tmp_path: Path) -> None:
    write_records(tmp_path, "capabilities", texts(a_capability(places_excluded=[], sdg_goals=None)))
    capability = RecordFile[Capability](tmp_path, "capabilities")[0]
    assert capability.places_excluded == ()
    assert capability.sdg_goals is None


@settings(deadline=None)  # the first record with units loads the units library
@given(
    facts=st.fixed_dictionaries(
        {},
        optional={
            "title": st.text(min_size=1, max_size=40).filter(
                str.strip
            ),  # a title of blanks is refused, as it should be
            "budget": st.just({"min": 10, "max": 20.5, "currency": "EUR"}),
            "site_conditions": st.just({"head": {"min": 2, "unit": "m"}, "grid": ["off_grid"]}),
            "beneficiary_places": st.lists(st.sampled_from(["KEN", "LDC"]))
            | st.just([{"name": "Kisumu", "country": "KEN"}]),
            "created_at": st.dates().map(str) | st.datetimes(),
            "co_development_ok": st.booleans(),
        },
    )
)
def test_a_record_comes_back_equal(tmp_path_factory: Any, facts: dict[str, Any]) -> None:
    need = a_need(**facts)
    assert written(tmp_path_factory.mktemp("records"), need)[0] == need


def test_one_id_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'n' twice"):
        written(tmp_path, a_need("n"), a_need("n"))


def test_a_file_of_records_travels_to_another_process(tmp_path: Path) -> None:
    records = pickle.loads(pickle.dumps(written(tmp_path, a_need("n"))))
    assert records[0].id == "n"


def test_a_map_finds_by_id_and_lists_ids_in_order(tmp_path: Path) -> None:
    write_records(tmp_path, "organisations", texts(an_organisation("o2"), an_organisation("o1")))
    organisations: RecordMap[Organisation] = RecordMap(RecordFile(tmp_path, "organisations"))
    assert list(organisations) == ["o1", "o2"]
    assert "o1" in organisations
    assert "o3" not in organisations
    assert organisations["o2"].id == "o2"
    with pytest.raises(KeyError):
        organisations["o3"]

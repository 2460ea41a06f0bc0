"""The columns: nothing is lost on the way to files and back, and what cannot be read is said."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.asked import Asked
from matcher.columns import Columns
from matcher.encoding import BitColumn, Dictionary, ListColumn, counts, meets, plain, positions, vocabulary
from matcher.envelopes import limits
from matcher.gates import judge
from matcher.profiles import Capability, Need, Organisation
from matcher.signals import measure
from tests.builders import a_capability, a_need, an_organisation
from tests.matcher.small_world import AS_OF, GRADUATION, a_place_book, some_capabilities, some_organisations
from tests.matcher.strategies import capabilities, needs, organisations

BOOK = a_place_book()


@settings(max_examples=25, deadline=None)
@given(needs(), st.lists(capabilities(), max_size=5), organisations())
def test_columns_that_went_through_arrays_judge_and_measure_alike(
    need: Need, offers: list[Capability], known: dict[str, Organisation]
) -> None:
    """arrays() and from_arrays() lose nothing that a decision rests on."""
    built = Columns.build(offers, known, BOOK, AS_OF)
    read = Columns.from_arrays(built.arrays())
    rows = np.arange(len(offers))
    tables = [
        (judge(asked, columns), measure(asked, columns, rows))
        for columns in (built, read)
        for asked in [Asked.of(need, known, columns, BOOK)]
    ]
    np.testing.assert_array_equal(tables[0][0], tables[1][0])
    np.testing.assert_array_equal(tables[0][1], tables[1][1])


def test_every_array_is_a_file_that_maps_back(tmp_path: Path) -> None:
    """Names are safe for files, nothing needs pickling, and mapped columns answer like built ones."""
    known = some_organisations(20)
    built = Columns.build(some_capabilities(50), known, BOOK, AS_OF)
    for name, array in built.arrays().items():
        assert name.isidentifier()
        np.save(tmp_path / f"{name}.npy", array, allow_pickle=False)
    read = Columns.from_arrays({path.stem: np.load(path, mmap_mode="r") for path in tmp_path.iterdir()})
    need = a_need(beneficiary_places=["KEN"], trl_min=4, site_conditions={"power": "5 kW"}, languages_required=["en"])
    tables = [judge(Asked.of(need, known, columns, BOOK), columns) for columns in (built, read)]
    np.testing.assert_array_equal(tables[0], tables[1])
    assert (read.as_of, len(read)) == (AS_OF, 50)


def test_a_place_that_cannot_be_resolved_is_a_problem_once_with_its_first_record() -> None:
    """The capability stays; its place is unknown; the name and near names are kept for the operator."""
    offers = [a_capability("c1", places_offered=["Keyna"]), a_capability("c2", places_offered=["Keyna"])]
    columns = Columns.build(offers, {}, BOOK, AS_OF)
    assert [(each.record_id, each.field, each.value) for each in columns.problems] == [
        ("c1", "places_offered", "Keyna")
    ]
    assert "Kenya" in columns.problems[0].suggestions[0]
    assert not columns.places.stated[columns.places.codes].any()


def test_places_that_come_to_the_same_are_one_value() -> None:
    """Neither the order of countries nor one that is offered and excluded at once makes another value to judge."""
    offers = [
        a_capability("c1", places_offered=["KEN", "NPL"]),
        a_capability("c2", places_offered=["NPL", "KEN"]),
        a_capability("c3", places_offered=["KEN", "UGA"], places_excluded=["UGA"]),
        a_capability("c4", places_offered=["KEN", "UGA"], places_excluded=["UGA"]),
        a_capability("c5"),
    ]
    places = Columns.build(offers, {}, BOOK, AS_OF).places
    assert places.codes.tolist() == [1, 1, 2, 2, 0]
    assert places.offered.shape[1] == places.excluded.shape[1] == len(places.stated) == len(places.complete) == 3


def test_problems_name_the_field_they_were_found_in() -> None:
    """Deployments, partners sought and the provider's country are read as well."""
    provider = an_organisation("org-1", country="Atlantis")
    offer = a_capability(
        organisation_id="org-1", deployed_in=[{"country": "Lemuria"}], partner_sought={"places": ["Mu"]},
    )  # fmt: skip
    columns = Columns.build([offer], {"org-1": provider}, BOOK, AS_OF)
    assert {each.field for each in columns.problems} == {"deployed_in", "partner_sought.places", "country"}


def test_a_needs_unreadable_place_is_its_own_problem() -> None:
    """The rest of its places still count."""
    columns = Columns.build([], {}, BOOK, AS_OF)
    asked = Asked.of(a_need(beneficiary_places=["KEN", "Atlantis"]), {}, columns, BOOK)
    assert (asked.countries, asked.complete) == (frozenset({"KEN"}), False)
    assert [each.value for each in asked.problems] == ["Atlantis"]


def test_groups_are_resolved_as_of_the_columns_day() -> None:
    """Nepal is offered as an LDC until the day it graduates."""
    offer = a_capability(places_offered=["LDC"])
    before, after = (Columns.build([offer], {}, BOOK, day) for day in (AS_OF, GRADUATION))
    mask = Asked.of(a_need(beneficiary_places=["NPL"]), {}, before, BOOK).bits
    assert meets(before.places.offered, mask)[before.places.codes[0]]
    assert not meets(after.places.offered, mask)[after.places.codes[0]]


def test_the_same_facts_are_kept_once() -> None:
    """A thousand alike capabilities have two distinct envelopes: theirs and the unknown one."""
    offers = [a_capability(f"c{at}", operating_envelope={"power": "5 kW"}) for at in range(1000)]
    columns = Columns.build(offers, {}, BOOK, AS_OF)
    assert columns.envelope.distinct[0] == 2
    assert columns.envelope.codes.dtype == np.uint8


def test_missing_organisations_are_unknown() -> None:
    """An id nobody describes costs only its facts."""
    columns = Columns.build([a_capability(organisation_id="nobody")], {}, BOOK, AS_OF)
    assert columns.organisation.country.tolist() == [-1]
    assert columns.problems == ()


def test_the_latest_of_created_and_updated_counts() -> None:
    """So that forgetting either never makes a profile fresher."""
    offer = a_capability(created_at=date(2026, 2, 1), updated_at=date(2025, 1, 1))
    assert Columns.build([offer], {}, BOOK, AS_OF).updated[0] == date(2026, 2, 1).toordinal()


# -- encoding ------------------------------------------------------------------------------------------------------

names = st.sampled_from([f"n{at}" for at in range(150)])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.none() | st.sets(names, max_size=6).map(lambda one: tuple(sorted(one))), max_size=8), st.sets(names))
def test_bitsets_count_as_sets_do(rows: list[tuple[str, ...] | None], wanted: set[str]) -> None:
    """counts and meets are the sizes of intersections; sums over lists with worth 1 say the same."""
    dictionary: Dictionary[tuple[str, ...]] = Dictionary()
    for row in rows:
        dictionary.add(row)
    column = BitColumn.encode(dictionary, list)
    listed = ListColumn.encode(dictionary, lambda one: [(name, 1.0) for name in one])
    expected = [len(wanted & set(row or ())) for row in rows]
    at = np.arange(len(rows))
    mask = column.mask(wanted)
    assert counts(column.at(at), mask).tolist() == expected
    assert meets(column.at(at), mask).tolist() == [count > 0 for count in expected]
    assert column.known(at).tolist() == [row is not None for row in rows]
    assert listed.sums(listed.worth(wanted), at).tolist() == expected
    assert listed.lengths(at).tolist() == [len(row or ()) for row in rows]


def test_positions_finds_what_is_there() -> None:
    """Names outside the vocabulary are -1, in any script."""
    known = vocabulary(["b", "a", "\u00e9t\u00e9"])
    assert positions(known, ["a", "zz", "\u00e9t\u00e9", ""]).tolist() == [0, -1, 2, -1]
    assert positions(vocabulary([]), ["a"]).tolist() == [-1]


def test_labels_are_written_one_way() -> None:
    """Case, spaces, hyphens and underscores do not tell labels apart."""
    assert plain(" Grid-connection ") == plain("grid  Connection") == "grid_connection"


def test_a_site_condition_without_values_is_left_out() -> None:
    """An empty list states no value that could be compared."""
    assert limits({"grid": ()}) == ()


@pytest.mark.parametrize("count", [0, 1])
def test_few_capabilities_are_columns_too(count: int) -> None:
    """An empty and a one-row catalogue round trip."""
    columns = Columns.from_arrays(Columns.build(some_capabilities(count), {}, BOOK, AS_OF).arrays())
    assert len(columns) == count

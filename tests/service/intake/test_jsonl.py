"""JSON Lines, minimal and full: what is understood is taken over, the rest is listed with its line."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.profiles import KINDS, Capability, CaseStory, Need, Organisation, Profile
from matcher.vocabulary import Provenance
from service.intake import CODES, Accepted, Limits, Reject, Severity, read, read_capabilities, read_needs
from service.reference import load_places
from tests.builders import a_capability, a_case, a_mechanism, a_need, a_programme, an_organisation

PLACES = load_places()


def written(folder: Path, *lines: Any, name: str = "needs.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines))
    return path


def needs(folder: Path, *lines: Any) -> tuple[tuple[Need, ...], list[Reject]]:
    batch = read_needs(written(folder, *lines), PLACES)
    return batch.records, list(batch.rejects)


def only_need(folder: Path, **values: Any) -> Need:
    records, rejects = needs(folder, {"_id": "n1", "title": "Clean water", "text": "Wells are salty.", **values})
    assert rejects == []
    return records[0]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_json_does_not_have_is_told_of_with_what_to_write(tmp_path: Path, number: str) -> None:
    """Python and pandas write a missing number so."""
    _, (reject,) = needs(tmp_path, f'{{"id": "n", "title": "Water", "trl_min": {number}}}'.encode())
    assert (reject.code, reject.fix.split(":")[0]) == ("not_json", "write null where a value is not known")


class TestMinimalRecords:
    def test_id_title_and_text_are_enough(self, tmp_path: Path) -> None:
        need = only_need(tmp_path)
        assert (need.id, need.title, need.summary) == ("n1", "Clean water", "Wells are salty.")

    def test_the_owner_defaults_to_the_record_itself(self, tmp_path: Path) -> None:
        assert only_need(tmp_path).owner_organisation_id == "need:n1"
        batch = read_capabilities(written(tmp_path, {"id": "c1", "title": "Wells"}), PLACES)
        assert batch.records[0].organisation_id == "capability:c1"
        assert batch.organisations == {}

    def test_an_inline_organisation_is_the_same_however_its_name_is_written(self, tmp_path: Path) -> None:
        """Case, spaces, points and the spelling of a legal form do not make two; the form itself does."""
        same = ("Hill Power Ltd", "HILL POWER  limited", "Hill Power, Ltd.")
        others = ("Hill Power", "Hill Power S.A.", "Hill Power Cooperative Ltd", "Limited")
        names = (*same, *others, "hill power SA")
        lines = [{"id": f"n{at}", "title": "Wells", "organisation": name} for at, name in enumerate(names)]
        owners = [need.owner_organisation_id for need in read_needs(written(tmp_path, *lines), PLACES).records]
        assert set(owners[:3]) == {"organisation:hill-power-ltd"}
        assert len(set(owners)) == 1 + len(others)
        assert owners[-1] == owners[names.index("Hill Power S.A.")]

    def test_an_inline_organisation_becomes_a_record_and_the_owner(self, tmp_path: Path) -> None:
        line = {"id": "n1", "title": "Wells", "organisation": {"name": "City of Kisumu", "country": "Kenya"}}
        batch = read_needs(written(tmp_path, line), PLACES)
        owner = batch.records[0].owner_organisation_id
        assert owner == "organisation:city-of-kisumu-ken"
        assert [(o.id, o.name, o.country, o.roles) for o in batch.organisations.values()] == [
            (owner, "City of Kisumu", "Kenya", ("need_owner",))
        ]

    def test_a_need_serves_the_country_of_its_organisation_and_says_it_is_inferred(self, tmp_path: Path) -> None:
        need = only_need(tmp_path, organisation={"name": "City of Kisumu", "country": "KEN"})
        assert need.beneficiary_places == ("KEN",)
        assert (need.provenance or {})["beneficiary_places"] is Provenance.INFERRED

    def test_stated_places_win_over_the_country_of_the_organisation(self, tmp_path: Path) -> None:
        need = only_need(tmp_path, organisation={"name": "Hub", "country": "KEN"}, places=["Uganda"])
        assert need.beneficiary_places == ("Uganda",)

    def test_the_home_of_a_provider_is_not_where_it_offers(self, tmp_path: Path) -> None:
        line = {"id": "c1", "title": "Wells", "organisation": {"name": "Drillers", "country": "KEN"}}
        assert read_capabilities(written(tmp_path, line), PLACES).records[0].places_offered is None

    def test_the_same_organisation_in_many_rows_is_one_record(self, tmp_path: Path) -> None:
        lines = [
            {"id": str(n), "title": "T", "organisation": {"name": "Drillers", "country": "Kenya"}} for n in range(3)
        ]
        found = list(read(written(tmp_path, *lines), PLACES, kind="needs"))
        assert Counter(f.kind for f in found if isinstance(f, Accepted)) == {"organisations": 1, "needs": 3}

    def test_rows_that_disagree_about_an_organisation_are_reported_and_the_first_stands(self, tmp_path: Path) -> None:
        lines = [
            {"id": "1", "title": "T", "organisation": {"id": "o", "name": "Drillers", "city": "Kisumu"}},
            {"id": "2", "title": "T", "organisation": {"id": "o", "name": "Drillers", "city": "Nairobi"}},
        ]
        batch = read_needs(written(tmp_path, *lines), PLACES)
        assert [o.city for o in batch.organisations.values()] == ["Kisumu"]
        assert [r.code for r in batch.rejects] == ["organisation_differs"]
        assert {n.owner_organisation_id for n in batch.records} == {"o"}
        (reject,) = batch.rejects
        assert reject.value == '{"city": "Nairobi"}', "what differs, as the file could hold it"
        assert reject.expected == 'what a row above says of o: {"city": "Kisumu"}'

    def test_a_row_that_says_less_of_an_organisation_differs_in_nothing(self, tmp_path: Path) -> None:
        lines = [
            {"id": "1", "title": "T", "organisation": {"id": "o", "name": "Drillers", "roles": ["funder"]}},
            {"id": "2", "title": "T", "organisation": {"id": "o", "name": "Drillers"}},
        ]
        assert read_needs(written(tmp_path, *lines), PLACES).rejects == ()

    @pytest.mark.parametrize("field", ["places", "beneficiary_places"])
    def test_places_may_be_names_codes_or_one_string(self, tmp_path: Path, field: str) -> None:
        assert only_need(tmp_path, **{field: ["Cote d'Ivoire", "LAO"]}).beneficiary_places == ("Cote d'Ivoire", "LAO")
        assert only_need(tmp_path, **{field: "NA"}).beneficiary_places == ("NA",)

    def test_an_empty_title_is_made_of_the_first_words_and_marked_inferred(self, tmp_path: Path) -> None:
        need = only_need(tmp_path, title="", text="Wells near the coast are salty. " + "More text follows here. " * 20)
        assert need.title == "Wells near the coast are salty"
        assert need.provenance == {"title": Provenance.INFERRED, "language": Provenance.INFERRED}

    def test_a_missing_text_is_made_of_the_title(self, tmp_path: Path) -> None:
        need = only_need(tmp_path, text=None)
        assert (need.summary, need.provenance) == ("Clean water", {"summary": Provenance.INFERRED})

    def test_a_record_without_any_words_is_rejected(self, tmp_path: Path) -> None:
        records, rejects = needs(tmp_path, {"_id": "n1", "title": " ", "text": "N/A"})
        assert records == ()
        assert [(r.code, r.row, r.severity) for r in rejects] == [("empty_text", 1, Severity.ROW)]

    def test_a_title_too_long_opens_the_summary_so_that_nothing_is_cut_off(self, tmp_path: Path) -> None:
        title = "water " * 200
        need = only_need(tmp_path, title=title, text="And more.")
        assert len(need.title) <= 500
        assert need.summary.startswith("water water")
        assert need.summary.endswith("And more.")
        assert need.summary.count("water") == 200


class TestQuantities:
    def test_ranges_money_and_levels_may_be_text(self, tmp_path: Path) -> None:
        line = {
            "id": "c1",
            "title": "Turbine",
            "trl": "TRL 8",
            "price": "USD 1.5 m",
            "operating_envelope": {"power": "5 kW"},
        }
        capability = read_capabilities(written(tmp_path, line), PLACES).records[0]
        assert capability.trl == 8
        assert capability.price is not None
        assert (capability.price.min, capability.price.currency) == (1.5e6, "USD")
        assert capability.operating_envelope is not None

    def test_a_range_of_levels_is_its_lower_bound_with_the_range_noted(self, tmp_path: Path) -> None:
        path = written(tmp_path, {"id": "c1", "title": "Turbine", "trl": "TRL 6-7"})
        found = [f for f in read(path, PLACES, kind="capabilities") if isinstance(f, Accepted)]
        assert isinstance(found[0].profile, Capability)
        assert found[0].profile.trl == 6
        assert found[0].warnings == ("trl: 'TRL 6-7' read as 6, the lower bound",)

    @pytest.mark.parametrize("word", ["N/A", "TBD", "-", "?", "", "tbc"])
    def test_a_word_for_unknown_is_unknown_and_no_reject(self, tmp_path: Path, word: str) -> None:
        need = only_need(tmp_path, trl_min=word, budget=word, places=word, urgency=word)
        assert (need.trl_min, need.budget, need.beneficiary_places, need.urgency) == (None, None, None, None)


class TestRejects:
    def test_a_bad_optional_value_costs_only_itself(self, tmp_path: Path) -> None:
        records, rejects = needs(
            tmp_path, {"id": "n1", "title": "T", "urgency": "very", "budget": "a lot", "trl_min": 12}
        )
        assert [r.id for r in records] == ["n1"]
        assert {(r.column, r.code, r.severity) for r in rejects} == {
            ("urgency", "not_in_list", Severity.FIELD),
            ("budget", "not_money", Severity.FIELD),
            ("trl_min", "out_of_bounds", Severity.FIELD),
        }

    def test_a_bad_item_of_a_list_costs_only_itself_and_never_becomes_stated_none(self, tmp_path: Path) -> None:
        records, rejects = needs(
            tmp_path,
            {"id": "a", "title": "T", "sdg_goals": [6, 99]},
            {"id": "b", "title": "T", "sdg_goals": [99]},
            {"id": "c", "title": "T", "sdg_goals": []},
        )
        assert [r.sdg_goals for r in records] == [(6,), None, ()]
        assert [(r.row, r.column, r.value) for r in rejects] == [(1, "sdg_goals", "99"), (2, "sdg_goals", "99")]

    def test_a_place_that_is_none_is_refused_with_suggestions_and_the_record_kept(self, tmp_path: Path) -> None:
        records, rejects = needs(tmp_path, {"id": "n1", "title": "T", "places": ["Kennya", "Uganda"]})
        assert records[0].beneficiary_places == ("Uganda",)
        assert [(r.code, r.value) for r in rejects] == [("unknown_place", "Kennya")]
        assert "Kenya" in rejects[0].fix

    def test_an_unknown_column_is_reported_once_a_file(self, tmp_path: Path) -> None:
        records, rejects = needs(tmp_path, *({"id": str(n), "title": "T", "metadata": {"n": n}} for n in range(5)))
        assert len(records) == 5
        assert [(r.column, r.code, r.severity) for r in rejects] == [("metadata", "unknown_column", Severity.COLUMN)]

    def test_the_second_record_of_an_id_is_rejected(self, tmp_path: Path) -> None:
        records, rejects = needs(tmp_path, {"id": "n1", "title": "First"}, {"_id": "n1", "title": "Second"})
        assert [r.title for r in records] == ["First"]
        assert [(r.row, r.code) for r in rejects] == [(2, "duplicate_id")]

    def test_every_bad_line_is_named_by_its_number_and_the_good_ones_are_read(self, tmp_path: Path) -> None:
        records, rejects = needs(
            tmp_path,
            b'{"id": "n1", "title": "T"',
            b"[1, 2]",
            b'{"id": "n2", "title": "T", "lead": NaN}',
            b'{"id": "n3", "title": "\xff\xfe"}',
            b'{"title": "no id"}',
            b"",
            {"id": "good", "title": "T"},
        )
        assert [r.id for r in records] == ["good"]
        assert [(r.row, r.code) for r in rejects] == [
            (1, "not_json"),
            (2, "not_an_object"),
            (3, "not_json"),
            (4, "not_utf8"),
            (5, "missing_id"),
        ]

    def test_a_line_too_long_is_refused_without_being_held(self, tmp_path: Path) -> None:
        path = written(tmp_path, {"id": "long", "title": "x" * 5_000}, {"id": "good", "title": "T"})
        found = list(read(path, PLACES, kind="needs", limits=Limits(line_bytes=1_000)))
        assert [f.code if isinstance(f, Reject) else f.profile.id for f in found] == ["line_too_long", "good"]

    def test_a_file_too_large_is_refused_before_it_is_read(self, tmp_path: Path) -> None:
        path = written(tmp_path, {"id": "a", "title": "T"})
        found = list(read(path, PLACES, kind="needs", limits=Limits(file_bytes=5)))
        assert [(f.code, f.severity) for f in found if isinstance(f, Reject)] == [("file_too_large", Severity.FILE)]
        assert len(found) == 1

    def test_a_byte_order_mark_is_no_part_of_the_first_record(self, tmp_path: Path) -> None:
        records, rejects = needs(tmp_path, b'\xef\xbb\xbf{"id": "n1", "title": "T"}')
        assert [r.id for r in records] == ["n1"]
        assert rejects == []

    def test_control_characters_are_taken_out(self, tmp_path: Path) -> None:
        assert only_need(tmp_path, text="salt\x00y wells\x1b").summary == "salty wells"

    def test_a_reject_says_what_to_do(self, tmp_path: Path) -> None:
        _, rejects = needs(tmp_path, {"id": "n1", "title": "T", "urgency": "very", "places": ["Atlantis"]}, b"{", b"[]")
        assert all(r.expected and r.fix and r.file == "needs.jsonl" for r in rejects)


class TestKinds:
    def test_the_file_name_or_each_record_says_its_kind(self, tmp_path: Path) -> None:
        path = written(tmp_path, {"id": "n1", "title": "T"}, {"id": "c1", "title": "T", "kind": "case"})
        found = [f for f in read(path, PLACES) if isinstance(f, Accepted)]
        assert [type(f.profile) for f in found] == [Need, CaseStory]

    def test_a_record_of_another_kind_than_asked_for_is_rejected(self, tmp_path: Path) -> None:
        path = written(tmp_path, {"id": "c1", "title": "T", "kind": "case"})
        assert [r.code for r in read_needs(path, PLACES).rejects] == ["unknown_kind"]

    def test_without_any_kind_the_row_is_rejected(self, tmp_path: Path) -> None:
        path = written(tmp_path, {"id": "c1", "title": "T"}, name="data.jsonl")
        assert [f.code for f in read(path, PLACES) if isinstance(f, Reject)] == ["unknown_kind"]

    @pytest.mark.parametrize(
        ("kind", "record"),
        [
            ("organisations", an_organisation(country="NA", aliases=["A"], languages=[])),
            (
                "capabilities",
                a_capability(
                    trl=6,
                    price="USD 2 m",
                    places_offered=["SIDS", {"name": "Kisumu", "country": "Kenya"}],
                    language="fr",
                    title_en="Small turbines",
                    summary_en="Turbines for villages.",
                    provenance={"summary_en": "inferred"},
                ),
            ),
            (
                "needs",
                a_need(
                    beneficiary_places=["Lao PDR"],
                    site_conditions={"head": "2-5 m"},
                    start_by=date(2027, 1, 1),
                    language="en",
                ),
            ),
            ("mechanisms", a_mechanism(tied_to=["Japan"])),
            ("facilitators", a_programme(services=["training"], places=["World"])),
            ("cases", a_case(places=["Swaziland"], year=2019, language="en")),
        ],
    )
    def test_a_full_record_comes_back_as_it_was(self, tmp_path: Path, kind: str, record: Profile) -> None:
        path = tmp_path / f"{kind}.jsonl"
        path.write_text(record.model_dump_json(exclude_none=True) + "\n")
        assert [f.profile if isinstance(f, Accepted) else f for f in read(path, PLACES)] == [record]

    def test_roles_of_an_inline_organisation_can_be_stated(self, tmp_path: Path) -> None:
        line = {"id": "1", "title": "T", "organisation": {"name": "Hub", "roles": ["facilitator"]}}
        found = list(read(written(tmp_path, line), PLACES, kind="capabilities"))
        assert isinstance(found[0], Accepted)
        assert isinstance(found[0].profile, Organisation)
        assert found[0].profile.roles == ("facilitator",)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


class TestAnything:
    @given(junk=st.binary(max_size=400))
    def test_random_bytes_give_rejects_and_nothing_else(
        self, tmp_path_factory: pytest.TempPathFactory, junk: bytes
    ) -> None:
        path = tmp_path_factory.mktemp("junk") / "needs.jsonl"
        path.write_bytes(junk)
        assert all(isinstance(f, Accepted | Reject) for f in read(path, PLACES))

    @given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
    def test_any_values_in_known_fields_give_records_or_rejects_of_known_codes(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str
    ) -> None:
        names = st.sampled_from([*KINDS[kind].model_fields, "text", "places", "organisation", "classification"])
        record = {"id": "x", "title": "T", **data.draw(st.dictionaries(names, JSON_VALUES, max_size=6))}
        path = tmp_path_factory.mktemp("any") / f"{kind}.jsonl"
        path.write_text(json.dumps(record))
        own = {
            "unknown_place",
            "several_places",
            "not_a_range",
            "not_money",
            "no_currency",
            "range_reversed",
            "unknown_unit",
        }
        for found in read(path, PLACES, kind=kind):
            assert isinstance(found, Accepted) or found.code in own | CODES.keys()


class TestAsPeopleWrite:
    @pytest.mark.parametrize("places", ["Kenya; Uganda", "Kenya, Uganda", "Kenya and Uganda", "KEN|UGA"])
    def test_one_string_of_places_is_split_as_in_a_cell(self, tmp_path: Path, places: str) -> None:
        assert len(only_need(tmp_path, places=places).beneficiary_places or ()) == 2

    def test_a_place_with_a_comma_of_its_own_stays_whole(self, tmp_path: Path) -> None:
        assert only_need(tmp_path, places="Kisumu, Kenya").beneficiary_places == ("Kisumu, Kenya",)

    def test_an_organisation_known_by_its_country_alone_still_places_its_need(self, tmp_path: Path) -> None:
        records, rejects = needs(tmp_path, {"id": "n1", "title": "T", "organisation": {"country": "Kenya"}})
        assert (records[0].beneficiary_places, records[0].owner_organisation_id) == (("Kenya",), "need:n1")
        assert [(r.column, r.code) for r in rejects] == [("organisation", "wrong_type")]

    def test_a_reject_names_the_field_as_it_was_written(self, tmp_path: Path) -> None:
        assert [r.column for r in needs(tmp_path, {"_id": "n1", "title": "T", "places": "Atlantis"})[1]] == ["places"]

    @pytest.mark.parametrize("start", [b"[", b'[{"id": "n1", "title": "T"}]'])
    def test_one_list_of_records_is_refused_as_a_whole(self, tmp_path: Path, start: bytes) -> None:
        records, rejects = needs(tmp_path, start, b'{"id": "n2", "title": "T"}')
        assert records == ()
        assert [(r.code, r.severity) for r in rejects] == [("not_json_lines", Severity.FILE)]


def test_each_bad_value_is_told_once(tmp_path: Path) -> None:
    """A value of a union of types is refused by each of them, and a field's rule may refuse what its type does too."""
    sites = {"power": "5 foo", "head": [1, {}], "flow": {"min": 9, "max": 1, "unit": "m^3/s"}}
    line = {"id": "n", "title": "Wells", "site_conditions": sites, "beneficiary_places": [{"name": "Kisumu"}, 5]}
    (need,), rejects = needs(tmp_path, line | {"budget": {"min": 1, "currency": "dollars"}})
    told = [(reject.column, reject.value) for reject in rejects]
    assert len(told) == len(set(told))
    fields = [*(f"site_conditions.{name}" for name in sites), *["beneficiary_places"] * 2, "budget.currency"]
    assert sorted(column for column, _ in told) == sorted(fields)
    assert {reject.code for reject in rejects if reject.column == "site_conditions.power"} == {"unknown_unit"}
    assert (need.site_conditions, need.beneficiary_places, need.budget) == (None, None, None)

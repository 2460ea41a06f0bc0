"""CSV files as programs and people save them: any delimiter, any encoding, cells of many kinds."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.profiles import Located
from matcher.quantities import Money, Range
from matcher.vocabulary import TransferMode
from service.intake import Limits, Severity
from tests.builders import a_capability, a_need
from tests.service.intake.making import a_csv, capabilities_in, codes, needs_in, organisations_in, results

HEADER = "id,title,summary,beneficiary_places,sdg_goals,trl_min,budget,accepted_modes,complete_by,languages_required\n"


def a_need_row(folder: Path, **cells: str) -> Any:
    names = ["id", "title", "summary", *cells]
    path = folder / "needs.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([names, ["n1", "Clean water", "Wells are salty.", *cells.values()]])
    accepted, rejects = results(path)
    return accepted[0].profile, rejects


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_unicode_is_read_with_or_without_its_mark(self, tmp_path: Path, encoding: str) -> None:
        path = a_csv(tmp_path / "needs.csv", "id,title,summary\nn1,Énergie propre,Pas de réseau à Ségou\n", encoding)
        accepted, rejects = results(path)
        assert needs_in(path)[0].title == "Énergie propre"
        assert (len(accepted), rejects) == (1, [])

    def test_a_legacy_encoding_is_read_and_pointed_out(self, tmp_path: Path) -> None:
        path = a_csv(tmp_path / "needs.csv", "id;title;summary\nn1;Énergie — propre;Coût : 5 €\n", "cp1252")
        assert needs_in(path)[0].title == "Énergie — propre"
        assert [(r.code, r.severity, r.value) for r in results(path)[1]] == [
            ("legacy_encoding", Severity.NOTE, "cp1252")
        ]

    def test_bytes_of_no_other_encoding_are_latin_1(self, tmp_path: Path) -> None:
        path = tmp_path / "needs.csv"
        path.write_bytes(b"id,title,summary\nn1,Caf\xe9 \x81,x y z\n")
        assert results(path)[1][0].value == "latin-1"

    def test_a_profile_can_state_the_encoding(self, tmp_path: Path) -> None:
        profile = tmp_path / "own.toml"
        profile.write_text(
            'name = "own"\ndescription = "Ours."\nencoding = "cp1251"\n[[tables]]\nkind = "needs"\ncanonical = true\n'
        )
        path = a_csv(tmp_path / "list.csv", "id,title,summary\nn1,Чистая вода,Колодцы солёные\n", "cp1251")
        assert needs_in(path, profile=profile)[0].title == "Чистая вода"


class TestDelimiters:
    @pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
    def test_the_delimiter_is_the_one_under_which_the_header_is_known(self, tmp_path: Path, sign: str) -> None:
        lines = [("id", "title", "summary"), ("n1", "Water", '"Wells, deep; salty | dry"')]
        path = a_csv(tmp_path / "needs.csv", "\n".join(sign.join(line) for line in lines))
        assert needs_in(path)[0].summary == "Wells, deep; salty | dry"

    def test_the_separator_line_of_spreadsheets_is_obeyed(self, tmp_path: Path) -> None:
        path = a_csv(tmp_path / "needs.csv", "sep=;\nid;title;summary\nn1;Water;Wells\n")
        accepted, rejects = results(path)
        assert (accepted[0].row, rejects) == (3, [])

    def test_title_rows_above_the_header_are_passed_over(self, tmp_path: Path) -> None:
        text = "Register of needs,,\nName of the office: Hub,,\n,,\nid,title,summary\nn1,Water,Wells\n"
        accepted, rejects = results(a_csv(tmp_path / "needs.csv", text))
        assert (accepted[0].row, rejects) == (5, [])

    def test_a_cell_may_hold_lines_and_quotes(self, tmp_path: Path) -> None:
        path = a_csv(tmp_path / "needs.csv", 'id,title,summary\nn1,Water,"Line one\nsays ""two"""\n')
        assert needs_in(path)[0].summary == 'Line one\nsays "two"'

    def test_a_quote_that_never_closes_ends_the_file_with_a_reject(self, tmp_path: Path) -> None:
        path = a_csv(tmp_path / "needs.csv", 'id,title,summary\nn0,Water,Wells\nn1,Water,"' + "x\n" * 200_000)
        accepted, rejects = results(path)
        assert len(accepted) == 1
        assert [(r.code, r.severity) for r in rejects] == [("broken_quotes", Severity.FILE)]

    def test_an_open_quote_swallows_no_rows_silently(self, tmp_path: Path) -> None:
        """A short file ends before any limit is passed; the reject names the line that the quote opens in."""
        text = 'id,title,summary\nn0,Water,"Two\nlines"\nn1,"Wells,deep\nn2,Pumps,strong\n'
        accepted, rejects = results(a_csv(tmp_path / "needs.csv", text))
        assert [a.profile.id for a in accepted] == ["n0"]
        assert [(r.code, r.value, r.severity) for r in rejects] == [("broken_quotes", "line 4", Severity.FILE)]

    def test_an_open_quote_in_the_first_row_names_no_row_that_is_none(self, tmp_path: Path) -> None:
        (reject,) = results(a_csv(tmp_path / "needs.csv", 'id,title\nn1,"Wells\nn2,Pumps\n'))[1]
        assert (reject.row, reject.value) == (None, "line 2")

    @pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n", '\nn2,Pumps,"strong"'])
    def test_any_end_of_a_whole_file_is_no_open_quote(self, tmp_path: Path, end: str) -> None:
        assert results(a_csv(tmp_path / "needs.csv", f"id,title,summary\nn1,Wells,deep{end}"))[1] == []

    def test_a_file_without_lines_is_refused_without_being_held(self, tmp_path: Path) -> None:
        path = a_csv(tmp_path / "needs.csv", "x" * 50_000)
        assert results(path, limits=Limits(line_bytes=1_000))[1][0].code == "broken_quotes"

    def test_a_file_without_a_known_header_says_what_it_saw(self, tmp_path: Path) -> None:
        rejects = results(a_csv(tmp_path / "needs.csv", "alpha,beta\n1,2\n"))[1]
        assert [(r.code, r.value) for r in rejects] == [("no_header", "alpha | beta")]

    def test_an_empty_file_gives_nothing(self, tmp_path: Path) -> None:
        assert results(a_csv(tmp_path / "needs.csv", "")) == ([], [])


class TestCells:
    @pytest.mark.parametrize(
        "cell", ["Kenya; Uganda", "Kenya\nUganda", "Kenya | Uganda", "Kenya, Uganda", "Kenya and Uganda"]
    )
    def test_places_are_listed_as_people_list_them(self, tmp_path: Path, cell: str) -> None:
        need, rejects = a_need_row(tmp_path, beneficiary_places=cell)
        assert (need.beneficiary_places, rejects) == (("Kenya", "Uganda"), [])

    @pytest.mark.parametrize(
        "cell",
        [
            "Cote d'Ivoire",
            "Lao PDR",
            "Swaziland",
            "Turkiye",
            "DR Congo",
            "Trinidad and Tobago",
            "Korea, Republic of",
            "LDC",
        ],
    )
    def test_a_place_as_people_write_it_stays_one_place(self, tmp_path: Path, cell: str) -> None:
        need, rejects = a_need_row(tmp_path, beneficiary_places=cell)
        assert (need.beneficiary_places, rejects) == ((cell,), [])

    def test_a_part_of_a_country_keeps_its_country(self, tmp_path: Path) -> None:
        need, _ = a_need_row(tmp_path, beneficiary_places="Kisumu, Kenya")
        assert need.beneficiary_places == (Located(name="Kisumu", country="Kenya"),)

    def test_the_code_of_namibia_is_no_missing_value(self, tmp_path: Path) -> None:
        need, _ = a_need_row(tmp_path, beneficiary_places="NA", budget="NA", gap_description="NA")
        assert (need.beneficiary_places, need.budget, need.gap_description) == (("NA",), None, None)

    @pytest.mark.parametrize("cell", ["N/A", "TBD", "-", "n.a.", "?", "", "#N/A", "to be determined"])
    def test_a_word_for_unknown_is_unknown_in_every_column(self, tmp_path: Path, cell: str) -> None:
        need, rejects = a_need_row(
            tmp_path,
            beneficiary_places=cell,
            sdg_goals=cell,
            trl_min=cell,
            budget=cell,
            complete_by=cell,
            accepted_modes=cell,
        )
        stated = (
            need.beneficiary_places,
            need.sdg_goals,
            need.trl_min,
            need.budget,
            need.complete_by,
            need.accepted_modes,
        )
        assert set(stated) == {None}
        assert rejects == []

    def test_none_in_a_list_is_stated_none(self, tmp_path: Path) -> None:
        need, _ = a_need_row(tmp_path, infrastructure_available="none", rejected_modes="None", skills_available="")
        assert (need.infrastructure_available, need.rejected_modes, need.skills_available) == ((), (), None)

    @pytest.mark.parametrize("cell", ["6; 7", "SDG 6; SDG 7", "6, 7", "6 - Clean water\n7 - Energy", "Goal 6 | Goal 7"])
    def test_goals_are_read_out_of_their_names(self, tmp_path: Path, cell: str) -> None:
        assert a_need_row(tmp_path, sdg_goals=cell)[0].sdg_goals == (6, 7)

    @pytest.mark.parametrize(
        "cell", ["2026-11-30", "30/11/2026", "30.11.2026", "30 November 2026", "November 30, 2026"]
    )
    def test_dates_are_read_day_before_month(self, tmp_path: Path, cell: str) -> None:
        assert a_need_row(tmp_path, complete_by=cell)[0].complete_by == date(2026, 11, 30)

    @pytest.mark.parametrize(
        ("cell", "value"), [("yes", True), ("x", True), ("Oui", True), ("no", False), ("0", False)]
    )
    def test_yes_and_no_are_read_in_a_few_languages(self, tmp_path: Path, cell: str, value: bool) -> None:
        assert a_need_row(tmp_path, co_development_ok=cell)[0].co_development_ok is value

    def test_amounts_ranges_and_levels_are_read(self, tmp_path: Path) -> None:
        need, rejects = a_need_row(tmp_path, budget="USD 1.5 m", trl_min="TRL 6-7", **{"site_conditions.power": "5 kW"})
        assert need.budget == Money(min=1.5e6, max=1.5e6, currency="USD")
        assert need.trl_min == 6
        assert need.site_conditions == {"power": Range(min=5, max=5, unit="kW")}
        assert rejects == []

    def test_a_unit_or_currency_in_the_header_counts_for_bare_numbers(self, tmp_path: Path) -> None:
        need, rejects = a_need_row(tmp_path, **{"Budget (USD)": "1500000", "site_conditions.power [kW]": "5"})
        assert need.budget == Money(min=1.5e6, max=1.5e6, currency="USD")
        assert need.site_conditions == {"power": Range(min=5, max=5, unit="kW")}
        assert rejects == []

    def test_words_of_closed_lists_are_understood_as_people_write_them(self, tmp_path: Path) -> None:
        need, rejects = a_need_row(
            tmp_path, accepted_modes="Know-how; Joint venture; open source", languages_required="French; English"
        )
        assert need.accepted_modes == (TransferMode.KNOW_HOW, TransferMode.JOINT_VENTURE, TransferMode.OPEN_LICENCE)
        assert need.languages_required == ("fr", "en")
        assert rejects == []

    @pytest.mark.parametrize(
        ("cell", "share"), [("25%", 0.25), ("12,5 %", 0.125), ("0.25", 0.25), ("100 percent", 1.0)]
    )
    def test_a_share_is_read_with_its_sign_or_without(self, tmp_path: Path, cell: str, share: float) -> None:
        path = a_csv(tmp_path / "mechanisms.csv", f'id,title,summary,Cofinance min\nf1,Fund,Grants,"{cell}"\n')
        (accepted,), rejects = results(path)
        assert (accepted.profile.cofinance_min, rejects) == (share, [])  # type: ignore[union-attr]

    @pytest.mark.parametrize("cell", ["25", "a quarter", "-5%", "120%"])
    def test_what_may_be_no_share_is_refused(self, tmp_path: Path, cell: str) -> None:
        """25 without its sign could be meant either way."""
        path = a_csv(tmp_path / "mechanisms.csv", f"id,title,summary,cofinance_min\nf1,Fund,Grants,{cell}\n")
        (accepted,), (reject,) = results(path)
        assert accepted.profile.cofinance_min is None  # type: ignore[union-attr]
        assert (reject.column, reject.value, reject.code) == ("cofinance_min", cell, "not_a_share")

    def test_a_cell_that_cannot_be_read_is_a_reject_under_its_own_header(self, tmp_path: Path) -> None:
        need, rejects = a_need_row(tmp_path, Deadline="soon", Budget="a lot", TRL="high", Country="Kennya")
        assert need.id == "n1"
        assert {(r.column, r.value, r.code, r.row) for r in rejects} == {
            ("Deadline", "soon", "not_a_date", 2),
            ("Budget", "a lot", "not_money", 2),
            ("TRL", "high", "not_a_trl", 2),
            ("Country", "Kennya", "unknown_place", 2),
        }

    @pytest.mark.parametrize("header", ["complete_by", "Complete by", "complete-by", "deadline"])
    def test_a_value_that_is_refused_is_told_once_under_each_spelling_of_its_header(
        self, tmp_path: Path, header: str
    ) -> None:
        _, rejects = a_need_row(tmp_path, **{header: "soon"})
        assert [(r.column, r.value, r.code) for r in rejects] == [(header, "soon", "not_a_date")]

    def test_an_organisation_in_columns_becomes_a_record(self, tmp_path: Path) -> None:
        path = a_csv(
            tmp_path / "needs.csv",
            "id,title,text,Organisation,Organisation country\nn1,Water,Wells,City of Kisumu,Kenya\n",
        )
        assert [o.name for o in organisations_in(path)] == ["City of Kisumu"]
        assert needs_in(path)[0].owner_organisation_id == "organisation:city-of-kisumu-ken"
        assert needs_in(path)[0].beneficiary_places == ("Kenya",)

    def test_numbers_without_a_header_and_columns_nobody_reads_are_told(self, tmp_path: Path) -> None:
        path = a_csv(tmp_path / "needs.csv", "id,title,summary,colour\nn1,Water,Wells,blue,99\nn2,Light,Lamps,red\n")
        assert sorted((r.code, r.column, r.value) for r in results(path)[1]) == [
            ("unknown_column", "colour", "blue"),
            ("value_without_header", "column 5", "99"),
        ]

    def test_a_header_repeated_on_every_page_is_no_record(self, tmp_path: Path) -> None:
        path = a_csv(tmp_path / "needs.csv", "id,title,summary\nn1,Water,Wells\nID,Title,Summary\nn2,Light,Lamps\n")
        assert [n.id for n in needs_in(path)] == ["n1", "n2"]

    def test_a_cell_too_long_is_refused_and_the_rest_of_the_row_kept(self, tmp_path: Path) -> None:
        path = a_csv(tmp_path / "needs.csv", "id,title,summary\nn1,Water," + "x" * 500 + "\n")
        accepted, rejects = results(path, limits=Limits(cell_characters=100))
        assert (len(accepted), codes(rejects)) == (1, ["cell_too_long"])

    def test_too_many_columns_are_refused(self, tmp_path: Path) -> None:
        path = a_csv(tmp_path / "needs.csv", "id,title\nn1,Water" + ",x" * 50 + "\n")
        assert codes(results(path, limits=Limits(columns=10))[1]) == ["too_many_columns"]


WORDS = (
    st.text(st.sampled_from("abcdefghijklmnop éü"), min_size=4, max_size=20)
    .map(lambda t: " ".join(t.split()))
    .filter(lambda t: len(t) > 4)
)
LISTS = st.lists(WORDS, min_size=1, max_size=3, unique=True)


class TestRoundTrip:
    @given(
        title=WORDS,
        summary=WORDS,
        skills=LISTS,
        goals=st.lists(st.integers(1, 17), min_size=1, unique=True),
        trl=st.integers(1, 9),
    )
    def test_a_need_written_under_our_field_names_is_read_back_equal(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        title: str,
        summary: str,
        skills: list[str],
        goals: list[int],
        trl: int,
    ) -> None:
        need = a_need(
            title=title,
            summary=summary,
            skills_available=skills,
            sdg_goals=goals,
            trl_min=trl,
            beneficiary_places=["Kenya", {"name": "Gao", "country": "Mali"}],
            budget={"min": 1000, "max": 2000, "currency": "EUR"},
            site_conditions={"head": "2-5 m"},
            rejected_modes=[],
            start_by=date(2027, 1, 31),
            language="es",
            title_en="Water",
            summary_en="Wells for the dry season",
            provenance={"summary_en": "inferred"},
        )
        cells = {
            "id": need.id,
            "owner_organisation_id": need.owner_organisation_id,
            "title": title,
            "summary": summary,
            "skills_available": "; ".join(skills),
            "sdg_goals": "; ".join(map(str, goals)),
            "trl_min": str(trl),
            "beneficiary_places": "Kenya; Gao, Mali",
            "budget": "1000-2000 EUR",
            "site_conditions.head": "2-5 m",
            "rejected_modes": "none",
            "start_by": "2027-01-31",
            "language": "Spanish",
            "Title (English)": "Water",
            "summary_en": "Wells for the dry season",
            "provenance.summary_en": "inferred",
        }
        path = tmp_path_factory.mktemp("csv") / "needs.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([list(cells), list(cells.values())])
        assert needs_in(path) == [need]

    def test_a_capability_with_its_groups_is_read_back_equal(self, tmp_path: Path) -> None:
        capability = a_capability(
            trl=7,
            ip={"status": "patented", "terms": ["nonexclusive"], "jurisdictions": ["Kenya"]},
            deployed_in=[{"country": "Kenya", "year": 2019}, {"country": "Mali"}],
            partner_sought={"places": ["SIDS"], "text": "A maker of pumps"},
            training_included=True,
            lead_time_months=6,
            operating_envelope={"grid": ["off_grid", "mini_grid"], "power": "5-10 kW"},
            language="en",
        )
        cells = {
            "language": "en",
            "id": capability.id,
            "organisation_id": capability.organisation_id,
            "title": capability.title,
            "summary": capability.summary,
            "trl": "7",
            "ip.status": "patented",
            "ip.terms": "nonexclusive",
            "ip.jurisdictions": "Kenya",
            "deployed_in": "Kenya 2019; Mali",
            "partner_sought.places": "SIDS",
            "partner_sought.text": "A maker of pumps",
            "training_included": "yes",
            "lead_time_months": "6",
            "operating_envelope.grid": "off_grid; mini_grid",
            "operating_envelope.power": "5-10 kW",
        }
        path = a_csv(tmp_path / "capabilities.csv", f"{','.join(cells)}\n{','.join(cells.values())}\n")
        assert capabilities_in(path) == [capability]

    @given(
        junk=st.binary(max_size=300) | st.text(max_size=200).map(lambda t: ("id,title,summary\n" + t).encode("utf-8"))
    )
    def test_random_bytes_give_rejects_and_nothing_else(
        self, tmp_path_factory: pytest.TempPathFactory, junk: bytes
    ) -> None:
        path = tmp_path_factory.mktemp("junk") / "needs.csv"
        path.write_bytes(junk)
        results(path)


def test_two_columns_of_one_field_are_told_apart(tmp_path: Path) -> None:
    path = a_csv(tmp_path / "needs.csv", "id,title,need,summary\nn1,Water,Salt,Wells\nn2,Light,Light,Lamps\n")
    accepted, rejects = results(path)
    assert [n.title for n in needs_in(path)] == ["Water", "Light"]
    assert [(r.code, r.row, r.column, r.value) for r in rejects] == [("second_column", 2, "need", "Salt")]
    assert len(accepted) == 2

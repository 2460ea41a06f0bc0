"""Mapping profiles: somebody's columns become our fields, debris is refused with a code, nothing leaks."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import BadInput
from matcher.profiles import Capability, Deployment, Need, Organisation
from matcher.vocabulary import IpStatus, Provenance, TransferMode
from service.intake import Severity, load_profile, profile_names
from service.intake.cleaning import cleaned
from tests.service.intake.making import (
    a_csv,
    a_workbook,
    capabilities_in,
    codes,
    needs_in,
    of_type,
    organisations_in,
    results,
)

SHARED = Path(os.environ.get("MATCHER_SHARED_DATA", Path(__file__).parents[4] / "shared" / "data"))


def a_jsonl(folder: Path, *records: dict[str, Any], name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_text("\n".join(json.dumps(record) for record in records))
    return path


def a_profile(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text)
    return path


SOLUTION = {
    "_id": "S1",
    "title": "Low-cost salt filter",
    "text": "Low-cost salt filter A filter of sand and clay that takes salt out of well water in coastal villages.",
    "lang": "en",
    "sdgs": [6],
    "themes": ["drinking water"],
    "country": ["Togo"],
    "year": ["2022"],
    "file": "page.md",
}
PLAN = {
    "_id": "L1",
    "title": "Water for the coast",
    "challenge": "Our challenge is that the wells of the coastal villages are salty and nobody can drink from them.",
    "background": "Sea water has come up to three kilometres inland since 2010.",
    "evidence_quant": "dvf",
    "evidence_qual": "NA",
    "learning_questions": ["How can people drink safely?"],
    "partner_names": ["Water Board"],
    "partner_desc": ["Owns the wells."],
    "tweet": "Salty wells!",
    "country": ["Togo"],
    "sdgs": [6],
    "themes": ["water"],
    "year": ["2023"],
    "lang": "en",
}
PARTNER = {
    "_id": "P1",
    "lp": "L1",
    "name": "1. Water Board of Examples",
    "desc": "Owns the wells.",
    "country": ["Togo"],
    "sdgs": [6],
}


class TestOwnProfiles:
    def test_all_profiles_of_the_project_can_be_loaded_by_name(self) -> None:
        assert {load_profile(name).name for name in profile_names()} == set(profile_names())
        assert {"canonical", "undp-solutions", "undp-plans", "undp-partners"} <= set(profile_names())

    def test_a_profile_of_ones_own_is_a_file(self, tmp_path: Path) -> None:
        profile = a_profile(
            tmp_path,
            """
            name = "own"
            description = "Our register."
            system = "our-register"
            [[tables]]
            kind = "needs"
            sheets = ["Besoins"]
            id_prefix = "reg:"
            where = [{ column = "Statut", values = ["ouvert"] }]
            ignore = ["Colonne interne"]
            [tables.fields]
            id = { from = ["Numéro"] }
            title = { from = ["Intitulé"] }
            summary = { from = ["Problème", "Contexte"], join = "\\n\\n" }
            urgency = { from = ["Urgence"], synonyms = { haute = "high" } }
            [tables.constants]
            confidentiality = "partners"
            """,
        )
        rows = [
            ["Numéro", "Intitulé", "Contexte", "Problème", "Urgence", "Statut", "Colonne interne"],
            ["7", "Eau", "Le contexte.", "Le problème.", "Haute", "Ouvert", "x"],
            ["8", "Sel", "Fermé.", "Fermé.", "basse", "fermé", "x"],
        ]
        path = a_workbook(tmp_path / "registre.xlsx", {"Page": [["rien"]], "Besoins": rows})
        accepted, rejects = results(path, profile=profile)
        need = of_type(Need, accepted)[0]
        assert (need.id, need.summary, need.urgency) == ("reg:7", "Le problème.\n\nLe contexte.", "high")
        assert need.confidentiality == "partners"
        assert need.source is not None
        assert (need.source.system, need.source.source_id) == ("our-register", "7")
        assert sorted(codes(rejects)) == ["not_selected", "sheet_not_read"]

    def test_an_id_can_be_made_of_fields_where_rows_have_none(self, tmp_path: Path) -> None:
        profile = a_profile(
            tmp_path,
            'name = "own"\ndescription = "x"\n[[tables]]\nkind = "needs"\ncanonical = true\nid_from = ["title"]\n',
        )
        path = a_csv(tmp_path / "needs.csv", "title,summary\nClean Water,Wells\n")
        assert [n.id for n in needs_in(path, profile=profile)] == ["clean-water"]

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ('name = "x"', "description"),
            ('name = "x"\ndescription = "x"\n[[tables]]\nkind = "wishes"', "unknown_kind"),
            (
                'name = "x"\ndescription = "x"\n[[tables]]\nkind = "needs"\n[tables.fields]\ncolour = { from = ["c"] }',
                "colour",
            ),
            (
                'name = "x"\ndescription = "x"\n[[tables]]\nkind = "needs"\nclean = {texts=["title"], remove=["("]}',
                "bad_pattern",
            ),
            ("not toml", "bad_profile"),
            (
                'name = "x"\ndescription = "x"\n[[tables]]\nkind = "needs"\n[tables.fields]\nid = { form = ["c"] }',
                r"tables.0.fields.id.from: Field required; see the README for one$",
            ),
        ],
    )
    def test_a_profile_that_is_wrong_says_where(self, tmp_path: Path, text: str, says: str) -> None:
        with pytest.raises(BadInput, match=says):
            load_profile(a_profile(tmp_path, text))

    def test_a_profile_that_is_not_there_names_those_that_are(self) -> None:
        with pytest.raises(BadInput, match="undp-solutions"):
            load_profile("no-such-profile")

    def test_labels_of_cooperation_networks_are_known(self, tmp_path: Path) -> None:
        cells = {
            "POD reference": "T1",
            "Title": "Pump",
            "Short summary": "A pump for deep wells",
            "Stage of development": "Already on the market",
            "IPR status": "Patent(s) granted",
            "Type of partnership considered": "License agreement",
            "Country of origin": "Kenya",
            "Company": "Pump Makers",
        }
        text = f"{';'.join(cells)}\n{';'.join(cells.values())}\n"
        path = a_csv(tmp_path / "list.csv", text)
        accepted, rejects = results(path, profile="enterprise-offers", kind="capabilities")
        offer = of_type(Capability, accepted)[0]
        assert (offer.trl, offer.transfer_modes) == (9, (TransferMode.LICENCE_NONEXCLUSIVE,))
        assert offer.ip is not None
        assert offer.ip.status is IpStatus.PATENTED
        assert [o.country for o in of_type(Organisation, accepted)] == ["Kenya"]
        assert rejects == []


class TestSolutions:
    def test_a_solution_becomes_a_capability(self, tmp_path: Path) -> None:
        accepted, rejects = results(a_jsonl(tmp_path, SOLUTION), profile="undp-solutions")
        offer = of_type(Capability, accepted)[0]
        assert (offer.id, offer.organisation_id) == ("undp-solution:S1", "capability:undp-solution:S1")
        assert offer.summary == "A filter of sand and clay that takes salt out of well water in coastal villages."
        assert (offer.sdg_goals, offer.keywords, offer.language) == ((6,), ("drinking water",), "en")
        assert rejects == []

    def test_where_it_was_seen_is_not_where_it_is_offered(self, tmp_path: Path) -> None:
        offer = capabilities_in(a_jsonl(tmp_path, SOLUTION), profile="undp-solutions")[0]
        assert (offer.places_offered, offer.deployed_in) == (None, (Deployment(country="Togo"),))

    def test_names_and_contacts_of_people_and_notices_of_tools_are_taken_out(self, tmp_path: Path) -> None:
        text = "Salt is taken out with sand. Given Surname - 19-35 Thematic area tags generated using: A Tool. https://example.org"
        text = "Contact <phone> or <email>, Tel. 261-63000. " + text
        offer = capabilities_in(a_jsonl(tmp_path, {**SOLUTION, "text": text}), profile="undp-solutions")[0]
        for noise in ("<", "Surname", "Thematic", "http", "63000"):
            assert noise not in offer.summary
        assert "Salt is taken out with sand." in offer.summary

    @pytest.mark.parametrize(
        ("title", "text", "code"),
        [
            ("sadfsd", "", "placeholder"),
            ("Test", "test", "placeholder"),
            ("FOCUS", "FOCUS https://example.org/?id=1", "too_little_text"),
            ("Solar cooker", "", "too_little_text"),
            ("-", "N/A", "empty_text"),
        ],
    )
    def test_debris_is_refused_with_a_code(self, tmp_path: Path, title: str, text: str, code: str) -> None:
        accepted, rejects = results(
            a_jsonl(tmp_path, {**SOLUTION, "title": title, "text": text}), profile="undp-solutions"
        )
        assert accepted == []
        assert [(r.code, r.severity) for r in rejects] == [(code, Severity.ROW)]

    def test_the_same_texts_twice_are_taken_once(self, tmp_path: Path) -> None:
        path = a_jsonl(tmp_path, SOLUTION, {**SOLUTION, "_id": "S2"})
        accepted, rejects = results(path, profile="undp-solutions")
        assert ([a.profile.id for a in accepted], codes(rejects)) == (["undp-solution:S1"], ["duplicate_text"])

    def test_a_language_nobody_determined_is_counted_and_told_from_the_text(self, tmp_path: Path) -> None:
        accepted, rejects = results(a_jsonl(tmp_path, {**SOLUTION, "lang": "und"}), profile="undp-solutions")
        assert accepted[0].profile.language == "en"
        assert (accepted[0].profile.provenance or {})["language"] is Provenance.INFERRED
        assert [(r.code, r.column, r.value) for r in rejects] == [("not_mapped", "lang", "und")]


class TestPlans:
    def test_a_plan_with_a_challenge_becomes_a_need(self, tmp_path: Path) -> None:
        need = needs_in(a_jsonl(tmp_path, PLAN), profile="undp-plans")[0]
        assert (need.id, need.owner_organisation_id) == ("undp-plan:L1", "need:undp-plan:L1")
        assert need.summary == "the wells of the coastal villages are salty and nobody can drink from them."
        assert need.gap_description == f"{PLAN['background']}\n\nHow can people drink safely?"
        assert need.beneficiary_places == ("Togo",)

    def test_a_plan_without_a_challenge_is_left_and_counted(self, tmp_path: Path) -> None:
        accepted, rejects = results(a_jsonl(tmp_path, {**PLAN, "challenge": ""}), profile="undp-plans")
        assert (accepted, codes(rejects)) == ([], ["not_selected"])

    def test_how_the_form_makes_every_challenge_begin_is_taken_out(self, tmp_path: Path) -> None:
        need = needs_in(a_jsonl(tmp_path, PLAN), profile="undp-plans")[0]
        assert "challenge is" not in need.summary

    def test_the_answer_never_stands_in_the_question(self, tmp_path: Path) -> None:
        need = needs_in(a_jsonl(tmp_path, PLAN), profile="undp-plans")[0]
        written = need.model_dump_json()
        for answer in ("Water Board", "Owns the wells", "Salty wells!"):
            assert answer not in written


class TestPartners:
    def test_a_partner_becomes_an_organisation_without_the_facts_of_its_plan(self, tmp_path: Path) -> None:
        accepted, rejects = results(a_jsonl(tmp_path, PARTNER), profile="undp-partners")
        partner = of_type(Organisation, accepted)[0]
        assert (partner.id, partner.name, partner.country) == ("undp-partner:P1", "Water Board of Examples", None)
        assert "Togo" not in partner.model_dump_json()
        assert rejects == []

    @pytest.mark.parametrize(
        ("name", "code"), [("Banks", "placeholder"), ("We will work with many. " * 20, "too_long")]
    )
    def test_what_is_no_name_is_refused(self, tmp_path: Path, name: str, code: str) -> None:
        assert codes(results(a_jsonl(tmp_path, {**PARTNER, "name": name}), profile="undp-partners")[1]) == [code]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<p>Clean&nbsp;<b>water</b></p>", "Clean water"),
        ("See [the report](https://example.org/x) now", "See the report now"),
        ("Go to www.example.org/page today", "Go to today"),
        ("Write to office@example.org.", "Write to"),
        ("5 < 6 and 7 > 3", "5 < 6 and 7 > 3"),
        ("Tel. +228 22 33 44 55 for more", "for more"),
        ("Pumps: 2020 and 2021", "Pumps: 2020 and 2021"),
        ("first line\n\n\n second line", "first line\n\nsecond line"),
    ],
)
def test_noise_is_taken_out_and_words_stay(text: str, kept: str) -> None:
    assert cleaned(text, ()) == kept


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the shared collection {name} does not lie beside this checkout")
    return path


@pytest.mark.shared
class TestSharedCollections:
    def test_solutions_are_nearly_all_taken_and_the_debris_is_counted(self) -> None:
        accepted, rejects = results(shared("undp_dev/solutions.jsonl"), profile="undp-solutions")
        rows = Counter(r.code for r in rejects if r.severity is Severity.ROW)
        assert len(accepted) > 3_000
        assert len(accepted) + rows.total() == 3_859
        assert rows["too_little_text"] > 50
        assert rows["placeholder"] > 0
        assert {r.code for r in rejects if r.severity is Severity.FIELD} <= {"not_mapped", "unknown_place"}
        offers = of_type(Capability, accepted)
        assert not any(o.places_offered for o in offers)
        assert sum(o.deployed_in is not None for o in offers) > 3_000
        for noise in ("<phone>", "<email>", "Thematic area tags"):
            assert not any(noise in f"{o.title} {o.summary}" for o in offers)

    def test_plans_with_a_challenge_are_needs(self) -> None:
        accepted, rejects = results(shared("undp_dev/learningplans.jsonl"), profile="undp-plans")
        assert len(accepted) > 200
        assert Counter(r.code for r in rejects if r.severity is Severity.ROW)["not_selected"] == 160
        assert all(n.beneficiary_places and n.summary for n in of_type(Need, accepted))

    def test_partners_are_organisations_of_no_country(self) -> None:
        path = shared("undp_dev/partners.jsonl")
        accepted, rejects = results(path, profile="undp-partners")
        assert len(accepted) > 550
        assert {r.code for r in rejects} == {"too_long", "placeholder"}
        assert {o.country for o in organisations_in(path, profile="undp-partners")} == {None}

    def test_dirty_maturity_and_costs_are_read_or_refused_never_guessed(self) -> None:
        accepted, rejects = results(shared("undp_energy_dev/solutions.jsonl"), profile="undp-energy")
        offers = of_type(Capability, accepted)
        assert len(offers) > 85
        assert Counter(o.trl for o in offers if o.trl)[9] >= 8
        assert {"Ready", "fully ready"} <= {r.value for r in rejects if r.code == "not_a_trl"}
        assert {"USD", "BDT", "EGP", "GTQ"} <= {o.price.currency for o in offers if o.price}
        assert {"1500", "1700"} <= {r.value for r in rejects if r.code == "no_currency"}


OFFICE = """
name = "office"
description = "The sheet of an office."
[[tables]]
kind = "needs"
[tables.fields]
id = { from = ["Ref. no."] }
title = { from = ["What is asked"] }
trl_min = { from = ["Least readiness"] }
budget = { from = ["Money"] }
complete_by = { from = ["Done by"] }
"organisation.name" = { from = ["Asked by"] }
"organisation.country" = { from = ["Home"] }
"""
OFFICE_ROWS = (
    ("Ref. no.", "What is asked", "Least readiness", "Money", "Done by", "Asked by", "Home"),
    ("1", "Pumps for wells", "eleven", "USD -5", "whenever", "Water office", "Kenyaland"),
    (None, "Pumps for fields", None, None, None, None, None),
    ("3", None, None, None, None, None, "Kenya"),
    ("1", "Pumps for towns", "6-7", None, None, None, None),
    ("5", "Pumps for farms", "6-7", None, None, None, None),
)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_rejects_name_the_headers_of_the_file_also_of_cells_that_are_empty(tmp_path: Path, form: str) -> None:
    """Who mends a sheet looks for the columns they see in it; what stands in no column keeps our name."""
    if form == "csv":
        path = a_csv(tmp_path / "o.csv", "\n".join(";".join(cell or "" for cell in row) for row in OFFICE_ROWS))
    else:
        path = a_workbook(tmp_path / "o.xlsx", {"Sheet1": OFFICE_ROWS})
    accepted, rejects = results(path, profile=a_profile(tmp_path, OFFICE))
    assert {(r.row, r.column, r.code) for r in rejects} == {
        (2, "Done by", "not_a_date"),
        (2, "Least readiness", "not_a_trl"),
        (2, "Home", "unknown_place"),
        (2, "Money", "out_of_bounds"),
        (2, "Money", "money_empty"),  # without its only amount nothing is left of it
        (3, "Ref. no.", "missing_id"),
        (4, "What is asked", "empty_text"),
        (5, "Ref. no.", "duplicate_id"),
    }
    assert accepted[-1].warnings == ("Least readiness: '6-7' read as 6, the lower bound",)

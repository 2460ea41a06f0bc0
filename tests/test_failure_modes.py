"""Every failure mode the domain is known for, each by its name; the details are tested beside the code."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from embeddings.encoder import HashingEncoder
from matcher.catalogue import build
from matcher.exposure import measure
from matcher.matches import Shortlist
from matcher.matching import Matcher
from matcher.profiles import Capability, Need, Organisation
from matcher.vocabulary import GateName, GateState, Tier
from service.exports.choices import Format, Wanted, What
from service.exports.writing import export
from service.intake import Accepted, Reject, Severity, read, read_needs, write_rejects
from service.intake.rejects import FORMULA_STARTS
from service.reference import load_places
from service.visibility import Visibility
from tests.builders import a_capability, a_need, an_organisation
from tests.service.releases.making import a_match, a_release, a_shortlist

AS_OF = date(2026, 11, 1)
TURBINE = {"title": "Small hydropower turbines", "summary": "Low-head river turbines for village power."}


def shortlist(need: Need, *offers: Capability, organisations: tuple[Organisation, ...] = ()) -> Shortlist:
    places, encoder = load_places(), HashingEncoder()
    known = {one.id: one for one in organisations}
    catalogue = build(sorted(offers, key=lambda one: one.id), known, encoder, places, AS_OF)
    return Matcher(catalogue, encoder, places, AS_OF).match(need, k=20)


def order(found: Shortlist) -> list[str]:
    return [match.capability_id for match in found.matches]


def gate(found: Shortlist, capability: str, name: GateName) -> GateState:
    match = next(match for match in found.matches if match.capability_id == capability)
    return next(one.state for one in match.gates if one.gate is name)


def rows(path: Path, **how: Any) -> list[Accepted | Reject]:
    return list(read(path, load_places(), **how))


def test_a_hub_provider_in_every_list() -> None:
    """Ticking every SDG, sector and country lifts an offer above nothing that is on topic; the metrics show a hub."""
    from matcher.vocabulary import SECTORS

    everything = a_capability(
        "hub",
        title="Solutions for sustainable development",
        summary="We support all sectors and goals worldwide.",
        sdg_goals=list(range(1, 18)),
        sectors=sorted(SECTORS),
        places_offered=["World"],
    )
    plain = a_capability("plain", **TURBINE)
    need = a_need(sdg_goals=[7], sectors=["energy.hydropower"], beneficiary_places=["NPL"], **TURBINE)
    assert order(shortlist(need, everything, plain)) == ["plain", "hub"]
    assert (measure([90, 5, 5], 3).gini or 0) > (measure([34, 33, 33], 3).gini or 1)


def test_an_empty_profile_scoring_high() -> None:
    """A profile that says nothing scores near nothing and covers nothing, however many fields agree by silence."""
    need = a_need(sdg_goals=[7], beneficiary_places=["NPL"], trl_min=7)
    match = shortlist(need, a_capability("empty", title="-", summary="-")).matches[0]
    assert match.score < 0.1
    assert match.coverage == 0
    assert match.tier is Tier.B
    assert GateState.PASS not in {one.state for one in match.gates if one.gate is not GateName.STATE}


def test_kw_against_mw() -> None:
    """5 kW is asked for; a 5 MW plant fails the envelope, a 5,000 W set passes it."""
    need = a_need(site_conditions={"power": "5 kW"}, **TURBINE)
    large = a_capability("large", operating_envelope={"power": "5 MW"}, **TURBINE)
    small = a_capability("small", operating_envelope={"power": "4000-6000 W"}, **TURBINE)
    found = shortlist(need, large, small)
    assert order(found)[0] == "small"
    assert gate(found, "small", GateName.ENVELOPE) is GateState.PASS
    assert "large" not in [match.capability_id for match in found.matches if match.tier is not Tier.C]


def test_negation() -> None:
    """ "No grid needed" and "needs the grid" embed alike; the stated condition decides, not the words."""
    need = a_need(site_conditions={"grid": ["off_grid"]}, summary="A clinic without a grid needs power.", title="Power")
    without = a_capability(
        "without", title="Power set", summary="No grid needed.", operating_envelope={"grid": ["off_grid"]}
    )
    grid = a_capability("grid", title="Power set", summary="Grid needed.", operating_envelope={"grid": ["grid"]})
    found = shortlist(need, without, grid)
    assert order(found)[0] == "without"
    assert "grid" not in [match.capability_id for match in found.matches if match.tier is not Tier.C]


@pytest.fixture(scope="module")
def worded() -> Callable[[str, dict[str, str]], list[str]]:
    """Rank offers that are words alone, among others, with the real model; nothing structured helps."""
    from embeddings.sentence_transformer import SentenceTransformerEncoder

    encoder, places = SentenceTransformerEncoder(), load_places()
    others = [a_capability(f"z{n}", title=title, summary=f"{title} for towns.") for n, title in enumerate(OTHERS)]

    def ranked(asked: str, offers: dict[str, str]) -> list[str]:
        made = [a_capability(name, title=text.partition(".")[0], summary=text) for name, text in offers.items()]
        catalogue = build(sorted((*made, *others), key=lambda one: one.id), {}, encoder, places, AS_OF)
        found = Matcher(catalogue, encoder, places, AS_OF).match(a_need(title=asked, summary=asked), k=20)
        return [name for name in order(found) if name in offers]

    return ranked


OTHERS = (
    "Seed drills",
    "Solar pumps",
    "Hospital beds",
    "Vaccine carriers",
    "Tax advice",
    "Road maps",
    "River turbines",
)


@pytest.mark.model
@pytest.mark.parametrize(
    ("asked", "fits", "other"),
    [
        (
            "5 kW hydropower for a village off grid",
            "Hydropower station. Turnkey, 5 kW, for villages.",
            "Hydropower station. Turnkey, 5 MW, for villages.",
        ),
        (
            "5 kW hydropower for a village off grid",
            "Hydropower station. Turnkey, 4000-6000 W, for villages.",
            "Hydropower station. Turnkey, 500 kW, for villages.",
        ),
        (
            "Cold storage for vaccines in an off-grid clinic",
            "Vaccine refrigerator. Works without grid.",
            "Vaccine refrigerator. Needs grid connection.",
        ),
        (
            "A pump that works without electricity",
            "Farm pump. No electricity needed.",
            "Farm pump. Electricity needed.",
        ),
        (
            "Un r\u00e9frig\u00e9rateur \u00e0 vaccins pour un dispensaire sans r\u00e9seau",
            "R\u00e9frig\u00e9rateur \u00e0 vaccins. Fonctionne hors r\u00e9seau.",
            "R\u00e9frig\u00e9rateur \u00e0 vaccins. Raccordement au r\u00e9seau n\u00e9cessaire.",
        ),
        (
            "Clean water for a clinic, 200 litres of water a day",
            "Water purifier. 200 L/day.",
            "Water purifier. 200 m3/day.",
        ),
        (
            "Training for the fishers of the Kafue flats",
            "Training of fishers. On the Kafue flats.",
            "Training of fishers. On the Kilombero flats.",
        ),
    ],
)
def test_numbers_negations_and_names_that_only_the_words_tell(
    worded: Callable[[str, dict[str, str]], list[str]], asked: str, fits: str, other: str
) -> None:
    """Where sentence vectors are blind, the words decide, whichever of the two offers has the lower id."""
    assert worded(asked, {"a": fits, "b": other}) == ["a", "b"]
    assert worded(asked, {"b": fits, "a": other}) == ["b", "a"]


def test_two_sellers_paired() -> None:
    """A need whose owner is recorded as nothing but a provider may be an advert: every pair and the list ask first."""
    offer = a_capability("offer", trl=9, places_offered=["NPL"], transfer_modes=["sale"], **TURBINE)
    asked: dict[str, Any] = {"trl_min": 7, "beneficiary_places": ["NPL"], "accepted_modes": ["sale"], **TURBINE}
    need = a_need(owner_organisation_id="maker", **asked)
    found = shortlist(need, offer, organisations=(an_organisation("maker", roles=["provider"]),))
    match = found.matches[0]
    assert gate(found, "offer", GateName.STATE) is GateState.UNKNOWN
    assert match.tier is not Tier.A
    assert (match.open_questions[0].about, match.open_questions[0].ask) == ("roles", "need_owner")
    assert any("maker" in note and "offer" in note for note in found.notes)


@pytest.mark.parametrize(
    "facts",
    [
        {"roles": ["provider", "need_owner"]},
        {"roles": ["facilitator"]},
        {"roles": ["provider"], "provenance": {"roles": "inferred"}},
        None,
    ],
)
def test_who_may_well_ask_is_not_taken_for_a_seller(facts: dict[str, Any] | None) -> None:
    """A provider that also needs, a facilitator that asks for a town, and an owner of unknown roles are not doubted."""
    known = (an_organisation("maker", **facts),) if facts else ()
    found = shortlist(a_need(owner_organisation_id="maker", **TURBINE), a_capability("offer"), organisations=known)
    assert gate(found, "offer", GateName.STATE) is GateState.PASS
    assert not any("maker" in note for note in found.notes)


def test_a_provider_known_by_its_offers_alone_may_ask(tmp_path: Path) -> None:
    """Standing beside an offer in a file tells one role of an organisation, not that it has no other."""
    path = tmp_path / "capabilities.jsonl"
    path.write_text(json.dumps({"id": "c", "title": "Pumps", "organisation": {"name": "Maker", "country": "KEN"}}))
    maker = next(row.profile for row in rows(path) if isinstance(row, Accepted) and row.kind == "organisations")
    assert isinstance(maker, Organisation)
    found = shortlist(a_need(owner_organisation_id=maker.id), a_capability("offer"), organisations=(maker,))
    assert gate(found, "offer", GateName.STATE) is GateState.PASS


def test_an_offer_in_a_file_of_needs(tmp_path: Path) -> None:
    """An offer that strays into a file of needs is not taken for a demand: its offer fields are refused by name."""
    path = tmp_path / "needs.jsonl"
    offer = {"id": "x", "title": "Pumps", "text": "We sell pumps.", "price": "USD 5", "transfer_modes": ["sale"]}
    path.write_text(json.dumps(offer) + "\n")
    refused = {reject.column for reject in read_needs(path, load_places()).rejects}
    assert {"price", "transfer_modes"} <= refused


def test_a_stale_partner_first() -> None:
    """Of two alike, the provider that was heard of lately stands first; an expired offer does not stand at all."""
    fresh, stale = (
        an_organisation(name, activity_status=state) for name, state in (("b", "active"), ("a", "inactive"))
    )
    offers = [
        a_capability("cap-b", organisation_id="b", updated_at=date(2026, 9, 1), **TURBINE),
        a_capability("cap-a", organisation_id="a", updated_at=date(2015, 9, 1), **TURBINE),
        a_capability("cap-0", valid_until=date(2024, 1, 1), **TURBINE),
    ]
    assert order(shortlist(a_need(**TURBINE), *offers, organisations=(fresh, stale))) == ["cap-b", "cap-a"]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Cote d'Ivoire", "CIV"),
        ("Lao PDR", "LAO"),
        ("Swaziland", "SWZ"),
        ("Turkiye", "TUR"),
        ("DR Congo", "COD"),
        ("NA", "NAM"),
    ],
)
def test_countries_as_people_write_them(written: str, code: str) -> None:
    """Old names, short names, no accents, and Namibia's code, which tables love to read as missing."""
    assert load_places().resolve(written, AS_OF) == {code}


def test_namibias_code_in_a_table_is_namibia(tmp_path: Path) -> None:
    """A cell "NA" in a column of places is a country; in any other column it is not available."""
    path = tmp_path / "needs.csv"
    path.write_text("id,title,summary,beneficiary_places,urgency\nn1,Water,Clean water for towns,NA,NA\n")
    need = next(row.profile for row in rows(path, kind="needs") if isinstance(row, Accepted))
    assert isinstance(need, Need)
    assert need.beneficiary_places == ("NA",)
    assert need.urgency is None


def test_the_same_organisation_twice() -> None:
    """Nobody is introduced to themselves: a need is never paired with its owner's own offer."""
    need = a_need(owner_organisation_id="city", **TURBINE)
    own, other = a_capability("own", organisation_id="city", **TURBINE), a_capability("other", **TURBINE)
    assert order(shortlist(need, own, other)) == ["other"]


def test_currency_and_price_year_mismatch() -> None:
    """Amounts in two currencies are never compared one to one; of different years they are, and both years are said."""
    need = a_need(budget="USD 1000 (2026)", financing_state="none", **TURBINE)
    yuan = a_capability("cny", price="CNY 90000 (2019)", **TURBINE)
    dear = a_capability("dear", price="USD 90000 (2019)", **TURBINE)
    cheap = a_capability("cheap", price="USD 900 (2019)", **TURBINE)
    same = a_capability("same", price="USD 900 (2026)", **TURBINE)
    found = shortlist(need, yuan, dear, cheap, same)
    assert gate(found, "cny", GateName.BUDGET) is GateState.UNKNOWN
    assert "dear" not in [match.capability_id for match in found.matches if match.tier is not Tier.C]
    said = {str(m.capability_id): next(g.detail for g in m.gates if g.gate is GateName.BUDGET) for m in found.matches}
    assert gate(found, "cheap", GateName.BUDGET) is gate(found, "same", GateName.BUDGET) is GateState.PASS
    assert "2019" in said["cheap"]
    assert "price years" in said["cheap"]
    assert "price years" not in said["same"]


def test_one_need_with_ten_countries() -> None:
    """One country served is enough to be eligible, and the share that is covered is said."""
    ten = ["BEN", "BFA", "CIV", "GHA", "GIN", "MLI", "NER", "NGA", "SEN", "TGO"]
    found = shortlist(a_need(beneficiary_places=ten, **TURBINE), a_capability("c", places_offered=["GHA"], **TURBINE))
    detail = next(one.detail for one in found.matches[0].gates if one.gate is GateName.PLACE)
    assert found.eligible == 1
    assert "1 of 10 countries (10 %)" in detail


def test_a_spreadsheet_as_people_keep_it(tmp_path: Path) -> None:
    """Title rows, merged cells, "N/A", "TBD" and "USD 1.5 m" are read for what they mean."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Needs of the river cities, second quarter"])
    sheet.append([])
    sheet.append(["id", "title", "summary", "beneficiary_places", "budget", "trl_min"])
    sheet.append(["n1", "Water works", "Clean water for two towns", "Kenya; Uganda", "USD 1.5 m", "TRL 6-7"])
    sheet.append(["n2", "Street lights", "Lights for the old market", None, "TBD", "N/A"])
    sheet.merge_cells("D4:D5")
    path = tmp_path / "needs.xlsx"
    book.save(path)
    one, two = (row.profile for row in rows(path, kind="needs") if isinstance(row, Accepted))
    assert isinstance(one, Need)
    assert isinstance(two, Need)
    assert one.budget is not None
    assert (one.budget.max, one.budget.currency, one.trl_min) == (1_500_000, "USD", 6)
    assert one.beneficiary_places == two.beneficiary_places == ("Kenya", "Uganda")
    assert (two.budget, two.trl_min) == (None, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_mixed_encodings(tmp_path: Path, encoding: str) -> None:
    """A table comes through whole, whatever the office suite that wrote it."""
    path = tmp_path / "needs.csv"
    path.write_text("id,title,summary\nn1,Énergie,Électricité pour les écoles du village\n", encoding=encoding)
    need = next(row.profile for row in rows(path, kind="needs") if isinstance(row, Accepted))
    assert isinstance(need, Need)
    assert (need.title, need.summary) == ("Énergie", "Électricité pour les écoles du village")


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_in_exported_cells(tmp_path: Path, formula: str) -> None:
    """Text that a spreadsheet would run is text in an exported table, and in the table of rejects in both forms."""
    match = a_match("need-1", "cap-1", summary=formula, capability_title=formula)
    release = a_release(tmp_path / "releases", a_shortlist("need-1", match))
    out = tmp_path / "matches.csv"
    export(release, Visibility(), out, Wanted(What.MATCHES, Format.CSV))
    with out.open(encoding="utf-8", newline="") as table:
        (row,) = csv.DictReader(table)
    assert (row["summary"], row["capability_title"]) == (f"'{formula}", f"'{formula}")
    assert not [cell for cell in row.values() if cell.startswith(FORMULA_STARTS) and not _is_number(cell)]

    needs = tmp_path / "needs.jsonl"
    needs.write_text(json.dumps({"id": "n", "title": "Water", "urgency": formula}) + "\n")
    refused = [row for row in rows(needs) if isinstance(row, Reject)]
    assert refused
    write_rejects(tmp_path / "rejects.csv", refused)
    write_rejects(tmp_path / "rejects.xlsx", refused)
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as table:
        assert next(csv.DictReader(table))["value"] == f"'{formula}"
    sheet = openpyxl.load_workbook(tmp_path / "rejects.xlsx").active
    assert sheet is not None
    assert {cell.data_type for line in sheet.iter_rows() for cell in line} <= {"s", "n", "inlineStr"}  # "f": a formula


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_xml_entities_are_refused(tmp_path: Path) -> None:
    """A file that defines entities is not read at all, and the reason is said."""
    path = tmp_path / "activities.xml"
    path.write_text('<!DOCTYPE x [<!ENTITY a "aaaa">]><iati-activities version="2.03">&a;</iati-activities>')
    (found,) = rows(path)
    assert isinstance(found, Reject)
    assert (found.code, found.severity) == ("xml_entities", Severity.FILE)


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    """A workbook that would unpack to far more than it weighs is not opened, and the reason is said."""
    path = tmp_path / "needs.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 200_000_000)
    (found,) = rows(path, kind="needs")
    assert isinstance(found, Reject)
    assert (found.code, found.severity) == ("zip_bomb", Severity.FILE)

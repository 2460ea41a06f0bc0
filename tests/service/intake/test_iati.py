"""IATI activities: what was done, who did it and who paid, out of a small file of our own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.profiles import CaseStory, FundingMechanism, Organisation
from matcher.quantities import Money
from matcher.vocabulary import OrganisationType, Provenance, Role, TiedStatus, TransferMode
from service.intake import Severity
from tests.service.intake.making import codes, of_type, results


def an_activity(inside: str = "", status: str = "2", identifier: str = "XX-1") -> str:
    return f"""
    <iati-activity xml:lang="en" default-currency="EUR" last-updated-datetime="2026-01-02T00:00:00Z">
      <iati-identifier>{identifier}</iati-identifier>
      <reporting-org ref="XX-AGENCY" type="10"><narrative>Agency of Examples</narrative></reporting-org>
      <title><narrative>Solar pumps for dry farms</narrative><narrative xml:lang="fr">Pompes</narrative></title>
      <description><narrative>Pumps were &lt;b&gt;put in&lt;/b&gt; and people trained.</narrative></description>
      <activity-status code="{status}"/>
      {inside}
    </iati-activity>"""


FULL = """
  <participating-org role="1" ref="XX-FUND" type="60"><narrative>Fund of Examples</narrative></participating-org>
  <participating-org role="2" type="10"><narrative>Ministry of Wells</narrative></participating-org>
  <participating-org role="3" ref="XX-AGENCY" type="10"><narrative>Agency of Examples</narrative></participating-org>
  <participating-org role="4" ref="XX-MAKER" type="70"><narrative>Pump Makers</narrative></participating-org>
  <activity-date type="1" iso-date="2018-05-01"/><activity-date type="2" iso-date="2019-02-01"/>
  <recipient-country code="NA" percentage="60"/><recipient-country code="KE" percentage="40"/>
  <sector vocabulary="1" code="31140"/><sector vocabulary="1" code="23230"/><sector vocabulary="7" code="6"/>
  <tag vocabulary="3" code="7.2"/>
  <default-aid-type code="D02"/><default-tied-status code="5"/><default-finance-type code="110"/>
  <budget><value currency="USD">1000</value></budget><budget><value currency="USD">500</value></budget>
  <document-link url="https://example.org/report.pdf"/>"""


def a_file(folder: Path, *activities: str, opening: str = "", version: str = "2.03") -> Path:
    path = folder / "activities.xml"
    inside = "".join(activities)
    path.write_text(f'<?xml version="1.0"?>{opening}<iati-activities version="{version}">{inside}</iati-activities>')
    return path


def the_case(folder: Path, inside: str) -> CaseStory:
    return of_type(CaseStory, results(a_file(folder, an_activity(inside)))[0])[0]


def test_an_activity_becomes_a_case_story(tmp_path: Path) -> None:
    case = the_case(tmp_path, FULL)
    assert (case.id, case.title) == ("iati:XX-1", "Solar pumps for dry farms")
    assert case.summary == "Pumps were put in and people trained."
    assert case.places == ("NA", "KE")
    assert case.sectors == ("agriculture.irrigation", "energy.solar")
    assert case.sdg_goals == (6, 7)
    assert (case.year, case.mode) == (2019, TransferMode.TECHNICAL_COOPERATION)
    assert (case.provider_id, case.recipient_id) == ("iati-org:XX-MAKER", "iati-org:ministry-of-wells")
    assert case.evidence_url == "https://example.org/report.pdf"
    assert case.source is not None
    assert case.source.source_id == "XX-1"


def test_everybody_named_becomes_an_organisation_with_all_its_roles(tmp_path: Path) -> None:
    path = a_file(tmp_path, an_activity(FULL), an_activity(FULL.replace('role="4"', 'role="3"'), identifier="XX-2"))
    found = {o.name: (o.org_type, o.roles) for o in of_type(Organisation, results(path)[0])}
    assert found == {
        "Agency of Examples": (OrganisationType.GOVERNMENT, (Role.FACILITATOR,)),
        "Fund of Examples": (OrganisationType.FOUNDATION, (Role.FUNDER,)),
        "Ministry of Wells": (OrganisationType.GOVERNMENT, (Role.NEED_OWNER,)),
        "Pump Makers": (OrganisationType.PRIVATE_SECTOR, (Role.PROVIDER, Role.FACILITATOR)),
    }


def test_who_paid_alone_is_a_hint_of_funding_marked_as_inferred(tmp_path: Path) -> None:
    dearer = FULL.replace(">1000<", ">9500<")
    path = a_file(tmp_path, an_activity(FULL), an_activity(dearer, identifier="XX-2"))
    hints = of_type(FundingMechanism, results(path)[0])
    assert [(h.organisation_id, h.ticket) for h in hints] == [
        ("iati-org:XX-FUND", Money(min=1500, max=10000, currency="USD"))
    ]
    assert (hints[0].tied_status, hints[0].finance_types) == (TiedStatus.UNTIED, ("110",))
    assert hints[0].eligible_places is None
    assert (hints[0].provenance or {})["ticket"] is Provenance.INFERRED


@pytest.mark.parametrize(
    "inside",
    [
        FULL.replace("<budget>", "<planned>").replace("</budget>", "</planned>"),
        FULL + '<participating-org role="1" ref="XX-OTHER"><narrative>Another fund</narrative></participating-org>',
        FULL.replace('currency="USD">500', 'currency="EUR">500'),
    ],
    ids=["no amount", "two funders", "two currencies"],
)
def test_without_one_funder_and_one_amount_there_is_no_hint(tmp_path: Path, inside: str) -> None:
    assert of_type(FundingMechanism, results(a_file(tmp_path, an_activity(inside)))[0]) == []


def test_commitments_count_where_there_is_no_budget(tmp_path: Path) -> None:
    inside = '<participating-org role="1" ref="F"><narrative>Fund</narrative></participating-org>'
    inside += '<transaction><transaction-type code="2"/><value>700</value></transaction>'
    inside += '<transaction><transaction-type code="3"/><value>300</value></transaction>'
    hints = of_type(FundingMechanism, results(a_file(tmp_path, an_activity(inside)))[0])
    assert [h.ticket for h in hints] == [Money(min=700, max=700, currency="EUR")]


@pytest.mark.parametrize("status", ["1", "5", "6", ""])
def test_what_was_not_done_is_no_case(tmp_path: Path, status: str) -> None:
    accepted, rejects = results(a_file(tmp_path, an_activity(FULL, status=status)))
    assert accepted == []
    assert [(r.code, r.row, r.severity) for r in rejects] == [("not_selected", 1, Severity.ROW)]


def test_codes_of_no_list_of_ours_are_told(tmp_path: Path) -> None:
    path = a_file(tmp_path, an_activity('<sector vocabulary="1" code="99810"/><recipient-region code="298"/>'))
    assert sorted((r.code, r.column, r.value) for r in results(path)[1]) == [
        ("not_in_list", "sector", "99810"),
        ("unknown_place", "recipient-region", "298"),
    ]


def test_an_activity_reported_twice_counts_once(tmp_path: Path) -> None:
    accepted, rejects = results(a_file(tmp_path, an_activity(), an_activity()))
    assert len(of_type(CaseStory, accepted)) == 1
    assert [(r.code, r.row) for r in rejects] == [("duplicate_id", 2)]


def test_entities_are_refused(tmp_path: Path) -> None:
    opening = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    accepted, rejects = results(a_file(tmp_path, an_activity("&b;"), opening=opening))
    assert (accepted, codes(rejects)) == ([], ["xml_entities"])


def test_an_external_file_is_never_fetched(tmp_path: Path) -> None:
    opening = f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{tmp_path}/activities.xml">]>'
    assert codes(results(a_file(tmp_path, an_activity("&a;"), opening=opening))[1]) == ["xml_entities"]


def test_another_version_or_another_xml_says_what_to_do(tmp_path: Path) -> None:
    assert [(r.code, r.fix) for r in results(a_file(tmp_path, version="1.05"))[1]] == [
        ("unknown_format", "convert it to 2.03")
    ]
    path = tmp_path / "other.xml"
    path.write_text("<html><body/></html>")
    assert codes(results(path)[1]) == ["unknown_format"]


def test_a_file_cut_off_keeps_what_was_whole(tmp_path: Path) -> None:
    path = a_file(tmp_path, an_activity(), an_activity(identifier="XX-2"))
    path.write_text(path.read_text()[:-400])
    accepted, rejects = results(path)
    assert [c.id for c in of_type(CaseStory, accepted)] == ["iati:XX-1"]
    assert [o.name for o in of_type(Organisation, accepted)] == ["Agency of Examples"]
    assert codes(rejects) == ["not_xml"]


@settings(max_examples=60)
@given(junk=st.text(max_size=120))
def test_any_text_inside_gives_records_or_rejects(tmp_path_factory: pytest.TempPathFactory, junk: str) -> None:
    path = tmp_path_factory.mktemp("iati") / "activities.xml"
    path.write_bytes(
        f'<iati-activities version="2.03">{an_activity(junk)}</iati-activities>'.encode("utf-8", "replace")
    )
    results(path)

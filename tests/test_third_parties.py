"""The sample's facilitators and funders beside its pairs; each named here was checked by reading the records."""

from functools import cache

import pytest

from embeddings.encoder import HashingEncoder
from matcher import catalogue
from matcher.matches import Match
from matcher.matching import Matcher
from matcher.thirds import ThirdParties
from matcher.vocabulary import Cooperation, GateName, GateState
from service.reference import load_places
from tests.sample_records import AS_OF, the_sample


@cache
def everything() -> tuple[Match, ...]:
    """Every pair of the sample that is eligible or near, explained; which ones does not depend on the encoder."""
    sample, places, encoder = the_sample(), load_places(), HashingEncoder()
    known = {one.id: one for one in sample.organisations}
    offers = sorted(sample.capabilities, key=lambda offer: offer.id)
    searched = catalogue.build(offers, known, encoder, places, AS_OF)
    thirds = ThirdParties.of(sample.facilitators, sample.mechanisms, known, places, AS_OF)
    matcher = Matcher(searched, encoder, places, AS_OF, thirds=thirds)
    return tuple(match for shortlist in matcher.match_all(sample.needs, 200) for match in shortlist.matches)


def the_match(need: str, offer: str) -> Match:
    return next(one for one in everything() if (one.need_id, one.capability_id) == (need, offer))


def test_a_mission_hospital_in_malawi_has_its_corridor_bank_and_its_grant() -> None:
    """Harambee Hydro is in the network of the eastern African bank. The grants are for least developed countries, take
    a trust (a national NGO) at any time and start under its USD 190,000; for which sectors, they do not say. The
    loans start eight times above that, are for public bodies and ask for another letter: no near miss.
    """
    match = the_match("need-mwi-mission-hydro", "cap-crossflow-microhydro")
    assert (match.facilitators[0].id, match.via) == ("fac-corridor-bank", "fac-corridor-bank")
    assert match.facilitators[0].state is GateState.PASS
    assert [party.id for party in match.funders] == ["fund-commons-grants"]
    assert match.funders[0].not_known == ("sector",)
    assert match.cooperation is Cooperation.SOUTH_SOUTH  # the bank is Kenyan: no third of another kind


def test_an_atoll_has_its_desk_and_the_island_grants() -> None:
    """Tuvalu is a small island state and its cabinet committee has endorsed: the grants ask for just that."""
    match = the_match("need-tuv-diesel-off", "cap-island-battery")
    assert match.facilitators[0].id == match.via == "fac-moana-desk"
    assert {party.id for party in match.funders} == {"fund-commons-loans", "fund-lagoon-grants"}
    assert all(party.not_known == ("ticket",) for party in match.funders)  # a budget in EUR, tickets in USD


def test_a_facilitator_bridges_english_and_french_for_haiti() -> None:
    match = the_match("need-hti-chlore", "cap-electrochlorine")
    language = next(gate for gate in match.gates if gate.gate is GateName.LANGUAGE)
    assert (language.state, language.detail) == (GateState.PASS, "Moana Technology Desk bridges English and French")
    assert "fac-moana-desk" in {party.id for party in match.facilitators}


def test_tied_money_stands_beside_no_provider_of_another_country() -> None:
    homes = {one.id: one.country for one in the_sample().organisations}
    for match in everything():
        for party in match.funders:
            tied = {"fund-fjord-buyer-credit": "NOR", "fund-sunrise-tied": "JPN"}.get(party.id)
            assert tied is None or homes[match.organisation_id] in {tied, None}, (match.need_id, match.capability_id)


@pytest.mark.parametrize("fund", ["fund-covid-recovery-closed", "fund-cordillera", "fund-thin-seed"])
def test_what_is_closed_or_says_nothing_stands_beside_nobody(fund: str) -> None:
    """Expired; a call that closed on 30 June 2026; a title and nothing else."""
    assert not [match for match in everything() if fund in {party.id for party in match.funders}]


def test_every_match_has_a_third_party_of_each_kind_or_says_why_not() -> None:
    for match in everything():
        for kind, parties in (("facilitator", match.facilitators), ("funder", match.funders)):
            fits = any(party.state is not GateState.FAIL for party in parties)
            assert fits != any(note.startswith(f"No {kind} ") for note in match.third_notes)


def test_every_match_has_its_readiness_and_its_next_step() -> None:
    mailboxes = {one.id: one.contact_channel for one in the_sample().organisations}
    for match in everything():
        assert match.readiness is not None
        assert match.next_step is not None
        assert match.next_step.channel == mailboxes.get(match.next_step.organisation_id)
        assert match.next_step.ask
        assert match.next_step.route


def test_no_draft_to_a_provider_speaks_of_a_confidential_need() -> None:
    hidden = {need.id: need for need in the_sample().needs if need.confidentiality != "public"}
    drafts = [
        (hidden[match.need_id], match.next_step.draft)
        for match in everything()
        if match.need_id in hidden and match.next_step and match.next_step.whom == "provider"
    ]
    assert drafts
    assert not [need.id for need, draft in drafts if need.title in draft or need.summary[:40] in draft]

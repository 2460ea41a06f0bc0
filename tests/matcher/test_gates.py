"""The gates: worked by hand, one failure mode a test, and equal to a plain reading of the rules for every pair."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.asked import Asked, Bridge, Pair
from matcher.columns import Columns
from matcher.errors import BadInput
from matcher.gates import DEFAULT, GATES, GatePolicy, allowed, explain, judge, passed
from matcher.matches import Gate
from matcher.money import Rates
from matcher.profiles import Capability, Need, Organisation
from matcher.vocabulary import GateMode, GateName, GateState
from tests.builders import a_capability, a_need, an_organisation
from tests.matcher import reference
from tests.matcher.small_world import AS_OF, a_place_book
from tests.matcher.strategies import capabilities, needs, organisations

BOOK = a_place_book()
BRIDGE = Bridge("fac-1", "a facilitator bridges fr and sw")
PASS, FAIL, UNKNOWN = GateState.PASS, GateState.FAIL, GateState.UNKNOWN


def judged(
    need: Need,
    capability: Capability,
    *known: Organisation,
    policy: GatePolicy = DEFAULT,
    bridged: tuple[str, ...] = (),
) -> dict[GateName, Gate]:
    by_id = {each.id: each for each in known}
    columns = Columns.build([capability], by_id, BOOK, AS_OF)
    asked = Asked.of(need, by_id, columns, BOOK, bridged=dict.fromkeys(bridged, BRIDGE))
    pair = Pair(asked, columns, 0, capability, by_id.get(capability.organisation_id))
    return {gate.gate: gate for gate in explain(pair, judge(asked, columns, policy)[:, 0], policy)}


def only(gate: str, need: dict[str, Any], offer: dict[str, Any], **more: Any) -> Gate:
    return judged(a_need(**need), a_capability(**offer), **more)[GateName(gate)]


@settings(max_examples=60, deadline=None)
@given(needs(), st.lists(capabilities(), min_size=1, max_size=6), organisations(), st.sampled_from([(), ("fr",)]))
def test_the_arrays_say_what_a_plain_reading_of_the_rules_says(
    need: Need, offers: list[Capability], known: dict[str, Organisation], bridged: tuple[str, ...]
) -> None:
    """Every gate of every pair equals the per-pair reference; and each has a sentence."""
    columns = Columns.build(offers, known, BOOK, AS_OF)
    asked = Asked.of(need, known, columns, BOOK, bridged=dict.fromkeys(bridged, BRIDGE))
    table = judge(asked, columns)
    for row, offer in enumerate(offers):
        pair = Pair(asked, columns, row, offer, known.get(offer.organisation_id))
        said = explain(pair, table[:, row], DEFAULT)
        expected = reference.states(need, offer, known, BOOK, bridged)
        assert {gate.gate: gate.state for gate in said} == expected
        assert all(gate.detail for gate in said)


@settings(max_examples=30, deadline=None)
@given(needs(), st.lists(capabilities(), min_size=2, max_size=6), organisations(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(
    need: Need, offers: list[Capability], known: dict[str, Organisation], draw: Any
) -> None:
    """Permuted capabilities have permuted columns."""
    order = draw.sample(range(len(offers)), len(offers))
    tables = []
    for rows in (offers, [offers[at] for at in order]):
        columns = Columns.build(rows, known, BOOK, AS_OF)
        tables.append(judge(Asked.of(need, known, columns, BOOK), columns))
    assert (tables[0][:, order] == tables[1]).all()


def test_an_empty_profile_passes_nothing_but_its_state() -> None:
    """Missing data is unknown on every gate, never agreement."""
    need = a_need(
        beneficiary_places=["KEN"], accepted_modes=["sale"], trl_min=1, site_conditions={"power": "5 kW"},
        ip_requirements=["open"], budget="USD 5", complete_by=date(2028, 1, 1), languages_required=["en"],
    )  # fmt: skip
    states = {name: gate.state for name, gate in judged(need, a_capability()).items()}
    assert states.pop(GateName.STATE) is PASS
    assert set(states.values()) == {UNKNOWN}


# -- state ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["draft", "in_review", "expired", "withdrawn"])
@pytest.mark.parametrize("side", ["need", "offer"])
def test_only_published_records_are_paired(side: str, state: str) -> None:
    """A record that is not published fails on either side, and the sentence names the side and the state."""
    facts: dict[str, dict[str, Any]] = {"need": {}, "offer": {}, side: {"review_state": state}}
    gate = only("state", facts["need"], facts["offer"])
    assert gate.state is FAIL
    assert gate.detail == f"the {side} is {state.replace('_', ' ')}"


def test_a_record_past_its_validity_fails() -> None:
    """The last day of validity still counts; the day after does not."""
    assert only("state", {}, {"valid_until": AS_OF}).state is PASS
    gate = only("state", {}, {"valid_until": date(2026, 10, 31)})
    assert (gate.state, gate.detail) == (FAIL, "the offer was valid until 2026-10-31")


def test_an_organisation_is_not_paired_with_itself() -> None:
    """Both sides state the same organisation: fails."""
    gate = only("state", {"owner_organisation_id": "org-1"}, {"organisation_id": "org-1"})
    assert gate.state is FAIL
    assert "same organisation" in gate.detail


def test_ids_given_by_default_are_not_the_same_organisation() -> None:
    """A need and an offer without a stated organisation are not one and the same."""
    assert only("state", {"owner_organisation_id": "need:need-1"}, {"organisation_id": "need:need-1"}).state is PASS


def test_offers_of_a_withdrawn_organisation_fail() -> None:
    """An organisation that withdrew stands behind none of its offers."""
    provider = an_organisation("org-1", review_state="withdrawn")
    gate = judged(a_need(), a_capability(organisation_id="org-1"), provider)[GateName.STATE]
    assert (gate.state, gate.detail) == (FAIL, "the provider is withdrawn")


# -- place ---------------------------------------------------------------------------------------------------------


def test_a_need_of_several_countries_reports_the_share_covered() -> None:
    """One need with many countries is served by an offer for some of them, and the share is said."""
    need = {"beneficiary_places": ["KEN", "UGA", "TZA", "RWA", "NAM", "BRA", "IND", "NPL", "LAO", "CHN"]}
    gate = only("place", need, {"places_offered": ["KEN", "UGA", "TZA"]})
    assert (gate.state, gate.detail) == (PASS, "covers 3 of 10 countries (30 %): Kenya, Tanzania and Uganda")


def test_groups_are_those_of_the_day() -> None:
    """Nepal is still a least developed country on the day of these columns."""
    assert only("place", {"beneficiary_places": ["NPL"]}, {"places_offered": ["LDC"]}).state is PASS


def test_an_offer_to_the_world_covers_all_but_what_it_excludes() -> None:
    """Excluded countries are not offered, though the world is."""
    gate = only("place", {"beneficiary_places": ["KEN", "UGA"]}, {"places_offered": "World", "places_excluded": "UGA"})
    assert gate.detail == "covers 1 of 2 countries (50 %): Kenya"
    gate = only("place", {"beneficiary_places": "UGA"}, {"places_offered": "World", "places_excluded": "UGA"})
    assert (gate.state, gate.detail) == (FAIL, "the offer excludes Uganda, all that the need is about")


def test_exclusion_alone_can_fail() -> None:
    """Who excludes every country of the need says enough, though not where it offers."""
    assert only("place", {"beneficiary_places": "UGA"}, {"places_excluded": "UGA"}).state is FAIL
    assert only("place", {"beneficiary_places": "KEN"}, {"places_excluded": "UGA"}).state is UNKNOWN


def test_a_place_that_cannot_be_read_decides_nothing_against_the_pair() -> None:
    """An unreadable part may hide the country; what is readable can still pass."""
    assert only("place", {"beneficiary_places": "KEN"}, {"places_offered": ["UGA", "Atlantis"]}).state is UNKNOWN
    assert only("place", {"beneficiary_places": "KEN"}, {"places_offered": ["KEN", "Atlantis"]}).state is PASS


def test_stated_nowhere_is_not_unknown() -> None:
    """An empty list says that it is offered nowhere."""
    assert only("place", {"beneficiary_places": "KEN"}, {"places_offered": []}).state is FAIL


# -- mode, maturity, terms -------------------------------------------------------------------------------------------


def test_rejecting_every_offered_mode_fails() -> None:
    """One offered mode that is not rejected is enough."""
    need = {"rejected_modes": ["training", "sale"]}
    gate = only("mode", need, {"transfer_modes": ["training"]})
    assert (gate.state, gate.detail) == (FAIL, "offers training only, which the need rejects")
    assert only("mode", need, {"transfer_modes": ["training", "turnkey"]}).state is PASS


def test_maturity_says_both_levels() -> None:
    """Too low fails unless co-development is stated to be welcome."""
    gate = only("maturity", {"trl_min": 6}, {"trl": 5})
    assert (gate.state, gate.detail) == (FAIL, "offer is TRL 5, need asks for 6")
    assert only("maturity", {"trl_min": 6, "co_development_ok": True}, {"trl": 5}).state is PASS
    assert only("maturity", {"trl_min": 6, "co_development_ok": False}, {"trl": 6}).state is PASS


def test_terms_clash_only_when_nothing_is_common() -> None:
    """Open only against exclusive only fails; several terms leave room."""
    assert only("ip", {"ip_requirements": ["open"]}, {"ip": {"terms": ["exclusive"]}}).state is FAIL
    assert only("ip", {"ip_requirements": ["open"]}, {"ip": {"terms": ["exclusive", "open"]}}).state is PASS
    assert only("ip", {"ip_requirements": ["open"]}, {"ip": {"status": "patented"}}).state is UNKNOWN


# -- envelope --------------------------------------------------------------------------------------------------------


def test_kilowatts_are_not_megawatts() -> None:
    """5 kW and 5 MW read alike and differ a thousandfold; 5000 W is 5 kW."""
    gate = only("envelope", {"site_conditions": {"power": "5 kW"}}, {"operating_envelope": {"power": "5 MW"}})
    assert (gate.state, gate.detail) == (FAIL, "power: site 5 kW, offer 5 MW, no overlap")
    same = only("envelope", {"site_conditions": {"power": "5 kW"}}, {"operating_envelope": {"power": "5000 W"}})
    assert same.state is PASS


def test_ambient_conditions_must_be_contained_and_others_overlap() -> None:
    """A site up to 2,500 m is not served by an envelope up to 2,000 m; a flow may be larger than is used."""
    site, stood = {"altitude": "1500-2500 m"}, {"altitude": "<= 2000 m"}
    assert only("envelope", {"site_conditions": site}, {"operating_envelope": stood}).state is FAIL
    site, stood = {"head": "10-25 m"}, {"head": "2-20 m"}
    assert only("envelope", {"site_conditions": site}, {"operating_envelope": stood}).state is PASS


def test_temperatures_are_converted_with_their_offset() -> None:
    """68 degF is 20 degC."""
    site, stood = {"temperature": "20 degC"}, {"temperature": "68 degF"}
    assert only("envelope", {"site_conditions": site}, {"operating_envelope": stood}).state is PASS


def test_another_dimension_is_not_comparable() -> None:
    """Power in metres proves nothing either way, and says so."""
    gate = only("envelope", {"site_conditions": {"power": "5 kW"}}, {"operating_envelope": {"power": "5 m"}})
    assert gate.state is UNKNOWN
    assert "cannot be compared" in gate.detail


def test_one_violated_condition_fails_whatever_else_is_met() -> None:
    """Values and spans are judged together; the sentence names what is violated only."""
    site = {"power": "5 kW", "grid": ["off_grid"]}
    gate = only("envelope", {"site_conditions": site}, {"operating_envelope": {"power": "1-9 kW", "Grid": ["grid"]}})
    assert (gate.state, gate.detail) == (FAIL, "grid: site off grid, offer grid, no overlap")


# -- budget, timeline, language --------------------------------------------------------------------------------------


def test_a_budget_far_under_the_price_fails_unless_funding_is_sought() -> None:
    """Under half of the least price by default; the factor is the policy's."""
    need, offer = {"budget": "USD 10k-24k"}, {"price": "USD 50k-90k"}
    gate = only("budget", need, offer)
    assert gate.state is FAIL
    assert gate.detail.startswith("budget USD 10,000-24,000, price USD 50,000-90,000: less than 50 % of the least")
    assert only("budget", {**need, "financing_state": "sought"}, offer).state is PASS
    assert only("budget", {**need, "financing_state": "none"}, offer).state is FAIL
    assert only("budget", {"budget": "USD 25k"}, offer).state is PASS
    assert only("budget", need, offer, policy=GatePolicy(budget_factor=0.4)).state is PASS


def test_currencies_are_never_compared_one_to_one() -> None:
    """Without a rate table another currency is unknown; with one it is converted and the rate's day is said."""
    need, offer = {"budget": "EUR 30k"}, {"price": "KES 4m"}
    gate = only("budget", need, offer)
    assert (gate.state, "no rate" in gate.detail) == (UNKNOWN, True)
    rates = GatePolicy(rates=Rates(date(2026, 10, 1), {"EUR": 1.16, "KES": 0.0077}))
    gate = only("budget", need, offer, policy=rates)
    assert gate.state is PASS
    assert "at KES 1 = EUR 0.006638 of 2026-10-01" in gate.detail


def test_price_years_that_differ_are_compared_as_stated_and_say_so() -> None:
    """No inflation is guessed."""
    gate = only("budget", {"budget": "USD 5000 (2026)"}, {"price": "USD 4000 (2012)"})
    assert gate.state is PASS
    assert "price years differ and are compared as stated" in gate.detail


def test_amounts_for_different_things_are_not_compared() -> None:
    """A price per unit and a budget in total are unknown, not a failure."""
    budget = {"max": 10, "currency": "USD", "basis": "per household"}
    assert (
        only("budget", {"budget": budget}, {"price": {"min": 9e6, "currency": "USD", "basis": "total"}}).state
        is UNKNOWN
    )


@pytest.mark.parametrize(
    ("budget", "price", "state"),
    [(None, "per unit", UNKNOWN), ("per unit", None, UNKNOWN), ("total", None, PASS), (None, "in total", PASS)],
)
def test_an_amount_without_a_basis_is_the_whole_sum(budget: str | None, price: str | None, state: GateState) -> None:
    """A price per unit is not held against a bare budget, nor a bare price against a budget per unit."""
    need = {"budget": {"max": 10, "currency": "USD", "basis": budget}}
    assert only("budget", need, {"price": {"max": 5, "currency": "USD", "basis": price}}).state is state


def test_an_open_end_decides_only_what_it_can() -> None:
    """A price of at most 40 fits a budget of 20; nothing fails against a least price that is not stated."""
    assert only("budget", {"budget": "USD 20"}, {"price": {"max": 40, "currency": "USD"}}).state is PASS
    assert only("budget", {"budget": "USD 20"}, {"price": {"max": 99, "currency": "USD"}}).state is UNKNOWN
    assert only("budget", {"budget": {"min": 1, "currency": "USD"}}, {"price": "USD 99"}).state is UNKNOWN


def test_lead_time_must_end_before_completion() -> None:
    """Counted from the latest of today and the start."""
    need = {"start_by": date(2027, 1, 1), "complete_by": date(2027, 7, 1)}
    assert only("timeline", need, {"lead_time_months": 5}).state is PASS
    gate = only("timeline", need, {"lead_time_months": 7})
    assert (gate.state, gate.detail) == (FAIL, "takes 7 months, 5.9 are left until 2027-07-01")
    assert only("timeline", {"complete_by": date(2027, 7, 1)}, {"lead_time_months": 7}).state is PASS
    assert only("timeline", {**need, "start_by": date(2020, 1, 1)}, {"lead_time_months": 9}).state is FAIL


def test_languages_compare_by_their_primary_subtag_and_fall_back_on_the_organisation() -> None:
    """pt-BR serves pt; what the capability states comes before what its organisation speaks."""
    provider = an_organisation("org-1", languages=["en"])
    need = a_need(languages_required=["en"])
    assert judged(need, a_capability(organisation_id="org-1"), provider)[GateName.LANGUAGE].state is PASS
    own = a_capability(organisation_id="org-1", languages_supported=["fr"])
    assert judged(need, own, provider)[GateName.LANGUAGE].state is FAIL
    assert only("language", {"languages_required": ["pt"]}, {"languages_supported": ["pt-BR"]}).state is PASS


def test_a_facilitator_may_bridge_languages() -> None:
    """Nothing in common passes only where a bridge is known."""
    need, offer = {"languages_required": ["sw"]}, {"languages_supported": ["fr"]}
    assert only("language", need, offer).state is FAIL
    gate = only("language", need, offer, bridged=("fr",))
    assert (gate.state, gate.detail) == (PASS, "a facilitator bridges fr and sw")


# -- policy ----------------------------------------------------------------------------------------------------------


def test_a_soft_gate_is_shown_and_an_off_gate_is_not_judged() -> None:
    """Only hard failures remove a pair."""
    columns = Columns.build([a_capability(trl=1)], {}, BOOK, AS_OF)
    asked = Asked.of(a_need(trl_min=9), {}, columns, BOOK)
    soft = GatePolicy({GateName.MATURITY: GateMode.SOFT})
    off = GatePolicy({GateName.MATURITY: GateMode.OFF})
    row = GATES.index(GateName.MATURITY)
    assert not allowed(judge(asked, columns))[0]
    assert allowed(judge(asked, columns, soft), soft)[0]
    assert judge(asked, columns, soft)[row, 0] == 0
    assert judge(asked, columns, off)[row, 0] == -1
    pair = Pair(asked, columns, 0, a_capability(trl=1))
    assert GateName.MATURITY not in {gate.gate for gate in explain(pair, judge(asked, columns, off)[:, 0], off)}


def test_passed_asks_for_evidence_on_every_hard_gate() -> None:
    """Allowed is not failed; passed is confirmed."""
    table = np.array([[1, 1, 0], *[[1, -1, 1]] * (len(GATES) - 1)], np.int8)
    assert allowed(table).tolist() == [True, True, False]
    assert passed(table).tolist() == [True, False, False]


def test_a_budget_factor_out_of_range_says_what_to_do() -> None:
    """Expected, got, and the default."""
    with pytest.raises(BadInput, match=r"budget_factor: expected a share in \(0, 1\]; got 3; 0.5 is the default"):
        GatePolicy(budget_factor=3)


def test_no_capabilities_give_an_empty_table() -> None:
    """An empty catalogue is judged too."""
    columns = Columns.build([], {}, BOOK, AS_OF)
    assert judge(Asked.of(a_need(trl_min=3), {}, columns, BOOK), columns).shape == (len(GATES), 0)

"""The structured signals: worked by hand, and their promises over random profiles."""

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matcher.asked import Asked, Pair
from matcher.columns import Columns
from matcher.money import Rates
from matcher.profiles import Capability, Ip, Need, Organisation, PartnerSought
from matcher.quantities import Money
from matcher.signals import STRUCTURED, evidence, measure
from matcher.vocabulary import SignalName
from tests.builders import a_capability, a_need, an_organisation
from tests.matcher.small_world import AS_OF, a_place_book
from tests.matcher.strategies import (
    CAPABILITY_FIELDS,
    NEED_FIELDS,
    ORGANISATION_FIELDS,
    capabilities,
    needs,
    organisations,
)

BOOK = a_place_book()
Values = npt.NDArray[np.float64]


def measured(
    need: Need, offers: list[Capability], known: dict[str, Organisation], rates: Rates | None = None
) -> Values:
    columns = Columns.build(offers, known, BOOK, AS_OF)
    return measure(Asked.of(need, known, columns, BOOK), columns, np.arange(len(offers)), rates)


def value(signal: str, need: dict[str, Any], offer: dict[str, Any], *known: Organisation) -> float:
    by_id = {each.id: each for each in known}
    table = measured(a_need(**need), [a_capability(**offer)], by_id)
    return float(table[STRUCTURED.index(SignalName(signal)), 0])


def said(signal: str, need: dict[str, Any], offer: dict[str, Any], *known: Organisation) -> str:
    by_id = {each.id: each for each in known}
    capability = a_capability(**offer)
    columns = Columns.build([capability], by_id, BOOK, AS_OF)
    asked = Asked.of(a_need(**need), by_id, columns, BOOK)
    found = value(signal, need, offer, *known)
    pair = Pair(asked, columns, 0, capability, by_id.get(capability.organisation_id))
    return evidence(SignalName(signal), pair, None if np.isnan(found) else found)


def _never_higher(before: Values, after: Values, fields: list[str]) -> None:
    for at, field in enumerate(fields):
        raised = np.nan_to_num(after[:, at]) > np.nan_to_num(before) + 1e-12
        assert not raised.any(), f"deleting {field} raised {[STRUCTURED[row] for row in np.flatnonzero(raised)]}"


@settings(max_examples=40, deadline=None)
@given(needs(), capabilities(), organisations(), st.data())
def test_deleting_a_fact_never_raises_a_signal(
    need: Need, offer: Capability, known: dict[str, Organisation], data: st.DataObject
) -> None:
    """Any structured field of need, capability or either organisation set to unknown, or several: nothing rises."""
    several = data.draw(st.sets(st.sampled_from(sorted(CAPABILITY_FIELDS)), min_size=2))
    gone = [*([field] for field in CAPABILITY_FIELDS), sorted(several)]
    columns = Columns.build(
        [offer, *(offer.model_copy(update=dict.fromkeys(fields)) for fields in gone)], known, BOOK, AS_OF
    )
    rows = np.arange(len(columns))
    table = measure(Asked.of(need, known, columns, BOOK), columns, rows)
    before = table[:, 0]
    _never_higher(before, table[:, 1:], list(map(str, gone)))
    for field in NEED_FIELDS:
        asked = Asked.of(need.model_copy(update={field: None}), known, columns, BOOK)
        _never_higher(before, measure(asked, columns, rows[:1]), [field])
    for field in ORGANISATION_FIELDS:
        blank = {name: each.model_copy(update={field: None}) for name, each in known.items()}
        _never_higher(before, measured(need, [offer], blank), [field])


@settings(max_examples=150, deadline=None)
@given(needs(), capabilities(), organisations())
def test_deleting_a_part_of_a_field_never_raises_a_signal(
    need: Need, offer: Capability, known: dict[str, Organisation]
) -> None:
    """One attribute of a mapping, one element of a list, one facet of a price: nothing rises, but by fewer demands."""
    offers = [offer, *(made for field, made in _lessened(offer) if field not in OFFERED_DEMANDS)]
    columns = Columns.build(offers, known, BOOK, AS_OF)
    rows = np.arange(len(offers))
    table = measure(Asked.of(need, known, columns, BOOK), columns, rows)
    _never_higher(table[:, 0], table[:, 1:], [str(made) for made in offers[1:]])
    for field, made in _lessened(need):
        if field not in ASKED_DEMANDS:
            asked = Asked.of(made, known, columns, BOOK)
            _never_higher(table[:, 0], measure(asked, columns, rows[:1]), [f"of {field}, to {made}"])
    for name, each in known.items():
        for field, made in _lessened(each):
            _never_higher(table[:, 0], measured(need, [offer], {**known, name: made}), [f"of {field} of {name}"])


OFFERED_DEMANDS = {"infrastructure_required", "skills_required", "transfer_modes", "places_excluded"}
ASKED_DEMANDS = {
    "sdg_goals",
    "sdg_targets",
    "sectors",
    "crs_purpose",
    "accepted_modes",
    "rejected_modes",
    "languages_required",
    "beneficiary_places",
}
"""Lists that are one statement of what is wanted, see matcher.signals: with fewer demands more of them may be met."""


def _lessened(record: Any) -> list[tuple[str, Any]]:
    """Every copy of a record that lacks one element of one list, one attribute of a mapping, or one facet of a block.

    The last element of a list goes with its field: an empty list states that there is none. So does the last end of an
    amount, and its basis stays: it is part of the number, see matcher.money.same_basis.
    """
    made = []
    for field, value in record:
        smaller: list[Any] = []
        if isinstance(value, tuple) and len(value) > 1:
            smaller = [value[:at] + value[at + 1 :] for at in range(len(value))]
        elif isinstance(value, dict) and field != "provenance":
            smaller = [{name: held for name, held in value.items() if name != gone} or None for gone in value]
        elif isinstance(value, Money):
            ends = [end for end in ("min", "max") if getattr(value, end) is not None]
            facets = ["price_year", *(ends if len(ends) > 1 else [])]
            smaller = [value.model_copy(update={facet: None}) for facet in facets]
        elif isinstance(value, PartnerSought | Ip):
            smaller = [less for part, less in _lessened(value) if part != "places"]
            smaller += [value.model_copy(update={part: None}) for part, held in value if held is not None]
        made += [(field, record.model_copy(update={field: less})) for less in smaller]
    return made


@settings(max_examples=40, deadline=None)
@given(needs(), st.lists(capabilities(), min_size=2, max_size=5), organisations(), st.randoms(use_true_random=False))
def test_values_lie_in_the_unit_interval_and_follow_their_rows(
    need: Need, offers: list[Capability], known: dict[str, Organisation], draw: Any
) -> None:
    """Each value is NaN or in [0, 1]; permuted rows, and rows alone, have the same values; each has a sentence."""
    columns = Columns.build(offers, known, BOOK, AS_OF)
    asked = Asked.of(need, known, columns, BOOK)
    rows = np.arange(len(offers))
    table = measure(asked, columns, rows)
    stated = table[~np.isnan(table)]
    assert ((stated >= 0) & (stated <= 1)).all()
    order = np.array(draw.sample(range(len(offers)), len(offers)))
    np.testing.assert_array_equal(measure(asked, columns, order), table[:, order])
    np.testing.assert_array_equal(measure(asked, columns, rows[:1]), table[:, :1])
    pair = Pair(asked, columns, 0, offers[0], known.get(offers[0].organisation_id))
    for at, signal in enumerate(STRUCTURED):
        assert evidence(signal, pair, None if np.isnan(table[at, 0]) else float(table[at, 0]))


def test_an_empty_profile_has_no_known_signal() -> None:
    """A thin profile earns nothing it does not state."""
    full: dict[str, Any] = {
        "beneficiary_places": ["KEN"],
        "sdg_goals": [7],
        "languages_required": ["en"],
        "trl_min": 3,
        "budget": "USD 5",
    }
    table = measured(a_need(**full), [a_capability()], {})
    assert np.isnan(table).all()


def test_no_rows_no_values() -> None:
    """An empty list of candidates has an empty table."""
    assert measured(a_need(sdg_goals=[7]), [], {}).shape == (len(STRUCTURED), 0)


def test_sdg_takes_the_share_of_the_needs_goals_and_targets_refine_it() -> None:
    """Two of three goals; a target's goal counts in part, the target itself in full."""
    need = {"sdg_goals": [7, 9, 13]}
    assert value("sdg", need, {"sdg_goals": [7, 13, 1]}) == pytest.approx(0.85 * 2 / 3 / 0.925)
    assert said("sdg", need, {"sdg_goals": [7, 13, 1]}) == "shares SDG 7 and 13 of the need's 7, 9 and 13"
    loose = value("sdg", {"sdg_targets": ["7.1"]}, {"sdg_goals": [7]})
    assert 0 < loose < value("sdg", {"sdg_targets": ["7.1"]}, {"sdg_targets": ["7.1"]})
    assert value("sdg", need, {"sdg_goals": []}) == 0
    assert np.isnan(value("sdg", need, {}))


def test_sectors_are_near_within_their_family_and_crs_codes_stand_for_them() -> None:
    """Same, part of it, sibling, stranger; a purpose code is evidence where no sector is stated."""
    need = {"sectors": ["energy.solar"]}
    assert value("sector", need, {"sectors": ["energy.solar"]}) == 1
    assert value("sector", need, {"sectors": ["energy.wind"]}) == 0.5
    assert value("sector", {"sectors": ["energy"]}, {"sectors": ["energy.wind"]}) == 0.8
    assert value("sector", need, {"sectors": ["health"]}) == 0
    assert value("sector", need, {"crs_purpose": ["23230"]}) == 1
    assert value("sector", {"crs_purpose": ["23230"]}, {"sectors": ["energy.solar"]}) == pytest.approx(0.8 * 0.7)


def test_any_accepted_mode_is_worth_most() -> None:
    """One of two accepted: .6 + .4 / 2."""
    need = {"accepted_modes": ["training", "sale"]}
    assert value("mode", need, {"transfer_modes": ["sale", "fdi"]}) == pytest.approx(0.8)
    assert value("mode", need, {"transfer_modes": ["fdi"]}) == 0


def test_maturity_saturates_three_levels_above() -> None:
    """As asked .6, three above 1, below nothing unless it may be developed together."""
    assert value("maturity", {"trl_min": 5}, {"trl": 5}) == pytest.approx(0.6)
    assert value("maturity", {"trl_min": 5}, {"trl": 8}) == value("maturity", {"trl_min": 5}, {"trl": 9}) == 1
    assert value("maturity", {"trl_min": 5}, {"trl": 4}) == 0
    assert value("maturity", {"trl_min": 5, "co_development_ok": True}, {"trl": 4}) == pytest.approx(0.4)


def test_envelope_counts_the_conditions_that_are_covered() -> None:
    """One condition is met in full, one for half of its span, and one is not spoken of: .6, and .45 of the rest."""
    site = {"power": "5 kW", "head": "10-20 m", "salinity": "1 ppt"}
    offer = {"operating_envelope": {"power": "1-9 kW", "head": "15-40 m"}}
    found = value("envelope", {"site_conditions": site}, offer)
    assert found == pytest.approx(1 - (1 - 0.6) * (1 - 0.6 * 0.75))
    assert value("envelope", {"site_conditions": {"power": "5 kW", "head": "10-20 m"}}, offer) == found
    assert value("envelope", {"site_conditions": {"power": "5 kW"}}, offer) == pytest.approx(0.6)
    assert np.isnan(value("envelope", {"site_conditions": {"salinity": "1 ppt"}}, offer))


def test_resources_miss_what_is_required_and_not_there() -> None:
    """One of two pieces of infrastructure; nothing required is met; training closes half of a gap of skills."""
    need = {"infrastructure_available": ["Grid connection"], "skills_available": []}
    offer: dict[str, Any] = {"infrastructure_required": ["grid-connection", "road"]}
    assert value("resources", need, offer) == pytest.approx(0.25)
    assert said("resources", need, offer) == "infrastructure: road missing"
    assert value("resources", {}, {"infrastructure_required": [], "skills_required": []}) == 1
    skills = {"skills_required": ["welding"]}
    assert value("resources", need, skills) == 0
    assert value("resources", need, {**skills, "training_included": True}) == pytest.approx(0.25)


def test_budget_fits_from_half_the_least_price_to_the_greatest() -> None:
    """Nothing at half, .7 at the least, 1 at the greatest; another currency is unknown without a rate."""
    offer = {"price": "USD 100-200"}
    fits = [value("budget", {"budget": f"USD {sum_}"}, offer) for sum_ in (50, 75, 100, 150, 200, 900)]
    assert fits == pytest.approx([0, 0.35, 0.7, 0.85, 1, 1])
    assert np.isnan(value("budget", {"budget": "EUR 100"}, offer))
    rates = Rates(AS_OF, {"EUR": 2.0, "USD": 1.0})
    table = measured(a_need(budget="EUR 50"), [a_capability(**offer)], {}, rates)
    assert table[STRUCTURED.index(SignalName.BUDGET), 0] == pytest.approx(0.7)


def test_a_language_only_the_organisation_speaks_counts_half() -> None:
    """What the capability supports counts in full."""
    provider = an_organisation("org-1", languages=["en"])
    need = {"languages_required": ["en", "sw"]}
    assert value("language", need, {"organisation_id": "org-1"}, provider) == pytest.approx(0.25)
    assert value("language", need, {"languages_supported": ["en"]}) == pytest.approx(0.5)


def test_earlier_deployments_count_by_likeness_and_are_damped() -> None:
    """In the country before in the region, before in a like group, before elsewhere; ten are not ten times one."""
    need = {"beneficiary_places": ["KEN"]}
    here, region, group, else_ = (
        value("context", need, {"deployed_in": [{"country": code, "year": 2026}]})
        for code in ("KEN", "UGA", "IND", "DEU")
    )
    assert here > region > group > else_ > 0
    ten = value("context", need, {"deployed_in": [{"country": "KEN", "year": 2026}] * 10})
    assert here < ten <= 1
    assert ten < 3 * here


def test_a_foreign_provider_of_technology_is_never_marked_down() -> None:
    """Home is no evidence for a product, and for a service it can only add."""
    need, home = {"beneficiary_places": ["KEN"]}, an_organisation("org-1", country="KEN")
    foreign = an_organisation("org-1", country="DEU")
    for kind in ("product", "service"):
        deployed = {"organisation_id": "org-1", "offer_kind": kind, "deployed_in": [{"country": "KEN"}]}
        unknown = value("context", need, deployed)
        assert value("context", need, deployed, foreign) == unknown
        assert value("context", need, deployed, home) == pytest.approx(
            unknown if kind == "product" else 1 - (1 - unknown) * 0.6
        )


def test_a_stale_partner_is_less_fresh() -> None:
    """Updated lately, active and in contact beats old and dormant."""
    live = an_organisation("org-1", activity_status="active", last_contact_at=AS_OF)
    dormant = an_organisation("org-1", activity_status="dormant", last_contact_at=date(2019, 1, 1))
    fresh = value("freshness", {}, {"organisation_id": "org-1", "updated_at": AS_OF}, live)
    stale = value("freshness", {}, {"organisation_id": "org-1", "updated_at": date(2019, 1, 1)}, dormant)
    assert fresh == pytest.approx(1)
    assert stale < 0.2


def test_interest_adds_place_type_and_ticket() -> None:
    """Each part adds what it is worth; a part that is not known adds nothing."""
    owner = an_organisation("org-9", org_type="government")
    need = {"owner_organisation_id": "org-9", "beneficiary_places": ["KEN", "UGA"], "budget": "USD 20k-30k"}
    sought = {"places": ["KEN"], "org_types": ["government"], "ticket": "USD 25k-90k"}
    assert value("interest", need, {"partner_sought": sought}, owner) == pytest.approx(0.4 / 2 + 0.3 + 0.3)
    assert value("interest", need, {"partner_sought": {"ticket": "USD 40k"}}, owner) == 0.15  # not above its upper end
    assert np.isnan(value("interest", need, {"partner_sought": "somebody"}, owner))

"""One need, one offer and some third parties, judged together."""

from datetime import date
from typing import Any

from matcher.asked import Asked, Pair
from matcher.columns import Columns
from matcher.facilitation import bridged
from matcher.joining import Joined, Joint, join
from matcher.matches import Check, ThirdParty
from matcher.money import Rates
from matcher.profiles import Capability, FacilitatorProgramme, FundingMechanism, Need, Organisation
from matcher.thirds import ThirdParties
from matcher.vocabulary import ThirdRule
from tests.builders import a_capability, a_mechanism, a_need, a_programme, an_organisation
from tests.matcher.small_world import AS_OF, a_place_book

BOOK = a_place_book()

NEED: dict[str, Any] = {
    "owner_organisation_id": "owner",
    "beneficiary_places": ["KEN"],
    "sectors": ["energy.hydropower"],
    "languages_required": ["en"],
    "budget": "USD 100k-200k",
    "endorsement": {"body": "the Ministry of Energy", "type": "ministry"},
    "enabling": {"policy": "ready", "finance": "missing", "incentives": "unknown", "capacity": "partial"},
}
OFFER: dict[str, Any] = {
    "organisation_id": "provider",
    "sectors": ["energy.hydropower"],
    "languages_supported": ["en", "fr"],
}
PROVIDER: dict[str, Any] = {"country": "IND"}
OWNER: dict[str, Any] = {"country": "KEN", "org_type": "local_government"}
FUND: dict[str, Any] = {
    "organisation_id": "funder",
    "title": "The window",
    "eligible_places": ["KEN", "UGA"],
    "eligible_org_types": ["local_government", "government"],
    "sectors": ["energy"],
    "ticket": "USD 50k-1m",
    "tied_status": "untied",
    "opens": date(2026, 1, 1),
    "closes": date(2027, 12, 31),
    "endorsement_types": ["ministry"],
}
"""A mechanism that passes every rule beside NEED and OFFER."""
PROGRAMME: dict[str, Any] = {
    "organisation_id": "hub",
    "title": "The desk",
    "services": ["training", "matchmaking"],
    "places": ["KEN"],
    "sectors": ["energy"],
    "languages": ["en", "sw"],
    "network": ["provider"],
}
"""A programme that passes every rule beside NEED and OFFER."""

Known = dict[str, Organisation]


class World:
    """A pair with third parties around it; every fact may be overruled."""

    def __init__(
        self,
        need: dict[str, Any] | None = None,
        offer: dict[str, Any] | None = None,
        *,
        provider: dict[str, Any] | None = None,
        owner: dict[str, Any] | None = None,
        funds: list[FundingMechanism] | None = None,
        programmes: list[FacilitatorProgramme] | None = None,
        others: list[Organisation] | None = None,
        rates: Rates | None = None,
    ) -> None:
        self.need: Need = a_need(**{**NEED, **(need or {})})
        self.offer: Capability = a_capability(**{**OFFER, **(offer or {})})
        self.known: Known = {
            "provider": an_organisation("provider", **{**PROVIDER, **(provider or {})}),
            "owner": an_organisation("owner", **{**OWNER, **(owner or {})}),
            **{one.id: one for one in others or ()},
        }
        columns = Columns.build([self.offer], self.known, BOOK, AS_OF)
        self.thirds = ThirdParties.of(programmes or (), funds or (), self.known, BOOK, AS_OF)
        asked = Asked.of(self.need, self.known, columns, BOOK)
        self.asked = bridged(asked, self.thirds.facilitators)
        self.pair = Pair(self.asked, columns, 0, self.offer, self.known["provider"])
        self.joint = Joint.of(self.asked, self.thirds, rates)

    def joined(self, score: float = 0.5) -> Joined:
        return join(self.joint, self.pair, score, BOOK)


def a_fund(id: str = "fund-1", **facts: Any) -> FundingMechanism:  # noqa: A002 - the record's own field name
    return a_mechanism(id, **{**FUND, **facts})


def a_desk(id: str = "desk-1", **facts: Any) -> FacilitatorProgramme:  # noqa: A002 - the record's own field name
    return a_programme(id, **{**PROGRAMME, **facts})


def check_of(party: ThirdParty, rule: ThirdRule) -> Check:
    return next(check for check in party.checks if check.rule is rule)

"""Who reported, paid, answered for, extended and carried out IATI activities, gathered over a file."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.etree.ElementTree import Element

from matcher.vocabulary import IATI_ORGANISATION_TYPES
from service.intake.sectors import sectors_of
from service.intake.texts import is_unknown, slug

# OrganisationRole: funding, accountable, extending, implementing. The accountable one owns the problem.
_ROLES: Final = {"1": "funder", "2": "need_owner", "3": "facilitator", "4": "provider"}
_COMMITMENT: Final = "2"  # TransactionType: outgoing commitment
_TIED: Final = {"3": "partially_tied", "4": "tied", "5": "untied"}  # TiedStatus
_INFERRED: Final = ("ticket", "sectors", "finance_types", "tied_status")


@dataclass(slots=True)
class _Actor:
    name: str
    org_type: str | None
    row: int  # the activity it is first named in
    roles: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Payer:
    """What one funder alone paid for: amounts by currency, and in how many activities."""

    row: int
    activities: int = 0
    amounts: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    sectors: Counter[str] = field(default_factory=Counter)
    finance_types: dict[str, None] = field(default_factory=dict)
    tied: Counter[str] = field(default_factory=Counter)


class Actors:
    """Gathers organisations and payers; memory grows with their number, not with the activities."""

    def __init__(self) -> None:
        self._actors: dict[str, _Actor] = {}
        self._payers: dict[str, _Payer] = {}

    def note(self, activity: Element, identifier: str, row: int) -> None:
        """Take in the organisations of an activity, and what it cost where one funder alone is named."""
        for element in (*activity.findall("reporting-org"), *activity.findall("participating-org")):
            organisation = _organisation_id(element)
            if organisation is None:
                continue
            actor = self._actors.setdefault(organisation, _Actor(_name(element), _type(element), row))
            actor.org_type = actor.org_type or _type(element)
            if (role := _ROLES.get(element.get("role", ""))) is not None:
                actor.roles[role] = None
        funders = {_organisation_id(element) for element in _playing(activity, "1")} - {None}
        cost = _cost(activity)
        if len(funders) == 1 and cost is not None and identifier:
            self._pay(str(funders.pop()), cost, activity, row)

    def _pay(self, funder: str, cost: tuple[str, float], activity: Element, row: int) -> None:
        payer = self._payers.setdefault(funder, _Payer(row))
        payer.activities += 1
        payer.amounts[cost[0]].append(cost[1])
        payer.sectors.update(sectors_of(s.get("code", "") for s in activity.findall("sector"))[0])
        payer.finance_types.update((e.get("code", ""), None) for e in activity.findall("default-finance-type"))
        payer.tied.update(_TIED.get(e.get("code", ""), "") for e in activity.findall("default-tied-status"))

    def roles_in(self, activity: Element) -> dict[str, str]:
        """Return who carried an activity out and who answers for it, as a case story names them."""
        first = {role: next(map(_organisation_id, _playing(activity, role)), None) for role in ("4", "2")}
        return {name: who for name, who in (("provider_id", first["4"]), ("recipient_id", first["2"])) if who}

    def records(self) -> Iterator[tuple[str, dict[str, Any], int]]:
        """Yield kind, values and row of each organisation and of each funder's hint of funding."""
        for organisation, actor in self._actors.items():
            values = {"id": organisation, "name": actor.name, "org_type": actor.org_type, "roles": list(actor.roles)}
            yield "organisations", values, actor.row
        for funder, payer in self._payers.items():
            yield "mechanisms", _mechanism(funder, self._actors[funder].name, payer), payer.row


def _mechanism(funder: str, name: str, payer: _Payer) -> dict[str, Any]:
    """Describe what a funder is known to have paid. Where it may pay again nobody stated, so no place is."""
    currency, amounts = max(payer.amounts.items(), key=lambda item: (len(item[1]), item[0]))
    tied = [status for status in payer.tied if status]
    said = "an activity" if payer.activities == 1 else f"{payer.activities} activities"
    return {
        "id": f"{funder}:funding",
        "organisation_id": funder,
        "title": f"Funding by {name}"[:500],
        "summary": f"Paid alone for {said} reported to IATI. Ask whether and where it funds now.",
        "ticket": {"min": min(amounts), "max": max(amounts), "currency": currency},
        "sectors": sorted(payer.sectors) or None,
        "finance_types": [code for code in payer.finance_types if code] or None,
        "tied_status": tied[0] if len(tied) == 1 else None,
        "provenance": dict.fromkeys(_INFERRED, "inferred"),
    }


def _cost(activity: Element) -> tuple[str, float] | None:
    """Return currency and sum of the budgets, else of the commitments; None for none, or for two currencies."""
    commitments = [
        t
        for t in activity.findall("transaction")
        if (k := t.find("transaction-type")) is not None and k.get("code") == _COMMITMENT
    ]
    for parts in (activity.findall("budget"), commitments):
        sums: dict[str, float] = defaultdict(float)
        for value in (part.find("value") for part in parts):
            if value is not None and (amount := _amount(value)) is not None:
                sums[value.get("currency") or activity.get("default-currency") or ""] += amount
        if len(sums) == 1 and "" not in sums and min(sums.values()) > 0:
            return next(iter(sums.items()))
    return None


def _amount(value: Element) -> float | None:
    try:
        return float((value.text or "").replace(",", ""))
    except ValueError:
        return None


def _playing(activity: Element, role: str) -> list[Element]:
    return [element for element in activity.findall("participating-org") if element.get("role") == role]


def _organisation_id(element: Element) -> str | None:
    """Return the id by the organisation's own IATI reference, else by its name; None for one without either."""
    reference, name = " ".join(element.get("ref", "").split()), _name(element)
    if not is_unknown(reference):
        return f"iati-org:{reference}"[:200]
    return f"iati-org:{slug(name)}" if not is_unknown(name) else None


def _name(element: Element) -> str:
    narrative = next((n.text for n in element.findall("narrative") if n.text), "")
    return " ".join(narrative.split())[:500] or " ".join(element.get("ref", "").split())


def _type(element: Element) -> str | None:
    found = IATI_ORGANISATION_TYPES.get(element.get("type", ""))
    return found.value if found else None

"""The sentence of each structured signal for one pair that is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from matcher import naming
from matcher.asked import ELSEWHERE, SAME_COUNTRY, SAME_GROUP, SAME_REGION, Pair, Reads, by_code
from matcher.classification import goals_of, sectors_of
from matcher.encoding import plain, primary
from matcher.places import PlaceBook
from matcher.profiles import PartnerSought
from matcher.vocabulary import SignalName
from matcher.wording import listed, many, money, percent, unstated


def evidence(signal: SignalName, pair: Pair, value: float | None) -> str:
    """Say in a plain sentence what a signal's value rests on, or what is missing where it is unknown (None)."""
    return _SENTENCES[signal][0](pair, value)


def reader(signal: SignalName) -> Reads:
    """Return what reads all of an offer that ``evidence`` does beside the value: the same, and so is the sentence."""
    return _SENTENCES[signal][1]


def _sdg(pair: Pair, value: float | None) -> str:
    wanted, served = goals_of(pair.asked.need), goals_of(pair.capability)
    if value is None:
        return unstated(
            need=None if wanted is not None else "its SDGs", offer=None if served is not None else "its SDGs"
        )
    goals = listed(wanted or ())
    common = [goal for goal in wanted or () if goal in (served or ())]
    if not common:
        return f"shares no SDG of the need's {goals}"
    targets = [target for target in pair.asked.need.sdg_targets or () if target in (pair.capability.sdg_targets or ())]
    finer = f", and target {listed(targets)}" if targets else ""
    return f"shares SDG {listed(common)} of the need's {goals}{finer}"


def _sector(pair: Pair, value: float | None) -> str:
    need, offer = pair.asked.need, pair.capability
    if value is None:
        silent = [one.sectors is None and one.crs_purpose is None for one in (need, offer)]
        return unstated(need="its sector" if silent[0] else None, offer="its sector" if silent[1] else None)
    return _sectors_met(sectors_of(need.sectors, need.crs_purpose), sectors_of(offer.sectors, offer.crs_purpose))


@lru_cache(maxsize=65_536)  # the same few combinations meet again and again
def _sectors_met(wanted: frozenset[str], served: frozenset[str]) -> str:
    if common := sorted(wanted & served):
        finest = [code for code in common if not any(other.startswith(code + ".") for other in common)]
        return f"same sector: {listed(_sector_names(finest))}"
    near = sorted({a.partition(".")[0] for a in wanted} & {b.partition(".")[0] for b in served})
    if near:
        return f"related within {listed(_sector_names(near))}"
    return f"need is about {listed(_sector_names(sorted(wanted)))}, offer about {listed(_sector_names(sorted(served)))}"


def _sector_names(codes: list[str]) -> list[str]:
    return [naming.sector(code) for code in codes]


def _mode(pair: Pair, value: float | None) -> str:
    need, offered = pair.asked.need, pair.capability.transfer_modes
    if value is None:
        silent = need.accepted_modes is None and need.rejected_modes is None
        return unstated(
            need="which modes it accepts" if silent else None, offer="its modes" if offered is None else None
        )
    welcome = [mode for mode in offered or () if mode in (need.accepted_modes or ())]
    if welcome:
        return f"offers {listed(welcome)} of the accepted {listed(need.accepted_modes or ())}"
    open_to = [mode for mode in offered or () if mode not in (need.rejected_modes or ())]
    if need.accepted_modes:
        return f"offers {listed(offered or ())}, need accepts {listed(need.accepted_modes)}"
    return f"offers {listed(open_to)}, which is not rejected" if open_to else "offers nothing that is not rejected"


def _maturity(pair: Pair, value: float | None) -> str:
    trl, least = pair.capability.trl, pair.asked.need.trl_min
    if value is None or trl is None or least is None:
        return unstated(need=None if least else "which TRL it asks for", offer=None if trl else "its TRL")
    if trl < least:
        return f"TRL {trl} is {many(least - trl, 'level')} below the TRL {least} asked for"
    return (
        f"TRL {trl} is {many(trl - least, 'level')} above the least, {least}" if trl > least else f"TRL {trl}, as asked"
    )


def _envelope(pair: Pair, value: float | None) -> str:
    site, stood = pair.asked.need.site_conditions, pair.capability.operating_envelope
    if value is None:
        return (
            unstated(need=None if site else "its site conditions", offer=None if stood else "what it stands")
            or "no site condition can be compared with what the offer stands"
        )
    met = [said for good, said in pair.conditions if good]
    return f"{len(met)} of {many(len(pair.asked.site), 'site condition')} met" + (f" ({'; '.join(met)})" if met else "")


def _resources(pair: Pair, value: float | None) -> str:
    asked, offer = pair.asked, pair.capability
    sides = (
        ("infrastructure", asked.infrastructure, offer.infrastructure_required),
        ("skills", asked.skills, offer.skills_required),
    )
    if value is None:
        silent = [kind for kind, _, required in sides if required is None]
        short = [kind for kind, there, required in sides if there is None and required is not None]
        return unstated(
            need=f"which {listed(short)} it has" if short else None,
            offer=f"which {listed(silent)} it requires" if silent else None,
        )
    said = [_gap(kind, there, required) for kind, there, required in sides if required is not None]
    training = "training is included" if offer.training_included else ""
    return "; ".join(part for part in (*said, training) if part)


def _gap(kind: str, there: frozenset[str] | None, required: tuple[str, ...]) -> str:
    if not required:
        return f"no {kind} required"
    if there is None:
        return f"the need does not say which {kind} it has"
    missing = [label for label in required if plain(label) not in there]
    return f"{kind}: {listed(missing)} missing" if missing else f"{kind}: all of {listed(required)} there"


def _budget(pair: Pair, value: float | None) -> str:
    budget, price = pair.asked.need.budget, pair.capability.price
    if budget is None or price is None:
        return unstated(need=None if budget else "its budget", offer=None if price else "its price")
    sums = f"budget {money(budget)}, price {money(price)}"
    return f"{sums}: cannot be compared" if value is None else sums


def _language(pair: Pair, value: float | None) -> str:
    asked, supported = pair.asked, pair.capability.languages_supported
    own = pair.organisation.languages if pair.organisation else None
    if value is None:
        return unstated(
            need=None if asked.need.languages_required is not None else "which languages it requires",
            offer=None if supported is not None or own is not None else "which languages it supports",
        )
    if not asked.languages:
        return "the need requires no language"
    offer = asked.languages & frozenset(map(primary, supported or ()))
    provider = (asked.languages & frozenset(map(primary, own or ()))) - offer
    said = f"the offer supports {naming.languages(offer)}; " if offer else ""
    said += f"the provider speaks {naming.languages(provider)}; " if provider else ""
    return f"{said or 'nothing in common; '}required: {naming.languages(asked.languages)}"


def _context(pair: Pair, value: float | None) -> str:
    asked, columns = pair.asked, pair.columns
    if value is None:
        silent = columns.deployments.codes[pair.row] == 0
        return unstated(
            need=None if asked.countries else "where it is", offer="where it was deployed before" if silent else None
        )
    deployed = _deployed(pair)
    if not deployed:
        home = pair.organisation.country if pair.organisation and value else None
        return f"the provider is present in {naming.country(asked.book, home)}" if home else "no earlier deployment"
    said = [(name, [code for code, likeness in deployed if likeness == level]) for level, name in _LIKENESS]
    return f"deployed {', '.join([f'{name} ({naming.countries(asked.book, codes)})' for name, codes in said if codes])}"


_LIKENESS: Final = (
    (SAME_COUNTRY, "in the need's countries"),
    (SAME_REGION, "in the same region"),
    (SAME_GROUP, "in countries of the same group"),
    (ELSEWHERE, "elsewhere"),
)


def _deployed(pair: Pair) -> list[tuple[str, float]]:
    """Return the countries of earlier deployments with their likeness to the need's."""
    column = pair.columns.deployments
    code = int(column.codes[pair.row])
    items = column.items[column.starts[code] : column.starts[code + 1]].tolist()
    return [(column.names[item].decode(), float(pair.asked.likeness[item])) for item in sorted(items)]


def _freshness(pair: Pair, value: float | None) -> str:
    changed = pair.capability.updated_at or pair.capability.created_at
    organisation = pair.organisation
    status = organisation.activity_status if organisation else None
    contact = organisation.last_contact_at if organisation else None
    if value is None:
        return "nothing says how current the offer is"
    said = [f"updated {changed.isoformat()[:10]}" if changed else "", f"provider {status}" if status else ""]
    said += [f"last contact {contact}" if contact else ""]
    return ", ".join(filter(None, said))


def _interest(pair: Pair, value: float | None) -> str:
    sought = pair.capability.partner_sought or PartnerSought()
    if value is None:
        stated = sought.places is not None or sought.org_types is not None or sought.ticket is not None
        return (
            "the need does not say what the provider looks for"
            if stated
            else unstated(need=None, offer="whom it looks for")
        )
    parts = [f"partners in {listed(_places(sought, pair.asked.book))}" if sought.places else ""]
    parts += [listed(sought.org_types, "or") if sought.org_types else ""]
    parts += [f"a ticket of {money(sought.ticket)}" if sought.ticket else ""]
    return f"the provider seeks {listed(filter(None, parts))}: {percent(value)} fits"


def _places(sought: PartnerSought, book: PlaceBook) -> list[str]:
    return [naming.country(book, place) if isinstance(place, str) else place.name for place in sought.places or ()]


_SENTENCES: Final[dict[SignalName, tuple[Callable[[Pair, float | None], str], Reads]]] = {
    SignalName.SDG: (
        _sdg,
        by_code(lambda columns: columns.sdg_goals.codes, lambda columns: columns.sdg_targets.codes),
    ),
    SignalName.SECTOR: (_sector, by_code(lambda columns: columns.sectors.codes)),
    SignalName.MODE: (_mode, by_code(lambda columns: columns.modes.codes)),
    SignalName.MATURITY: (_maturity, by_code(lambda columns: columns.trl)),
    SignalName.ENVELOPE: (_envelope, by_code(lambda columns: columns.envelope.codes)),
    SignalName.RESOURCES: (
        _resources,
        by_code(
            lambda columns: columns.infrastructure.codes,
            lambda columns: columns.skills.codes,
            lambda columns: columns.training,
        ),
    ),
    SignalName.BUDGET: (_budget, by_code(lambda columns: columns.price.codes)),
    SignalName.LANGUAGE: (
        _language,
        by_code(lambda columns: columns.languages.codes, lambda columns: columns.home_languages.codes),
    ),
    SignalName.CONTEXT: (
        _context,
        by_code(lambda columns: columns.deployments.codes, lambda columns: columns.organisation.codes),
    ),
    SignalName.FRESHNESS: (
        _freshness,
        by_code(lambda columns: columns.updated, lambda columns: columns.organisation.codes),
    ),
    SignalName.INTEREST: (_interest, lambda pairs: [pair.capability.partner_sought for pair in pairs]),
}
"""The sentence of a signal, and all that it reads of the offer's side beside the value."""

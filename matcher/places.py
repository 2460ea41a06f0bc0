"""Countries, areas and dated groups: what a place's name means on a date.

How a name is read, in this order:

1. A code: ISO 3166-1 alpha-3 in any case, alpha-2 in capitals only ("NA" is Namibia, "no" and "n/a" are nothing),
   UN M49 as three digits.
2. A country's name, official name or other name, after folding (see ``fold``). A country comes before an area of the
   same name: "Micronesia" is the country; the M49 area is "057".
3. An area: an M49 region, a union of regions, a group (LDC, SIDS, LIC...), "World", "developing countries".
4. "Korea, Republic of" as "Republic of Korea", then "Kisumu, Kenya" as a part of the country behind the last comma.
   That country is never read from alpha-2, or "Portland, ME" would lie in Montenegro.

Anything else is UnknownPlace with at most three suggestions; a near name is never taken for the name.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, TypeVar

from matcher.errors import BadInput, UnknownPlace
from matcher.profiles import Located, Place

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

WORLD: Final = "World"
DEVELOPING: Final = "Developing countries"
DEVELOPED: Final = "DEVELOPED"  # the group behind is_developing

_CACHED: Final = 100_000  # entries a cache may hold before it starts anew: a night's distinct places are far fewer
_NEAR: Final = (
    72.0  # rapidfuzz ratio, 0-100: a letter wrong in five leaves 80, "Western Balkans" is 79 from "Western Asia"
)
_SUGGESTED: Final = 3

_SMALL_WORDS: Final = frozenset({"the", "and", "of"})  # they come and go between spellings of one name
_ABBREVIATIONS: Final = {"st": "saint", "ste": "sainte", "rep": "republic", "dem": "democratic", "is": "islands"}
_APOSTROPHES: Final = dict.fromkeys(map(ord, "'`\u2018\u2019\u02bc\u02bb\u02b9\u00b4"))
_LETTERS: Final = str.maketrans(  # letters that no Unicode decomposition takes apart
    {"\u00f8": "o", "\u0142": "l", "\u0111": "d", "\u00f0": "d", "\u0131": "i", "\u00e6": "ae", "\u0153": "oe"},
)
_WORD: Final = re.compile(r"[^\W_]+")

_REPUBLIC: Final = "republic"
_ANOTHER_REPUBLIC: Final = frozenset({"CHN"})  # "Republic of China" is not the China of the list: ask, never guess
_LONG_FORM: Final = frozenset({"republic", "democratic", "people", "peoples", "federal", "islamic", "kingdom", "state"})

_HOMONYMS: Final = frozenset({("georgia", "USA"), ("niger", "NGA"), ("luxembourg", "BEL")})
"""States and provinces named like a country: before the comma they are a part of the country behind it."""


@dataclass(frozen=True, slots=True)
class Country:
    """A country or area of ISO 3166-1, with the M49 regions it lies in ("" where there is none)."""

    alpha3: str
    alpha2: str
    m49: str  # three digits
    name: str  # as shown
    official_name: str
    region: str
    sub_region: str
    intermediate_region: str
    names: tuple[str, ...] = ()  # other names it is known by, in any language


@dataclass(frozen=True, slots=True)
class Membership:
    """A country is in a group from ``valid_from`` (included; None: always) to ``valid_to`` (excluded; None: open)."""

    group: str
    alpha3: str
    valid_from: date | None
    valid_to: date | None = None

    def holds(self, as_of: date) -> bool:
        """Whether it holds on that day."""
        return (self.valid_from is None or self.valid_from <= as_of) and (
            self.valid_to is None or as_of < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Area:
    """Other names of a region, group or WORLD; ``parts`` make a union of areas that M49 does not name."""

    name: str
    names: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


def fold(name: str) -> str:
    """Return the words that tell names apart: no case, marks, punctuation, small words or abbreviations. Idempotent."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name.translate(_APOSTROPHES)).casefold())
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_LETTERS)
    words = (_ABBREVIATIONS.get(word, word) for word in _WORD.findall(bare.translate(_APOSTROPHES)))
    return " ".join(word for word in words if word not in _SMALL_WORDS)


def _key(name: str) -> str:
    """Fold away the spaces too: "Viet Nam" is "Vietnam", "Cote d Ivoire" is "Cote d'Ivoire"."""
    return fold(name).replace(" ", "")


class PlaceBook:
    """Everything known of places. Indexes are made at first use; answers are cached for each (place, date)."""

    def __init__(
        self, countries: Sequence[Country], memberships: Sequence[Membership], areas: Sequence[Area] = ()
    ) -> None:
        self.countries: Mapping[str, Country] = {c.alpha3: c for c in sorted(countries, key=lambda c: c.alpha3)}
        self.codes: tuple[str, ...] = tuple(self.countries)
        self.memberships = tuple(memberships)
        self.areas: Mapping[str, Area] = {area.name: area for area in areas}
        self._resolved: dict[tuple[Place, date], frozenset[str]] = {}
        self._grouped: dict[tuple[str, date], frozenset[str]] = {}
        self._near: dict[str, tuple[str, ...]] = {}

    # -- one country ---------------------------------------------------------------------------------------------

    def country(self, name: str) -> str:
        """Return the alpha-3 code of one country, by code, name or "Kisumu, Kenya"; raises UnknownPlace for an area."""
        found = self._country(name)
        if found is None:
            raise UnknownPlace(name, self.suggestions(name))
        return found

    def name_of(self, alpha3: str) -> str:
        """Return the name to show; raises UnknownPlace."""
        return self._known(alpha3).name

    def region_of(self, alpha3: str) -> str:
        """Return the M49 sub-region ("Sub-Saharan Africa"), "" where there is none; raises UnknownPlace."""
        return self._known(alpha3).sub_region

    def continent_of(self, alpha3: str) -> str:
        """Return the M49 region ("Africa"), "" where there is none; raises UnknownPlace."""
        return self._known(alpha3).region

    # -- many countries ------------------------------------------------------------------------------------------

    def resolve(self, place: Place, as_of: date) -> frozenset[str]:
        """Return the alpha-3 codes a place stood for on a date.

        Raises UnknownPlace; BadInput for a group on a day before it is known, and for two places in one name.
        """
        found = self._resolved.get((place, as_of))
        if found is None:
            found = self._resolve(place, as_of)
            _remember(self._resolved, (place, as_of), found)
        return found

    def _resolve(self, place: Place, as_of: date) -> frozenset[str]:
        if isinstance(place, Located):
            return frozenset({self.country(place.country)})
        found = self._country(place)
        if found is not None:
            return frozenset({found})
        area = self._area_by_key.get(_key(place))
        if area is None:
            raise UnknownPlace(place, self.suggestions(place))
        return self._within(area, as_of)

    def _within(self, area: str, as_of: date) -> frozenset[str]:
        if area == WORLD:
            return frozenset(self.codes)
        if area == DEVELOPING:
            return frozenset(code for code in self.codes if self.is_developing(code, as_of))
        if area in self.groups:
            return self.members(area, as_of)
        parts = self.areas[area].parts if area in self.areas else ()
        return frozenset().union(*(self._within(part, as_of) for part in parts)) | self._regions.get(area, frozenset())

    # -- groups --------------------------------------------------------------------------------------------------

    @cached_property
    def groups(self) -> Mapping[str, date | None]:
        """Each group with the first day it is known; None where it holds for all time."""
        first = {m.group: m.valid_from or date.min for m in sorted(self.memberships, key=_latest_first)}
        return {group: None if day == date.min else day for group, day in sorted(first.items())}

    def group_known(self, group: str, as_of: date) -> bool:
        """Whether the book can say who was in the group that day. Before it, groups_of is silent on the group."""
        return group in self.groups and ((since := self.groups[group]) is None or since <= as_of)

    def members(self, group: str, as_of: date) -> frozenset[str]:
        """Return who was in a group on a day; raises BadInput for a group, or a day, the book does not know."""
        if group not in self.groups:
            raise BadInput("unknown_group", expected=f"one of {', '.join(self.groups)}", got=group)
        if not self.group_known(group, as_of):
            raise BadInput(
                "group_not_known_then",
                expected=f"a day from {self.groups[group]} on, since when {group} is known here",
                got=f"{group} as of {as_of}",
                fix="name the countries, or ask as of a later day",
            )
        return frozenset(m.alpha3 for m in self.memberships if m.group == group and m.holds(as_of))

    def groups_of(self, alpha3: str, as_of: date) -> frozenset[str]:
        """Return the groups a country is known to have been in that day; see group_known for what silence means."""
        found = self._grouped.get((alpha3, as_of))
        if found is None:
            memberships = self._memberships_by_code.get(self._known(alpha3).alpha3, ())
            found = frozenset(m.group for m in memberships if m.holds(as_of))
            _remember(self._grouped, (alpha3, as_of), found)
        return found

    def is_developing(self, alpha3: str, as_of: date) -> bool:
        """Whether a country counts as South in the typing of cooperation.

        North is the group DEVELOPED, written out with its source in data/reference/groups.csv: M49's Europe, Northern
        America, and Australia and New Zealand, with Cyprus, Israel, Japan and the Republic of Korea (from 2010, when
        it joined the OECD DAC), without the European countries on the DAC list of aid recipients. South is every
        other country that lies in an M49 region, whatever its income: China, Chile, Singapore, Turkiye.
        """
        if DEVELOPED not in self.groups:
            raise BadInput("unknown_group", expected=f"memberships of {DEVELOPED}", got=f"{len(self.groups)} groups")
        return self._known(alpha3).region != "" and DEVELOPED not in self.groups_of(alpha3, as_of)

    # -- suggestions ---------------------------------------------------------------------------------------------

    def suggestions(self, name: str) -> tuple[str, ...]:
        """Return at most three names near to one that is not known, nearest first; none for a name of few letters."""
        found = self._near.get(name)
        if found is None:
            head, comma, tail = name.rpartition(",")
            whole = self._nearest(name)
            found = whole or tuple(f"{head.strip()}, {near}" for near in self._nearest(tail) if comma)
            _remember(self._near, name, found)
        return found

    def _nearest(self, name: str) -> tuple[str, ...]:
        from rapidfuzz import fuzz, process

        nearest: dict[str, float] = {}
        spellings, labels = self._spellings
        for wanted in {fold(name), _short_form(fold(name))}:
            if len(wanted) >= 4:  # three letters are near to everything
                hits = process.extract(wanted, spellings, scorer=fuzz.ratio, score_cutoff=_NEAR, limit=50)
                for _, ratio, position in hits:
                    nearest[labels[position]] = max(ratio, nearest.get(labels[position], 0.0))
        return tuple(sorted(nearest, key=lambda label: (-nearest[label], label))[:_SUGGESTED])

    # -- indexes -------------------------------------------------------------------------------------------------

    def _known(self, alpha3: str) -> Country:
        try:
            return self.countries[alpha3]
        except KeyError:
            raise UnknownPlace(alpha3, self.suggestions(alpha3)) from None

    def _country(self, name: str) -> str | None:
        stripped = name.strip()
        found = self._by_code.get(stripped) or self._named(stripped)
        if found is not None or "," not in stripped or _key(stripped) in self._area_by_key:
            return found
        return self._behind_comma(stripped)

    def _named(self, name: str) -> str | None:
        """By alpha-3 in any case or by name; the empty key belongs to nobody."""
        key = _key(name)
        code = self._by_code.get(name.upper()) if len(name) == 3 else None
        found = code or self._by_key.get(key)
        if found is None and key.startswith(_REPUBLIC):  # "Republic of Togo", where the official name has another form
            bare = self._by_key.get(key.removeprefix(_REPUBLIC))
            found = bare if bare not in _ANOTHER_REPUBLIC else None
        return found

    def _behind_comma(self, name: str) -> str | None:
        *heads, tail = (part.strip() for part in name.split(","))
        inverted = self._by_key.get(_key(" ".join((tail, *heads))))
        if inverted is not None:
            return inverted
        country = self._named(tail)
        if country is None:
            return None
        for head in heads:
            other = self._by_key.get(_key(head)) or (self._by_code.get(head) if len(head) == 3 else None)
            if other not in {None, country} and (_key(head), country) not in _HOMONYMS:
                both = " and ".join(self.name_of(code) for code in (str(other), country))
                fix = f"list {both} apart, or state the part and its country"
                raise BadInput("several_places", expected="one place a value", got=name, fix=fix)
        return country

    @cached_property
    def _by_code(self) -> Mapping[str, str]:
        return {code: c.alpha3 for c in self.countries.values() for code in (c.alpha3, c.alpha2, c.m49) if code}

    @cached_property
    def _by_key(self) -> Mapping[str, str]:
        index: dict[str, str] = {}
        for country in self.countries.values():
            for name in _names_of(country):
                key = _key(name)
                if index.setdefault(key, country.alpha3) != country.alpha3:
                    raise BadInput(
                        "name_of_two_countries",
                        expected="names that fold apart",
                        got=f"{name} for {index[key]} and {country.alpha3}",
                        fix="take it from the names of one of them",
                    )
        index.pop("", None)
        return index

    @cached_property
    def _area_by_key(self) -> Mapping[str, str]:
        own = (WORLD, DEVELOPING, *self.groups, *self._regions, *self.areas)
        index = {_key(name): name for name in own}
        for area in self.areas.values():
            index.update({_key(name): area.name for name in area.names})
        return index

    @cached_property
    def _regions(self) -> Mapping[str, frozenset[str]]:
        regions: dict[str, set[str]] = defaultdict(set)
        for country in self.countries.values():
            for region in (country.region, country.sub_region, country.intermediate_region):
                if region:
                    regions[region].add(country.alpha3)
        return {region: frozenset(codes) for region, codes in regions.items()}

    @cached_property
    def _memberships_by_code(self) -> Mapping[str, Sequence[Membership]]:
        by_code: dict[str, list[Membership]] = defaultdict(list)
        for membership in self.memberships:
            by_code[membership.alpha3].append(membership)
        return dict(by_code)

    @cached_property
    def _spellings(self) -> tuple[list[str], list[str]]:
        """Folded names to compare with, and beside each the name to show for it."""
        shown = [(name, c.name) for c in self.countries.values() for name in _names_of(c)]
        shown += [(region, region) for region in self._regions]
        shown += [(name, a.name) for a in self.areas.values() for name in (a.name, *a.names)]
        pairs = {(spelling, label) for name, label in shown for spelling in (fold(name), _short_form(fold(name)))}
        ordered = sorted(pairs)
        return [spelling for spelling, _ in ordered], [label for _, label in ordered]


def _short_form(folded: str) -> str:
    """Leave out the words of a long form, so that "Republic of Chine" is near to China, not to every republic."""
    return " ".join(word for word in folded.split() if word not in _LONG_FORM)


def _names_of(country: Country) -> Iterable[str]:
    return (country.name, country.official_name, *country.names)


def _latest_first(membership: Membership) -> int:
    return -(membership.valid_from or date.min).toordinal()


def _remember(cache: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Keep an answer; a full cache starts anew, so junk in an import cannot fill the memory."""
    if len(cache) >= _CACHED:
        cache.clear()
    cache[key] = value

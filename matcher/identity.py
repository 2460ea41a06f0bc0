"""One organisation under several ids: which may be the same, and what they are together. People decide.

A suggestion rests on names (without legal forms, in any order of words), further names, the website's host and the
country; each is said. A merge is a pair of ids, one absorbed by the other, kept beside the profiles and undone at will.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any, Final
from urllib.parse import urlsplit

from rapidfuzz import fuzz

from matcher.profiles import Organisation, OrganisationId

LIKELY: Final = 0.85
"""Least likeness that is suggested. On names of one letter changed in ten, in another order or with another legal form
this is met; "National Institute of Technology" and "... of Hydrology" are not."""

_ELSEWHERE: Final = 0.7  # what another stated country leaves of a likeness of names: branches and namesakes are common
_ACRONYM: Final = 0.88  # initials alone prove little; with the same country they are worth a look
_SAME_SITE: Final = 0.95  # one host, unless it is one that many share
_SHARED_HOSTS: Final = frozenset(
    {"facebook.com", "linkedin.com", "twitter.com", "x.com", "github.com", "sites.google.com"}
)
_LEGAL: Final = frozenset(
    {"ag", "asbl", "bv", "co", "company", "corp", "corporation", "e", "eg", "ev", "foundation", "gbr", "gie", "gmbh"}
    | {"inc", "incorporated", "kg", "limited", "llc", "llp", "lp", "ltd", "ltda", "nv", "oy", "plc", "private", "pte"}
    | {"pty", "pvt", "sa", "sarl", "sas", "sl", "spa", "srl", "the", "v"}
)
_CROWD: Final = 40  # under one beginning: more share a common word, not a name
_NAMESAKES: Final = 300  # under one name, host or initials: a portal's own address under every organisation of it
_WORDS: Final = 6  # of a name are filed two by two; the seventh tells nobody apart
_SMALL: Final = frozenset({"of", "for", "and", "de", "du", "des", "la", "et"})  # not in initials
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An organisation that may be the same; ``score`` in [0, 1] is a likeness, not a probability."""

    organisation_id: OrganisationId
    name: str
    country: str | None
    score: float
    reasons: tuple[str, ...]


def duplicates(one: Organisation, others: Iterable[Organisation], least: float = LIKELY) -> tuple[Duplicate, ...]:
    """Return those of ``others`` that may be the same organisation, the likest first, then by id; itself left out."""
    mine = _Known.of(one)
    found = []
    for other in others:
        if other.id == one.id:
            continue
        score, reasons = _likeness(mine, _Known.of(other))
        if score >= least:
            found.append(Duplicate(OrganisationId(other.id), other.name, other.country, round(score, 3), reasons))
    return tuple(sorted(found, key=lambda each: (-each.score, each.organisation_id)))


@dataclass(frozen=True, slots=True)
class Twins:
    """Two organisations that may be one, ``ids`` in their order; ``score`` as that of a ``Duplicate``."""

    ids: tuple[str, str]
    score: float
    reasons: tuple[str, ...]


def all_duplicates(organisations: Iterable[Organisation], least: float = LIKELY) -> tuple[Twins, ...]:
    """Return every two organisations that may be one, the likest first, then by ids.

    1. File each organisation under its whole names, its initials, its website's host, and the beginnings and ends of
       the words of its names, one by one and two by two: whoever changes one letter in ten leaves one of them.
    2. Compare those who stand in one file, but for files of more than ``_CROWD``: every ministry begins alike, and two
       that are alike share a rarer file too.
    """
    known = {one.id: _Known.of(one) for one in organisations}
    files: dict[str, list[str]] = {}
    for record_id, one in known.items():
        for sign in _signs(one):
            files.setdefault(sign, []).append(record_id)
    asked: set[tuple[str, str]] = set()
    for sign, ids in files.items():
        if len(ids) <= (_CROWD if sign[0] in "12" else _NAMESAKES):
            asked.update((min(pair), max(pair)) for pair in combinations(ids, 2))
    found = []
    for pair in asked:
        score, reasons = _likeness(known[pair[0]], known[pair[1]])
        if score >= least:
            found.append(Twins(pair, round(score, 3), reasons))
    return tuple(sorted(found, key=lambda each: (-each.score, each.ids)))


def resolved(merges: Mapping[str, str]) -> dict[str, str]:
    """Follow chains of absorbed -> kept to the last one; raises ValueError where they run in a circle."""
    found: dict[str, str] = {}
    for start in merges:
        at, steps = start, 0
        while at in merges:
            at, steps = merges[at], steps + 1
            if steps > len(merges):
                raise ValueError(f"merges run in a circle at {start!r}")
        found[start] = at
    return found


def combined(kept: Organisation, absorbed: Sequence[Organisation]) -> Organisation:
    """Return the organisation that several ids are: the kept one's facts, gaps filled by the others in their order.

    Names of the others become aliases; roles, languages and networks are put together. Slots are those of the first
    that states them: one institution under two ids has not twice the people.
    """
    known = kept.model_dump(exclude_none=True)
    for other in absorbed:
        said = other.model_dump(exclude_none=True)
        for field in ("org_type", "country", "city", "website", "contact_channel", "activity_status", "slots_total"):
            if field in said:
                known.setdefault(field, said[field])
        for field in ("roles", "languages", "network_members"):
            if field in said:
                known[field] = tuple(dict.fromkeys((*known.get(field, ()), *said[field])))
        names = (*known.get("aliases", ()), other.name, *(other.aliases or ()))
        known["aliases"] = tuple(dict.fromkeys(name for name in names if name != kept.name))
    return Organisation.model_validate(known)


def referring(record: Mapping[str, Any], kind: str, merges: Mapping[str, str]) -> dict[str, Any]:
    """Return a record's JSON values with every id of an absorbed organisation replaced by the one that is kept."""
    fields = _REFERENCES.get(kind, ())
    changed: dict[str, Any] = {field: merges[record[field]] for field in fields if record.get(field) in merges}
    if kind == "organisations" and (members := record.get("network_members")):
        changed["network_members"] = list(dict.fromkeys(merges.get(member, member) for member in members))
    return {**record, **changed}


_REFERENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "needs": ("owner_organisation_id",),
    "capabilities": ("organisation_id",),
    "mechanisms": ("organisation_id",),
    "facilitators": ("organisation_id",),
    "cases": ("provider_id", "recipient_id"),
}


@dataclass(frozen=True, slots=True)
class _Known:
    names: tuple[str, ...]  # plain, the own one first
    initials: frozenset[str]
    host: str
    country: str

    @classmethod
    def of(cls, organisation: Organisation) -> _Known:
        names = (organisation.name, *(organisation.aliases or ()))
        return cls(
            tuple(dict.fromkeys(filter(None, map(plain_name, names)))),
            frozenset(filter(None, map(_initials, names))),
            _host(organisation.website or ""),
            (organisation.country or "").strip().casefold(),
        )


def _signs(one: _Known) -> set[str]:
    """Return what an organisation is filed under; the first letter says what kind of sign it is."""
    found = {f"n{initials}" for initials in one.initials} | {f"h{one.host}" for _ in one.host[:1]}
    for name in one.names:
        parts = sorted(
            {part for word in name.split()[:_WORDS] for part in _ends(word)} | {*_ends(name.replace(" ", ""))}
        )
        found |= {f"n{name}", f"n{' '.join(sorted(name.split()))}", *(f"1{part}" for part in parts)}
        found |= {f"2{first} {second}" for first, second in combinations(parts, 2)}
    return found


def _ends(word: str) -> tuple[str, str]:
    """Return how a word begins and ends: one changed letter leaves one of them."""
    length = 3 if len(word) < 8 else 4
    return f"<{word[:length]}", f"{word[-length:]}>"


@lru_cache(maxsize=200_000)
def plain_name(name: str) -> str:
    """Write a name one way: no case, accents, punctuation or legal form; never empty for a name with a letter."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())  # "\U0001f110" is "(A)"
    words = _WORD.findall("".join(letter for letter in folded if not unicodedata.combining(letter)))
    return " ".join([word for word in words if word not in _LEGAL] or words)


def _initials(name: str) -> str:
    words = [
        word for word in plain_name(name).split() if word not in {"of", "for", "and", "de", "du", "des", "la", "et"}
    ]
    return "".join(word[0] for word in words) if len(words) >= 3 else ""


def _host(website: str) -> str:
    try:
        host = urlsplit(website if "//" in website else f"//{website}").hostname or ""
    except ValueError:
        return ""
    host = host.removeprefix("www.")
    return "" if host in _SHARED_HOSTS or "." not in host else host


def _likeness(one: _Known, other: _Known) -> tuple[float, tuple[str, ...]]:
    said = list(_evidence(one, other))
    if not said:
        return 0.0, ()
    score = max(points for points, _ in said)
    reasons = [reason for _, reason in said]
    if one.country and other.country:
        if one.country == other.country:
            reasons.append("the same country")
        else:
            score *= _ELSEWHERE
            reasons.append("different countries")
    return score, tuple(reasons)


def _evidence(one: _Known, other: _Known) -> Iterator[tuple[float, str]]:
    if shared := set(one.names) & set(other.names):
        yield 1.0, f"the same name, written one way: {min(shared)}"
    else:
        best = max((_alike(mine, theirs) for mine in one.names for theirs in other.names), default=0.0)
        if best >= LIKELY:
            yield best, f"names alike ({best:.2f})"
        acronyms = (one.initials & set(other.names)) | (other.initials & set(one.names))
        if acronyms and one.country == other.country:
            yield _ACRONYM, f"one name is the other's initials: {min(acronyms).upper()}"
    if one.host and one.host == other.host:
        yield _SAME_SITE, f"the same website: {one.host}"


def _alike(mine: str, theirs: str) -> float:
    """Compare letter by letter (with and without spaces) and with the words in order; the best counts, below LIKELY 0.

    Of long names one word may differ and most letters agree: then the words that differ must be alike themselves.
    """
    best = max(
        fuzz.ratio(one, other, score_cutoff=100 * LIKELY) for one, other in zip(_ways(mine), _ways(theirs), strict=True)
    )
    if not best:
        return 0.0
    only_mine, only_theirs = _without(mine, theirs), _without(theirs, mine)
    if only_mine and only_theirs:
        best = min(best, (best + fuzz.ratio(only_mine, only_theirs)) / 2)
    return float(best) / 100


@lru_cache(maxsize=200_000)
def _ways(name: str) -> tuple[str, str, str]:
    return name, name.replace(" ", ""), " ".join(sorted(name.split()))


def _without(name: str, other: str) -> str:
    words = set(other.split())
    return "".join(word for word in name.split() if word not in words)

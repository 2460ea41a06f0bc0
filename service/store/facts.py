"""What the database must know of a record besides its text: what to find it by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final

from matcher.profiles import (
    Capability,
    CaseStory,
    Classification,
    FacilitatorProgramme,
    FundingMechanism,
    Located,
    Need,
    Organisation,
    Place,
    Profile,
)
from matcher.vocabulary import Confidentiality, ReviewState

SEARCHED_CHARACTERS: Final = 4_000  # title, names and summary always fit; more would make every search read more
_VALUE_CHARACTERS: Final = 200  # the width of the column
_KEY_CHARACTERS: Final = 60  # the width of the column: they tell titles apart, and the index stays a small one
_MARKS = re.compile("[\u0300-\u036f\u064b-\u0652]")  # accents of European scripts, vowel signs of Arabic
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Facts:
    """Columns beside a profile's text; ``facets`` are distinct (facet, value) pairs."""

    title: str
    review_state: ReviewState
    confidentiality: Confidentiality
    stated_at: datetime | None
    facets: tuple[tuple[str, str], ...]
    search_text: str
    title_key: str  # the first of the text that is searched: folded, and beginning with the title or name


def facts_of(profile: Profile) -> Facts:
    """Derive the columns of a record from its profile alone."""
    searched = _search_text(profile)
    return Facts(
        title=printable(_title(profile)),
        review_state=profile.review_state or ReviewState.PUBLISHED,
        confidentiality=getattr(profile, "confidentiality", Confidentiality.PUBLIC),
        stated_at=stated_moment(profile),
        facets=tuple(sorted(set(_facets(profile)))),
        search_text=searched,
        title_key=searched[:_KEY_CHARACTERS],
    )


def printable(text: str) -> str:
    """Leave out the one character PostgreSQL cannot hold, NUL. No id in the store has one."""
    return text.replace("\x00", "")


def words(text: str) -> list[str]:
    """Return the words of a text, folded: no case, no accents, compatibility forms as one."""
    return _WORD.findall(_folded(text))


def place_value(name: str) -> str:
    """Return a place name as it is filtered by: as stated, single-spaced. What it stands for is asked as of a date."""
    return " ".join(printable(name).split())[:_VALUE_CHARACTERS]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold())).casefold()


def _title(profile: Profile) -> str:
    return profile.name if isinstance(profile, Organisation) else profile.title


def stated_moment(profile: Profile) -> datetime | None:
    """Return the profile's own ``updated_at``: a day means its first moment, a time without a zone is UTC."""
    stated = profile.updated_at
    if stated is None:
        return None
    moment = stated if isinstance(stated, datetime) else datetime.combine(stated, time.min)
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:  # the first or last day of the calendar, moved across its end by a zone
        return moment.replace(tzinfo=UTC)


def _facets(profile: Profile) -> Iterator[tuple[str, str]]:
    for place in _places(profile):
        name = place.country if isinstance(place, Located) else place
        yield "country", place_value(name)
    for sector in getattr(profile, "sectors", None) or ():
        parts = sector.split(".")
        yield from (("sector", ".".join(parts[:depth])) for depth in range(1, len(parts) + 1))
    for goal in getattr(profile, "sdg_goals", None) or ():
        yield "sdg", str(goal)
    for organisation in organisations_of(profile):
        yield "organisation", printable(organisation)


def _places(profile: Profile) -> Iterable[Place]:
    """Where a record is about: at home for an organisation, else where it is offered, needed, eligible or done."""
    match profile:
        case Organisation():
            return (profile.country,) if profile.country else ()
        case Capability():
            return profile.places_offered or ()
        case Need():
            return profile.beneficiary_places or ()
        case FundingMechanism():
            return profile.eligible_places or ()
        case FacilitatorProgramme() | CaseStory():
            return profile.places or ()


def organisations_of(profile: Profile) -> tuple[str, ...]:
    """Return the organisation ids a record refers to, in the order of its fields."""
    match profile:
        case Organisation():
            return ()
        case Need():
            return (profile.owner_organisation_id,)
        case CaseStory():
            return tuple(stated for stated in (profile.provider_id, profile.recipient_id) if stated)
        case _:
            return (profile.organisation_id,)


def _search_text(profile: Profile) -> str:
    """Folded words between single spaces, with a space at both ends, so that " word" finds where a word begins."""
    found = " ".join(words(printable(" ".join(_texts(profile))[: 2 * SEARCHED_CHARACTERS])))
    return f" {found[:SEARCHED_CHARACTERS]} "


def _texts(profile: Profile) -> Iterator[str]:
    """Texts worth finding a record by, the most telling first."""
    yield _title(profile)
    yield profile.id
    if isinstance(profile, Organisation):
        yield from profile.aliases or ()
        yield from (text for text in (profile.country, profile.city) if text)
    yield from organisations_of(profile)
    for place in _places(profile):
        yield f"{place.name} {place.country}" if isinstance(place, Located) else place
    yield from getattr(profile, "sectors", None) or ()
    if isinstance(profile, Classification):
        yield from profile.keywords or ()
    for field in ("title_en", "summary_en", "summary", "problem_solved", "gap_description", "outcome", "description"):
        if text := getattr(profile, field, None):
            yield text

"""Where the text model does not cover a language: said of the pair, of the list, and asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from embeddings.glossing import LISTED
from matcher import naming
from matcher.encoding import primary
from matcher.matches import Contribution, OpenQuestion
from matcher.profiles import Capability, Need
from matcher.vocabulary import SignalName
from matcher.wording import listed, many

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

Reads = frozenset[str] | None
"""Primary subtags of the languages the encoder covers; None where it does not state them: then nothing is said."""

NOT_COVERED: Final = "which the text model does not cover"
_ENGLISH: Final = "en"
_LISTED: Final = "the words that a list knows were put into English one by one; "


def unread(profile: Need | Capability, reads: Reads) -> str | None:
    """Return the language of a profile whose texts the encoder does not cover; None where it covers them or may.

    A summary in English beside the texts is enough for an encoder that covers English.
    """
    if reads is None or profile.language is None or primary(profile.language) in reads:
        return None
    return None if profile.summary_en and _ENGLISH in reads else primary(profile.language)


def caveat(need: Need, capability: Capability, reads: Reads) -> str:
    """Say which side of a pair is not covered, to stand behind the topic's evidence; empty where both are."""
    said = [
        f"the {side} is written in {naming.language(language)}"
        for side, language in (("need", unread(need, reads)), ("offer", unread(capability, reads)))
        if language
    ]
    return f"{' and '.join(said)}, {NOT_COVERED}" if said else ""


def question(
    need: Need, capability: Capability, reads: Reads, contributions: Sequence[Contribution]
) -> OpenQuestion | None:
    """Ask for a summary in English, the provider before the owner of the need; None where nothing would be won."""
    if reads is None or _ENGLISH not in reads:
        return None
    points = sum(one.points_if_known - one.points for one in contributions if one.signal is SignalName.TOPIC)
    for profile, whom, said in (
        (capability, "provider", f'"{capability.title}"'),
        (need, "need_owner", f'The need "{need.title}"'),
    ):
        if language := unread(profile, reads):
            written = f"{said} is written in {naming.language(language)}, {NOT_COVERED}"
            asked = f"{written}: what are its title and summary in English?"
            return OpenQuestion("summary_en", whom, asked, points)
    return None


def own(profile: Need | Capability) -> tuple[str, ...]:
    """Return the language a profile is counted under among many; nothing if unknown, or beside an English summary."""
    return (primary(profile.language),) if profile.language and not profile.summary_en else ()


def notes(need: Need, written: Mapping[str, int], reads: Reads) -> list[str]:
    """Say what a list misses because of a language: the need's own, and its catalogue's, counted by ``own``."""
    if reads is None:
        return []
    said = []
    if language := unread(need, reads):
        known = _LISTED if language in LISTED else ""
        said.append(
            f"The need is written in {naming.language(language)}, {NOT_COVERED}: {known}words, numbers and structured "
            "facts decide more than meaning does. A summary in English (summary_en) would mend it."
        )
    if others := foreign(written, reads):
        offers = sum(number for _, number in others)
        few = listed(f"{naming.language(language)} {number}" for language, number in others)
        of = many(offers, "capability", "capabilities")
        said.append(f"{of} of the catalogue may stand too low, or be missing, for a language {NOT_COVERED}: {few}.")
    return said


def foreign(written: Mapping[str, int], reads: AbstractSet[str]) -> list[tuple[str, int]]:
    """Return the languages that are not covered with how many are written in them, the commonest first."""
    return sorted(((tag, n) for tag, n in written.items() if n and tag not in reads), key=lambda one: (-one[1], one[0]))

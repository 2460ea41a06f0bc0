"""Matches as cards of a page, and the table of points that a card and the page of a pair share.

Every word and figure is written here and the templates only place them: a page has twenty cards, and calling from a
template costs more than most of what is called.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from matcher.vocabulary import GateState, Readiness
from service.api.answers import address
from service.console import spelling, standing, views
from service.console.words import N_

if TYPE_CHECKING:
    from matcher.matches import Match
    from matcher.vocabulary import Stage
    from service.console.language import Language
    from service.console.views import Bar, MatchView

WHOLE: Final = 10
"""Matches of a list shown with their passages and bars; of the others these stand on the page of each pair."""

_SUM: Final = N_("Points: base %(base)s and these add up to %(sum)s")
_FACILITATORS: Final = N_("facilitators: %(fits)s fit, %(may)s may")
_FUNDERS: Final = N_("funders: %(fits)s fit, %(may)s may")


@dataclass(frozen=True, slots=True)
class Addend:
    """A row of the table of points; lengths are percent of the longest bar."""

    name: str
    figure: str
    possible: float
    length: float
    known: bool
    evidence: str


@dataclass(frozen=True, slots=True)
class Card:
    """One match, every word of it written."""

    match: Match
    view: MatchView
    pair: str  # address
    organisation: str  # address
    partner: str
    stage: str  # how far the tenant has come with it; "" where nothing is recorded
    placing: str
    kind: str  # of cooperation; "" where it is not known
    score: str
    best: str
    coverage: str
    next: str  # by which day the next step is due
    sum: str  # caption of the table of points
    addends: tuple[Addend, ...]  # those that are known; none where the card is not whole
    line: str  # the same in a line where it is not
    unknown: str  # names of the others
    could_earn: str  # points of the others at most, in words
    failed: tuple[tuple[str, str], ...]  # gates with the reason
    gates: tuple[tuple[str, str, str], ...]  # state, class of its colour, names of the gates in it
    tags: tuple[tuple[str, str], ...]  # class and words: who could help, which conditions are known


def cards(
    matches: Iterable[Match], names: Mapping[str, str], stages: Mapping[str, Stage], spoken: Language
) -> list[Card]:
    """Lay out the matches of one need, the first ones whole."""
    return [
        card(match, names, stages.get(match.capability_id), spoken, whole=at < WHOLE)
        for at, match in enumerate(matches)
    ]


def card(match: Match, names: Mapping[str, str], stage: Stage | None, spoken: Language, *, whole: bool = True) -> Card:
    """Lay out one match in a language; a partner that is not described, or not to be seen, goes by its id.

    One that is not whole has its points in a line, and no passages.
    """
    view, said = views.match_view(match, quoted=whole), spoken.words.gettext
    open_bars = [bar for bar in view.bars if not bar.known]
    step = match.next_step
    return Card(
        match,
        view,
        address("needs", match.need_id, "with", match.capability_id),
        address("organisations", match.organisation_id),
        names.get(match.organisation_id, match.organisation_id),
        said(spelling.plain(stage.value)) if stage else "",
        said(spelling.plain(match.placing.value) if match.placing else match.allocation),
        said(views.cooperation(match.cooperation)) if match.cooperation else "",
        spoken.percent(match.score),
        spoken.percent(match.best_score),
        spoken.percent(match.coverage),
        said(N_("Next, by %(day)s")) % {"day": spoken.day(step.due)} if step else "",
        said(_SUM) % {"base": spoken.number(match.base), "sum": spoken.number(match.z)},
        tuple([_addend(bar, spoken) for bar in view.bars if bar.known]) if whole else (),
        "" if whole else ", ".join([f"{said(bar.name)} {spoken.signed(bar.points)}" for bar in view.bars if bar.known]),
        ", ".join([said(bar.name) for bar in open_bars]),
        said(N_("up to %(points)s")) % {"points": spoken.signed(sum(bar.could_be for bar in open_bars))},
        tuple((said(name), detail) for name, state, _, detail in view.gates if state == views.STATES[GateState.FAIL]),
        tuple(_gates(view, spoken)),
        tuple(_tags(match, spoken)),
    )


def with_every_addend(one: Card, spoken: Language) -> Card:
    """Return a card whose table of points has a row for every signal, known or not."""
    return replace(one, addends=tuple(_addend(bar, spoken) for bar in one.view.bars), unknown="")


def _addend(bar: Bar, spoken: Language) -> Addend:
    figure = spoken.signed(bar.points) if bar.known else spoken.words.gettext(N_("unknown"))
    return Addend(spoken.words.gettext(bar.name), figure, bar.possible, bar.length, bar.known, bar.evidence)


def _gates(view: MatchView, spoken: Language) -> Iterator[tuple[str, str, str]]:
    """Yield the gates that are not known and those that pass, each by name."""
    said = spoken.words.gettext
    for state in (GateState.UNKNOWN, GateState.PASS):
        if names := [said(name) for name, its, _, _ in view.gates if its == views.STATES[state]]:
            yield said(views.STATES[state]), views.COLOURS[state], ", ".join(names)


def _tags(match: Match, spoken: Language) -> Iterator[tuple[str, str]]:
    """Yield how many third parties there are, and the conditions that are known."""
    said = spoken.words.gettext
    for words, parties in ((_FACILITATORS, match.facilitators), (_FUNDERS, match.funders)):
        if not parties:
            continue
        fits, may = standing.counted(parties)
        if fits or may:
            yield "tag", said(words) % {"fits": spoken.number(fits), "may": spoken.number(may)}
    if match.readiness:
        for name, one, css in standing.conditions(match.readiness):
            if one.state is not Readiness.UNKNOWN:
                yield f"state {css}", f"{said(name)}: {said(spelling.plain(one.state.value))}"

"""Pictures of pages as SVG text, coloured by classes of the style sheet so that they follow light and dark.

Each has a title and is named for who cannot see it; what it shows stands beside it as text in every case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH: Final = 640
_LEFT: Final = 44  # room for figures at the side
_SIDE: Final = 220  # height of a plot's field
_ROW: Final = 26
_NAMES: Final = 230  # room for names at the left of bars
_FIGURES: Final = 90


@dataclass(frozen=True, slots=True)
class Spot:
    """One match in the plot of score against coverage."""

    rank: int
    score: float
    coverage: float
    tier: str
    title: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a bar chart or funnel."""

    name: str
    value: float
    figure: str


def score_and_coverage(title: str, across: str, up: str, spots: Sequence[Spot]) -> Markup:
    """Draw each match at its coverage (across) and score (up), both from 0 to 1, with its rank."""
    width, top = WIDTH - _LEFT - 16, 12
    bottom = top + _SIDE
    body = []
    for step in range(5):
        share = step / 4
        x, y = _LEFT + share * width, bottom - share * _SIDE
        body += [
            f'<line class="grid" x1="{_LEFT}" y1="{y:.1f}" x2="{_LEFT + width}" y2="{y:.1f}"/>',
            _text(_LEFT - 6, y + 4, f"{100 * share:.0f}", "end"),
            _text(x, bottom + 16, f"{100 * share:.0f}", "middle"),
        ]
    for one in reversed(spots):  # the best is drawn last, on top
        x, y = _LEFT + one.coverage * width, bottom - one.score * _SIDE
        body.append(
            f'<g class="spot spot-{one.tier}"><title>{_escaped(f"{one.rank}. {one.title}")}</title>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="9"/>{_text(x, y + 3.5, str(one.rank), "middle")}</g>'
        )
    body += [_text(_LEFT + width, bottom + 32, across, "end"), _text(_LEFT, top - 2, up, "start")]
    return _picture(title, bottom + 38, body)


def bars(title: str, steps: Sequence[Step]) -> Markup:
    """Draw values as bars, in the order given; the longest fills the field."""
    longest = max((one.value for one in steps), default=0) or 1
    room = WIDTH - _NAMES - _FIGURES
    body = []
    for at, one in enumerate(steps):
        y = 6 + at * _ROW
        body += [
            _text(_NAMES - 10, y + 15, _shortened(one.name), "end"),
            f'<rect class="fill" x="{_NAMES}" y="{y + 3}" width="{one.value / longest * room:.1f}" height="15"/>',
            _text(_NAMES + one.value / longest * room + 8, y + 15, one.figure, "start"),
        ]
    return _picture(title, 12 + len(steps) * _ROW, body)


def _shortened(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}\u2026"


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_escaped(words)}</text>'


def _escaped(words: str) -> str:
    from markupsafe import escape

    return str(escape(words))


def _picture(title: str, height: float, body: Sequence[str]) -> Markup:
    from markupsafe import Markup

    return Markup(  # noqa: S704 - numbers, and words that are escaped
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height:g}" role="img" direction="ltr">'
        f"<title>{_escaped(title)}</title>"
        f"{''.join(body)}</svg>"
    )

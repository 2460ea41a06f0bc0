"""Small charts as SVG text: bars with intervals, differences about zero, a reliability curve, a waterfall.

Own drawing of four shapes, because a plotting library would be the largest dependency of a page that holds three
pictures. No scripts, no outside fonts; colours differ in lightness too, so that they survive a grey printer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

INK: Final = "#1b2733"
SOFT: Final = "#51606e"
RAIL: Final = "#dfe6ec"
FILL: Final = "#2b7fa3"
OTHER: Final = "#9db4c0"
LOSS: Final = "#97241b"
WIDTH: Final = 720
LABELS: Final = 210  # room for the words at the left
FIGURES: Final = 170  # room for the figures at the right
ROW: Final = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """A labelled value with the bounds of its interval (equal to it where there is none) and what is written beside."""

    label: str
    value: float
    low: float
    high: float
    figures: str
    pale: bool = False  # drawn as what is compared with


@dataclass(frozen=True, slots=True)
class Point:
    """A bin of a reliability curve."""

    predicted: float
    observed: float
    weight: int


@dataclass(frozen=True, slots=True)
class Picture:
    """One SVG element. Notebooks show it, ``str`` writes it."""

    text: str

    def __str__(self) -> str:
        return self.text

    def _repr_svg_(self) -> str:
        return self.text


def bars(title: str, rows: Sequence[Bar]) -> Picture:
    """Draw values from 0 to 1 (or to the highest bound, if that is more) as bars with whiskers."""
    top = max([1.0, *(row.high for row in rows)])
    left, right = LABELS, WIDTH - FIGURES
    scale = (right - left) / top
    body = list(_grid(left, right, len(rows), [(step / 5 * top, left + step / 5 * top * scale) for step in range(6)]))
    for place, row in enumerate(rows):
        y = 10 + place * ROW
        width = max(row.value, 0) * scale
        body += [
            _words(left - 10, y + 17, row.label, "end"),
            _box(left, y + 5, width, OTHER if row.pale else FILL),
            *_whisker(left + row.low * scale, left + row.high * scale, y + 12.5),
            _words(right + 12, y + 17, row.figures),
        ]
    return _picture(title, 10 + len(rows) * ROW + 26, body)


def differences(title: str, rows: Sequence[Bar]) -> Picture:
    """Draw differences as points with whiskers about a line at zero; pale rows have an open point."""
    step = _round(max([0.01, *(abs(bound) for row in rows for bound in (row.low, row.high))]) / 2)
    reach = 2.2 * step
    left, right = LABELS, WIDTH - FIGURES
    middle, scale = (left + right) / 2, (right - left) / 2 / reach
    ticks = [(times * step, middle + times * step * scale) for times in range(-2, 3)]
    body = list(_grid(left, right, len(rows), ticks, signed=True))
    body.append(_line(middle, 6, middle, 10 + len(rows) * ROW, INK))
    for place, row in enumerate(rows):
        y = 10 + place * ROW + 12.5
        colour = FILL if row.value >= 0 else LOSS
        body += [
            _words(left - 10, y + 4.5, row.label, "end"),
            *_whisker(middle + row.low * scale, middle + row.high * scale, y),
            _dot(middle + row.value * scale, y, "#ffffff" if row.pale else colour, colour),
            _words(right + 12, y + 4.5, row.figures),
        ]
    return _picture(title, 10 + len(rows) * ROW + 26, body)


def reliability(title: str, points: Sequence[Point], others: Sequence[Point] = ()) -> Picture:
    """Draw what was observed over what was predicted; on the diagonal a score means what it says."""
    left, top, side = 60, 12, 300
    body = [
        f'<rect x="{left}" y="{top}" width="{side}" height="{side}" fill="none" stroke="{RAIL}"/>',
        _line(left, top + side, left + side, top, SOFT, dash="4 4"),
    ]
    for step in range(6):
        share = step / 5
        body += [
            _words(left + share * side, top + side + 18, f"{share:.1f}", "middle", SOFT),
            _words(left - 8, top + side - share * side + 4, f"{share:.1f}", "end", SOFT),
        ]
    body += [
        _words(left + side / 2, top + side + 38, "predicted", "middle"),
        f'<g transform="translate(16 {top + side / 2}) rotate(-90)">{_words(0, 0, "observed", "middle")}</g>',
    ]
    for curve, colour in ((others, OTHER), (points, FILL)):
        places = [(left + one.predicted * side, top + side - one.observed * side) for one in curve]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        body.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        body += [_dot(x, y, colour, colour) for x, y in places]
    return _picture(title, top + side + 48, body, width=left + side + 30)


def waterfall(title: str, base: tuple[str, float], steps: Sequence[tuple[str, float]], end: str) -> Picture:
    """Draw how addends lead from a base to a sum, one line each, in the order given."""
    levels = [base[1]]
    for _, points in steps:
        levels.append(levels[-1] + points)
    low, high = min(0.0, *levels), max(0.0, *levels)
    left, right = LABELS, WIDTH - FIGURES
    scale = (right - left) / ((high - low) or 1)

    def x(level: float) -> float:
        return left + (level - low) * scale

    rows = [(base[0], 0.0, base[1]), *((n, a, b) for (n, _), a, b in zip(steps, levels, levels[1:], strict=False))]
    body = [_line(x(0), 6, x(0), 10 + (len(rows) + 1) * ROW, SOFT)]
    for place, (name, before, after) in enumerate((*rows, (end, 0.0, levels[-1]))):
        y = 10 + place * ROW
        whole = place in {0, len(rows)}
        colour = OTHER if whole else FILL if after >= before else LOSS
        body += [
            _words(left - 10, y + 17, name, "end"),
            _box(min(x(before), x(after)), y + 5, max(abs(after - before) * scale, 1), colour),
            _words(right + 12, y + 17, f"{after:+.3f}" if whole else f"{after - before:+.3f}"),
        ]
        if place < len(rows):
            body.append(_line(x(after), y + 20, x(after), y + ROW + 5, SOFT, dash="2 2"))
    return _picture(title, 10 + (len(rows) + 1) * ROW + 6, body)


def _grid(
    left: float, right: float, rows: int, ticks: Sequence[tuple[float, float]], *, signed: bool = False
) -> Iterator[str]:
    bottom = 10 + rows * ROW
    yield _line(left, bottom, right, bottom, RAIL)
    for value, x in ticks:
        yield _line(x, 6, x, bottom, RAIL)
        yield _words(x, bottom + 18, f"{value:+.3g}" if signed and value else f"{value:.1f}", "middle", SOFT)


def _round(step: float) -> float:
    """Return the next number at or above a step that reads well: 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= step * 0.999)


def _whisker(low: float, high: float, y: float) -> Iterator[str]:
    yield _line(low, y, high, y, INK)
    for x in (low, high):
        yield _line(x, y - 4, x, y + 4, INK)


def _box(x: float, y: float, width: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="15" fill="{colour}"/>'


def _dot(x: float, y: float, fill: str, edge: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{fill}" stroke="{edge}" stroke-width="2"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="1.3"{dashed}/>'
    )


def _words(x: float, y: float, text: str, anchor: str = "start", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _picture(title: str, height: float, body: Sequence[str], width: float = WIDTH) -> Picture:
    lines = "\n".join(body)
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" font-family="system-ui, sans-serif" font-size="13">\n'
        f"<title>{escape(title)}</title>\n{lines}\n</svg>"
    )

"""What stands on the report's page, in order: a verdict in a sentence, then a part for everything that was measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from matcher.evaluation import FEWEST
from matcher.wording import many
from service import charts
from service.charts import Bar, Point

if TYPE_CHECKING:
    from matcher.calibration import Calibration
    from matcher.evaluation import Difference, Estimate
    from service.charts import Picture
    from service.judging.reports import EvaluationReport, MarketReport, Measure, PartReport

MAIN: Final[Measure] = "nDCG@10"
NOTHING: Final = "-"
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One titled piece of the page; ``picture`` and ``rows`` may each be missing."""

    name: str  # of its picture's file
    title: str
    caption: str
    picture: Picture | None = None
    heads: Row = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that both forms of the report hold."""

    verdict: str
    counts: tuple[str, ...]
    parts: tuple[Part, ...]


def page_of(report: EvaluationReport) -> Page:
    """Lay out a report."""
    return Page(verdict(report), counts(report), tuple(_parts(report)))


def verdict(report: EvaluationReport) -> str:
    """Say in one sentence what the figures allow to say."""
    own = report.measures[MAIN]
    said = f"{MAIN} is {own.value:.3f}, with 95 % confidence between {own.low:.3f} and {own.high:.3f}"
    if report.baseline is None:
        return f"{said}."
    change = report.baseline.difference[MAIN]
    if not change.real:
        return (
            f"{said}. A difference from the baseline ({report.baseline.measures[MAIN].value:.3f}) is not shown: "
            f"{change.value:+.3f}, between {change.low:+.3f} and {change.high:+.3f}."
        )
    direction = "better" if change.value > 0 else "worse"
    return (
        f"{said}. That is really {direction} than the baseline ({report.baseline.measures[MAIN].value:.3f}) by "
        f"{abs(change.value):.3f}, between {change.low:+.3f} and {change.high:+.3f}."
    )


def counts(report: EvaluationReport) -> tuple[str, ...]:
    """Say how many needs the figures rest on, and which were counted 0 or left out."""
    lines = [f"{many(report.needs, 'need')} judged, {report.needs_without_results} of them without results (counted 0)"]
    if report.needs_without_relevant:
        lines.append(f"{many(report.needs_without_relevant, 'need')} with nothing relevant (counted 0)")
    if report.needs_not_judged:
        lines.append(f"{many(report.needs_not_judged, 'need')} of the run not judged (left out)")
    return tuple(lines)


def _parts(report: EvaluationReport) -> Iterator[Part]:
    yield _measures(report)
    if report.baseline is not None:
        yield _differences(report.baseline.difference, report.resamples)
    if report.calibration.ece is not None:
        yield _calibration(report.calibration, report.baseline.calibration if report.baseline else None)
    for name, title, groups in (
        ("languages", "By language of the need", report.by_language),
        ("providers", "Providers seen and unseen when the ranking was fitted", report.by_provider),
    ):
        if groups:
            yield _groups(name, title, groups)
    yield from _market(report.market, report.baseline.market if report.baseline else None)


def _measures(report: EvaluationReport) -> Part:
    rows: list[Bar] = []
    for name, estimate in report.measures.items():
        rows.append(_bar(name, estimate))
        if report.baseline is not None:
            rows.append(_bar("baseline", report.baseline.measures[name], pale=True))
    caption = (
        "Means over every judged need with the middle 95 % of the bootstrap. nDCG@10: gain = grade; the others: "
        "relevant = grade 1 and above."
    )
    return Part("measures", "Measures", caption, charts.bars("Measures with 95 % intervals", rows))


def _differences(found: Mapping[Measure, Difference], resamples: int) -> Part:
    rows = [Bar(name, one.value, one.low, one.high, _verdict(one), pale=not one.real) for name, one in found.items()]
    caption = (
        f"Run minus baseline, paired over needs ({resamples:,} resamples). A filled point is real: its interval leaves "
        f"out 0, over {FEWEST} needs or more. An open one may be luck."
    )
    return Part("differences", "Against the baseline", caption, charts.differences("Run minus baseline", rows))


def _calibration(own: Calibration, other: Calibration | None) -> Part:
    rows = [("run", *_calibrated(own))]
    if other is not None and other.ece is not None:
        rows.append(("baseline", *_calibrated(other)))
    picture = charts.reliability("Observed over predicted", _points(own), _points(other) if other else ())
    share = own.relevant or 0.0
    caption = (
        "Judged pairs of the ranking, in ten bins of equally many; the baseline's are pale. On the dashed line a score "
        f"means what it says. Always saying {share:.2f}, the share of relevant pairs, would have a Brier score of "
        f"{share * (1 - share):.3f}."
    )
    heads = ("", "pairs", "ECE", "Brier score")
    return Part("calibration", "Calibration", caption, picture, heads, tuple(rows))


def _calibrated(found: Calibration) -> Row:
    return (str(found.pairs), _with_bounds(found.ece), _with_bounds(found.brier))


def _points(found: Calibration) -> list[Point]:
    return [Point(one.predicted, one.observed, one.pairs) for one in found.bins]


def _groups(name: str, title: str, groups: Mapping[str, PartReport]) -> Part:
    bars = [_bar(f"{group} ({part.needs})", part.measures[MAIN]) for group, part in groups.items()]
    rows = tuple(
        (group, str(part.needs), *_changes(part)) for group, part in groups.items() if part.difference is not None
    )
    caption = (
        f"{MAIN}; the number of needs in brackets. Few needs make wide intervals; fewer than {FEWEST} prove nothing."
    )
    heads = ("", "needs", "against the baseline", "") if rows else ()
    return Part(name, title, caption, charts.bars(f"{MAIN} {title.lower()}", bars), heads, rows)


def _changes(part: PartReport) -> Row:
    change = (part.difference or {})[MAIN]
    return (f"{change.value:+.3f} [{change.low:+.3f}, {change.high:+.3f}]", "real" if change.real else "not shown")


def _market(own: MarketReport, other: MarketReport | None) -> Iterator[Part]:
    runs = [("run", own), *([("baseline", other)] if other else [])]
    shown = [(name, market.exposure) for name, market in runs if market.exposure is not None]
    if shown:
        yield Part(
            "exposure",
            "Who is shown",
            "Among the ten best of every list. Gini 0: every provider alike; near 1: a few have it all.",
            heads=("", "providers", "shown", "Gini", "share of the busiest tenth"),
            rows=tuple(
                (name, str(e.providers), str(e.providers_shown), _share(e.gini), _share(e.top_10_percent_share))
                for name, e in shown
            ),
        )
    if own.coverage is not None:
        yield Part(
            "coverage",
            "Whom it serves",
            "Share of the needs for a country of the group with a match that is no near miss, and with a tier A.",
            heads=("", "group", "needs", "with a match", "with tier A"),
            rows=tuple(
                (name, group, str(one.needs), _share(one.with_match), _share(one.with_tier_a))
                for name, market in runs
                for group, one in (market.coverage or {}).items()
            ),
        )


def _verdict(found: Difference) -> str:
    return f"{found.value:+.4f} {'real' if found.real else 'not shown'}"


def _bar(label: str, found: Estimate, *, pale: bool = False) -> Bar:
    return Bar(label, found.value, found.low, found.high, _with_bounds(found), pale=pale)


def _with_bounds(found: Estimate | None) -> str:
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]" if found else NOTHING


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"

"""The ledger as files: quality.json for programs, quality.md for people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter

from service.quality.entries import Entry, Ledger
from service.quality.experts import NAMES as EXPERTS_BESIDE
from service.quality.sdg import PUBLISHED
from service.releases.files import replacing
from service.wire import to_json

if TYPE_CHECKING:
    from service.judging.reports import Measure
    from service.quality.collections import Published
    from service.quality.entries import Beside
    from service.quality.sdg import SdgEntry

MAIN: Final[Measure] = "nDCG@10"
FURTHER: Final[tuple[Measure, ...]] = ("recall@20", "recall@100", "MRR", "MAP")
_HEAD: Final = """# The quality ledger

Written by `make quality`; not edited by hand. Every collection that lies beside the checkout is ranked as `matcher
match` ranks it, with default settings and texts alone, and judged as `matcher evaluate` judges it. In brackets stands
the middle 95 % of 2,000 bootstrap samples over needs. Behind each baseline's figure stands ours minus it, paired over
needs; it is **real** when its interval leaves out 0.

Baselines read the same records as one text each: *BM25* is bm25s (k1 1.2, b 0.75, English stems), *MiniLM* the cosine
of one vector of the bundled model a text, *fusion* their convex combination .75 / .25 from theoretical minima to each
need's maximum (Bruch, Gai and Ingber, TOIS 2023).

What a figure is worth: *held out* collections chose no weight and no rule, *development* ones were looked at when some
were chosen, *silver* judgements are derived from tags and tell trends only.
"""


_EXPERTS_HEAD: Final = """## Expert finding, nDCG@10

`matcher match --group-by organisation`: an objective of a project asks which agency carries it out, by the agency's
other projects. *Best record* is our own evidence of the one record that speaks most for an agency; *mean vector* the
cosine of the bundled model's mean vector of all its records.
"""

_SDG_HEAD: Final = """## SDG suggestions

`matcher tag`: its two best goals against the goals that people gave. F1 is the mean over the goals that some text has.
A text with one label and two goals said can reach an F1 of about .67 at most. With credit, a text is right for its goal
if that is among the two, and counts against the best goal if not (F1 = 2 right / (right + wrongly best + labelled)).
Systems of others were measured on other texts, below.
"""


def read(path: Path) -> Ledger | None:
    """Read a ledger that was written; None where there is none."""
    if not path.is_file():
        return None
    found: Ledger = TypeAdapter(Ledger).validate_json(path.read_bytes())
    return found


def write(ledger: Ledger, folder: Path) -> None:
    """Write both files, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"quality.json": to_json(ledger, indent=1) + "\n", "quality.md": markdown(ledger)}
    for name, text in texts.items():
        with replacing(folder / name) as sink:
            sink.write(text.encode())


def markdown(ledger: Ledger) -> str:
    """Tell the ledger as tables."""
    parts = [_HEAD, f"Model: `{ledger.model}`.\n", *_tables(ledger)]
    return "\n".join(parts).rstrip() + "\n"


def _tables(ledger: Ledger) -> Iterator[str]:
    yield f"## {MAIN}\n"
    experts = [entry for entry in ledger.entries if set(entry.baselines) == set(EXPERTS_BESIDE)]
    yield _main_table([entry for entry in ledger.entries if entry not in experts])
    if experts:
        yield _EXPERTS_HEAD
        yield _main_table(experts)
    yield "## Other measures\n"
    yield _table(["collection", *FURTHER], [_further_row(entry) for entry in ledger.entries])
    published = [(entry.title, one) for entry in ledger.entries for one in entry.published]
    if published:
        yield "## Published by others\n"
        yield _table(
            ["collection", "system", "measure", "figure", "on", "source"],
            [[title, *_published_row(one)] for title, one in published],
        )
    if ledger.sdg:
        yield _SDG_HEAD
        yield _table(
            [
                "texts",
                "number",
                "figure of",
                "best goal right",
                "one of the best two right",
                "mean F1",
                "with credit",
                "measured",
            ],
            [_sdg_row(entry) for entry in ledger.sdg],
        )
        yield _table(["system", "measure", "figure", "on", "source"], [_published_row(one) for one in PUBLISHED])
    if ledger.skipped:
        yield "## Not measured\n"
        yield "\n".join(f"- {name}: {why}" for name, why in ledger.skipped.items()) + "\n"


def _main_table(entries: list[Entry]) -> str:
    names = list(dict.fromkeys(name for entry in entries for name in entry.baselines))
    heads = ["collection", "needs x capabilities", "figure of", "ours", *names, "measured"]
    return _table(heads, [_main_row(entry, names) for entry in entries])


def _main_row(entry: Entry, names: list[str]) -> list[str]:
    own = entry.measures[MAIN]
    return [
        entry.title,
        f"{entry.needs} x {entry.capabilities:,}",
        str(entry.standing),
        f"**{own.value:.3f}** [{own.low:.3f}, {own.high:.3f}]",
        *(_beside(entry.baselines.get(name)) for name in names),
        f"{entry.date}, `{entry.commit}`",
    ]


def _sdg_row(entry: SdgEntry) -> list[str]:
    reached = (entry.accuracy, entry.found, entry.f1, entry.credited)
    figures = (f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" for one in reached)
    measured = f"{entry.date}, `{entry.commit}`"
    return [entry.title, f"{entry.texts:,}", str(entry.standing), *figures, measured]


def _published_row(one: Published) -> list[str]:
    return [one.system, one.measure, f"{one.value:.3f}", one.on, one.source]


def _beside(found: Beside | None) -> str:
    if found is None:
        return ""
    change = found.difference[MAIN]
    verdict = "real" if change.real else "not shown"
    return f"{found.measures[MAIN].value:.3f}; {change.value:+.3f} {verdict}"


def _further_row(entry: Entry) -> list[str]:
    return [entry.title, *(f"{entry.measures[name].value:.3f}" for name in FURTHER)]


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

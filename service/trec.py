"""TREC run and qrels files: the forms in which rankings and judgements are exchanged."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from matcher.errors import BadInput
from matcher.matches import Match, Ranked, RankedOrganisation

TAG: Final = "partner-matcher"
_TABLE: Final = 3  # columns of judgements as a table
_GRADE: Final = frozenset({"score", "grade", "rel", "relevance", "label"})  # what headers call the last column
_HIGHEST: Final = 1_000_000  # trec_eval counts grades in an array as long as the highest
_SAVE: Final = "save it as plain text, tab-separated, in UTF-8"
STEP: Final = 1e-6  # printed digits; wider than single precision near 1, in which trec_eval compares scores


def read_run(path: Path) -> dict[str, dict[str, float]]:
    """Read ``need Q0 capability rank score tag`` lines in any order. Raises BadInput naming the line that is wrong."""
    return run_of(numbered_lines(path), path)


def run_of(lines: Iterable[tuple[int, str]], path: Path) -> dict[str, dict[str, float]]:
    """Read a run from its numbered lines; ``path`` is what an error names."""
    run: dict[str, dict[str, float]] = {}
    for number, line in lines:
        try:
            need, _, capability, _, score, _ = line.split()
        except ValueError:
            raise _bad(path, number, "six fields: need Q0 capability rank score tag", line) from None
        ranked = run.setdefault(need, {})
        if capability in ranked:
            raise _bad(path, number, f"each capability once for need {need}", line)
        ranked[capability] = _number(path, number, score, line)
    return run


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Read judgements: TREC ``need 0 capability grade``, or three tab-separated columns; with or without a header.

    A pair judged twice must be judged alike. Raises BadInput naming the line that is wrong.
    """
    qrels: dict[str, dict[str, int]] = {}
    table = False
    for at, (number, line) in enumerate(numbered_lines(path)):
        if at == 0:
            table = line.count("\t") == _TABLE - 1 or line.split()[:2] == ["query-id", "corpus-id"]
            if line.split()[-1].casefold() in _GRADE:
                continue
        fields = line.split("\t") if table else line.split()
        if len(fields) != (_TABLE if table else 4):
            form = "three tab-separated fields: query-id corpus-id score"
            raise _bad(path, number, form if table else f"four fields: need 0 capability grade, or {form}", line)
        need, capability, grade = fields[0].strip(), fields[-2].strip(), _number(path, number, fields[-1], line)
        if grade != int(grade) or abs(grade) > _HIGHEST:
            raise _bad(path, number, f"a whole number up to {_HIGHEST} as the grade", line)
        if qrels.setdefault(need, {}).setdefault(capability, int(grade)) != grade:
            raise _bad(path, number, "one grade for a pair; it was judged differently above", line)
    return qrels


def run_lines(ranked: Iterable[Ranked | Match | RankedOrganisation]) -> Iterator[str]:
    """Write one need's ranking as run lines, scores strictly decreasing.

    The score is the match's own to six decimals, lowered to one step under the line above where it would not be
    lower: after an equal score, and for a near miss that stands below a weaker eligible pair. Raises BadInput for an
    id with white space, which the format cannot carry.
    """
    above = float("inf")
    for match in ranked:
        score = min(round(match.score, 6), above - STEP)
        found = match.organisation_id if isinstance(match, RankedOrganisation) else match.capability_id
        yield f"{word(match.need_id)} Q0 {word(found)} {match.rank} {score:.6f} {TAG}\n"
        above = round(score, 6)


def word(identifier: str) -> str:
    """Return an id that a line can carry; raises BadInput for one with white space."""
    if len(identifier.split()) != 1:
        fix = "write the shortlists as jsonl, or give the record an id without white space"
        raise BadInput("id_with_space", expected="an id that is one word, for a TREC run", got=identifier, fix=fix)
    return identifier


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank with their numbers, each once: the file may be a pipe."""
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        for number, line in enumerate(stream, 1):
            text = line.rstrip("\r\n")
            if "\0" in text:  # a workbook, or UTF-16: quoting it would help nobody
                raise BadInput(
                    "not_text", expected=f"{path} to be a text file in UTF-8", got="bytes of another", fix=_SAVE
                )
            if text.strip():
                yield number, text


def _number(path: Path, number: int, text: str, line: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _bad(path, number, "a number in the last place", line) from None
    if not math.isfinite(value):
        raise _bad(path, number, "a finite number", line)
    return value


def _bad(path: Path, number: int, expected: str, line: str) -> BadInput:
    return BadInput("bad_line", expected=expected, got=line[:200], fix=f"see line {number} of {path}")

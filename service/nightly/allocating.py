"""The night's introductions: its lists, its organisations' slots and what is under way, given to the allocation."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import TypeAdapter, ValidationError

from matcher import claims, flows
from matcher.allocation import allocate as shared_out
from matcher.errors import BadInput
from matcher.introductions import Pairs, Policy, Share, Slots
from service.nightly.facts import plain
from service.progress import Watched
from service.reference import load_places
from service.store import states_of_pairs

if TYPE_CHECKING:
    from datetime import date

    from pydantic_core import ErrorDetails

    from matcher.profiles import Organisation
    from service.releases import Draft, RecordFile
    from service.store import Store

PairIds = tuple[str, str]
"""Need and capability."""

_QUOTED: Final = 60  # bytes of a file that is no JSON: enough to see which file it is
_SUCH: Final = 'an object such as {"introductions": 2}'


def read_policy(path: Path) -> Policy:
    """Read how introductions are to be shared out from a JSON file; what it leaves out keeps its default."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadInput("no_file", expected="a JSON file", got=str(path), fix=error.strerror or "check it") from error
    try:
        return TypeAdapter(Policy).validate_json(text)
    except ValidationError as error:
        raise _refused(path, text, error.errors()[0]) from error


def _refused(path: Path, text: bytes, first: ErrorDetails) -> BadInput:
    """Say in words what is wrong with a file of rules."""
    where, got, fix = ".".join(map(str, first["loc"])) or "the file", first["input"], "see data/schema/allocation.json"
    inner = first.get("ctx", {}).get("error")
    expected = f"{where}: {first['msg']}"
    if first["type"] == "json_invalid":  # the input is then all of the file, as bytes
        got, expected = text[:_QUOTED].decode("utf-8", "replace"), f"{path.name} to be JSON: {_SUCH}"
        fix = f"{first['msg']}; write it as UTF-8, {fix}"
    elif first["type"] == "unexpected_keyword_argument":
        of = Share if len(first["loc"]) > 1 else Policy
        expected, got = f"keys among {', '.join(field.name for field in dataclasses.fields(of))}", where
    elif isinstance(inner, BadInput):  # our own check, which knows better what it wants
        expected = f"{where}: {inner.expected}"
    return BadInput("allocation", expected=expected, got=got, fix=fix)


def under_way(store: Store) -> frozenset[PairIds]:
    """Name the pairs that are being worked on, as the store's events tell it now."""
    with store.reading() as session:
        states = states_of_pairs(session)
    return frozenset(pair for (_, pair), state in states.items() if state.under_way)


def facts(policy: Policy, busy: Collection[PairIds]) -> dict[str, Any]:
    """Return all that the allocation depends on besides the records: part of the run id."""
    pairs = hashlib.sha256("\n".join("\t".join(pair) for pair in sorted(busy)).encode()).hexdigest()
    return {"policy": plain(policy), "exact": flows.is_installed(), "under_way": pairs[:16]}


def allocate(draft: Draft, policy: Policy, busy: Collection[PairIds], as_of: date) -> dict[str, Any]:
    """Share out the draft's introductions and write them to it; returns what the log tells."""
    needs = Watched(draft.records("needs"), "reading needs for allocation")
    side = claims.of_needs(needs, policy.balance, load_places(), as_of)
    working = _partners(draft, busy)
    pairs, owners = _pairs(draft, working)
    slots = _slots(draft.records("organisations"), owners, working, policy)
    made = shared_out(pairs, side, slots, policy)
    draft.write_allocation(pairs, slots.assumed, made)
    figures = made.figures
    return {
        "solver": figures.solver,
        "introductions": figures.after.introductions,
        "needs_served": figures.after.needs_served,
        "needs_served_before": figures.before.needs_served,
        "displaced": figures.displaced,
    }


def _partners(draft: Draft, busy: Collection[PairIds]) -> frozenset[PairIds]:
    """Turn pairs of need and capability into pairs of need and organisation: an organisation has the slots."""
    capabilities = draft.records("capabilities")
    found = ((need, capabilities.get(capability)) for need, capability in busy)
    return frozenset((need, str(capability.organisation_id)) for need, capability in found if capability is not None)


def _pairs(draft: Draft, working: Collection[PairIds]) -> tuple[Pairs, list[str]]:
    """Read every list's columns; organisations are numbered in the order of their ids."""
    rows = list(_rows(draft, working))
    owners = sorted({owner for _, owner, *_ in rows})
    number = {owner: row for row, owner in enumerate(owners)}
    columns = list(zip(*rows, strict=True)) or [()] * 5
    pairs = Pairs(
        np.array(columns[0], np.int64),
        np.array([number[owner] for owner in columns[1]], np.int64),
        np.array(columns[2], np.float64),
        np.array(columns[3], np.bool_),
        np.array(columns[4], np.bool_),
    )
    return pairs, owners


def _rows(draft: Draft, working: Collection[PairIds]) -> Iterator[tuple[int, str, float, bool, bool]]:
    names = ("organisation_id", "score", "near_miss")
    lists = (one for part in draft.parts() for one in part.each(names))
    for need, (header, columns) in enumerate(lists):
        for owner, score, near_miss in zip(*(columns[name] for name in names), strict=True):
            yield need, owner, score, not near_miss, (header.need_id, owner) in working


def _slots(
    organisations: RecordFile[Organisation], owners: list[str], working: Collection[PairIds], policy: Policy
) -> Slots:
    load = Counter(owner for _, owner in working)
    known = (organisations.get(owner) for owner in owners)  # an organisation nobody stated has no record
    stated = [None if one is None else one.slots_total for one in known]
    return Slots.of(stated, np.array([load[owner] for owner in owners], np.int64), policy)

"""A draft is published only when its shortlists keep the rules; each rule names what it found."""

import dataclasses
from pathlib import Path

import pytest

from matcher.matches import Match, Shortlist
from matcher.vocabulary import Tier
from service.releases import BrokenRelease
from tests.service.releases.making import NOON, a_draft, a_match, a_near_miss, a_shortlist

GOOD = a_match("need-1", "cap-1", 1, 0.7)
MISS = a_near_miss("need-1", "cap-2", 2, 0.9)


def faults(tmp_path: Path, *matches: Match, hard: tuple[str, ...] = ("mode",), eligible: int | None = None) -> str:
    shortlist = a_shortlist("need-1", *matches)
    if eligible is not None:
        shortlist = dataclasses.replace(shortlist, eligible=eligible)
    try:
        a_draft(tmp_path, [shortlist]).finish(NOON, {}, hard)
    except BrokenRelease as error:
        return "; ".join(error.problems)
    return ""


def test_a_sound_shortlist_passes(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD, MISS) == ""


@pytest.mark.parametrize(
    ("matches", "fault"),
    [
        ((a_match("need-1", "cap-1", 2),), "ranks are not 1 to 1"),
        ((GOOD, a_match("need-1", "cap-1", 2, 0.6)), "a capability stands twice"),
        ((GOOD, a_match("need-1", "cap-2", 2, 0.8)), "not in the order"),
        ((a_match("need-1", "cap-3", 1, 0.7), a_match("need-1", "cap-2", 2, 0.7)), "not in the order"),
        ((dataclasses.replace(MISS, rank=1), a_match("need-1", "cap-1", 2)), "not in the order"),
        ((dataclasses.replace(GOOD, tier=Tier.C),), "tier C for a match that is eligible"),
        ((dataclasses.replace(MISS, rank=1, tier=Tier.B),), "tier B for a near miss"),
        ((dataclasses.replace(MISS, rank=1, near_miss=(), tier=Tier.B),), "an eligible match fails mode"),
        ((dataclasses.replace(MISS, rank=1, gates=()),), "a near miss fails no hard gate"),
        ((a_match("need-2", "cap-1"),), "rows of another need"),
    ],
)
def test_a_broken_rule_is_named(tmp_path: Path, matches: tuple[Match, ...], fault: str) -> None:
    assert fault in faults(tmp_path, *matches)


def test_a_soft_gate_may_fail_for_an_eligible_match(tmp_path: Path) -> None:
    assert faults(tmp_path, dataclasses.replace(MISS, rank=1, near_miss=(), tier=Tier.B), hard=("place",)) == ""


def test_more_eligible_than_considered_is_a_fault(tmp_path: Path) -> None:
    assert "4 eligible of 3 considered" in faults(tmp_path, GOOD, eligible=4)


def test_a_need_without_a_shortlist_is_a_fault(tmp_path: Path) -> None:
    draft = a_draft(tmp_path, [a_shortlist("need-1", GOOD), a_shortlist("need-2")])
    draft.write_part(0, [a_shortlist("need-1", GOOD)])
    with pytest.raises(BrokenRelease, match="need need-2 has no shortlist"):
        draft.finish(NOON, {}, {"mode"})


def test_shortlists_in_another_order_than_the_needs_are_a_fault(tmp_path: Path) -> None:
    draft = a_draft(tmp_path, [a_shortlist("need-1"), a_shortlist("need-2")])
    draft.write_part(0, [a_shortlist("need-2"), a_shortlist("need-1")])
    with pytest.raises(BrokenRelease, match="expected the shortlist of need-1; found that of need-2"):
        draft.finish(NOON, {}, {"mode"})


def test_a_capability_that_no_record_knows_is_a_fault(tmp_path: Path) -> None:
    unknown: Shortlist = a_shortlist("need-1", a_match("need-1", "cap-unknown"))
    with pytest.raises(BrokenRelease, match="not among the records"):
        a_draft(tmp_path, [unknown]).finish(NOON, {}, {"mode"})

"""Merges are kept beside the profiles, one at a time for each organisation, and stay readable when they are undone."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from matcher.errors import BadInput
from service.store import Store, active_merges, merge, merge_history, unmerge
from service.store.models import MergeRow
from tests.service.api.world import NOW


def test_a_merge_holds_until_it_is_taken_back_and_both_stay_in_the_history(store: Store) -> None:
    with store.writing() as session:
        merge(session, "a", "b", actor="x", at=NOW, reason="one office")
        assert active_merges(session) == {"a": "b"}
    with store.writing() as session:
        assert unmerge(session, "a", actor="y", at=NOW).unmerged_by == "y"
        assert active_merges(session) == {}
        merge(session, "a", "c", actor="x", at=NOW)
    with store.reading() as session:
        told = [(each.kept_organisation_id, each.merged_by, each.unmerged_by) for each in merge_history(session, "a")]
        assert told == [("b", "x", "y"), ("c", "x", None)]
        assert [each.number for each in merge_history(session, "c")] == [2]


@pytest.mark.parametrize(("absorbed", "kept"), [("a", "c"), ("b", "a"), ("c", "a"), ("d", "d")])
def test_what_is_one_already_is_not_merged_again(store: Store, absorbed: str, kept: str) -> None:
    with store.writing() as session:
        merge(session, "a", "b", actor="x", at=NOW)
        merge(session, "b", "c", actor="x", at=NOW)
    with pytest.raises(BadInput), store.writing() as session:
        merge(session, absorbed, kept, actor="x", at=NOW)


def test_what_is_not_merged_cannot_be_unmerged(store: Store) -> None:
    with pytest.raises(BadInput, match="was merged"), store.writing() as session:
        unmerge(session, "a", actor="x", at=NOW)


def test_the_database_itself_allows_one_merge_at_a_time(store: Store) -> None:
    row = {"organisation_id": "a", "kept_organisation_id": "b", "merged_at": NOW, "merged_by": "x", "reason": ""}
    with store.writing() as session:
        session.execute(insert(MergeRow).values(row))
    with pytest.raises(IntegrityError), store.writing() as session:
        session.execute(insert(MergeRow).values(row))

"""Publishing, going back and removing: what is served is always one whole release."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from matcher.profiles import Capability
from service.releases import (
    BrokenRelease,
    NoRelease,
    Release,
    ReleaseError,
    current_release,
    keep_newest,
    publish,
    published,
    roll_back,
)
from service.releases.publishing import sweep_drafts, withheld
from tests.builders import a_capability
from tests.service.releases.making import NOON, a_draft, a_match, a_near_miss, a_release, a_shortlist, run_facts


def several(releases: Path, count: int) -> list[Release]:
    return [
        a_release(releases, as_of=date(2026, 11, 1) + timedelta(days=day), created_at=NOON + timedelta(days=day))
        for day in range(count)
    ]


def test_equal_facts_give_one_run_id_and_any_other_fact_another() -> None:
    facts = run_facts()
    others = [
        run_facts(k=10),
        run_facts(model="m"),
        run_facts(policy={"ip": "soft"}),
        run_facts(as_of=date(2026, 1, 1)),
    ]
    assert facts.run_id == run_facts().run_id
    assert len({facts.run_id, *(other.run_id for other in others)}) == 5


def test_a_release_is_named_by_its_day_and_its_run() -> None:
    assert run_facts().release_id == f"2026-11-22-{run_facts().run_id}"


def test_two_drafts_of_equal_input_have_equal_bytes(tmp_path: Path) -> None:
    lists = [a_shortlist("need-1", a_match(), a_near_miss(rank=2)), a_shortlist("need-2")]
    one = a_draft(tmp_path / "one", lists).finish(NOON, {}, {"mode"})
    two = a_draft(tmp_path / "two", lists).finish(NOON + timedelta(1), {"match": 9}, {"mode"})
    assert one.manifest.files == two.manifest.files


def test_the_manifest_counts_what_is_in_the_release(tmp_path: Path) -> None:
    release = a_release(tmp_path, a_shortlist("need-1", a_match(), a_near_miss(rank=2)), a_shortlist("need-2"))
    assert release.manifest.counts == {
        "needs": 2, "capabilities": 12, "organisations": 12, "shortlists": 2, "matches": 2,
    }  # fmt: skip
    assert release.manifest.tiers == {"A": 0.0, "B": 0.5, "C": 0.5}
    assert release.metrics["needs_without_eligible"] == 1


def test_a_part_that_is_there_and_whole_is_not_made_again(tmp_path: Path) -> None:
    draft = a_draft(tmp_path, [a_shortlist("need-1", a_match())])
    assert draft.has_part(0, range(1))
    draft.write_part(0, [a_shortlist("need-other")])
    assert not draft.has_part(0, range(1))


@pytest.mark.parametrize("keep", [0, 4, 100])
def test_a_part_cut_short_is_made_again(tmp_path: Path, keep: int) -> None:
    draft = a_draft(tmp_path, [a_shortlist("need-1", a_match())])
    path = draft.folder / "matches" / "part-00000.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    assert not draft.has_part(0, range(1))


def test_a_run_resumes_in_the_draft_it_left(tmp_path: Path) -> None:
    draft = a_draft(tmp_path, [a_shortlist("need-1", a_match())])
    (draft.folder / "matches" / "part-00001.parquet.tmp").write_bytes(b"half")
    again = a_draft(tmp_path, [a_shortlist("need-1", a_match())])
    assert again.folder == draft.folder
    assert not list(again.folder.rglob("*.tmp"))
    assert not (tmp_path / ".snapshot-1").exists()


def test_a_finished_release_is_not_served_before_current_names_it(tmp_path: Path) -> None:
    first = a_release(tmp_path)
    draft = a_draft(tmp_path, [a_shortlist("need-1", a_match())], facts=run_facts(k=5))
    draft.finish(NOON, {}, {"mode"})
    publish(draft)
    assert current_release(tmp_path).id == first.id


def test_going_back_serves_the_release_before(tmp_path: Path) -> None:
    one, two, three = several(tmp_path, 3)
    assert roll_back(tmp_path).id == two.id
    assert roll_back(tmp_path).id == one.id
    assert withheld(tmp_path) == {two.id, three.id}
    with pytest.raises(NoRelease, match="expected a release before"):
        roll_back(tmp_path)


def test_going_back_from_a_release_that_cannot_be_read_serves_the_newest_that_can(tmp_path: Path) -> None:
    one, two, three = several(tmp_path, 3)
    (three.folder / "manifest.json").write_text("{")
    assert roll_back(tmp_path).id == two.id
    assert roll_back(tmp_path).id == one.id


def test_choosing_a_release_by_name_lifts_its_mark(tmp_path: Path) -> None:
    _, two, three = several(tmp_path, 3)
    roll_back(tmp_path)
    assert roll_back(tmp_path, three.id).id == three.id
    assert withheld(tmp_path) == frozenset()
    assert roll_back(tmp_path, two.id).id == two.id


def test_going_back_to_a_damaged_release_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    one, two = several(tmp_path, 2)
    lines = one.folder / "records" / "needs.jsonl"
    lines.write_bytes(lines.read_bytes().replace(b"hill", b"bill"))
    with pytest.raises(BrokenRelease):
        roll_back(tmp_path)
    assert current_release(tmp_path).id == two.id
    assert withheld(tmp_path) == frozenset()


def test_going_to_a_release_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    (one,) = several(tmp_path, 1)
    with pytest.raises(NoRelease, match=f"expected one of {one.id}; got 'x'"):
        roll_back(tmp_path, "x")


def test_retention_keeps_the_newest_and_the_one_that_is_served(tmp_path: Path) -> None:
    releases = several(tmp_path, 5)
    roll_back(tmp_path, releases[0].id)
    assert keep_newest(tmp_path, 2) == [releases[1].id, releases[2].id]
    assert [manifest.id for manifest in published(tmp_path)] == [releases[n].id for n in (0, 3, 4)]
    assert current_release(tmp_path).id == releases[0].id


def test_keeping_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="at least 1"):
        keep_newest(tmp_path, 0)


def test_what_an_interrupted_removal_left_is_removed_later(tmp_path: Path) -> None:
    several(tmp_path, 1)
    (tmp_path / ".trash-old" / "records").mkdir(parents=True)
    keep_newest(tmp_path, 1)
    assert not (tmp_path / ".trash-old").exists()


def test_a_removed_release_stays_readable_for_whoever_has_it_open(tmp_path: Path) -> None:
    one, _ = several(tmp_path, 2)
    arrays, needs = one.arrays(), one.needs
    assert keep_newest(tmp_path, 1) == [one.id]
    assert arrays["vectors"].sum() == 3
    assert needs[0].id == "need-1"


def test_drafts_that_no_run_will_resume_are_swept(tmp_path: Path) -> None:
    draft = a_draft(tmp_path, [a_shortlist("need-1", a_match())])
    (tmp_path / ".draft-0" / "records").mkdir(parents=True)
    sweep_drafts(tmp_path, keep=draft.folder.name)
    assert [path.name for path in tmp_path.iterdir()] == [draft.folder.name]


def test_the_release_gives_its_records_as_the_catalogue_wants_them(tmp_path: Path) -> None:
    release = a_release(tmp_path)
    assert isinstance(release.capabilities[0], Capability)
    assert release.capabilities.get("cap-1") == a_capability("cap-1")
    assert "capability:cap-1" in release.organisations

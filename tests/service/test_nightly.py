"""What a night promises: one consistent release, made once, resumed where it stopped, and never a bad one."""

import dataclasses
import fcntl
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from matcher.gates import GatePolicy
from matcher.matching import Matcher
from matcher.vocabulary import GateMode, GateName
from service.encoders import make_encoder
from service.nightly import NightRefused, NightRunning, State, night
from service.nightly.facts import plain
from service.nightly.lock import NIGHT
from service.reference import load_places
from service.releases import BrokenRelease, current_release, keep_newest, published, roll_back
from service.settings import Settings
from service.store import list_releases, open_store, withdraw
from tests.builders import a_capability, a_need
from tests.service.night_world import NOW, TODAY, a_night, a_world, add, contents, records, unallocated

pytestmark = pytest.mark.usefixtures("quick_disk")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return a_world(tmp_path)


def test_a_night_publishes_every_need_and_serves_it(settings: Settings) -> None:
    outcome = a_night(settings)
    release = current_release(settings.releases_dir)
    release.verify()
    assert outcome.state is State.PUBLISHED
    assert outcome.served == outcome.release_id == release.id
    assert release.manifest.counts["shortlists"] == 20
    assert release.part_count == 4
    assert sum(release.manifest.tiers.values()) == pytest.approx(1)


def test_what_is_published_is_what_the_matcher_answers(settings: Settings) -> None:
    a_night(settings)
    release = current_release(settings.releases_dir)
    matcher = Matcher(release.catalogue, make_encoder(settings), load_places(), TODAY)
    for need in release.needs:
        assert unallocated(release.shortlist(need.id)) == matcher.match(need, 5)


def test_two_nights_from_the_same_records_have_the_same_bytes(settings: Settings, tmp_path: Path) -> None:
    other = a_world(tmp_path / "other", list(reversed(records())))
    one, two = a_night(settings), a_night(other)
    assert one.run_id == two.run_id
    assert contents(settings.releases_dir / one.release_id) == contents(other.releases_dir / two.release_id)


def test_the_lists_do_not_depend_on_how_needs_are_cut_into_parts(settings: Settings, tmp_path: Path) -> None:
    other = a_world(tmp_path / "other")
    a_night(settings)
    a_night(other, block=7)
    one, two = current_release(settings.releases_dir), current_release(other.releases_dir)
    assert [one.match_texts(need) for need in one.needs.ids()] == [two.match_texts(need) for need in two.needs.ids()]


def test_the_same_run_is_not_made_twice(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = a_night(settings)
    monkeypatch.setattr(night, "Matcher", None)
    again = a_night(settings)
    assert again.state is State.UNCHANGED
    assert again.release_id == first.release_id
    assert not list(settings.releases_dir.glob(".*-*"))


def test_a_published_release_that_lost_a_file_is_made_anew(settings: Settings) -> None:
    folder = settings.releases_dir / a_night(settings).release_id
    before = contents(folder)
    (folder / "matches" / "part-00001.parquet").unlink()
    assert a_night(settings).state is State.PUBLISHED
    assert contents(folder) == before


@pytest.mark.parametrize("change", ["record", "day", "k", "policy"])
def test_any_change_of_what_the_result_depends_on_makes_a_new_release(settings: Settings, change: str) -> None:
    asked: dict[str, dict[str, Any]] = {
        "day": {"as_of": TODAY + timedelta(days=1)},
        "k": {"k": 6},
        "policy": {"policy": GatePolicy({GateName.MATURITY: GateMode.SOFT})},
    }
    first = a_night(settings)
    if change == "record":
        add(settings, a_capability("cap-new"))
    assert a_night(settings, **asked.get(change, {})).release_id != first.release_id
    assert len(published(settings.releases_dir)) == 2


def test_a_night_that_was_stopped_goes_on_from_the_parts_it_had(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    original = Matcher.match_all

    def stopping(matcher: Matcher, needs: Any, k: int) -> Any:
        for shortlist in original(matcher, needs, k):
            made.append(shortlist.need_id)
            if len(made) == 13:
                raise KeyboardInterrupt
            yield shortlist

    monkeypatch.setattr(Matcher, "match_all", stopping)
    with pytest.raises(KeyboardInterrupt):
        a_night(settings)
    made.clear()
    a_night(settings)
    assert made == [f"need-{n:03d}" for n in range(10, 20)]


def test_withdrawn_and_draft_records_and_ended_needs_stay_out_and_are_counted(settings: Settings) -> None:
    add(settings, a_need("need-draft", review_state="draft"), a_need("need-old", valid_until="2026-11-21"))
    add(settings, a_capability("cap-review", review_state="in_review"))
    store = open_store(settings.database_url)
    with store.writing() as session:
        withdraw(session, "capabilities", "cap-001", actor="test", at=NOW)
    store.close()
    outcome = a_night(settings)
    release = current_release(settings.releases_dir)
    assert outcome.left_out == {
        "need draft": 1, "need past its end": 1, "capability in_review": 1, "capability withdrawn": 1,
    }  # fmt: skip
    assert release.needs.row_of("need-draft") is release.needs.row_of("need-old") is None
    assert release.capabilities.row_of("cap-001") is None


def test_an_empty_store_publishes_nothing(tmp_path: Path) -> None:
    settings = a_world(tmp_path, [])
    with pytest.raises(NightRefused, match="at least one of needs"):
        a_night(settings)
    assert published(settings.releases_dir) == []


def test_a_catalogue_that_lost_most_of_itself_is_not_published_without_a_persons_word(
    settings: Settings, tmp_path: Path
) -> None:
    first = a_night(settings)
    less = a_world(tmp_path / "less", records(needs=20, capabilities=14))
    shrunk = settings.model_copy(update={"database_url": less.database_url})
    with pytest.raises(NightRefused, match="at least 50% of the 30 capabilities"):
        a_night(shrunk)
    assert current_release(settings.releases_dir).id == first.release_id
    assert a_night(shrunk, max_drop=0.6).state is State.PUBLISHED
    assert a_night(shrunk, k=4, force=True).state is State.PUBLISHED


def test_a_made_release_can_wait_for_a_word(settings: Settings) -> None:
    drafted = a_night(settings, publish=False)
    assert drafted.state is State.DRAFTED
    assert drafted.served is None
    assert a_night(settings).state is State.PUBLISHED


def test_a_run_that_was_rolled_back_from_is_not_served_again_by_the_next_night(settings: Settings) -> None:
    first = a_night(settings)
    second = a_night(settings, NOW + timedelta(hours=1), k=6)
    roll_back(settings.releases_dir)
    again = a_night(settings, k=6)
    assert (again.state, again.served) == (State.WITHHELD, first.release_id)
    kept = a_night(settings, k=6, force=True, publish=False)
    assert (kept.state, kept.served) == (State.UNCHANGED, first.release_id)
    assert a_night(settings, k=6).state is State.WITHHELD
    forced = a_night(settings, k=6, force=True)
    assert (forced.state, forced.served) == (State.PUBLISHED, second.release_id)
    assert a_night(settings, k=6).state is State.UNCHANGED


def test_a_draft_that_breaks_a_rule_is_never_published_and_made_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Matcher.match_all

    def twisted(matcher: Matcher, needs: Any, k: int) -> Any:
        for shortlist in original(matcher, needs, k):
            yield dataclasses.replace(shortlist, matches=shortlist.matches[::-1])

    with monkeypatch.context() as patch:
        patch.setattr(Matcher, "match_all", twisted)
        with pytest.raises(BrokenRelease, match="ranks are not"):
            a_night(settings)
    assert published(settings.releases_dir) == []
    assert a_night(settings).state is State.PUBLISHED


def test_two_nights_at_once_are_refused_at_once(settings: Settings) -> None:
    settings.releases_dir.mkdir(parents=True)
    with (settings.releases_dir / NIGHT).open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(NightRunning, match="one is running"):
            a_night(settings)
    assert a_night(settings).state is State.PUBLISHED


def test_the_ledger_remembers_published_and_removed_releases(settings: Settings) -> None:
    outcomes = [a_night(settings, NOW + timedelta(hours=k), k=k, keep=2) for k in (3, 4, 5)]
    assert outcomes[2].removed == (outcomes[0].release_id,)
    store = open_store(settings.database_url)
    with store.reading() as session:
        states = {entry.id: entry.state.value for entry in list_releases(session)}
    store.close()
    assert states == {
        outcomes[0].release_id: "retired",
        outcomes[1].release_id: "published",
        outcomes[2].release_id: "published",
    }
    assert keep_newest(settings.releases_dir, 2) == []


def test_the_facts_of_a_run_are_plain_json() -> None:
    facts = plain({"policy": GatePolicy({GateName.MATURITY: GateMode.SOFT}), "day": TODAY})
    assert json.loads(json.dumps(facts))["policy"]["modes"] == {"maturity": "soft"}
    with pytest.raises(TypeError, match="plain values"):
        plain(object())

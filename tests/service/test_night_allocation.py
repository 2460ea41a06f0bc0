"""A night shares its introductions out: within slots, in every answer, beside the lists as the matcher made them."""

import csv
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from matcher.errors import BadInput
from matcher.introductions import Policy, Share
from matcher.matches import Event, Match
from matcher.vocabulary import Placing, Stage
from service.exports.choices import Format, Wanted, What
from service.exports.writing import export
from service.nightly import read_policy
from service.releases import Release, current_release
from service.settings import Settings
from service.store import add_event, open_store
from service.visibility import Visibility
from service.wire import match_from_json
from tests.builders import an_organisation
from tests.service.night_world import NOW, a_night, a_world, add
from tests.service.releases.making import a_match, a_release, a_shortlist

pytestmark = pytest.mark.usefixtures("quick_disk")
GOLDEN = Path(__file__).parents[1] / "golden"
SLOTS = {"org-0": 1, "org-1": 2, "org-2": 0}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Three of the ten organisations state their slots; the others are assumed to have three."""
    made = a_world(tmp_path)
    add(made, *(an_organisation(name, country="KEN", slots_total=slots) for name, slots in SLOTS.items()))
    return made


def _matches(release: Release) -> list[Match]:
    return [match_from_json(text) for _, columns in release.each_shortlist() for text in columns["detail"]]


def test_no_partner_has_more_introductions_than_slots_and_assumed_ones_are_said_to_be(settings: Settings) -> None:
    a_night(settings)
    matches = _matches(current_release(settings.releases_dir))
    held = Counter(match.organisation_id for match in matches if match.allocated)
    assert held.total() > 10
    assert all(count <= SLOTS.get(owner, Policy().assumed_slots) for owner, count in held.items())
    assert {match.allocated for match in matches if match.near_miss} == {False}
    for match in matches:
        assert ("assumed" in match.allocation) == (match.organisation_id not in SLOTS)
        assert match.allocated == (match.placing in {Placing.ALLOCATED, Placing.RAISED})
    assert any("moved by capacity, not by score" in match.allocation for match in matches)


def test_the_release_carries_the_figures_and_the_manifest_the_file(settings: Settings) -> None:
    a_night(settings)
    release = current_release(settings.releases_dir)
    assert "allocation.parquet" in release.manifest.files
    figures = release.metrics["allocation"]
    assert figures["needs"] == 20
    assert figures["after"]["needs_served"] >= figures["before"]["needs_served"]
    assert {price["constraint"] for price in figures["prices"]} >= {"capacity", "first introduction for every need"}
    assert figures["after"]["introductions"] == sum(bool(match.allocated) for match in _matches(release))


def test_both_orders_are_kept(settings: Settings) -> None:
    a_night(settings)
    release = current_release(settings.releases_dir)
    moved = 0
    for need in release.needs.ids():
        placed = release.placed(need)
        assert placed is not None
        assert release.columns(need, ("rank",))["rank"] == list(range(1, len(placed) + 1))
        assert sorted(one.place for one in placed) == list(range(1, len(placed) + 1))
        after = sorted(placed, key=lambda one: one.place)
        assert [one.allocated for one in after] == sorted((one.allocated for one in after), reverse=True)
        moved += [one.place for one in placed] != list(range(1, len(placed) + 1))
    assert moved


def test_what_is_under_way_takes_a_slot_and_is_not_introduced_again(settings: Settings) -> None:
    first = a_night(settings)
    release = current_release(settings.releases_dir)
    chosen = next(match for match in _matches(release) if match.allocated and match.organisation_id == "org-0")
    _note(settings, chosen, Stage.INTRO_ACCEPTED)
    _note(settings, chosen, Stage.VIEWED)  # looking again is no step back
    second = a_night(settings)
    assert second.run_id != first.run_id
    matches = _matches(current_release(settings.releases_dir))
    again = next(m for m in matches if (m.need_id, m.capability_id) == (chosen.need_id, chosen.capability_id))
    assert (again.allocated, again.placing) == (False, Placing.UNDER_WAY)
    assert not [match for match in matches if match.organisation_id == "org-0" and match.allocated]
    _note(settings, chosen, Stage.DECLINED)
    a_night(settings)
    matches = _matches(current_release(settings.releases_dir))
    assert [match for match in matches if match.organisation_id == "org-0" and match.allocated]


def _note(settings: Settings, match: Match, stage: Stage) -> None:
    store = open_store(settings.database_url)
    with store.writing() as session:
        add_event(session, Event(match.need_id, match.capability_id, "broker", NOW, stage))
    store.close()


def test_balance_is_read_from_places_and_sectors_and_what_was_reached_is_told(settings: Settings) -> None:
    share = Share("east", 0.9, places=("KEN", "UGA"))
    a_night(settings, allocation=Policy(introductions=1, assumed_slots=1, balance=(share,)))
    (reached,) = current_release(settings.releases_dir).metrics["allocation"]["balance"]
    plain = a_night(settings, allocation=Policy(introductions=1, assumed_slots=1))
    assert plain.served == current_release(settings.releases_dir).id
    assert (reached["name"], reached["least"]) == ("east", 0.9)
    assert 0 < reached["share"] <= 1


def test_a_release_from_before_there_was_allocation_says_unallocated() -> None:
    release = Release.open(GOLDEN / "release-format-1")
    assert release.placed("need-1") is None
    for _, columns in release.each_shortlist(("detail", "allocated")):
        assert set(columns["allocated"]) <= {None}
        for text in columns["detail"]:
            assert json.loads(text)["allocation"] == "unallocated"
            assert match_from_json(text).allocated is None


def test_a_list_that_was_not_allocated_is_exported_as_such(tmp_path: Path) -> None:
    release = a_release(tmp_path, a_shortlist("need-1", a_match()))
    (row,) = _table(release)
    assert (row["allocated"], row["placing"], row["allocation"]) == ("", "", "unallocated")


def test_the_table_says_of_each_match_whether_it_is_allocated_and_why(settings: Settings) -> None:
    a_night(settings)
    release = current_release(settings.releases_dir)
    for row, match in zip(_table(release), _matches(release), strict=True):
        assert row["allocated"] == ("yes" if match.allocated else "no")
        assert (row["placing"], row["allocation"]) == (match.placing, match.allocation)


def _table(release: Release) -> list[dict[str, Any]]:
    sink = io.BytesIO()
    export(release, Visibility(), sink, Wanted(What.MATCHES, Format.CSV))
    return list(csv.DictReader(io.StringIO(sink.getvalue().decode())))


def test_the_rules_are_read_from_a_file_and_what_is_left_out_keeps_its_default(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text('{"introductions": 2, "balance": [{"name": "LDCs", "least": 0.4, "places": ["LDC"]}]}')
    assert read_policy(path) == Policy(introductions=2, balance=(Share("LDCs", 0.4, ("LDC",)),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"introduction": 2}', r"keys among introductions, assumed_slots, .*; got 'introduction'; see"),
        ('{"balance": [{"name": "x", "least": 0.4, "place": []}]}', "keys among name, .*; got 'balance.0.place'; see"),
        ('{"introductions": 0}', r"expected the file: at least 1 introduction .*; got {'introductions': 0}; see"),
        ('{"introductions": 2.5}', "expected introductions: Input should be a valid integer.*; got 2.5; see"),
        ("[", "Invalid JSON"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        read_policy(path)


def test_a_file_of_rules_that_is_no_json_is_quoted_as_text_with_what_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "rules.json"
    path.write_text("hello")
    with pytest.raises(BadInput, match=r'rules.json to be JSON: an object such as {"introductions": 2}') as refused:
        read_policy(path)
    assert "got 'hello'; Invalid JSON" in str(refused.value)
    assert str(refused.value).endswith("see data/schema/allocation.json")
    path.write_bytes('{"introductions": 2}'.encode("utf-16"))
    with pytest.raises(BadInput, match="write it as UTF-8"):
        read_policy(path)


def test_rules_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        read_policy(tmp_path / "none.json")


def test_a_share_of_an_unknown_sector_stops_the_night(settings: Settings) -> None:
    with pytest.raises(BadInput, match="closed list"):
        a_night(settings, allocation=Policy(balance=(Share("x", 0.5, sectors=("magic",)),)))

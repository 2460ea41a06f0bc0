"""From outcomes to a scorer, to the next night, and back: real commands over a real store."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from matcher.errors import MatcherError
from matcher.matches import Event
from matcher.profiles import CapabilityId, NeedId
from matcher.scoring import NEED_WEIGHTS, SIGNALS, Scorer
from matcher.verdicts import Criterion, Verdict
from matcher.vocabulary import ReasonCode, SignalName, Stage
from service import cli, scorers
from service.accounts.audit import Action, list_audit
from service.accounts.roles import Role
from service.api.app import create_app
from service.diagnosis import diagnose
from service.exports.lists import Run
from service.keeping.backing import back_up
from service.keeping.restoring import restore
from service.learning import gather
from service.nightly.facts import plain
from service.outcomes.news import News, ReleaseShelf
from service.releases import current_release, keep_newest
from service.scorers import Learned, Lineage, ScorerError
from service.settings import Settings, load_settings
from service.store import Rights, add_event, make_key, open_store
from tests.service.learning_world import a_world as a_wide_world
from tests.service.learning_world import values_of, work_through
from tests.service.night_world import NOW, TODAY, a_night, a_world

pytestmark = pytest.mark.usefixtures("quick_disk")
HOUR = timedelta(hours=1)
LATER = NOW + timedelta(days=400)


def run(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Run a command; returns what it wrote, of a failed one what it said."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        cli.main(list(arguments))
    said = capsys.readouterr()
    assert (left.value.code or 0) == code, said.err
    return said.err if code else said.out


def an_event(settings: Settings, need: str, capability: str, stage: Stage, **facts: Any) -> None:
    store = open_store(settings.database_url)
    release = facts.pop("release_id", current_release(settings.releases_dir).id)
    at = facts.pop("at", NOW)
    with store.writing() as session:
        event = Event(NeedId(need), CapabilityId(capability), "test", at, stage, **facts)
        add_event(session, event, release_id=release)
    store.close()


def gathered(settings: Settings) -> Any:
    store = open_store(settings.database_url)
    try:
        model = current_release(settings.releases_dir).manifest.facts.model
        return gather(store, settings.releases_dir, model, LATER)
    finally:
        store.close()


def a_learned(
    settings: Settings, *, passed: bool = True, scorer: Scorer | None = None, against: str = "experts"
) -> Learned:
    """A scorer in a file, as a run of learning leaves it."""
    lineage = Lineage(
        TODAY, 7, ("r1",), current_release(settings.releases_dir).manifest.facts.model, "experts", against, 0, ()
    )
    rows = (Criterion("exposure (Gini)", 0.1, "at most 0.02 more", passed, "0.5 against 0.4"),)
    made = Learned("", plain(scorer or steep()), lineage, Verdict(passed, "a split", rows)).named
    scorers.keep(scorers.folder_of(settings), made)
    return made


def steep() -> Scorer:
    """Weights unlike the experts', calibrated."""
    return Scorer(need_weights={**NEED_WEIGHTS, SignalName.TOPIC: 2.0, SignalName.MODE: 3.0}, slope=0.7, intercept=0.4)


@pytest.fixture(scope="module")
def after_a_night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small world after its first night, to be copied."""
    folder = tmp_path_factory.mktemp("small")
    a_night(a_world(folder))
    return folder


@pytest.fixture
def settings(after_a_night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A small world after its first night, of one test's own; commands find it."""
    copytree(after_a_night, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    return load_settings()


# The whole way


def bare(listed: dict[str, Any]) -> list[dict[str, Any]]:
    """Matches without what only a whole night knows."""
    ours = {"allocated", "placing", "allocation", "delta"}
    return [{name: value for name, value in match.items() if name not in ours} for match in listed["matches"]]


def asked_of_a_server(settings: Settings) -> str:
    """The scorer that is named; a need matched now must be what the night made of it, and what-if's "before" too."""
    store = open_store(settings.database_url)
    with store.writing() as session:
        key = make_key(session, name="test", at=NOW, rights=Rights(Role.BROKER))
    store.close()
    with TestClient(create_app(settings), headers={"X-API-Key": key}) as client:
        need = client.get("/v1/needs/need-000").json()["record"]
        now = client.post("/v1/match", json=need, params={"limit": 10}).json()
        then = client.get("/v1/needs/need-000/matches", params={"limit": 200}).json()
        assert bare(now) == bare(then)
        tried = client.post("/v1/needs/need-000/what-if", json={"gates": {"budget": "soft"}}).json()
        assert {one["match"]["capability_id"]: one["match"]["z"] for one in tried["matches"]}.items() <= {
            one["capability_id"]: one["z"] for one in then["matches"]
        }.items()
        assert tried["matches"]
        return str(client.get("/v1/releases/current").json()["scorer"])


def test_from_outcomes_to_the_next_night_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    settings = a_wide_world(tmp_path)
    work_through(settings)
    a_night(settings, NOW + 1 * HOUR, k=10, block=256)  # pairs are under way now, which allocation asks for
    before = current_release(settings.releases_dir)

    found = json.loads(run(capsys, "learn", "--json"))
    learned = found["learned"]
    assert learned["verdict"]["passed"], learned["verdict"]
    assert found["evidence"]["pairs"] == sum(len(list(values_of(before, need))) for need in before.needs.ids())
    points = {one["signal"]: (one["experts"], one["learned"]) for one in found["weights"]}
    assert points["topic"][1] < points["topic"][0] / 2
    assert points["sdg"][1] > points["sdg"][0] * 2
    assert a_night(settings, NOW + 2 * HOUR, k=10, block=256).state == "unchanged"  # learning alone changes nothing
    assert json.loads(run(capsys, "learn", "--json"))["learned"]["id"] == learned["id"]

    assert learned["id"] in run(capsys, "learn", "--promote", learned["id"])
    assert run(capsys, "learn", "--list").startswith(f"* {learned['id']}")
    night = a_night(settings, NOW + 3 * HOUR, k=10, block=256)
    after = current_release(settings.releases_dir)
    assert (night.state, after.manifest.facts.learned) == ("published", learned["id"])
    assert after.manifest.facts.scorer == learned["scorer"]
    assert after.manifest.run_id != before.manifest.run_id
    news = News(ReleaseShelf(settings.releases_dir).compared(before, after))
    counts = news.counts()
    assert sum(by_cause["model"] for by_cause in counts.values()) > 100
    assert sum(by_cause["data"] + by_cause["rule"] for by_cause in counts.values()) == 0
    assert asked_of_a_server(settings) == learned["id"]
    named = {one.check: one for one in diagnose(settings, NOW).findings}["scorer"]
    assert (named.state, named.detail) == ("ok", learned["id"])

    run(capsys, "releases", "rollback")
    assert current_release(settings.releases_dir).id == before.id
    assert asked_of_a_server(settings) == "experts"
    assert {one.check: one.state for one in diagnose(settings, NOW).findings}["scorer"] == "note"
    assert a_night(settings, NOW + 4 * HOUR, k=10, block=256).state == "withheld"

    run(capsys, "learn", "--prior")
    assert a_night(settings, NOW + 5 * HOUR, k=10, block=256).release_id == before.id
    store = open_store(settings.database_url)
    with store.reading() as session:
        lines = list_audit(session, action=Action.SCORER_PROMOTED)
    store.close()
    assert [line.subject for line in lines] == ["experts", learned["id"]]


def test_the_sample_with_its_few_outcomes_keeps_the_experts_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an operator of a first week has it: the commands work, and say what is missing."""
    monkeypatch.setenv("MATCHER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MATCHER_MODEL", "hashing")
    sample = Path(__file__).parents[2] / "data" / "sample"
    assert "expected a published release" in run(capsys, "learn", code=1)
    run(capsys, "import", *(str(sample / f"{kind}.jsonl") for kind in ("organisations", "capabilities", "needs")))
    run(capsys, "nightly", "--k", "10", "--as-of", "2026-11-22")
    settings = load_settings()
    assert "nothing was learned: too_few_judged" in run(capsys, "learn")
    assert run(capsys, "learn", "--list").startswith("none yet")
    work_through(settings)
    said = run(capsys, "learn")
    assert "did not pass its gate and cannot be promoted" in said
    assert "FAIL  needs: " in said
    (made,) = scorers.listed(scorers.folder_of(settings))
    refused = run(capsys, "learn", "--promote", made.id, code=1)
    assert "needs: " in refused
    assert "wanted at least 200" in refused
    assert scorers.promoted(scorers.folder_of(settings)) is None


# What is gathered


def test_only_what_was_looked_at_is_learned_from(settings: Settings) -> None:
    """A hundred matches stand on lists; one was opened, one has an event; what was only suggested says nothing."""
    release = current_release(settings.releases_dir)
    an_event(settings, "need-001", next(values_of(release, "need-001"))[0], Stage.SHORTLISTED)
    an_event(settings, "need-002", next(values_of(release, "need-002"))[0], Stage.SUGGESTED)
    store = open_store(settings.database_url)
    with store.writing() as session:
        key = make_key(session, name="test", at=NOW, rights=Rights(Role.BROKER))
    store.close()
    opened = next(values_of(release, "need-004"))[0]
    with TestClient(create_app(settings), headers={"X-API-Key": key}) as client:
        client.get("/v1/needs/need-003/matches")
        client.get("/needs/need-003")
        assert gathered(settings).evidence.pairs == 1
        client.get(f"/needs/need-004/with/{opened}")
        client.get(f"/v1/matches/need-004/{opened}")
    judged, evidence = gathered(settings)
    assert (evidence.pairs, judged.reached.tolist()) == (2, [1, 0])


def test_values_are_those_that_were_shown_and_unknown_stays_unknown(settings: Settings) -> None:
    release = current_release(settings.releases_dir)
    capability, values = next(values_of(release, "need-001"))
    an_event(settings, "need-001", capability, Stage.VIEWED)
    (row,) = gathered(settings).judged.values
    known = {signal.value: value for signal, value in zip(SIGNALS, row.tolist(), strict=True) if not np.isnan(value)}
    assert known == {name: value for name, value in values.items() if name in known}
    assert 0 < len(known) < len(SIGNALS)


def test_what_a_removed_release_showed_is_taken_from_a_later_one_or_lost(settings: Settings) -> None:
    first = current_release(settings.releases_dir)
    capability = next(values_of(first, "need-001"))[0]
    an_event(settings, "need-001", capability, Stage.VIEWED)
    an_event(settings, "need-001", "cap-gone", Stage.VIEWED)
    second = a_night(settings, as_of=TODAY + timedelta(days=1), now=NOW + timedelta(days=1)).release_id
    kept = gathered(settings).evidence
    assert (kept.pairs, kept.later, kept.lost, kept.releases) == (1, 0, 1, (first.id,))
    keep_newest(settings.releases_dir, 1)
    left = gathered(settings).evidence
    assert (left.pairs, left.later, left.lost, left.releases) == (1, 1, 1, (second,))


def test_values_of_another_text_model_are_not_mixed_in(settings: Settings) -> None:
    capability = next(values_of(current_release(settings.releases_dir), "need-001"))[0]
    an_event(settings, "need-001", capability, Stage.VIEWED)
    store = open_store(settings.database_url)
    found = gather(store, settings.releases_dir, "another model", LATER).evidence
    store.close()
    assert (found.pairs, found.lost) == (0, 1)


def test_a_near_miss_is_a_gates_business(settings: Settings) -> None:
    release = current_release(settings.releases_dir)
    near = (
        (need, capability)
        for need in release.needs.ids()
        for capability, is_near in zip(*release.columns(need, ("capability_id", "near_miss")).values(), strict=True)
        if is_near
    )
    an_event(settings, *next(near), Stage.SHORTLISTED)
    found = gathered(settings).evidence
    assert (found.pairs, found.near_misses) == (0, 1)


def test_an_event_that_was_corrected_does_not_count_and_a_silent_reason_leaves_the_step_unknown(
    settings: Settings,
) -> None:
    release = current_release(settings.releases_dir)
    one, two = sorted(capability for capability, _ in list(values_of(release, "need-001"))[:2])
    an_event(settings, "need-001", one, Stage.AGREEMENT_SIGNED)
    an_event(settings, "need-001", one, Stage.SHORTLISTED, corrects=1)
    an_event(settings, "need-001", two, Stage.DECLINED, reason_codes=(ReasonCode.NO_CAPACITY,))
    judged, evidence = gathered(settings)
    assert (judged.reached.tolist(), judged.over.tolist(), evidence.last_event) == ([1, 0], [True, False], 3)


# Promotion and the night


def test_a_scorer_whose_gate_said_no_is_not_promoted_and_the_rows_are_named(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    made = a_learned(settings, passed=False)
    said = run(capsys, "learn", "--promote", made.id, code=1)
    assert "exposure (Gini): 0.5 against 0.4, wanted at most 0.02 more" in said
    assert a_night(settings).state == "unchanged"
    store = open_store(settings.database_url)
    with store.reading() as session:
        assert not list_audit(session, action=Action.SCORER_PROMOTED)
    store.close()


def test_a_scorer_that_was_compared_with_another_than_nights_take_is_not_promoted(settings: Settings) -> None:
    folder = scorers.folder_of(settings)
    one, two = a_learned(settings), a_learned(settings, scorer=replace(steep(), slope=0.8))
    scorers.promote(folder, one.id)
    assert scorers.promote(folder, one.id) == one  # twice is once
    with pytest.raises(ScorerError, match=f"compared with experts, and nights take {one.id} by now"):
        scorers.promote(folder, two.id)


def test_an_unknown_scorer_is_answered_with_those_there_are(settings: Settings) -> None:
    made = a_learned(settings)
    with pytest.raises(ScorerError, match=f"{made.id}; got 'other'"):
        scorers.promote(scorers.folder_of(settings), "other")


@pytest.mark.parametrize("harm", ["missing", "garbled", "changed"])
def test_a_promoted_scorer_that_is_not_whole_stops_the_night_and_says_what_to_do(settings: Settings, harm: str) -> None:
    made, folder = a_learned(settings), scorers.folder_of(settings)
    scorers.promote(folder, made.id)
    path = folder / f"{made.id}.json"
    if harm == "missing":
        path.unlink()
    else:
        path.write_text("{" if harm == "garbled" else path.read_text().replace('"slope": 0.7', '"slope": 0.9'))
    served = current_release(settings.releases_dir).id
    with pytest.raises(MatcherError, match=r"put it back, promote another, or go back .* matcher learn --prior"):
        a_night(settings)
    assert current_release(settings.releases_dir).id == served
    assert {one.check: one.state for one in diagnose(settings, NOW).findings}["scorer"] == "broken"
    scorers.demote(folder)
    assert a_night(settings).state == "unchanged"


def test_a_scorer_learned_of_another_text_model_stops_the_night(settings: Settings) -> None:
    made, folder = a_learned(settings), scorers.folder_of(settings)
    other = replace(made, lineage=replace(made.lineage, text_model="other")).named
    scorers.keep(folder, other)
    scorers.promote(folder, other.id)
    with pytest.raises(ScorerError, match="expected the text model other, of whose values"):
        a_night(settings)


def test_the_lists_and_the_export_of_a_learned_night_say_what_scored_them(settings: Settings) -> None:
    made = a_learned(settings)
    scorers.promote(scorers.folder_of(settings), made.id)
    a_night(settings)
    release = current_release(settings.releases_dir)
    facts = dict(Run(release.manifest, NOW, 0).facts())
    assert facts["scorer"] == release.manifest.facts.scored_by == made.id
    assert str(facts["points"]).endswith("the score is 1 / (1 + exp(-(0.7 z + 0.4))).")
    match = next(match for need in release.needs.ids() for match in (release.shortlist(need) or [None]).matches)  # type: ignore[union-attr]
    z = match.base + sum(one.points for one in match.contributions)
    assert match.z == pytest.approx(z, abs=1e-9)
    assert match.score == pytest.approx(steep().score(np.array(z)).item(), abs=1e-6)


def test_one_thing_at_a_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert "one at a time" in run(capsys, "learn", "--prior", "--list", code=2)


def test_a_backup_brings_back_the_scorers_and_which_one_nights_take(settings: Settings, tmp_path: Path) -> None:
    made, folder = a_learned(settings), scorers.folder_of(settings)
    scorers.promote(folder, made.id)
    back_up(settings, tmp_path / "backup.tar", NOW)
    there = Settings(data_dir=tmp_path / "there", model="hashing")
    restore(there, tmp_path / "backup.tar", NOW)
    assert scorers.chosen(scorers.folder_of(there), made.lineage.text_model).id == made.id
    scorers.demote(folder)
    back_up(settings, tmp_path / "without.tar", NOW)
    restore(there, tmp_path / "without.tar", NOW)
    assert scorers.promoted(scorers.folder_of(there)) is None

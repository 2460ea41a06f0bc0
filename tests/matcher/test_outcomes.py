"""Where a pair stands: worked by hand, and as a pure fold of whatever may be written."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matcher.errors import BadInput
from matcher.matches import Event
from matcher.outcomes import CLOSED, FORWARD, NEXT, PASSIVE, Numbered, PairState, admit, effective, fold
from matcher.profiles import CapabilityId, NeedId
from matcher.vocabulary import ENDS, ReasonCode, Stage

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def an_event(stage: Stage | str, day: int = 0, *, corrects: int | None = None, **facts: object) -> Event:
    named = Stage(stage)
    reasons = (ReasonCode.PRICE,) if named in {Stage.DECLINED, Stage.CLOSED_NO_DEAL} else ()
    known = {"reason_codes": reasons, "corrects": corrects, **facts}
    return Event(NeedId("n"), CapabilityId("c"), "broker", START + day * DAY, named, **known)  # type: ignore[arg-type]


def history(*events: Event) -> list[Numbered]:
    """Write events one after another as the store does."""
    written: list[Numbered] = []
    for event in events:
        admit(written, event)
        written.append(Numbered(len(written) + 1, event))
    return written


def refusal(written: list[Numbered], event: Event) -> str:
    with pytest.raises(BadInput) as refused:
        admit(written, event)
    return refused.value.code


def test_a_pair_without_events_stands_nowhere() -> None:
    assert fold([]) == PairState()


def test_a_pair_goes_forward_and_may_skip() -> None:
    state = fold(history(an_event("shortlisted"), an_event("intro_requested", 2), an_event("pilot", 9)))
    assert (state.stage, state.since, state.last_number) == (Stage.PILOT, START + 9 * DAY, 3)
    stays = [(stay.stage.value, stay.end and (stay.end - stay.start).days) for stay in state.stays]
    assert stays == [("shortlisted", 2), ("intro_requested", 7), ("pilot", None)]


def test_a_pair_never_goes_back() -> None:
    assert refusal(history(an_event("pilot")), an_event("nda", 1)) == "stage"


def test_looking_again_is_no_step_back() -> None:
    state = fold(history(an_event("pilot", due_on=date(2026, 4, 1)), an_event("viewed", 3)))
    assert (state.stage, state.since, state.touched) == (Stage.PILOT, START, START + 3 * DAY)
    assert state.due_on == date(2026, 4, 1)


def test_the_same_stage_again_moves_the_due_date_and_the_note_alone() -> None:
    again = an_event("nda", 5, due_on=date(2026, 5, 1), note="Waiting for the lawyer.")
    state = fold(history(an_event("nda"), again))
    assert (state.since, state.due_on, state.note) == (START, date(2026, 5, 1), "Waiting for the lawyer.")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("stage", [None, *(stage for stage in FORWARD if stage not in CLOSED)])
def test_every_open_stage_may_end(stage: Stage | None, end: Stage) -> None:
    before = [] if stage is None else [an_event(stage)]
    assert fold(history(*before, an_event(end, 1))).stage is end


@pytest.mark.parametrize("closed", sorted(CLOSED))
@pytest.mark.parametrize("stage", [stage for stage in Stage if stage not in PASSIVE])
def test_nothing_follows_a_closed_pair(closed: Stage, stage: Stage) -> None:
    assert refusal(history(an_event(closed)), an_event(stage, 1)) == "stage"


def test_a_stalled_pair_goes_on_where_it_stalled_but_not_before() -> None:
    stalled = history(an_event("nda"), an_event("stalled", 30))
    assert refusal(stalled, an_event("intro_requested", 31)) == "stage"
    assert fold([*stalled, Numbered(3, an_event("nda", 31))]).stage is Stage.NDA
    admit(stalled, an_event("nda", 31))
    admit(stalled, an_event("pilot", 31))


def test_a_dismissal_says_why_and_nothing_else_does() -> None:
    assert refusal([], an_event("declined", reason_codes=())) == "reason_codes"
    assert refusal([], an_event("pilot", reason_codes=(ReasonCode.PRICE,))) == "reason_codes"


def test_only_a_correction_reopens_a_pair() -> None:
    written = history(an_event("nda"), an_event("declined", 4), an_event("pilot", 9, corrects=2))
    state = fold(written)
    assert (state.stage, state.since, state.dismissed) == (Stage.PILOT, START + 4 * DAY, False)
    assert [number for number, _ in effective(written)] == [1, 3]


def test_a_correction_is_corrected_through_its_correction() -> None:
    written = history(an_event("declined"), an_event("nda", 1, corrects=1))
    assert refusal(written, an_event("pilot", 2, corrects=1)) == "corrects"
    assert fold([*written, Numbered(3, an_event("pilot", 2, corrects=2))]).stage is Stage.PILOT


def test_a_correction_that_what_came_after_could_not_follow_is_refused() -> None:
    written = history(an_event("nda"), an_event("pilot", 3))
    assert refusal(written, an_event("commissioned", 4, corrects=1)) == "stage"


def test_an_event_before_the_last_one_is_refused() -> None:
    assert refusal(history(an_event("nda", 3)), an_event("pilot", 2)) == "at"


def test_every_open_stage_has_a_next_action() -> None:
    assert set(NEXT) == set(Stage) - CLOSED


STEPS = st.lists(st.tuples(st.sampled_from(Stage), st.integers(0, 20), st.none() | st.integers(1, 8)), max_size=12)


@given(STEPS)
def test_whatever_is_admitted_leaves_a_state_that_a_replay_leaves_too(
    steps: list[tuple[Stage, int, int | None]],
) -> None:
    """The state after each admitted event is the fold of the history; its stays are gapless and in order."""
    written: list[Numbered] = []
    for stage, day, corrects in steps:
        event = an_event(stage, day, corrects=corrects)
        try:
            promised = admit(written, event)
        except BadInput:
            continue
        written.append(Numbered(len(written) + 1, event))
        state = fold(written)
        assert state == promised
        assert state.stage is not None
        assert state.stays[-1].stage is state.stage
        assert state.stays[-1].end is None
        assert all(one.end == after.start for one, after in zip(state.stays, state.stays[1:], strict=False))
        forward = [FORWARD.index(stay.stage) for stay in state.stays if stay.stage in FORWARD]
        assert forward == sorted(forward)
        assert not {stay.stage for stay in state.stays[:-1]} & CLOSED
        assert len(effective(written)) == sum(one.event.corrects is None for one in written)


@given(STEPS)
def test_a_state_is_derived_from_any_events_at_all(steps: list[tuple[Stage, int, int | None]]) -> None:
    """Even of events that were never judged: a night must not fail over one."""
    events = [Numbered(at, an_event(stage, day, corrects=fix)) for at, (stage, day, fix) in enumerate(steps, 1)]
    assert (fold(events).stage is None) == (not events)

"""The next step: whom to ask what, where, until when; and a draft that keeps what is confidential."""

from datetime import date, timedelta
from typing import Any

import pytest

from matcher.matches import Contribution, NearMiss, NextStep, OpenQuestion
from matcher.next_steps import Introduction, next_step
from matcher.vocabulary import GateName, SignalName
from tests.builders import an_organisation
from tests.matcher.small_world import AS_OF
from tests.matcher.thirds_world import World, a_desk

TITLE = "Electricity for a hill village"
QUESTION = OpenQuestion("places_offered", "provider", 'Is "Small hydropower turbines" offered in KEN?', 0.4)
TO_OWNER = OpenQuestion("trl_min", "need_owner", "What is the least technology readiness level (1-9)?", 0.3)
REASONS = (
    Contribution(SignalName.SECTOR, 1.0, 0.8, 0.4, 0.4, 0.8, "same sector: energy (hydropower)"),
    Contribution(SignalName.BUDGET, 1.0, 0.2, 0.1, 0.1, 0.2, "budget USD 100,000, price USD 90,000"),
    Contribution(SignalName.SDG, None, 0.0, 0.0, 0.0, 0.5, "the need states no goal"),
)


def step(
    need: dict[str, Any] | None = None,
    offer: dict[str, Any] | None = None,
    *,
    questions: tuple[OpenQuestion, ...] = (QUESTION,),
    misses: tuple[NearMiss, ...] = (),
    **world: Any,
) -> NextStep:
    made = World(need, offer, **world)
    via = made.thirds.facilitator(made.joined().via)
    return next_step(Introduction(made.pair, made.known["owner"], via, REASONS, misses, questions))


def test_the_first_open_question_goes_to_whoever_can_answer_it() -> None:
    to_provider, to_owner = step(), step(questions=(TO_OWNER, QUESTION))
    assert (to_provider.ask, to_provider.about) == (QUESTION.question, "places_offered")
    assert (to_provider.whom, to_provider.organisation_id) == ("provider", "provider")
    assert (to_owner.whom, to_owner.organisation_id) == ("need_owner", "owner")


@pytest.mark.parametrize(("gate", "whom"), [(GateName.PLACE, "provider"), (GateName.MODE, "need_owner")])
def test_a_near_miss_asks_first_whether_its_obstacle_can_be_moved(gate: GateName, whom: str) -> None:
    found = step(misses=(NearMiss(gate, "eligible if training is accepted"),))
    assert (found.ask, found.whom) == ("Could this be changed: eligible if training is accepted?", whom)


def test_without_a_question_the_introduction_is_proposed() -> None:
    found = step(questions=())
    assert (found.ask, found.about, found.whom) == ("Are you ready to be introduced to each other?", "", "provider")


# -- whom ----------------------------------------------------------------------------------------------------------


def test_the_role_mailbox_is_where_to_write() -> None:
    found = step(provider={"contact_channel": "partnerships@provider.example"})
    assert (found.channel, found.route) == ("partnerships@provider.example", "write to partnerships@provider.example")


def test_without_a_mailbox_the_facilitator_that_reaches_them_is_the_way() -> None:
    hub = an_organisation("hub", contact_channel="desk@hub.example")
    found = step(programmes=[a_desk()], others=[hub])
    assert found.channel is None
    assert found.route == (
        "no mailbox of Organisation provider is known; it is reached through The desk (desk@hub.example)"
    )


def test_without_a_facilitator_the_website_or_the_record_is_the_way() -> None:
    assert (
        "partnership desk at https://provider.example" in step(provider={"website": "https://provider.example"}).route
    )
    assert step().route.endswith("find its partnership desk and enter it as the contact channel")


def test_a_partner_that_has_gone_quiet_is_reactivated_first() -> None:
    found = step(
        provider={"contact_channel": "a@provider.example", "activity_status": "dormant"}, programmes=[a_desk()]
    )
    assert found.route == (
        "Organisation provider has gone quiet: reactivate it before anybody is introduced, through The desk"
    )


# -- when ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "due", "reason"),
    [
        # 1 November 2026 is a Sunday
        ({"urgency": "critical"}, date(2026, 11, 4), "urgency: critical"),
        ({"urgency": "high"}, date(2026, 11, 6), "urgency: high"),  # Sunday the 8th -> the Friday before
        ({"urgency": "medium"}, date(2026, 11, 13), "urgency: medium"),
        ({"urgency": "low"}, date(2026, 11, 27), "urgency: low"),
        ({}, date(2026, 11, 13), "no urgency is stated"),
        (
            {"urgency": "medium", "start_by": date(2026, 12, 1)},
            date(2026, 11, 6),
            "urgency: medium; the start is due on 2026-12-01",
        ),
        ({"urgency": "medium", "start_by": date(2027, 12, 1)}, date(2026, 11, 13), "urgency: medium"),
        (
            {"complete_by": date(2026, 12, 1)},
            date(2026, 11, 6),
            "no urgency is stated; completion is due on 2026-12-01",
        ),
    ],
)
def test_the_due_day_follows_urgency_and_what_is_near(facts: dict[str, Any], due: date, reason: str) -> None:
    found = step(facts)
    assert (found.due, found.due_reason) == (due, reason)


@pytest.mark.parametrize("urgency", ["critical", "high", "medium", "low", None])
@pytest.mark.parametrize("ahead", [1, 5, 80, None])
def test_a_step_is_never_due_on_a_weekend_or_in_the_past(urgency: str | None, ahead: int | None) -> None:
    start = None if ahead is None else AS_OF + timedelta(ahead)
    due = step({"urgency": urgency, "start_by": start}).due
    assert due > AS_OF
    assert due.weekday() < 5


# -- the draft -----------------------------------------------------------------------------------------------------


def test_the_draft_is_made_of_the_reasons() -> None:
    draft = step().draft
    assert draft.startswith("Subject: Small hydropower turbines: a possible partner\n\nTo the partnership desk of ")
    assert f'the need "{TITLE}" of Organisation owner in Kenya: Power from a small river without a grid.' in draft
    assert "- sector: same sector: energy (hydropower)\n- budget: budget USD 100,000" in draft
    assert "the need states no goal" not in draft
    assert f"Our question to you: {QUESTION.question}" in draft
    assert "Nothing has been agreed or promised" in draft


def test_the_draft_to_the_need_s_owner_speaks_of_the_offer() -> None:
    draft = step(questions=(TO_OWNER,)).draft
    assert draft.startswith(f"Subject: {TITLE}: a possible partner\n\nTo the partnership desk of Organisation owner")
    assert 'the offer "Small hydropower turbines" of Organisation provider' in draft


def test_the_draft_is_the_same_each_time() -> None:
    assert step().draft == step().draft


SECRETS = (TITLE, "Power from a small river", "KEN", "Organisation owner", "USD 100,000", "hydropower\n")


@pytest.mark.parametrize("level", ["broker_only", "partners"])
def test_nothing_of_a_confidential_need_reaches_the_provider(level: str) -> None:
    draft = step({"confidentiality": level}).draft
    assert not [secret for secret in SECRETS if secret in draft]
    assert "a confidential need, of which we may say more once its owner agrees" in draft
    assert "Our question to you: what can you tell us about places offered?" in draft


@pytest.mark.parametrize("level", ["broker_only", "partners"])
def test_the_fix_of_a_near_miss_gives_nothing_away(level: str) -> None:
    miss = NearMiss(GateName.PLACE, "eligible if the provider extends from Uganda to Kenya")
    draft = step({"confidentiality": level}, misses=(miss,)).draft
    assert not [secret for secret in SECRETS if secret in draft]


def test_nothing_of_a_confidential_offer_reaches_the_need_s_owner_who_hears_of_the_own_need() -> None:
    draft = step({"confidentiality": "broker_only"}, {"confidentiality": "broker_only"}, questions=(TO_OWNER,)).draft
    assert "Small hydropower turbines" not in draft
    assert "Organisation provider" not in draft
    assert TITLE in draft

"""Rules, what was shown, subscriptions and dismissals as the store keeps them, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from matcher.errors import BadInput
from matcher.followup import Channel, RuleScope, RuleState
from matcher.matches import Event
from matcher.vocabulary import ReasonCode, Stage
from service.outcomes.dismissing import off_lists, propose
from service.store import (
    Attached,
    Follows,
    RuleKey,
    Shown,
    Store,
    add_shown,
    add_subscription,
    change_subscription,
    decide_rule,
    forget_shown,
    get_rule,
    get_subscription,
    list_rules,
    list_shown,
    list_subscriptions,
    mark_told,
    propose_rule,
    record_event,
    remove_subscription,
    upsert_records,
)
from tests.builders import a_capability
from tests.service.store.test_events import NOW, an_event

KEY = RuleKey(RuleScope.PROVIDER, "org-1", ReasonCode.PRICE)


def test_a_rule_is_proposed_once_and_decided_by_one(store: Store) -> None:
    with store.writing() as session:
        number = propose_rule(session, "a", KEY, 3, NOW)
        assert number is not None
        assert propose_rule(session, "a", KEY, 4, NOW) is None
        assert propose_rule(session, "b", KEY, 3, NOW) is not None
        rule = get_rule(session, "a", number)
        assert rule is not None
        assert get_rule(session, "b", number) is None
    with store.writing() as session:
        decided = decide_rule(session, rule, RuleState.CONFIRMED, actor="x", at=NOW, note="yes")
        assert decided is not None
        assert (decided.state, decided.decided_by, decided.note) == (RuleState.CONFIRMED, "x", "yes")
    with store.writing() as session:
        assert decide_rule(session, rule, RuleState.REJECTED, actor="y", at=NOW) is None, "read before it was decided"
        with pytest.raises(BadInput, match="state"):
            decide_rule(session, decided, RuleState.CONFIRMED, actor="y", at=NOW)
    with store.reading() as session:
        assert [one.number for one in list_rules(session, "a", RuleState.CONFIRMED)] == [number]


def test_reasons_that_repeat_propose_rules_and_dismissals_are_read_back(store: Store) -> None:
    offers = [a_capability(f"c{n}", organisation_id="org-1", sectors=["energy.solar"]) for n in range(3)]
    with store.writing() as session:
        upsert_records(session, "capabilities", offers, actor="t", at=NOW)
        for offer in offers:
            event = an_event("n", offer.id, stage=Stage.SHORTLISTED)
            record_event(session, event, Attached("a"))
        for number, offer in enumerate(offers, 1):
            declined = replaced(offer.id)
            record_event(session, declined, Attached("a"))
            made = propose(session, "a", (ReasonCode.TIMING,), 3, NOW)
            assert bool(made) == (number == 3)
    with store.reading() as session:
        keys = {(rule.key.scope, rule.key.value) for rule in list_rules(session, "a")}
        off = off_lists(session, "a")
    assert keys == {(RuleScope.NEED, "n"), (RuleScope.PROVIDER, "org-1"), (RuleScope.SECTOR, "energy.solar")}
    assert set(off.dismissed["n"]) == {"c0", "c1", "c2"}
    assert off.rules == (), "nobody confirmed them"


def replaced(capability: str) -> Event:
    return replace(an_event("n", capability), stage=Stage.DECLINED, reason_codes=(ReasonCode.TIMING,))


def test_what_was_shown_is_read_on_by_number_and_forgotten_by_age(store: Store) -> None:
    facts = ("r", "n", "c", 1, 1, 0.5, "B")
    with store.writing() as session:
        add_shown(session, [])
        add_shown(session, [Shown("a", "broker", *facts, NOW - timedelta(days=9)), Shown("a", "broker", *facts, NOW)])
        add_shown(session, [Shown("b", "viewer", *facts, NOW)])
    with store.reading() as session:
        first, second = list_shown(session, tenant_id="a")
        assert first[1].at == NOW - timedelta(days=9)
        assert list_shown(session, tenant_id="a", after=first[0]) == (second,)
    with store.writing() as session:
        forget_shown(session, NOW - timedelta(days=1))
    with store.reading() as session:
        assert [one.tenant_id for _, one in list_shown(session)] == ["a", "b"]


def test_a_subscription_is_changed_by_who_read_it_last(store: Store) -> None:
    follows = Follows(needs={"country": "NPL", "sdg": 7}, min_score=0.5, channel=Channel.EMAIL)
    with store.writing() as session:
        made = add_subscription(session, follows, owner="key:1", tenant_id="a", last_release="r1", at=NOW)
        other = add_subscription(session, Follows("n"), owner="key:2", tenant_id="a", last_release=None, at=NOW)
    with store.writing() as session:
        assert get_subscription(session, "a", made.id) == made
        assert get_subscription(session, "b", made.id) is None
        assert [one.id for one in list_subscriptions(session, owner="key:2")] == [other.id]
        changed = change_subscription(session, made, Follows("n2"), at=datetime.now(UTC))
        assert changed is not None
        assert change_subscription(session, made, Follows("n3"), at=NOW) is None
        mark_told(session, made.id, "r2")
        found = get_subscription(session, "a", made.id)
        assert found is not None
        assert (found.follows.need_id, found.last_release, found.version) == ("n2", "r2", 2)
        remove_subscription(session, made.id)
        assert get_subscription(session, "a", made.id) is None

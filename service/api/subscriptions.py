"""Routes of subscriptions: whose news of releases is told, from which change on, and where it is put."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, model_validator
from starlette.responses import Response

from matcher.errors import BadInput
from matcher.followup import ChangeCause, ChangeKind, Channel
from matcher.vocabulary import SECTORS, Stage, Urgency
from service.accounts.roles import Permission
from service.api.answers import address, json_answer
from service.api.bodies import Body, described, reading
from service.api.context import Asker, Context, Here
from service.api.news import between, counts_out
from service.api.openapi import problem
from service.api.parameters import IfMatch
from service.api.problems import Refused, bad_value
from service.api.schemas import ReleaseId, Sent
from service.outcomes.choosing import NeedFilter
from service.outcomes.digests import Digest, digest
from service.outcomes.news import LEAST
from service.store import (
    Follows,
    Subscription,
    add_subscription,
    change_subscription,
    get_subscription,
    list_subscriptions,
    remove_subscription,
)

if TYPE_CHECKING:
    from service.api.keys import Principal

SubscriptionId = Annotated[
    str, Path(max_length=40, description="The subscription's id.", examples=["sub-0f3a9c1d2b4e5f60"])
]


class NeedFilterIn(Body):
    """Needs by what they state; all that is stated must hold."""

    country: Annotated[str | None, Field(max_length=200, description="A country, region or group.")] = None
    sector: Annotated[str | None, Field(max_length=100, description="A sector; a parent finds its children.")] = None
    sdg: Annotated[int | None, Field(ge=1, le=17)] = None
    q: Annotated[str | None, Field(max_length=300, description="Words that the need holds.")] = None
    urgency: Annotated[Urgency | None, Field(description="How urgent the need says it is.")] = None
    stage: Annotated[Stage | None, Field(description="Where a pair of the need stands in your tenant.")] = None


class SubscriptionIn(Body):
    """What is followed: one need, or the needs of a filter; every need where neither is stated.

    With a name it is a saved filter too: the console offers it on the list of needs.
    """

    name: Annotated[str, Field(max_length=100, description="What you call it; one of yours at a time.")] = ""
    need_id: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    needs: NeedFilterIn = NeedFilterIn()
    min_score: Annotated[float, Field(ge=0, le=1, description="Only pairs that score so.")] = 0.0
    min_change: Annotated[float, Field(gt=0, le=1, description="Of the score, for up and down.")] = LEAST.score
    min_ranks: Annotated[int, Field(ge=1, le=1000, description="Or so many ranks.")] = LEAST.ranks
    channel: Annotated[
        Channel, Field(description="Where matcher digest puts the news: files; nothing is sent by itself.")
    ] = Channel.FEED

    @model_validator(mode="after")
    def _one_of(self) -> SubscriptionIn:
        if self.need_id is not None and self.needs != NeedFilterIn():
            raise ValueError("expected need_id or needs, not both")
        return self


EXAMPLES: Final[dict[str, Any]] = {
    "need": {"summary": "One need", "value": {"need_id": "need-hill-village-power", "channel": "email"}},
    "filter": {
        "summary": "Energy in the least developed countries, good matches only",
        "value": {"needs": {"sector": "energy", "country": "LDC"}, "min_score": 0.5, "channel": "webhook"},
    },
}


class SubscriptionOut(Sent):
    """A subscription as it stands."""

    id: str
    owner: Annotated[str, Field(examples=["key:3f9c1d2b4e5f"])]
    name: str
    need_id: str | None
    needs: NeedFilterIn
    min_score: float
    min_change: float
    min_ranks: int
    channel: Channel
    last_release: Annotated[str | None, Field(description="Up to which release its news was written.")]
    version: int
    created_at: datetime
    updated_at: datetime


class SubscriptionsOut(Sent):
    """Subscriptions in the order they were made."""

    items: list[SubscriptionOut]


class DigestLineOut(Sent):
    """A pair that changed."""

    need_id: str
    need_title: str
    capability_id: str
    capability_title: str
    kind: ChangeKind
    cause: ChangeCause
    detail: str
    rank_before: int | None
    rank_after: int | None
    score_before: float | None
    score_after: float | None


class DigestOut(Sent):
    """The news of a subscription since it was last written."""

    subscription_id: str
    since: str
    release_id: ReleaseId
    at: datetime
    made_with: list[str]
    counts: dict[ChangeKind, dict[ChangeCause, int]]
    total: Annotated[int, Field(description="All changes; the first 200 are named.")]
    lines: list[DigestLineOut]


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["changes"])
    changed: dict[int | str, dict[str, Any]] = {412: problem("Changed since it was read")}
    one = "/subscriptions/{subscription_id}"
    extra = described(SubscriptionIn, EXAMPLES)
    made.add_api_route(
        "/subscriptions",
        list_own,
        response_model=SubscriptionsOut,
        operation_id="list_subscriptions",
        summary="Own subscriptions",
    )
    made.add_api_route(
        "/subscriptions",
        make,
        methods=["POST"],
        status_code=201,
        response_model=SubscriptionOut,
        operation_id="add_subscription",
        summary="Follow a need, or the needs of a filter",
        openapi_extra=extra,
    )
    made.add_api_route(
        one, show, response_model=SubscriptionOut, operation_id="get_subscription", summary="One subscription"
    )
    made.add_api_route(
        one,
        replace,
        methods=["PUT"],
        response_model=SubscriptionOut,
        responses=changed,
        operation_id="replace_subscription",
        summary="Follow something else",
        openapi_extra=extra,
    )
    made.add_api_route(
        one,
        remove,
        methods=["DELETE"],
        status_code=204,
        response_class=Response,
        operation_id="remove_subscription",
        summary="Follow no more",
    )
    made.add_api_route(
        f"{one}/digest",
        get_digest,
        response_model=DigestOut,
        operation_id="get_digest",
        summary="What is new for a subscription",
    )
    return made


def list_own(context: Here, asker: Asker) -> Response:
    """Return the asker's subscriptions; an administrator sees all of the tenant's."""
    owner = None if asker.may(Permission.ADMINISTER) else asker.actor
    with context.store.reading() as session:
        found = list_subscriptions(session, tenant_id=asker.tenant_id, owner=owner)
    return json_answer(SubscriptionsOut(items=[subscription_out(one) for one in found]))


def make(context: Here, asker: Asker, sent: Annotated[SubscriptionIn, reading(SubscriptionIn)]) -> Response:
    """Follow from the release that is served on. Digests are files that ``matcher digest`` writes."""
    follows = _follows(context, asker, sent)
    _refuse_twice(context, asker, follows.name)
    release = context.release()
    with context.store.writing() as session:
        made = add_subscription(
            session,
            follows,
            owner=asker.actor,
            tenant_id=asker.tenant_id,
            last_release=release.id,
            at=datetime.now(UTC),
        )
    answer = _sent(made, 201)
    answer.headers["Location"] = address("v1", "subscriptions", made.id)
    return answer


def show(context: Here, asker: Asker, subscription_id: SubscriptionId) -> Response:
    """Return a subscription of the asker's."""
    return _sent(own(context, asker, subscription_id))


def replace(
    context: Here,
    asker: Asker,
    subscription_id: SubscriptionId,
    sent: Annotated[SubscriptionIn, reading(SubscriptionIn)],
    if_match: IfMatch = None,
) -> Response:
    """Follow something else; how far it was told stays. With If-Match only if nobody changed it since it was read."""
    follows = _follows(context, asker, sent)
    found = own(context, asker, subscription_id)
    if follows.name != found.follows.name:
        _refuse_twice(context, asker, follows.name)
    if if_match is not None and if_match.strip() not in {"*", f'"{found.version}"'}:
        raise Refused(412, "changed", "The subscription was changed since it was read; read it again.")
    with context.store.writing() as session:
        changed = change_subscription(session, found, follows, at=datetime.now(UTC))
    if changed is None:
        raise Refused(412, "changed", "The subscription was changed meanwhile; read it again.")
    return _sent(changed)


def remove(context: Here, asker: Asker, subscription_id: SubscriptionId) -> Response:
    """Follow no more. Files that were written stay."""
    asker.require(Permission.RECORD_OUTCOMES)
    found = own(context, asker, subscription_id)
    with context.store.writing() as session:
        remove_subscription(session, found.id)
    return Response(status_code=204)


def get_digest(context: Here, asker: Asker, subscription_id: SubscriptionId) -> Response:
    """Return what changed for a subscription since its news was last written; reading it marks nothing as told."""
    found = digest_of(context, asker, subscription_id)
    lines = [
        DigestLineOut(need_title=line.need_title, capability_title=line.capability_title, **asdict(line.change))
        for line in found.lines
    ]
    answer = DigestOut(
        subscription_id=found.subscription_id,
        since=found.since,
        release_id=found.release_id,
        at=found.at,
        made_with=list(found.made_with),
        counts=counts_out(found.counts),
        total=found.total,
        lines=lines,
    )
    return json_answer(answer, release_id=found.release_id)


def digest_of(context: Context, asker: Principal, subscription_id: str) -> Digest:
    """Gather what a subscription of the asker's is told; raises Refused."""
    found = own(context, asker, subscription_id)
    now, shelf = context.release(), context.following.shelf
    before = shelf.release(found.last_release) if found.last_release else None
    if before is None:
        before, _ = between(context, None)
    with context.store.reading() as session:
        return digest(session, found, asker.audience, before, shelf, now)


def owned(context: Context, asker: Principal) -> tuple[Subscription, ...]:
    """Return the asker's own subscriptions, in the order they were made."""
    with context.store.reading() as session:
        return list_subscriptions(session, tenant_id=asker.tenant_id, owner=asker.actor)


def own(context: Context, asker: Principal, subscription_id: str) -> Subscription:
    """Return a subscription that is the asker's, or anybody's of the tenant for an administrator; raises Refused."""
    with context.store.reading() as session:
        found = get_subscription(session, asker.tenant_id, subscription_id)
    if found is None or (found.owner != asker.actor and not asker.may(Permission.ADMINISTER)):
        raise Refused(404, "unknown-subscription", f"There is no subscription {subscription_id!r} of yours here.")
    return found


def subscription_out(found: Subscription) -> SubscriptionOut:
    """Write a subscription."""
    facts = {name: getattr(found, name) for name in ("id", "owner", "last_release", "version")}
    stamps = {"created_at": found.created_at, "updated_at": found.updated_at}
    follows = {name: getattr(found.follows, name) for name in Follows.__dataclass_fields__ if name != "needs"}
    return SubscriptionOut(**facts, **stamps, **follows, needs=NeedFilterIn(**found.follows.needs))


def _follows(context: Context, asker: Principal, sent: SubscriptionIn) -> Follows:
    """Read what is to be followed; raises Refused on a need that may not be seen, or a filter that means nothing."""
    asker.require(Permission.RECORD_OUTCOMES)
    wanted = sent.needs.model_dump(mode="json", exclude_none=True)
    if sent.needs.sector is not None and sent.needs.sector not in SECTORS:
        listed = BadInput("not_in_list", expected=f"one of {', '.join(sorted(SECTORS))}", got=sent.needs.sector)
        raise bad_value("needs.sector", listed)
    with context.store.reading() as session:
        try:
            NeedFilter(**wanted).ids(session, asker.audience, datetime.now(UTC).date())
        except BadInput as error:
            raise bad_value("needs.country", error) from None
    if sent.need_id is not None:
        from service.api.shortlists import serve

        serve(context, asker, sent.need_id)
    facts = (sent.min_score, sent.min_change, sent.min_ranks, sent.channel)
    return Follows(sent.need_id, wanted, *facts, " ".join(sent.name.split()))


def _refuse_twice(context: Context, asker: Principal, name: str) -> None:
    """Refuse a second subscription of the same name to the same account; any number may have none."""
    if name and any(one.follows.name == name for one in owned(context, asker)):
        raise Refused(409, "name-taken", f"You have saved something as {name!r} already: choose another name.")


def _sent(found: Subscription, status: int = 200) -> Response:
    answer = json_answer(subscription_out(found), status=status)
    answer.headers["ETag"] = f'"{found.version}"'
    return answer


MODELS: Final[tuple[type[BaseModel], ...]] = (SubscriptionIn,)
"""Bodies of these routes; ``openapi.describe`` adds them."""

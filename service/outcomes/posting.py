"""Putting digests where subscriptions want them: files in a folder. Nothing here sends anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from matcher.followup import Channel
from service.outcomes.digests import Digest, DigestLine, audience_of, digest
from service.releases.files import write_whole
from service.store import Subscription, list_subscriptions, mark_told

if TYPE_CHECKING:
    from matcher.followup import ChangeCause, ChangeKind
    from service.outcomes.news import Change, ReleaseShelf
    from service.releases import Release
    from service.store import Store

_SUFFIX: Final = {Channel.FEED: "json", Channel.WEBHOOK: "json", Channel.EMAIL: "eml"}
_TEMPLATES: Final = Path(__file__).parent / "templates"
_EVENT: Final = "changes.digest"  # names the webhook's kind of event


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a subscription."""

    subscription_id: str
    outcome: str  # written, nothing_new, up_to_date, owner_gone, nothing_to_compare
    changes: int = 0
    path: str = ""


def post(store: Store, now: Release, shelf: ReleaseShelf, out: Path, *, dry_run: bool = False) -> list[Posted]:
    """Write the news of every subscription up to a release, each in a file of its own, and note how far it was told.

    A file is written whole before the note; a run that is killed writes the same file again. Nothing is written for a
    subscription without news, or whose owner may not be told any more. With ``dry_run`` nothing is written at all.
    """
    with store.reading() as session:
        found = list_subscriptions(session)
    return [_post(store, one, now, shelf, None if dry_run else out) for one in found]


def _post(store: Store, one: Subscription, now: Release, shelf: ReleaseShelf, out: Path | None) -> Posted:
    if one.last_release == now.id:
        return Posted(one.id, "up_to_date")
    before = (shelf.release(one.last_release) if one.last_release else None) or shelf.before(now)
    if before is None:
        return Posted(one.id, "nothing_to_compare")
    with store.reading() as session:
        audience = audience_of(session, one.owner, one.tenant_id, datetime.now(UTC))
        if audience is None:
            return Posted(one.id, "owner_gone")
        news = digest(session, one, audience, before, shelf, now)
    channel = one.follows.channel
    path = Path(channel.value) / one.id / f"{now.id}.{_SUFFIX[channel]}"
    if out is not None:
        if news.total:
            write_whole(out / path, written(news, one))
        with store.writing() as session:
            mark_told(session, one.id, now.id)
    return Posted(one.id, "written", news.total, str(path)) if news.total else Posted(one.id, "nothing_new")


def written(news: Digest, one: Subscription) -> bytes:
    """Write a digest as its channel wants it."""
    if one.follows.channel is Channel.EMAIL:
        return message(news, one).as_bytes(policy=SMTP)
    facts = as_json(news)
    if one.follows.channel is Channel.WEBHOOK:
        facts = {"type": _EVENT, "timestamp": news.at.isoformat(), "data": facts}
    return (json.dumps(facts, ensure_ascii=False, indent=1) + "\n").encode()


def as_json(news: Digest) -> dict[str, Any]:
    """Return a digest as the JSON object that ``GET /v1/subscriptions/{id}/digest`` sends."""
    facts = {name: getattr(news, name) for name in ("subscription_id", "since", "release_id", "total")}
    lines = [
        {"need_title": line.need_title, "capability_title": line.capability_title, **asdict(line.change)}
        for line in news.lines
    ]
    return {
        **facts,
        "at": news.at.isoformat(),
        "made_with": list(news.made_with),
        "counts": {kind: dict(of) for kind, of in news.counts.items()},
        "lines": lines,
    }


def message(news: Digest, one: Subscription) -> EmailMessage:
    """Write a digest as a message, in plain text and as HTML, to the owner's role mailbox if the owner has one."""
    made = EmailMessage()
    made["Subject"] = f"{_counted(news)} in the release of {_written(news.release_at)}"
    kind, _, login = one.owner.partition(":")
    if kind == "user":
        made["To"] = login
    made["Date"] = news.at
    made["X-Matcher-Subscription"] = one.id
    made.set_content(plain(news))
    made.add_alternative(page(news), subtype="html")
    return made


def plain(news: Digest) -> str:
    """Write a digest as plain text."""
    since, now = called(news.since, news.since_at), called(news.release_id, news.release_at)
    lines = [f"{_counted(news)} since {since}, in {now}."]
    lines += [f"The runs differ in what they were made with: {'; '.join(news.made_with)}."] if news.made_with else []
    for need_id, found in by_need(news):
        lines += ["", found[0].need_title or need_id]
        lines += [f"- {_said(line)}" for line in found]
    left = news.total - len(news.lines)
    return "\n".join([*lines, *(["", f"{left} more are not named here."] if left else []), ""])


def page(news: Digest) -> str:
    """Write a digest as a page of HTML that needs no other file."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    made.globals |= {"called": called, "counted": _counted, "places": places}
    return made.get_template("digest.html").render(digest=news, needs=list(by_need(news)))


def called(release_id: str, at: datetime) -> str:
    """Name a release as people know it, with its id: "the release of 2026-11-30 02:14 UTC (2026-11-30-1f0c)"."""
    return f"the release of {_written(at)} ({release_id})"


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _counted(news: Digest) -> str:
    return f"{news.total} {'change' if news.total == 1 else 'changes'}"


def by_need(news: Digest) -> Iterator[tuple[str, list[DigestLine]]]:
    """Yield each need with its lines, in order."""
    for need_id, lines in groupby(news.lines, key=lambda line: line.change.need_id):
        yield need_id, list(lines)


def places(change: Change) -> str:
    """Say where a pair stood and stands: ", rank 7 to 2"."""
    if change.rank_before is None or change.rank_after is None:
        one = change.rank_after or change.rank_before
        return f", {'rank' if change.rank_after else 'was rank'} {one}"
    return f", rank {change.rank_before} to {change.rank_after}"


def _said(line: DigestLine) -> str:
    change = line.change
    kind: ChangeKind = change.kind
    cause: ChangeCause = change.cause
    title = line.capability_title or change.capability_id
    return f"{kind.value.replace('_', ' ')}: {title}{places(change)} ({cause.value}: {change.detail})"

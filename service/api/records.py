"""Routes that list, search and show records of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from matcher.errors import BadInput
from matcher.profiles import KINDS, SINGULAR, Organisation, Profile
from matcher.vocabulary import SECTORS, Stage
from service.api.answers import address, etag, json_answer, record_json
from service.api.context import Asker, Context, Here
from service.api.live import is_shown, shown_to
from service.api.paging import LINES_ANSWER, Lines, streamed
from service.api.parameters import MOST, Listing, RecordId, Search
from service.api.problems import bad_value, unknown
from service.api.schemas import FoundOut, PageOut, RecordOut, SearchOut
from service.outcomes.pipeline import needs_by_stage
from service.reference import load_places
from service.store import (
    Filters,
    Page,
    StoredRecord,
    Told,
    UnknownRecord,
    get_record,
    list_records,
    places_covering,
    states_of_pairs,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.api.keys import Principal

_SUMMARY: Final = 300  # characters of a summary in a list of findings


def router() -> APIRouter:
    """Return a list and a page of each kind, and one search across all of them."""
    made = APIRouter(prefix="/v1")
    for kind in KINDS:
        _add_kind(made, kind)
    made.add_api_route(
        "/search",
        _search,
        response_model=SearchOut,
        operation_id="search",
        summary="Search records of every kind",
        tags=["records"],
    )
    return made


def _add_kind(made: APIRouter, kind: str) -> None:
    model: Any = KINDS[kind]

    def show(context: Here, asker: Asker, record_id: RecordId) -> Response:
        stored = find(context, asker, kind, record_id)
        answer = json_answer(record_json(stored).encode())
        answer.headers["ETag"] = etag(stored)
        return answer

    def list_(context: Here, asker: Asker, lines: Lines, wanted: Annotated[Listing, Query()]) -> Response:
        if lines:
            return streamed(_all(context, asker, kind, wanted))
        page = pages(context, asker, kind, wanted)
        items = ",".join(map(record_json, page.items))
        return json_answer(f'{{"items":[{items}],"next":{_quoted(page.next)}}}'.encode())

    made.add_api_route(
        f"/{kind}",
        list_,
        response_model=PageOut[model],
        responses={200: LINES_ANSWER},
        operation_id=f"list_{kind}",
        summary=f"List {kind}",
        description="In the order of their ids, a page at a time. Several filters must all hold.",
        tags=["records"],
    )
    made.add_api_route(
        f"/{kind}/{{record_id}}",
        show,
        response_model=RecordOut[model],
        operation_id=f"get_{SINGULAR[kind]}",
        summary=f"Get one {SINGULAR[kind]}",
        description="As it stands in the store now, not as a release holds it. The ETag changes whenever it does.",
        tags=["records"],
    )


def _search(context: Here, asker: Asker, wanted: Annotated[Search, Query()]) -> Response:
    """Find records of every kind that hold every word, in the order of kind and id."""
    page = pages(context, asker, None, Listing(q=wanted.q, cursor=wanted.cursor, limit=wanted.limit))
    return json_answer(SearchOut(items=[_found(stored) for stored in page.items], next=page.next))


def find(context: Context, asker: Principal, kind: str, record_id: str) -> StoredRecord:
    """Return a record that may be seen; raises Refused.

    What may not be seen is not read either: otherwise the time taken would tell it from what was never there.
    """
    standing = context.live.standing(kind, record_id)
    if standing is None or not is_shown(standing, asker):
        raise unknown(SINGULAR[kind], record_id)
    try:
        with context.store.reading() as session:
            return get_record(session, kind, record_id)
    except UnknownRecord:  # erased a moment ago
        raise unknown(SINGULAR[kind], record_id) from None


def pages(
    context: Context,
    asker: Principal,
    kind: str | None,
    wanted: Listing,
    ordered: Callable[..., Page] = list_records,
) -> Page:
    """Return a page of what may be seen, ``ordered`` as the store lists it; raises Refused on a meaningless filter."""
    staged = staged_needs(context, asker) if wanted.stage else {}
    with context.store.reading() as session:
        filters = filters_of(session, asker, wanted, staged)
        try:
            return ordered(session, kind, filters, after=wanted.cursor, limit=wanted.limit)
        except BadInput as error:
            raise bad_value("cursor", error) from None


def _all(context: Context, asker: Principal, kind: str, wanted: Listing) -> Iterator[str]:
    """Return everything from the cursor on, a page at a time; the first is read at once, so that a refusal is told."""
    page = pages(context, asker, kind, wanted.model_copy(update={"limit": MOST}))

    def rest() -> Iterator[str]:
        now = page
        yield from map(record_json, now.items)
        while now.next is not None:
            now = pages(context, asker, kind, wanted.model_copy(update={"limit": MOST, "cursor": now.next}))
            yield from map(record_json, now.items)

    return rest()


def staged_needs(context: Context, asker: Principal) -> dict[Stage, frozenset[str]]:
    """Return the needs with a pair at each stage of the asker's tenant, as far as the asker may see and be told."""
    visible = context.live.visible(asker)
    with context.store.reading() as session:
        states = states_of_pairs(session, Told(asker.tenant_id, asker.audience))
    return needs_by_stage(((pair, state) for (_, pair), state in states.items()), visible.shows_pair)


def filters_of(session: Session, asker: Principal, wanted: Listing, staged: Mapping[Stage, frozenset[str]]) -> Filters:
    """Return what a list is narrowed to: what the asker may see, and what was asked; raises Refused."""
    if wanted.sector is not None and wanted.sector not in SECTORS:
        listed = BadInput("not_in_list", expected=f"one of {', '.join(sorted(SECTORS))}", got=wanted.sector)
        raise bad_value("sector", listed)
    return replace(
        shown_to(asker),
        places=_places(session, wanted.country),
        sector=wanted.sector,
        sdg=wanted.sdg,
        urgency=wanted.urgency and wanted.urgency.value,
        need_ids=None if wanted.stage is None else staged.get(wanted.stage, frozenset()),
        q=wanted.q,
    )


def _places(session: Session, country: str | None) -> frozenset[str] | None:
    if country is None:
        return None
    try:
        return places_covering(session, country, load_places(), datetime.now(UTC).date())
    except BadInput as error:
        raise bad_value("country", error) from None


def _found(stored: StoredRecord) -> FoundOut:
    return FoundOut(
        kind=stored.kind,
        id=stored.id,
        title=title_of(stored.profile),
        summary=(getattr(stored.profile, "summary", None) or "")[:_SUMMARY],
        href=address("v1", stored.kind, stored.id),
    )


def title_of(profile: Profile) -> str:
    """Return what a record is called."""
    return profile.name if isinstance(profile, Organisation) else profile.title


def _quoted(text: str | None) -> str:
    return "null" if text is None else f'"{text}"'  # base64 needs no escaping

"""Routes of accounts: tenants, users, grants, keys and the audit log, for administrators.

An administrator of the default tenant, which runs the service, administers every tenant; one of another tenant only
their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from matcher.errors import BadInput
from service.accounts.audit import Action, list_audit
from service.accounts.grants import grant, list_grants, revoke_grant
from service.accounts.keys import NewKey, end_key, issue_key, prefix_of
from service.accounts.roles import DEFAULT_TENANT, Permission
from service.accounts.speaking import organisations_of, speak_for
from service.accounts.tenants import list_tenants, make_tenant
from service.accounts.users import (
    NewUser,
    change_password,
    change_role,
    disable_user,
    find_user,
    list_users,
    make_user,
    require_user,
)
from service.api.account_schemas import (
    GRANT_EXAMPLES,
    KEY_EXAMPLES,
    PATCH_EXAMPLES,
    TENANT_EXAMPLES,
    USER_EXAMPLES,
    AccountsOut,
    AuditEntryOut,
    AuditOut,
    GrantIn,
    KeyIn,
    KeyMadeOut,
    KeyOut,
    KeysOut,
    TenantIn,
    TenantOut,
    UserIn,
    UserOut,
    UserPatch,
)
from service.api.answers import address, json_answer
from service.api.bodies import described, reading
from service.api.context import Asker, Context, Here
from service.api.parameters import Limit, RecordId
from service.api.problems import Refused, bad_value, unknown
from service.store import find_key, list_keys

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.accounts.tenants import Tenant
    from service.accounts.users import User
    from service.api.keys import Principal
    from service.store import ApiKey


def router() -> APIRouter:
    """Return the routes under /v1."""
    made = APIRouter(prefix="/v1", tags=["accounts"])

    def add(path: str, route: Any, method: str, name: str, **said: Any) -> None:
        said.setdefault("response_model", None)
        made.add_api_route(path, route, methods=[method], operation_id=name, **said)

    add("/accounts", show, "GET", "list_accounts", summary="Tenants and users", response_model=AccountsOut)
    add(
        "/accounts/tenants",
        add_tenant,
        "POST",
        "create_tenant",
        summary="Make a tenant",
        response_model=TenantOut,
        status_code=201,
        openapi_extra=described(TenantIn, TENANT_EXAMPLES),
    )
    add(
        "/accounts/grants",
        add_grant,
        "POST",
        "create_grant",
        summary="Let another tenant see partners' records",
        response_model=TenantOut,
        status_code=201,
        openapi_extra=described(GrantIn, GRANT_EXAMPLES),
    )
    add(
        "/accounts/grants/{granted_to}",
        end_grant,
        "DELETE",
        "revoke_grant",
        summary="Take a grant back",
        status_code=204,
    )
    add(
        "/accounts/users",
        add_user,
        "POST",
        "create_user",
        summary="Make a user",
        response_model=UserOut,
        status_code=201,
        openapi_extra=described(UserIn, USER_EXAMPLES),
    )
    add(
        "/accounts/users/{login}",
        patch_user,
        "PATCH",
        "patch_user",
        summary="Change a user",
        response_model=UserOut,
        openapi_extra=described(UserPatch, PATCH_EXAMPLES),
    )
    add("/keys", keys, "GET", "list_keys", summary="Keys", response_model=KeysOut)
    add(
        "/keys",
        add_key,
        "POST",
        "create_key",
        summary="Make a key",
        response_model=KeyMadeOut,
        status_code=201,
        openapi_extra=described(KeyIn, KEY_EXAMPLES),
    )
    add("/keys/{prefix}", revoke_key, "DELETE", "revoke_key", summary="End a key for good", response_model=KeyOut)
    add("/audit", log, "GET", "list_audit", summary="Who did what", response_model=AuditOut)
    return made


def show(context: Here, asker: Asker) -> Response:
    """Return the tenants and users that the asker administers. Needs the permission "administer"."""
    asker.require(Permission.ADMINISTER)
    with context.store.reading() as session:
        users = [_user(session, user) for user in list_users(session) if _administers(asker, user.tenant_id)]
        tenants = [_tenant(session, one) for one in list_tenants(session) if _administers(asker, one.id)]
    return json_answer(AccountsOut(tenants=tenants, users=users))


def add_tenant(context: Here, asker: Asker, sent: Annotated[TenantIn, reading(TenantIn)]) -> Response:
    """Make a tenant; only administrators of the default tenant may. Needs the permission "administer"."""
    _require(asker, DEFAULT_TENANT)
    with _writing(context) as session:
        made = make_tenant(session, sent.id, sent.name, actor=asker.actor, at=datetime.now(UTC))
        found = _tenant(session, made)
    return json_answer(found, status=201)


def add_grant(context: Here, asker: Asker, sent: Annotated[GrantIn, reading(GrantIn)]) -> Response:
    """Let another tenant see the "partners" records of one that the asker administers; not passed on, nor returned."""
    tenant_id = _require(asker, sent.tenant_id)
    with _writing(context) as session:
        grant(session, tenant_id, sent.granted_to, actor=asker.actor, at=datetime.now(UTC))
        found = next(_tenant(session, one) for one in list_tenants(session) if one.id == tenant_id)
    return json_answer(found, status=201)


def end_grant(
    context: Here,
    asker: Asker,
    granted_to: RecordId,
    tenant_id: Annotated[str | None, Query(max_length=64, description="Whose grant; the asker's own.")] = None,
) -> Response:
    """Take a grant back; within seconds the other tenant sees nothing of it any more."""
    whose = _require(asker, tenant_id)
    with _writing(context) as session:
        if not revoke_grant(session, whose, granted_to, actor=asker.actor, at=datetime.now(UTC)):
            raise unknown("grant to", granted_to)
    return Response(status_code=204)


def add_user(context: Here, asker: Asker, sent: Annotated[UserIn, reading(UserIn)]) -> Response:
    """Make a user: the mailbox of a role, never of a person. Needs the permission "administer"."""
    tenant_id, organisations = _require(asker, sent.tenant_id), tuple(sent.organisations)
    new = NewUser(sent.login, sent.role, tenant_id, sent.password, organisations)
    with _writing(context) as session:
        found = _user(session, make_user(session, new, actor=asker.actor, at=datetime.now(UTC)))
    answer = json_answer(found, status=201)
    answer.headers["Location"] = address("v1", "accounts", "users", found.login)
    return answer


def patch_user(
    context: Here, asker: Asker, login: RecordId, sent: Annotated[UserPatch, reading(UserPatch)]
) -> Response:
    """Change a user's role or password, let them speak for further organisations, or end the account for good.

    It takes effect within seconds; another password and an ended account end sessions. Keys are ended by themselves.
    """
    asker.require(Permission.ADMINISTER)
    now, actor = datetime.now(UTC), asker.actor
    with _writing(context) as session:
        known = find_user(session, login)
        if known is None or not _administers(asker, known.tenant_id):
            raise unknown("user", login)
        if sent.role is not None and sent.role is not known.role:
            change_role(session, login, sent.role, actor=actor, at=now)
        if sent.password is not None:
            change_password(session, login, sent.password, actor=actor, at=now)
        if sent.organisations:
            speak_for(session, known.account, sent.organisations, actor=actor, at=now)
        if sent.disabled:
            disable_user(session, login, actor=actor, at=now)
        found = _user(session, require_user(session, login))
    return json_answer(found)


def keys(context: Here, asker: Asker) -> Response:
    """Return every key that the asker administers. Needs the permission "administer"."""
    asker.require(Permission.ADMINISTER)
    with context.store.reading() as session:
        found = [_key(session, key) for key in list_keys(session) if _administers(asker, key.tenant_id)]
    return json_answer(KeysOut(items=found))


def add_key(context: Here, asker: Asker, sent: Annotated[KeyIn, reading(KeyIn)]) -> Response:
    """Make a key and send it, the only time it can be seen. Needs the permission "administer"."""
    tenant_id = _require(asker, sent.tenant_id)
    if sent.expires_at is not None and sent.expires_at.tzinfo is None:
        raise bad_value("expires_at", BadInput("no_zone", expected="a moment with its zone", got=sent.expires_at))
    scopes, organisations = sent.scopes, tuple(sent.organisations)
    new = NewKey(sent.name, sent.role, tenant_id, scopes, sent.expires_at, organisations)
    with _writing(context) as session:
        made = issue_key(session, new, actor=asker.actor, at=datetime.now(UTC))
        found = find_key(session, prefix_of(made))
        known = _key(session, found) if found else None
    return json_answer(KeyMadeOut(key=made, known=known), status=201)


def revoke_key(context: Here, asker: Asker, prefix: RecordId) -> Response:
    """End a key for good; within seconds it opens nothing, and sessions it opened end."""
    asker.require(Permission.ADMINISTER)
    whose = None if asker.tenant_id == DEFAULT_TENANT else asker.tenant_id
    try:
        with context.store.writing() as session:
            found = _key(session, end_key(session, prefix, actor=asker.actor, at=datetime.now(UTC), tenant_id=whose))
    except BadInput:
        raise unknown("good key", prefix) from None
    return json_answer(found)


def log(
    context: Here,
    asker: Asker,
    action: Annotated[Action | None, Query(description="Only lines of this kind.")] = None,
    actor: Annotated[str | None, Query(max_length=210, description="Only what this account did.")] = None,
    before: Annotated[int | None, Query(ge=1, le=2**62, description="Only lines numbered under it.")] = None,
    limit: Limit = 100,
) -> Response:
    """Return the audit log, the newest first: sign-ins that failed too, keys, roles, confidentiality, exports, merges.

    It can only grow. Needs the permission "administer".
    """
    asker.require(Permission.ADMINISTER)
    whose = None if asker.tenant_id == DEFAULT_TENANT else asker.tenant_id
    with context.store.reading() as session:
        found = list_audit(session, action=action, actor=actor, before=before, limit=limit + 1, tenant_id=whose)
    items = [AuditEntryOut(**{name: getattr(one, name) for name in AuditEntryOut.model_fields}) for one in found]
    shown = items[:limit]
    return json_answer(AuditOut(items=shown, before=shown[-1].number if len(items) > limit else None))


def _administers(asker: Principal, tenant_id: str) -> bool:
    return asker.tenant_id in {DEFAULT_TENANT, tenant_id}


def _require(asker: Principal, tenant_id: str | None) -> str:
    """Return the tenant that is meant; raises Refused unless the asker administers it."""
    asker.require(Permission.ADMINISTER)
    whose = asker.tenant_id if tenant_id is None else tenant_id
    if not _administers(asker, whose):
        raise Refused(403, "not-yours", f"An administrator of {asker.tenant_id!r} administers that tenant alone.")
    return whose


@contextmanager
def _writing(context: Context) -> Iterator[Session]:
    """Give a session; what is refused is told in the words of the rule, and nothing of it is written."""
    try:
        with context.store.writing() as session:
            yield session
    except BadInput as error:
        raise bad_value(error.code, error) from None


def _tenant(session: Session, one: Tenant) -> TenantOut:
    shares = [each.granted_to for each in list_grants(session) if each.tenant_id == one.id]
    return TenantOut(id=one.id, name=one.name, created_at=one.created_at, shares_with=shares)


def _user(session: Session, user: User) -> UserOut:
    return UserOut(
        login=user.login,
        tenant_id=user.tenant_id,
        role=user.role,
        organisations=sorted(organisations_of(session, user.account)),
        has_password=user.has_password,
        created_at=user.created_at,
        last_seen_at=user.last_seen_at,
        disabled_at=user.disabled_at,
    )


def _key(session: Session, key: ApiKey) -> KeyOut:
    return KeyOut(
        prefix=key.prefix,
        name=key.name,
        role=key.role,
        tenant_id=key.tenant_id,
        scopes=None if key.scopes is None else sorted(key.scopes),
        organisations=sorted(organisations_of(session, f"key:{key.prefix}")),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
    )

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from service.accounts.roles import DEFAULT_TENANT, Role

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from service.store import Store

ACTOR = "matcher accounts"  # as the audit log has it

app = typer.Typer(no_args_is_help=True, help="Make and change tenants, users and grants; read the audit log.")

Login = Annotated[str, typer.Argument(help="The mailbox of a role, such as desk@bank.example; never a person's.")]
Tenant = Annotated[str, typer.Option(help="The institution whose account it is.")]


@app.command()
def create(
    login: Login,
    role: Annotated[Role, typer.Option(help="What the account may do.")],
    tenant: Tenant = DEFAULT_TENANT,
    speaks_for: Annotated[
        list[str] | None, typer.Option(help="Organisation whose records a provider or need owner may confirm.")
    ] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Ask for a password, or read it from standard input, for the console.")
    ] = False,
) -> None:
    """Make a user with a key of the same rights, and write the key to standard output, the only time it can be seen.

    The first account of a new store is made so: matcher accounts create desk@bank.example --role admin
    """
    from service.accounts.keys import NewKey, issue_key
    from service.accounts.users import NewUser, make_user

    secret = _password() if password else None
    organisations, now = tuple(speaks_for or ()), datetime.now(UTC)
    with _writing() as session:
        new = NewUser(login, role, tenant, secret, organisations)
        user = make_user(session, new, actor=ACTOR, at=now)
        key = NewKey(user.login, role, tenant, organisations=organisations)
        made = issue_key(session, key, actor=ACTOR, at=now)
    typer.echo(made)


@app.command()
def tenant(
    tenant_id: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")],
    name: Annotated[str, typer.Option(help="What it is called.")] = "",
) -> None:
    """Make a tenant: an institution that keeps records of its own here."""
    from service.accounts.tenants import make_tenant

    with _writing() as session:
        made = make_tenant(session, tenant_id, name, actor=ACTOR, at=datetime.now(UTC))
    typer.echo(f"made: {made.id} ({made.name})")


@app.command()
def grant(
    tenant_id: Annotated[str, typer.Argument(help="Whose records.")],
    granted_to: Annotated[str, typer.Argument(help="The tenant that may see them.")],
) -> None:
    """Let another tenant see a tenant's records of the level "partners"."""
    from service.accounts import grants

    with _writing() as session:
        new = grants.grant(session, tenant_id, granted_to, actor=ACTOR, at=datetime.now(UTC))
    typer.echo(f"{granted_to} {'may now see' if new else 'could already see'} what {tenant_id} shares with partners")


@app.command()
def revoke(
    tenant_id: Annotated[str, typer.Argument(help="Whose records.")],
    granted_to: Annotated[str, typer.Argument(help="The tenant that may no longer see them.")],
) -> None:
    """Take a grant back; running servers follow within seconds."""
    from matcher.errors import BadInput
    from service.accounts import grants

    with _writing() as session:
        if not grants.revoke_grant(session, tenant_id, granted_to, actor=ACTOR, at=datetime.now(UTC)):
            expected = f"a tenant that {tenant_id} granted"
            raise BadInput("granted_to", expected=expected, got=granted_to, fix="see matcher accounts list")
    typer.echo(f"revoked: {tenant_id} to {granted_to}")


@app.command()
def role(login: Login, new: Annotated[Role, typer.Argument(help="The role it is to have.")]) -> None:
    """Give a user another role; keys keep theirs, and are ended with matcher keys revoke."""
    from service.accounts.users import change_role

    with _writing() as session:
        user = change_role(session, login, new, actor=ACTOR, at=datetime.now(UTC))
    typer.echo(f"{user.login}: {user.role.value}")


@app.command()
def password(login: Login) -> None:
    """Give a user another password, asked for or read from standard input; their sessions end."""
    from service.accounts.users import change_password

    secret = _password()
    with _writing() as session:
        user = change_password(session, login, secret, actor=ACTOR, at=datetime.now(UTC))
    typer.echo(f"{user.login}: password changed")


@app.command()
def disable(login: Login) -> None:
    """End a user for good, and their sessions within seconds; keys are ended with matcher keys revoke."""
    from service.accounts.users import disable_user

    with _writing() as session:
        user = disable_user(session, login, actor=ACTOR, at=datetime.now(UTC))
    typer.echo(f"{user.login}: disabled")


@app.command(name="list")
def list_all() -> None:
    """List tenants, whom each granted, and users."""
    from service.accounts.grants import list_grants
    from service.accounts.tenants import list_tenants
    from service.accounts.users import list_users

    with _store() as store, store.reading() as session:
        grants, users = list_grants(session), list_users(session)
        for each in list_tenants(session):
            given = [one.granted_to for one in grants if one.tenant_id == each.id]
            typer.echo(f"tenant  {each.id}  {each.name}" + (f"  shares with {', '.join(given)}" if given else ""))
    for user in users:
        state = "disabled" if user.disabled_at else "password" if user.has_password else "key only"
        seen = f"seen {user.last_seen_at:%Y-%m-%d %H:%M}" if user.last_seen_at else "never seen"
        typer.echo(f"user    {user.login}  {user.role.value} of {user.tenant_id}  {state}  {seen}")


@app.command()
def log(limit: Annotated[int, typer.Option(min=1, max=10_000, help="Lines at most.")] = 50) -> None:
    """Show the audit log, the newest first: sign-ins, keys, roles, grants, confidentiality, exports, erasures."""
    from service.accounts.audit import list_audit

    with _store() as store, store.reading() as session:
        entries = list_audit(session, limit=limit)
    for one in entries:
        facts = " ".join(f"{name}={value}" for name, value in one.facts.items())
        typer.echo(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.action.value}  {one.actor}  {one.subject}  {facts}".rstrip())


def _password() -> str:
    if sys.stdin.isatty():
        entered: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return entered
    return sys.stdin.readline().rstrip("\n")


@contextmanager
def _writing() -> Iterator[Session]:
    with _store() as store, store.writing() as session:
        yield session


@contextmanager
def _store() -> Iterator[Store]:
    from service.settings import load_settings
    from service.store import open_store

    store = open_store(load_settings().database_url)
    try:
        yield store
    finally:
        store.close()

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from service.accounts.roles import DEFAULT_TENANT, Permission, Role

if TYPE_CHECKING:
    from service.store import Store

ACTOR = "matcher keys"  # as the audit log has it

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys to the interface and the console.")


@app.command()
def make(
    name: Annotated[str, typer.Argument(help="Whose key it is or what it is for; shown in lists.")],
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until it expires; it never does unless given.")
    ] = None,
    role: Annotated[Role, typer.Option(help="What the key may do.")] = Role.BROKER,
    tenant: Annotated[str, typer.Option(help="Whose records it sees and saves.")] = DEFAULT_TENANT,
    scope: Annotated[
        list[Permission] | None,
        typer.Option(help="Narrow it to this permission of its role; may be repeated. Reading is always permitted."),
    ] = None,
    speaks_for: Annotated[
        list[str] | None, typer.Option(help="Organisation whose records a provider or need owner may confirm.")
    ] = None,
) -> None:
    """Make a key and write it to standard output, the only time it can be seen."""
    from service.accounts.keys import NewKey, issue_key

    now = datetime.now(UTC)
    new = NewKey(name, role, tenant, scope or None, now + timedelta(days=days) if days else None, speaks_for or ())
    with _store() as store, store.writing() as session:
        made = issue_key(session, new, actor=ACTOR, at=now)
    typer.echo(made)


@app.command(name="list")
def list_all() -> None:
    """List the keys by prefix, name and state, oldest first; the keys themselves are not kept."""
    from service.store import list_keys

    now = datetime.now(UTC)
    with _store() as store, store.reading() as session:
        found = list_keys(session)
    if not found:
        typer.echo("no key is made yet: run matcher keys make NAME", err=True)
    for key in found:
        expired = key.expires_at is not None and key.expires_at <= now
        state = "revoked" if key.revoked_at else "expired" if expired else "good"
        used = f"used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
        whose = f"{key.role.value} of {key.tenant_id}" + (f" ({', '.join(sorted(key.scopes))})" if key.scopes else "")
        typer.echo(f"{key.prefix}  {state:<8}  made {key.created_at:%Y-%m-%d}  {used:<21}  {key.name}  {whose}")


@app.command()
def revoke(prefix: Annotated[str, typer.Argument(help="The prefix of the key, as the list has it.")]) -> None:
    """End a key for good; running servers stop taking it within seconds, sessions it opened included."""
    from service.accounts.keys import end_key

    with _store() as store, store.writing() as session:
        end_key(session, prefix, actor=ACTOR, at=datetime.now(UTC))
    typer.echo(f"revoked: {prefix}")


@contextmanager
def _store() -> Iterator[Store]:
    from service.settings import load_settings
    from service.store import open_store

    store = open_store(load_settings().database_url)
    try:
        yield store
    finally:
        store.close()

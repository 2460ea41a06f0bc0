from __future__ import annotations

import typer


def command() -> None:
    """Bring an older database to the tables of this version.

    The same as matcher db upgrade.

    Make a copy of it first: there is no way back but the copy. A new database needs no migrating.
    """
    from service.settings import load_settings
    from service.store import connect, upgrade
    from service.store.schema import REVISIONS

    engine = connect(load_settings().database_url)
    try:
        upgrade(engine)
        typer.echo(f"{engine.url.render_as_string(hide_password=True)}: schema {REVISIONS[-1]}")
    finally:
        engine.dispose()

"""Bringing a database to this program's tables: an empty one by itself, an old one only when asked."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from service.store.errors import SchemaMismatch

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS: Final = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
)
"""Every revision, oldest first; the last is what this program works with. Kept equal to the migrations by test."""

_MIGRATION_LOCK: Final = 0x6D_61_74_63_68  # "match": names the advisory lock on PostgreSQL


def revision(connection: Connection) -> str | None:
    """Return the revision a database is at; None for one that holds no table of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def check(connection: Connection) -> bool:
    """Return whether the tables are this program's; False for an empty database. Raises SchemaMismatch otherwise."""
    found = revision(connection)
    if found is None:
        return False
    _refuse_newer(found)
    if found != REVISIONS[-1]:
        fix = "stop what uses it, make a copy with matcher db backup, then run matcher db upgrade"
        raise SchemaMismatch(expected=REVISIONS[-1], got=found, fix=fix)
    return True


def _refuse_newer(found: str) -> None:
    if found not in REVISIONS:
        fix = "a newer version of this program has migrated it: install that version, or restore a copy made before"
        raise SchemaMismatch(expected=REVISIONS[-1], got=found, fix=fix)


def migrate(connection: Connection) -> None:
    """Run every migration that is missing, inside the transaction the connection is in.

    Several processes may try at once: the first works, the others find it done. Raises SchemaMismatch on a newer one.
    """
    from alembic import command

    if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE already lets one in at a time
        connection.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _MIGRATION_LOCK})
    found = revision(connection)
    if found is not None:
        _refuse_newer(found)
    if found == REVISIONS[-1]:
        return
    command.upgrade(configuration(connection), "head")


def configuration(connection: Connection | None = None) -> "Config":
    """Return Alembic's settings for the migrations of this package; no file is needed."""
    from alembic.config import Config

    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config

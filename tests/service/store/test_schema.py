"""The migrations and the models say the same."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import service.store
from service.store import Store
from service.store.models import Base
from service.store.schema import REVISIONS, configuration


def test_the_migrated_tables_are_the_models(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_program_knows_every_revision_in_order() -> None:
    """Opening a store compares one word and does not import Alembic: so the list must be right."""
    walked = ScriptDirectory.from_config(configuration()).walk_revisions()
    assert tuple(script.revision for script in walked)[::-1] == REVISIONS


def test_the_migrations_lie_in_the_package() -> None:
    """A wheel carries what lies beside the modules."""
    folder = Path(service.store.__file__).parent / "migrations"
    assert (folder / "env.py").exists()
    assert len(list((folder / "versions").glob("v*.py"))) == len(REVISIONS)

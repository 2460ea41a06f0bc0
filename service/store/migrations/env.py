"""Run by Alembic. The caller has opened the connection and the transaction; a migration happens whole or not at all."""

from alembic import context

from service.store.models import Base


def _run() -> None:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=Base.metadata,
        transactional_ddl=False,  # the caller's transaction holds the DDL on both databases
    )
    context.run_migrations()


_run()

"""Run by alembic: migrates over the connection it is given."""

from alembic import context

from relay.store.tables import RelayTable

context.configure(
    connection=context.config.attributes["connection"], target_metadata=RelayTable.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()

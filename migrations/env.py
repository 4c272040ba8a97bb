"""How Alembic reaches the database: through the connection it's handed (see `bot/migrate.py`)."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from models.base import UtcDateTime
from models.schema import metadata


def render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Write plain SQL types into revisions: they must run after the models have moved on."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_item=render,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
)
context.run_migrations()

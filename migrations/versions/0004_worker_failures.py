"""The column `losses` becomes `worker_failures`: in a program about learning, a loss is an error function."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(sa.DDL("ALTER TABLE trial RENAME COLUMN losses TO worker_failures"))

"""Drivers with leases, the driver of each trial, and the saved states of long trials."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "driver",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("process", sa.Integer, nullable=False),
        sa.Column("process_started", sa.Text, nullable=False),
        sa.Column("began", sa.Double, nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("ended", sa.Double),
        sa.Column("lost", sa.Double),
        sa.Column("environment", sa.JSON, nullable=False),
    )
    op.create_table(
        "state",
        sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.add_column(
        "trial",
        sa.Column("driver_id", sa.Integer, sa.ForeignKey("driver.id"), nullable=True),
        inline_references=True,
    )
    op.add_column("trial", sa.Column("losses", sa.Integer, nullable=False, server_default="0"))
    op.create_index("trial_by_driver", "trial", ["driver_id", "status"])
    # Versions without leases could not detect dead drivers. By now, no running trial belongs to a live driver.
    trial = sa.table("trial", sa.column("status", sa.Text))
    op.execute(sa.update(trial).where(trial.c.status == "running").values(status="pending"))

"""Fit and verdict of trials and configurations, with the evidence; tags and notes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

FIT = ("excess", "underfit", "overfit")


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("trial_id", sa.Integer, sa.ForeignKey("trial.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("statistics", sa.JSON, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    for owner in ("sweep", "trial"):
        op.create_table(
            f"{owner}_tag",
            sa.Column(f"{owner}_id", sa.Integer, sa.ForeignKey(f"{owner}.id", ondelete="CASCADE"), primary_key=True),
            sa.Column("tag", sa.Text, primary_key=True),
        )
        op.add_column(owner, sa.Column("note", sa.Text))
    for owner in ("configuration", "trial"):
        for name in FIT:
            op.add_column(owner, sa.Column(name, sa.Double))
        op.add_column(owner, sa.Column("verdict", sa.Text))
    # The id of a configuration. Not a foreign key, because sweeps and configurations would refer to each other.
    op.add_column("sweep", sa.Column("reference_id", sa.Integer))
    op.add_column("sweep", sa.Column("fitted", sa.Double))
    op.add_column("sweep", sa.Column("fit_rule", sa.Integer))

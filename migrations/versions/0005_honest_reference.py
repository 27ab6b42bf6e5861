"""Cross-fitted errors at the best epochs of trials, the errors of a constant prediction, and data from memory."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for name in ("honest_e_t", "honest_e_v"):
        op.add_column("trial", sa.Column(name, sa.Double))
    op.add_column("evidence", sa.Column("honest", sa.LargeBinary))
    for name in ("constant_e_t", "constant_e_v"):
        op.add_column("split", sa.Column(name, sa.Double))
    op.add_column("split", sa.Column("constant_errors", sa.LargeBinary))
    op.add_column("split", sa.Column("validation_classes", sa.JSON))
    for name in ("reference_at", "skill"):
        op.add_column("sweep", sa.Column(name, sa.Text))
    # The content of data sets that came from memory instead of from a file.
    op.add_column("data_set", sa.Column("content", sa.LargeBinary))

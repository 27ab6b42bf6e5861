"""Cross-fitted errors at the best epochs of trials, and the errors of a constant prediction in every split."""

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

"""An index that finds what went out later than scheduled."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    late = sa.text("at - scheduled_for >= 1000000")
    op.create_index("ix_publication_late", "publication", ["at"], sqlite_where=late, postgresql_where=late)


def downgrade() -> None:
    op.drop_index("ix_publication_late", "publication")

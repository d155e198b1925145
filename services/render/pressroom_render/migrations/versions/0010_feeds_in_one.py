"""A feed is one page in three formats: the rows of the other two go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for other in ("atom.xml", "feed.json"):
        op.execute(sa.text("DELETE FROM reference WHERE page LIKE :other").bindparams(other=f"%/{other}"))
        op.execute(sa.text("DELETE FROM page WHERE kind = 'feed' AND path LIKE :other").bindparams(other=f"%/{other}"))


def downgrade() -> None:
    """The earlier version marks and writes them again with the next article of their lists."""

"""A day is a list as any other: what is older than its newest 30 to 59 articles stands on numbered pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PAGE = 30
AGAIN = sa.text("UPDATE page SET generation = generation + 1 WHERE path = :day")
NEW = sa.text(
    "INSERT INTO page (path, kind, subject, priority, generation, written, due_at)"
    " SELECT CAST(:path AS TEXT), 'older', CAST(:subject AS TEXT), 4, 1, 0, due_at FROM page WHERE path = :day"
)


def upgrade() -> None:
    connection = op.get_bind()
    large = sa.text("SELECT name, total FROM list WHERE name LIKE 'day:%' AND total >= :least")
    for name, total in connection.execute(large, {"least": 2 * PAGE}).all():
        day = f"/{name.removeprefix('day:').replace('-', '/')}/"
        connection.execute(AGAIN, {"day": day})
        for number in range(1, total // PAGE):
            new = {"path": f"{day}page/{number}/", "subject": f"{number}:{name}", "day": day}
            connection.execute(NEW, new)


def downgrade() -> None:
    """The earlier version writes what is marked as it knows it."""
    op.execute("DELETE FROM page WHERE kind = 'older' AND subject LIKE '%:day:%'")

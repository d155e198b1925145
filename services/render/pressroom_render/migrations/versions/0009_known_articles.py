"""Which version of an article is held, and what a list says of it, without reading past its document."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_article_known", "article", ["id", "live", "version", "path", "teaser", "changed_at"])


def downgrade() -> None:
    op.drop_index("ix_article_known", "article")

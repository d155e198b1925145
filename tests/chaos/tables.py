"""What a sink of the chaos keeps: the version that it holds, and every effect with how often it showed."""

from __future__ import annotations

import sqlalchemy as sa

from pressroom_shared.database import new_metadata
from pressroom_shared.outbox import lease_table, outbox_table

metadata = new_metadata()
outbox = outbox_table(metadata)
lease = lease_table(metadata)
held = sa.Table(
    "held",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),
)
effect = sa.Table(
    "effect",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("count", sa.Integer, nullable=False),
)

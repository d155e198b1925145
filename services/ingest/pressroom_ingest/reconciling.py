"""Reconciling: what the sinks hold is made to be what ingest has.

What a sink lacks or holds in an older version is replayed to it. What it holds in a newer version than ingest (which
was restored from a backup, then) stays, unless the operator decides for ingest: then ingest's state goes out again,
silently, above every version that a sink holds, and what ingest no longer has is withdrawn. Or ingest takes back what
it has lost from the sink that keeps articles whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pressroom_ingest.adopting import KEEPER, Adoptions
from pressroom_ingest.desk import Work
from pressroom_ingest.events import build
from pressroom_ingest.inventories import SOURCE, Drift, Inventories
from pressroom_ingest.keys import Actor
from pressroom_ingest.replays import Replays, Selection
from pressroom_shared import outbox
from pressroom_shared.clock import Clock, microseconds
from pressroom_shared.events import Article, ArticlePublished, ArticleUnpublished, Withdrawal, content_hash
from pressroom_shared.ids import new_id
from pressroom_shared.keys import ARTICLES

DRIFT_MAX = 5_000
"""One reconciling repairs at most so many articles of each sink; another one goes on."""

PAGE = 200
REPLAYED = frozenset({"missing", "behind", "differs"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done: articles to replay by their sinks, to take back, to send again above, to withdraw."""

    replayed: dict[str, tuple[str, ...]]
    adopted: tuple[str, ...]
    above: dict[str, int]
    withdrawn: dict[str, Drift]
    left: int

    def view(self) -> dict[str, object]:
        return {
            "replayed": {group: len(ids) for group, ids in self.replayed.items()},
            "adopted": len(self.adopted),
            "stamped_again": len(self.above),
            "withdrawn": len(self.withdrawn),
            "left_as_drift": self.left,
        }


async def find_drift(work: Work, clock: Clock, request_id: str, *, contents: bool) -> list[Drift]:
    """All drift, by ids, versions and, where `contents` says so, the hashes of what is held. Raises 404."""
    inventories = Inventories(work.connection, clock)
    found = await inventories.drift(request_id, limit=DRIFT_MAX)
    if not contents:
        return found
    known = {(each.group, each.article_id) for each in found}
    for group in await inventories.answered(request_id):
        after = ""
        while page := await inventories.hashed(request_id, group, after=after, limit=PAGE):
            after = page[-1][0]
            for article_id, version, theirs in page:
                if (group, article_id) not in known and theirs != await _hash(work, article_id, version):
                    found.append(Drift(group, article_id, "differs", version, version))
    return found


async def _hash(work: Work, article_id: str, version: int) -> str:
    event = await build(work, article_id, version, event_id="-")
    assert isinstance(event, ArticlePublished | ArticleUnpublished)
    data: Article | Withdrawal = event.data
    return content_hash(data)


def plan(drift: Sequence[Drift], *, from_ingest: bool, adopt: bool) -> Plan:
    """What to do about it. What was purged is purged everywhere; with neither, all else that is newer in a sink, or
    only there, is left as it is.

    With both, ingest decides about what it has, and takes back what it has not.
    """
    lost = {"unknown"} if from_ingest else {"unknown", "ahead"}
    adopted = {
        each.article_id for each in drift if adopt and each.group == KEEPER and each.kind in lost and not each.gone
    }
    replayed: dict[str, list[str]] = defaultdict(list)
    above: dict[str, int] = {}
    withdrawn: dict[str, Drift] = {}
    left = 0
    for each in drift:
        if each.kind in REPLAYED:
            replayed[each.group].append(each.article_id)
        elif each.article_id in adopted:
            continue
        elif not from_ingest and each.kind != "purged":
            left += 1
        elif each.kind == "ahead":
            above[each.article_id] = max(above.get(each.article_id, 0), each.theirs)
        else:
            before = withdrawn.get(each.article_id, each)
            best = max(before, each, key=lambda one: one.theirs)
            withdrawn[each.article_id] = replace(best, path=best.path or before.path or each.path)
    return Plan(
        # What is sent again above everything, or is taken back, reaches every sink anyway.
        {
            group: tuple(one for one in ids if one not in above and one not in adopted)
            for group, ids in replayed.items()
        },
        tuple(sorted(adopted)),
        above,
        withdrawn,
        left,
    )


async def carry_out(work: Work, clock: Clock, wanted: Plan, actor: Actor, *, request_id: str) -> None:
    """Do it: all in the caller's transaction."""
    replays = Replays(work.connection, clock)
    groups_by_ids: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for group, ids in wanted.replayed.items():
        if ids:
            groups_by_ids[ids].append(group)
    for ids, groups in groups_by_ids.items():
        await replays.ask(Selection(ids=ids), groups, reason=f"Reconciling, asked for by {actor.name}.")
    await Adoptions(work).ask(request_id, wanted.adopted, actor)
    for article_id, version in wanted.above.items():
        await work.publications.again(article_id, above=version, actor=actor)
    for each in wanted.withdrawn.values():
        await _withdraw(work, clock, each)


async def _withdraw(work: Work, clock: Clock, drift: Drift) -> None:
    """A tombstone for an article that only sinks have, or have still."""
    now = clock.now()
    version = max(drift.theirs + 1, microseconds(now))
    purged = drift.kind == "purged"
    if purged:
        await work.purging.raise_version(drift.article_id, version)
    gone = Withdrawal(id=drift.article_id, version=version, path=drift.path, at=now, purged=purged)
    event = ArticleUnpublished(id=new_id(), source=SOURCE, subject=drift.article_id, time=now, data=gone)
    await outbox.add(
        work.connection,
        stream=ARTICLES,
        event_id=event.id,
        article_id=drift.article_id,
        version=version,
        payload=event.encode(),
        created_at=now,
    )
